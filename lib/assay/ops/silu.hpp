#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {

/// y = x s(x), s(x) = 1 / (1 + e^-x)        dx = dy s(x) (1 + x s(-x))
/// With e = e^-|x|: dx = (1 + e + x e) / (1 + e)^2 for x >= 0, e (1 + x + e) / (1 + e)^2 below; the
/// factor e comes last, because it underflows before its product does.
/// Worst ulp of y and dx with FMA / without: float 2.37 / 2.61 (-0x1.57884ep+3), 2.74 / 2.78
/// (-0x1.382d24p-6); double 2.44 / 2.72 (-0x1.48f8da16e2a9cp+2), 2.58 / 2.65
/// (-0x1.128b0f588e594p-1); beside the zero of dx 1.9 envelope units.
struct Silu {
  static constexpr auto name = "silu";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& x) {
    const T u = fn::select(x < T(0), x, T(-x));
    const T y = x / (T(1) + fn::exp(u));
    return fn::select(x < T(0), fn::mul_exp(fn::finite(y), u), y);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T u = fn::select(x < T(0), x, T(-x));
    const T e = fn::exp(u), a = fn::finite(x);
    const T n = fn::select(x < T(0), T((T(1) + a) + e), T(T(1) + (e + a * e)));
    const T slope = fn::over_sum(n, T(1), T(e * (T(2) + e)));
    return fn::select(x < T(0), fn::mul_exp(slope, u), slope);
  }
};
inline constexpr Call<Map<Silu>> silu;

}  // namespace assay
