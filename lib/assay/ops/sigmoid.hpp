#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = s(x) = 1 / (1 + e^-x)        dx = dy s(x) s(-x)      (y (1 - y) would cancel for x >> 0)
/// With e = e^-|x|: s(|x|) = 1 / (1 + e), s(-|x|) = e / (1 + e).
struct Sigmoid {
  static constexpr auto name = "sigmoid";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    const T e = fn::exp(fn::select(x < T(0), x, T(-x)));
    return fn::select(x < T(0), e, T(1)) / (T(1) + e);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T e = fn::exp(fn::select(x < T(0), x, T(-x)));
    return e / (T(1) + e * (T(2) + e));
  }
};
inline constexpr Call<Map<Sigmoid>> sigmoid;

}  // namespace assay
