#pragma once
#include <cmath>

#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = the angle of the point (x, y) = (b, a), in (-pi, pi]
/// da = dy b / (a^2 + b^2), db = -dy a / (a^2 + b^2)
/// Neither square is formed: with L the larger of both, S the smaller and r = S / L the quotients
/// are 1 / (L + r S) and r / (L + r S), which stay in range wherever the result does.
/// Conventions: at the origin and where an argument is infinite both derivatives are 0. The checks
/// leave out a = 0, where the cut (b < 0) and the origin lie, and b = 0, beside which the angle
/// turns within less than any step. From std in float and double:
/// with glibc 2.36 1.46 / 2.40 ulp in float (da at 0x1.0048acp-40, 0x1.005a44p-45), 0.53 / 2.40 in
/// double.
struct Atan2 {
  static constexpr auto name = "atan2";
  static constexpr auto domain = on(all_reals, all_reals).without(0, 0).without(0, 1);
  static constexpr Ulps claimed{.value = 2, .derivative = 4};
  template <Real T>
  static T f(const T& a, const T& b) {
    using std::atan2;
    return atan2(a, b);
  }
  template <Real T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    const bool flat = fn::abs(a) <= fn::abs(b);
    const T large = fn::select(flat, b, a), small = fn::select(flat, a, b);
    const auto [of_large, of_small] = over_squares(large, small);
    return {fn::select(flat, of_large, of_small), -fn::select(flat, of_small, of_large)};
  }

 private:
  /// L / (L^2 + S^2), S / (L^2 + S^2)
  template <class T>
  static std::array<T, 2> over_squares(const T& large, const T& small) {
    if constexpr (std::is_floating_point_v<T>) {
      using L = std::numeric_limits<T>;
      // Both are scaled, up so that neither a subnormal r nor a subnormal r S loses bits that the
      // division would bring back into sight, or else down so that the sum is finite.
      constexpr T up = T(16) / L::epsilon();
      const bool far = fn::abs(large) > T(1) / L::epsilon();
      const T scale = fn::select(far, T(1) / T(2), up), back = fn::select(far, T(2), T(1) / up);
      const T s = scale * small;
      const T r = s / large;
      const T sum = scale * large + (back * r) * s;
      const T of_large = limit(large, small, T(scale / sum));
      return {of_large, limit(large, small, T(r / sum))};
    } else {
      const T r = small / large;
      const T sum = large + r * small;
      return {T(1) / sum, r / sum};
    }
  }
  /// 0 where both are zero or infinite.
  template <class T>
  static T limit(const T& large, const T& small, const T& d) {
    const T at_origin = fn::select(large == T(0), T(0), d);
    return fn::select(fn::abs(small) > std::numeric_limits<T>::max(), T(0), at_origin);
  }
};
inline constexpr Call<Map<Atan2>> atan2;

}  // namespace assay
