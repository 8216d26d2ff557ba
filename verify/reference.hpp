#pragma once
// The high-precision reference by dual numbers, each figure with a bound on its own error.
//
// The forward runs once, in interval arithmetic at p bits: the bound is a proof. Cheaper bounds
// were tried and fooled: rounding down and up agree on sqrt(x+1) - sqrt(x) for large x, and are
// wrong; two precisions agree on 0 where a forward cancels; and all of these agree on -3 (h +
// 8e281). The precision is raised by the bits that the bound lacks.

#include <span>
#include <vector>

#include "assay/verify/operation.hpp"
#include "number.hpp"

namespace assay::verify {

/// |true - value| <= bound. `least` is the smallest magnitude that the true value can have:
/// rounding garbage must not make a unit in the last place look larger than it is.
struct Bounded {
  Big value;
  Big bound;
  Big least;
};
Bounded bounded(const Enclosure& e);

/// How many bits the bound lacks to be below unit / 64; <= 0 where it is.
long missing_bits(const Bounded& b, long unit_exponent);

/// In two doubles, where exponents allow.
inline constexpr mpfr_prec_t first_precision = two_doubles_precision;
inline constexpr mpfr_prec_t last_precision = 4600;
/// An elementwise rule at one point: the value, and a derivative for each input.
struct PointReference {
  Bounded y;
  std::vector<Bounded> d;
  mpfr_prec_t precision = first_precision;
  bool resolved = false;  ///< the bounds are far below one ulp of the format
};
PointReference point_reference(const Operation& op, const Format& f, std::span<const double> x);

/// How much df of input k at x moves when every inexact input moves by one ulp.
struct PointEnvelope {
  Big change;
  bool near_zero = false;  ///< the derivative changes sign nearby
};
PointEnvelope point_envelope(const Operation& op, const Format& f, std::span<const double> x,
                             std::size_t k, const Bounded& d, mpfr_prec_t precision);

/// A matrix operation at one point and one upstream gradient.
struct MatrixReference {
  Mat<Big> y;
  Mat<Big> y_bound;
  Mat<Big> y_change;  ///< of y, when every inexact input moves by one ulp
  struct Element {
    Bounded r;
    Big terms;     ///< sum of |dy_j J_ji|
    Big steepest;  ///< largest |J_ji|
    Big rounding;  ///< sum of |dy_j| ulp(J_ji) + |J_ji| ulp(dy_j)

    /// A partial derivative or the sum comes close enough to the largest number that any result has
    /// to be accepted, and is counted apart.
    [[nodiscard]] bool overflows(const Format& f) const {
      return std::max(terms, steepest) > ldexp(Big(1), f.max_exponent - 2);
    }
  };
  std::vector<std::vector<Element>> gradient;  ///< an input's elements, column by column
  mpfr_prec_t precision = first_precision;
  bool resolved = false;
};
MatrixReference matrix_reference(const Operation& op, const Format& f,
                                 const std::vector<Mat<double>>& inputs,
                                 const Mat<double>& upstream);

/// How much each gradient element moves when every inexact input moves by one ulp.
std::vector<Mat<Big>> matrix_envelope(const Operation& op, const Format& f,
                                      const std::vector<Mat<double>>& inputs,
                                      const Mat<double>& upstream, mpfr_prec_t precision);

/// Views of the matrices, as a Rule takes them.
template <class T>
std::vector<View<T>> views(const std::vector<Mat<T>>& m) {
  std::vector<View<T>> v;
  v.reserve(m.size());
  for (const Mat<T>& x : m) v.emplace_back(&x);
  return v;
}

std::vector<Mat<Enclosure>> to_enclosures(const std::vector<Mat<double>>& inputs);
/// The inputs as dual numbers at rest.
std::vector<Mat<Dual<Enclosure>>> to_dual(const std::vector<Mat<double>>& inputs);

}  // namespace assay::verify
