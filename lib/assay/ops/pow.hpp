#pragma once
#include <cmath>

#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {
namespace detail {

template <class T>
T power(const T& a, const T& b) {
  using std::pow;
  return pow(a, b);
}
template <class T>
T floor_of(const T& x) {
  using std::floor;
  return floor(x);
}

/// c a^t k, k near 1, without overflow or underflow on the way: a^t, and c k for the largest c, may
/// leave the range where the product does not.
template <class T>
T times_power(const T& c, const T& a, const T& t, const T& k) {
  const T half = power(a, T(t / T(2)));
  if constexpr (std::is_floating_point_v<T>) {
    // A subnormal c would lose in c * half bits that the second factor brings back into sight.
    const T whole = half * half * k;
    if (half == T(0)) return std::copysign(T(0), c);  // whatever c, infinite or not
    if (half > T(1) && whole <= std::numeric_limits<T>::max()) return c * whole;
  }
  return c * (half * k) * half;
}

}  // namespace detail

/// y = a^b        da = dy b a^(b-1), db = dy a^b log a        a > 0
/// Conventions: the exponent has gradient 0 where a = 0 and b >= 0, and where a < 0 (there y exists
/// for whole b only). The base has gradient 0 where b = 0, also at 0^0; at a = 0 it is the limit
/// from the right: 0 for b > 1, 1 for b = 1, +inf for 0 < b < 1.
struct Pow {
  static constexpr auto name = "pow";
  static constexpr auto domain = on(open(0, std::numeric_limits<double>::infinity()), all_reals);
  static constexpr Ulps claimed{.value = 1, .derivative = 4};
  template <Real T>
  static T f(const T& a, const T& b) {
    return detail::power(a, b);
  }
  template <Real T>
  static std::array<T, 2> df(const T& a, const T& b, const T& y) {
    if (!(a > T(0))) return at_or_below_zero(a, b, y);
    const T log_a = fn::log(a);
    // b - 1 rounds; its error times log a is the relative error that it causes (up to 745 ulp).
    // Where that is no small number, a^b is 0 or infinite anyway.
    const T t = b - T(1);
    const T back = t - b;
    const T lost = (b - (t - back)) + (T(-1) - back);
    const T missed = lost * log_a;
    const bool small = missed < T(1) / T(1024) && -missed < T(1) / T(1024);
    const T k = T(1) + fn::select(small, missed, T(0));
    return {detail::times_power(b, a, t, k), detail::times_power(log_a, a, b, T(1))};
  }

 private:
  template <Real T>
  static std::array<T, 2> at_or_below_zero(const T& a, const T& b, const T& y) {
    if (b == T(0)) return {T(0), a < T(0) || a == T(0) ? T(0) : a};  // NaN^0 = 1, with slope NaN
    const T power = detail::power(a, T(b - T(1)));
    T slope = b * power;
    if constexpr (std::is_floating_point_v<T>) {
      if (power == T(0)) slope = T(0);  // of an infinite b too
    }
    return {slope, a < T(0) || (a == T(0) && b > T(0)) ? T(0) : -y};
  }
};
inline constexpr Call<Map<Pow>> pow;

}  // namespace assay
