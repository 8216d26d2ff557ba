#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = |x|        dx = dy sign(x)        0 at x = 0
struct Abs {
  static constexpr auto name = "abs";
  static constexpr auto domain = on(all_reals).kink(0, 0);
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  template <Field T>
  static T f(const T& x) {
    return fn::select(x < T(0), T(-x), fn::select(x == T(0), T(0), x));  // |-0| is +0
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return fn::select(x < T(0), T(-1), fn::select(x > T(0), T(1), T(0)));
  }
};
inline constexpr Call<Map<Abs>> abs;

}  // namespace assay
