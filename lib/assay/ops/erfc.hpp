#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {

/// y = erfc x = 1 - erf x        dx = -dy 2 e^(-x^2) / sqrt(pi)        as exact as erf's
struct Erfc {
  static constexpr auto name = "erfc";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return fn::erfc(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return fn::mul_exp_minus_square(T(-detail::two_over_sqrt_pi<T>()), x);
  }
};
inline constexpr Call<Map<Erfc>> erfc;

}  // namespace assay
