#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {

/// y = x P(x)        dx = dy (P(x) + x p(x))        P, p: the normal distribution and its density
/// From the upper tail Q(z) = 1 - P(z), z = |x|: for x < 0 the value is -z Q(z) and the derivative
/// g = Q(z) - z p(z); for x >= 0 they are x (1 - Q(z)) and 1 - g. (P as 1 + erf would cancel.)
/// Worst ulp of y and dx with FMA / without: float 2.86 / 2.91 (0x1.f93c4p-8), 3.15 / 3.43
/// (-0x1.5930b4p-2); double 2.75 / 2.85 (-0x1.5b2bb8a8632cbp-2), 3.02 / 3.29
/// (-0x1.5637745fd3d2bp-2); beside the zero of dx 2.4 envelope units.
struct Gelu {
  static constexpr auto name = "gelu";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& x) {
    const T z = fn::select(x < T(0), T(-x), x);
    const T q = fn::mul_normal(fn::select(x < T(0), z, T(1)), T(0), z);
    return fn::select(x < T(0), T(-q), T(x * (T(1) - q)));
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T z = fn::select(x < T(0), T(-x), x);
    const T g = fn::mul_normal(T(1), T(-z), z);
    return fn::select(x < T(0), g, T(T(1) - g));
  }
};
inline constexpr Call<Map<Gelu>> gelu;

}  // namespace assay
