#pragma once
#include <cmath>

#include "assay/map.hpp"

namespace assay {

/// y = sin x        dx = dy cos x
/// In float and double from std, which must reduce the largest arguments exactly (glibc does): with
/// glibc 2.36 0.57 ulp in float, 0.52 in double. NaN at infinity.
struct Sin {
  static constexpr auto name = "sin";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 1, .derivative = 1};
  template <Real T>
  static T f(const T& x) {
    using std::sin;
    return sin(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    using std::cos;
    return cos(x);
  }
};
inline constexpr Call<Map<Sin>> sin;

}  // namespace assay
