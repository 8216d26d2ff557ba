#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = log(1 + x)        dx = dy / (1 + x)        x > -1
/// 1 + x is exact below -1/2, hence beside the pole. -inf with slope +inf at -1; NaN below.
/// Measured 0.85 / 1.50 ulp in float (df at -0x1.ffc422p-2), 0.86 / 1.50 in double.
struct Log1p {
  static constexpr auto name = "log1p";
  static constexpr auto domain = on(open(-1, std::numeric_limits<double>::infinity()));
  static constexpr Ulps claimed{.value = 1, .derivative = 1.5};
  template <Real T>
  static T f(const T& x) {
    return fn::log1p(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return T(1) / (T(1) + x);
  }
};
inline constexpr Call<Map<Log1p>> log1p;

}  // namespace assay
