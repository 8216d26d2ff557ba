#pragma once
#include <cmath>
#include <numbers>

#include "assay/map.hpp"

namespace assay {

/// y = tan x        dx = dy (1 + y^2)
/// No float or double is a pole, (k + 1/2) pi, and nowhere does y^2 overflow. The checks keep to
/// the principal branch: a pole between two neighbouring numbers looks like a jump. From std in
/// float and double: with glibc 2.36 1.09 / 2.62 ulp in float (df at 0x1.cd2a48p+35), 0.58 / 1.91
/// in double. NaN at infinity.
struct Tan {
  static constexpr auto name = "tan";
  static constexpr auto domain = on(open(-std::numbers::pi / 2, std::numbers::pi / 2));
  static constexpr Ulps claimed{.value = 2, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    using std::tan;
    return tan(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    return T(1) + y * y;
  }
};
inline constexpr Call<Map<Tan>> tan;

}  // namespace assay
