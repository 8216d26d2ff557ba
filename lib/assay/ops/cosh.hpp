#pragma once
#include "assay/ops/sinh.hpp"

namespace assay {

/// y = cosh x        dx = dy sinh x
struct Cosh {
  static constexpr auto name = "cosh";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return detail::cosh(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return detail::sinh(x);
  }
};
inline constexpr Call<Map<Cosh>> cosh;

}  // namespace assay
