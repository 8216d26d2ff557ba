#pragma once
#include "assay/map.hpp"

namespace assay {

/// y = -x        dx = -dy
struct Neg {
  static constexpr auto name = "neg";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  template <Field T>
  static T f(const T& x) {
    return -x;
  }
  template <Field T>
  static T df(const T&, const T&) {
    return T(-1);
  }
};
inline constexpr Call<Map<Neg>> neg;

}  // namespace assay
