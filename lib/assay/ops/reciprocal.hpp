#pragma once
#include "assay/map.hpp"

namespace assay {

/// y = 1 / x        dx = -dy y / x        x != 0
/// x^2 would overflow and underflow long before 1 / x^2 does; y / x is subnormal only with it.
/// The derivative is -inf at both zeros; measured 1.20 ulp in float (at 0x1.6ab8a6p-39) and double.
struct Reciprocal {
  static constexpr auto name = "reciprocal";
  static constexpr auto domain = on(all_reals).without(0);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 1.5};
  template <Field T>
  static T f(const T& x) {
    return T(1) / x;
  }
  template <Field T>
  static T df(const T& x, const T& y) {
    return -y / x;
  }
};
inline constexpr Call<Map<Reciprocal>> reciprocal;

}  // namespace assay
