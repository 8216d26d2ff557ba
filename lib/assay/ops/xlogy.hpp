#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = a log b        da = dy log b, db = dy a / b        b > 0
/// Conventions: y = 0 where a = 0, whatever b (but NaN), and there both derivatives are 0 for
/// b <= 0; db is 0 for b > 0 anyway. Elsewhere b = 0 gives infinities of the right sign, b < 0 NaN.
/// Measured 1.61 / 0.85 ulp in float, 1.70 / 0.87 in double (at 0x1.9aa0000714f17p-10,
/// 0x1.775af87a3077ap-1).
struct Xlogy {
  static constexpr auto name = "xlogy";
  static constexpr auto domain = on(all_reals, open(0, std::numeric_limits<double>::infinity()));
  static constexpr Ulps claimed{.value = 4, .derivative = 1};
  template <Real T>
  static T f(const T& a, const T& b) {
    const T c = fn::select(a == T(0), at_zero(b), b);
    T l = fn::log(c);
    if constexpr (std::is_floating_point_v<T>) {
      const T at_inf = fn::select(a == T(0), T(0), l);
      l = fn::select(b > std::numeric_limits<T>::max(), at_inf, l);
    }
    return a * l;
  }
  template <Real T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    const T c = fn::select(a == T(0), at_zero(b), b);
    return {fn::log(c), a / c};
  }

 private:
  template <class T>
  static T at_zero(const T& b) {
    return fn::select(b <= T(0), T(1), b);
  }
};
inline constexpr Call<Map<Xlogy>> xlogy;

}  // namespace assay
