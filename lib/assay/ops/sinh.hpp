#pragma once
#include <utility>

#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {
namespace detail {

template <class T>
constexpr T factorial(int n) {
  return n > 1 ? factorial<T>(n - 1) * T(n) : T(1);
}

/// Half of e^|x|, which is finite wherever cosh and sinh are.
template <class T>
[[gnu::always_inline]] inline T half_exp(const T& x) {
  return fn::mul_exp(T(T(1) / T(2)), fn::abs(x));
}

/// h + 1 / 4h, h = e^|x| / 2.
template <class T>
[[gnu::always_inline]] inline T cosh(const T& x) {
  if constexpr (fn::detail::Native<T>) {
    const T h = half_exp(x);
    return h + T(1) / T(4) / h;
  } else {
    using std::cosh;
    return cosh(x);
  }
}

/// h - 1 / 4h; for |x| <= 1, where that cancels, the power series as far as T sees it.
template <class T>
[[gnu::always_inline]] inline T sinh(const T& x) {
  if constexpr (fn::detail::Native<T>) {
    constexpr int last = std::same_as<T, float> ? 11 : 19;
    const T h = half_exp(x);
    const T outer = h - T(1) / T(4) / h;
    const T z = x * x;
    const T tail = [&]<int... i>(std::integer_sequence<int, i...>) {
      return fn::detail::horner(z, T(1) / factorial<T>(last - 2 * i)...);
    }
    (std::make_integer_sequence<int, (last - 1) / 2>{});
    const T inner = x + x * (z * tail);
    return fn::select(fn::abs(x) <= T(1), inner, fn::select(x < T(0), T(-outer), outer));
  } else {
    using std::sinh;
    return sinh(x);
  }
}

}  // namespace detail

/// y = sinh x        dx = dy cosh x
/// Measured 1.48 / 1.31 ulp in float, 1.61 / 1.37 in double (at 0x1.6e4cedf5da0fp+0).
struct Sinh {
  static constexpr auto name = "sinh";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return detail::sinh(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return detail::cosh(x);
  }
};
inline constexpr Call<Map<Sinh>> sinh;

}  // namespace assay
