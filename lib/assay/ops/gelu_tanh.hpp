#pragma once
#include "assay/map.hpp"
#include "assay/special.hpp"

namespace assay {
namespace detail {

/// w = k x + l x^3 with k = 2 sqrt(2 / pi), l = 0.044715 k: 2u in the tanh form of gelu; with l
/// three times as large, w' x. Native ones have twice the precision, because the error of w is that
/// of e^-w, up to 745 ulp, and 1 + w' x + e^w crosses zero; beyond |x| = 32, e^-|w| times any
/// finite number is 0, and x may stop there.
template <bool slope, class T>
[[gnu::always_inline]] inline fn::detail::Sum<T> gelu_cubic(const T& x) {
  if constexpr (fn::detail::Native<T>) {
    constexpr bool wide = sizeof(T) > sizeof(float);
    constexpr T k = T(0x1.9884533d43651p+0);
    constexpr T k_lo = wide ? T(-0x1.cbc0d30ebfd15p-54) : T(-0x1.857936p-25);
    constexpr T l = slope ? T(0x1.b6676bf7450fp-3) : T(0x1.2444f2a4d8b4bp-4);
    constexpr T l_lo = wide    ? slope ? T(0x1.bba7351828aabp-57) : T(-0x1.6c843a29d1c7p-61)
                          : slope ? T(-0x1.175e2p-32)
                               : T(0x1.49b16ap-29);
    using fn::detail::product, fn::detail::sum;
    const T z = fn::detail::clamp(x, T(-32), T(32));
    const auto square = product(z, z);
    const auto c = product(l, square.hi);
    const auto t = sum(k, c.hi);
    const auto w = product(z, t.hi);
    return {w.hi, w.lo + z * (t.lo + (c.lo + (l * square.lo + (l_lo * square.hi + k_lo))))};
  } else {
    using std::sqrt;
    const T k = sqrt(T(2)) * two_over_sqrt_pi<T>();
    const T l = k * (T(slope ? 3 * 44715 : 44715) / T(1000000));
    return {x * (k + l * (x * x)), T(0)};
  }
}

/// a e^-w, w >= 0.
template <class T>
[[gnu::always_inline]] inline T mul_exp_minus(const T& a, const fn::detail::Sum<T>& w) {
  if constexpr (fn::detail::Native<T>) {
    return fn::detail::mul_exp(a, {-w.hi, -w.lo});
  } else {
    return fn::mul_exp(a, T(-w.hi));
  }
}

}  // namespace detail

/// y = x (1 + tanh u) / 2 = x s(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
/// dx = dy s(2u) (1 + 2u' x s(-2u)); with e = e^-|2u|:
/// (1 + e + 2u' x e) / (1 + e)^2 for x >= 0, e (1 + 2u' x + e) / (1 + e)^2 below.
/// Worst ulp of y and dx with FMA / without: float 2.43 / 2.58 (-0x1.5cdac6p+0), 3.21
/// (-0x1.520c7p-2) / 3.07; double 2.48 / 2.89 (-0x1.5ec806e4e1ba6p+0), 3.41
/// (-0x1.3f624b9244564p+0) / 3.45; beside the zero of dx 2.4 envelope units.
struct GeluTanh {
  static constexpr auto name = "gelu_tanh";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& x) {
    const auto w = detail::gelu_cubic<false>(fn::select(x < T(0), T(-x), x));
    const T y = x / (T(1) + fn::exp(T(-w.hi)));
    return fn::select(x < T(0), detail::mul_exp_minus(fn::finite(y), w), y);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const auto w = detail::gelu_cubic<false>(fn::select(x < T(0), T(-x), x));
    const auto a = detail::gelu_cubic<true>(x);
    const T e = fn::exp(T(-w.hi)), b = fn::finite(a.hi);
    const T n = fn::select(x < T(0), T((T(1) + b) + (e + a.lo)), T(T(1) + (e + b * e)));
    const T slope = fn::over_sum(n, T(1), T(e * (T(2) + e)));
    return fn::select(x < T(0), detail::mul_exp_minus(slope, w), slope);
  }
};
inline constexpr Call<Map<GeluTanh>> gelu_tanh;

}  // namespace assay
