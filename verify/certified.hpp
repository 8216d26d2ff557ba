#pragma once
// The gradient of a matrix operation by its own backward in enclosures, where that is certified to
// be the gradient of its forward; and single elements by dual numbers.
//
// One sweep gives all elements, where dual numbers take one forward for each. But the backward is
// what is under test, so it is believed only where one forward in dual numbers agrees with it:
//
//   <dy, J v> = <g, v>    for one random direction v,
//
// both sides enclosed, J v by duals through the forward alone. What can this miss? Let b be what
// the backward computes but for rounding (it lies in the enclosure g) and e = b - J'dy its error.
// The identity leaves e unnoticed only if |<e, v>| <= eps, the width of both sides. The direction
// is chosen in units of what is judged: v_i = s_i m_i / u_i with u_i one ulp of the format at g_i,
// a random sign s_i and 52 random bits in m_i, 1 <= m_i < 2. If |e_i| >= c u_i for some i, then,
// whatever the other components are, <e, v> is within eps of 0 for an interval of m_i no longer
// than 2 eps / c, hence for at most 2^53 eps / c + 1 of its 2^52 values. eps is required to be
// below 2^-38 (it is 2^-45 as a rule), so an element off by 1/64 ulp, which is what references are
// resolved to, passes with a probability below 2^-30, and a wrong rule must pass anew in every
// case. Errors of several elements do not cancel except by the same chance: m is drawn
// independently of e, from the seed of the case.
//
// Elements that the backward says are exactly 0 have no unit to scale by: any other value would be
// infinitely wrong. A second direction moves these alone, and <dy, J v> must be exactly 0.
//
// Some elements of a case may be left to dual numbers, one forward each: those not resolved at the
// precision of the sweep, those whose partial derivatives may come near the largest number (larger
// by 2^20 than the random direction shows: it shows less than that of one once in 2^20 times), and
// those said to be 0 where that is not certified. They do not move in the directions, which then
// speak of the others.
//
// Left to dual numbers as a whole is a case where the identity fails or is not sharp enough, at an
// exceptional point or a tie, where a comparison is not decided, where the backward throws, and one
// case in 32 in any event, by its seed.

#include "assay/verify/result.hpp"
#include "case.hpp"
#include "reference.hpp"

namespace assay::verify {

struct CertifiedReference {
  struct Element {
    Bounded r;
    bool overflows = false;  ///< as MatrixReference::Element says
  };
  std::vector<Bounded> y;                      ///< column by column
  std::vector<std::vector<Element>> gradient;  ///< an input's elements, likewise
  mpfr_prec_t precision = first_precision;
};
std::optional<CertifiedReference> certified_reference(const Operation& op, const Format& f,
                                                      const Case& c, std::uint64_t seed);

/// An element of a gradient: column by column in input k.
struct ElementIndex {
  std::size_t k;
  Eigen::Index i;
};

/// One gradient element by dual numbers.
struct ElementReference {
  MatrixReference::Element element;
  mpfr_prec_t precision = first_precision;
  bool resolved = false;
};
ElementReference element_reference(const Operation& op, const Format& f, const Case& c,
                                   ElementIndex at);

/// How much a gradient element moves when every inexact input moves by one ulp, and the rounding of
/// its Jacobian column and upstream. What the others do to it is, second derivatives being
/// symmetric, what it does to the others: one sweep in dual numbers.
Big element_envelope(const Operation& op, const Format& f, const Case& c, ElementIndex at,
                     mpfr_prec_t precision);

/// How much output j moves when every inexact input moves by one ulp, by the operation's backward.
Big value_change(const Operation& op, const Format& f, const Case& c, Eigen::Index j,
                 mpfr_prec_t precision);

/// The gradient that a rule returned, along one random direction: <dy, J v> by one forward in dual
/// numbers against <got, v>. Each element may be off by `figure` ulp and each component of v is
/// between 1 and 2, so the sums may differ by `allowance`, and no tolerance is scaled.
struct Directional {
  Bounded difference;
  Big allowance;
  Verdict verdict = Verdict::inconclusive;
};
Directional along_direction(const Operation& op, const Format& f, const Case& c,
                            const std::vector<Mat<double>>& got, double figure, std::uint64_t seed);

}  // namespace assay::verify
