// How small an error of all gradients is still found, and what tolerances would let through.

#include <algorithm>
#include <cmath>

#include "faults.hpp"
#include "shrink_limit.hpp"

namespace assay::verify {
namespace {

using Runs = std::vector<Check>;

/// Whether one of the checks fails within so many of its cases.
bool found(const std::shared_ptr<const Operation>& op, const Format& f, double error,
           std::uint64_t seed, std::uint64_t cases) {
  const auto wrong = std::make_shared<const Operation>(plant_factor(*op, error));
  const Runs checks = checks_against(checks_of(wrong, {.cases = cases, .formats = {f}}), f, {});
  const ShrinkLimit no_shrinking(0);
  for (const Check& c : checks) {
    // These compare backwards with themselves.
    if (c.whole || c.blank.check == "state" || c.blank.check == "sharing") continue;
    CheckResult r = c.blank;
    const std::string id = r.id();
    for (std::uint64_t n = 0; n < std::min(cases, c.cases); ++n) {
      c.run(n, case_seed(seed, id, n), r);
      if (!r.failures.empty()) return true;
    }
  }
  return false;
}

/// The largest e >= 0 for which g (1 + e) is within atol + rtol |r| of r.
double tolerated(double g, double r) {
  constexpr double rtol = 1e-3, atol = 1e-5;
  if (g == 0 || !std::isfinite(g) || !std::isfinite(r)) {
    return std::numeric_limits<double>::infinity();
  }
  const double towards = g > 0 ? r - g : g - r;  // what is left to r in the direction of the error
  return std::max(0.0, (atol + rtol * std::abs(r) + towards) / std::abs(g));
}

/// What every case lets through with the usual tolerances: the least of its elements'.
double usual(const Operation& op, const Format& f, std::uint64_t seed, std::uint64_t cases) {
  const std::string id = op.name + "/" + std::string(f.name) + "/derivative";
  double least = std::numeric_limits<double>::infinity();
  for (std::uint64_t n = 0; n < cases; ++n) {
    const Case c = generate(op, f, case_seed(seed, id, n));
    std::vector<Mat<double>> got;
    std::vector<Mat<Enclosure>> reference;
    try {
      const WithContext context(first_precision);
      const Mat<Enclosure> dy = c.upstream.unaryExpr([](double v) { return Enclosure(v); });
      const std::vector<Mat<Enclosure>> x = to_enclosures(c.inputs);
      reference = op.rule<Enclosure>().gradients(dy, views(x));
      got = op.rule<double>().gradients(c.upstream, views(c.inputs));
    } catch (const std::exception&) {
      continue;  // an input that the rule refuses
    }
    for (std::size_t k = 0; k < got.size(); ++k) {
      for (Eigen::Index i = 0; i < got[k].size(); ++i) {
        const double r = reference[k].data()[i].middle().to_double();
        least = std::min(least, tolerated(got[k].data()[i], r));
      }
    }
  }
  return least;
}

}  // namespace

SensitivityResult sensitivity(const std::shared_ptr<const Operation>& op, const Format& f,
                              std::uint64_t seed, std::uint64_t cases) {
  SensitivityResult s;
  s.operation = op->name;
  s.scalar = f.name;
  s.cases = cases;
  // A larger error is found wherever a smaller one is; below an ulp there is none to be made.
  int seen = -1, missed = 1 - f.digits - 1;
  if (!found(op, f, std::ldexp(1.0, seen), seed, cases)) {
    s.found = std::numeric_limits<double>::infinity();
  } else {
    while (seen - missed > 1) {
      const int middle = (seen + missed) / 2;
      if (found(op, f, std::ldexp(1.0, middle), seed, cases)) {
        seen = middle;
      } else {
        missed = middle;
      }
    }
    s.found = std::ldexp(1.0, seen);
  }
  s.usual = usual(*op, f, seed, cases);
  return s;
}

}  // namespace assay::verify
