#pragma once
#include "assay/map.hpp"

namespace assay {

/// y = x^2        dx = 2 x dy
struct Square {
  static constexpr auto name = "square";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 0};
  template <Field T>
  static T f(const T& x) {
    return x * x;
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return x + x;
  }
};
inline constexpr Call<Map<Square>> square;

}  // namespace assay
