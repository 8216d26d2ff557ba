#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = e^x        dx = dy y
struct Exp {
  static constexpr auto name = "exp";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 1, .derivative = 1};
  template <Real T>
  static T f(const T& x) {
    return fn::exp(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    return y;
  }
};
inline constexpr Call<Map<Exp>> exp;

}  // namespace assay
