#pragma once
// The checks of one case of an operation. Each looks at a case, adds to the statistics of its
// result, and says what is wrong, if anything is.

#include <optional>

#include "assay/verify/result.hpp"
#include "case.hpp"
#include "reference.hpp"

namespace assay::verify {

/// One number that is not what it should be.
struct Problem {
  bool inconclusive = false;
  std::string against;  ///< "dual numbers", "finite differences"; or the rule broken, if `broken`
  bool broken = false;  ///< no number to show: a shape, a state, something modified
  std::string quantity = "backward";
  std::size_t input = 0;
  Eigen::Index row = 0, col = 0;
  std::string got, reference, bound;
  double ulp = 0;
  double claimed = 0;
  Units units = Units::ulp;
};

struct Examination {
  const Operation& op;
  const Format& format;
  const Case& c;
  std::uint64_t number;
  std::uint64_t seed;        ///< for choices within the case
  CheckResult* statistics;   ///< null while shrinking and replaying
  bool overwriting = false;  ///< plants a sweep that overwrites instead of accumulating

  void count(const std::string& what, std::uint64_t n = 1) const {
    if (statistics) statistics->counts[what] += n;
  }
  void elements(std::uint64_t n = 1) const {
    if (statistics) statistics->elements += n;
  }
};

using Examine = std::optional<Problem> (*)(const Examination&);

/// Value, derivative and product with the upstream against dual numbers in high precision.
std::optional<Problem> examine_derivative(const Examination&);
/// One seeded gradient element against finite differences in high precision.
std::optional<Problem> examine_differences(const Examination&);
/// A, B, A: the same bytes; nothing modified.
std::optional<Problem> examine_state(const Examination&);
/// In a graph: an input used twice, a second sweep, accumulators that are not zero.
std::optional<Problem> examine_sharing(const Examination&);
/// <w, J v> = <J' w, v> in high precision.
std::optional<Problem> examine_adjoint(const Examination&);
/// Equality over the rationals.
std::optional<Problem> examine_exact(const Examination&);

// --- shared by them ------------------------------------------------------------------------------

/// What a claim amounts to; nothing claimed means 8 envelope units on the derivative.
struct Limit {
  double figure;
  Units units;
  Units near_zero;
};
Limit derivative_limit(const Operation& op);

struct Judgement {
  Verdict verdict;
  double ulp;
  std::optional<double> envelope;
};
/// |got - reference| against `figure` units of `unit`; ulp is the plain figure in any case.
Judgement judge(const Format& f, double got, const Bounded& reference, double figure,
                const Big& unit);
/// The derivative of input k of an elementwise rule at x, in the unit its claim says. Its figure in
/// the envelope is left out where it is only to be reported and cannot be above `known`.
Judgement judge_derivative(const Operation& op, const Format& f, std::span<const double> x,
                           std::size_t k, double got, const Bounded& reference,
                           mpfr_prec_t precision, bool& near_zero, double known = 0);

/// A worst error is kept if it is larger, or as large and from an earlier case.
void keep_worst(std::optional<Worst>& worst, Worst candidate);
/// The same, whose texts are made only where they are kept.
template <class Make>
void note_worst(std::optional<Worst>& worst, double ulp, std::optional<double> envelope,
                std::uint64_t at_case, const Make& candidate) {
  if (!worst || ulp > worst->ulp || (ulp == worst->ulp && at_case < worst->at_case)) {
    return keep_worst(worst, candidate());
  }
  if (envelope && !(worst->envelope && *worst->envelope > *envelope)) worst->envelope = envelope;
}

/// What the exceptional points say about input k at x: nothing, a value that is prescribed, or that
/// the derivative is not defined by differences there.
struct AtKink {
  bool exceptional = false;
  std::optional<double> prescribed;
};
AtKink at_kink(const Operation& op, const Format& f, std::size_t k, double x);

}  // namespace assay::verify
