#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = tanh x        dx = dy / cosh^2 x = dy 4 q / (1 + q)^2, q = e^-2|x|      (1 - y^2 would
/// cancel)
struct Tanh {
  static constexpr auto name = "tanh";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return fn::tanh(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T u = T(2) * fn::select(x < T(0), x, T(-x));
    const T q = fn::exp(u);
    return fn::mul_exp(T(T(4) / (T(1) + q * (T(2) + q))), u);
  }
};
inline constexpr Call<Map<Tanh>> tanh;

}  // namespace assay
