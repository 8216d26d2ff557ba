#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = sqrt(x)        dx = dy / (2 y)        x >= 0; +inf at 0, as the limit is
struct Sqrt {
  static constexpr auto name = "sqrt";
  static constexpr auto domain = on(open(0, std::numeric_limits<double>::infinity()));
  static constexpr Ulps claimed{.value = 0.5, .derivative = 2};
  template <Real T>
  static T f(const T& x) {
    return fn::sqrt(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    return T(1) / (y + y + T(0));  // + 0, because the root of -0 is -0
  }
};
inline constexpr Call<Map<Sqrt>> sqrt;

}  // namespace assay
