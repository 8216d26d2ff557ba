#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = max(x, 0)        dx = dy [x > 0]        0 at x = 0
struct Relu {
  static constexpr auto name = "relu";
  static constexpr auto domain = on(all_reals).kink(0, 0);
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  template <Field T>
  static T f(const T& x) {
    return fn::select(x <= T(0), T(0), x);  // lets NaN through
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return fn::select(x > T(0), T(1), T(0));
  }
};
inline constexpr Call<Map<Relu>> relu;

}  // namespace assay
