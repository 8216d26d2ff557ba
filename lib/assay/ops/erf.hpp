#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {

/// y = erf x        dx = dy 2 e^(-x^2) / sqrt(pi)
/// The worst ulp of dx with FMA / without: float 1.67 / 1.88 (0x1.124722p+2), double 1.07 / 1.32
/// (-0x1.afdba7d156abcp+1).
struct Erf {
  static constexpr auto name = "erf";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return fn::erf(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return fn::mul_exp_minus_square(detail::two_over_sqrt_pi<T>(), x);
  }
};
inline constexpr Call<Map<Erf>> erf;

}  // namespace assay
