#pragma once
#include "assay/loss.hpp"

namespace assay {

/// y = (a - b)^2, without a factor 1/2        da = 2 dy (a - b), db = -da
struct SquaredError {
  static constexpr auto name = "squared_error";
  static constexpr auto domain = on(all_reals, all_reals);
  static constexpr Ulps claimed{.value = 2, .derivative = 1};
  template <Field T>
  static T f(const T& a, const T& b) {
    const T r = a - b;
    return r * r;
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    const T r = a - b;
    return {r + r, -(r + r)};
  }
  /// 2 (a - b) may overflow where dy / n times it does not.
  template <Field T>
  static std::array<T, 2> vjp(const T& dy, const T& a, const T& b, const T&) {
    const T half = dy * (a - b);
    return {half + half, -(half + half)};
  }
};
inline constexpr Call<Map<SquaredError>> squared_error;
inline constexpr Call<Loss<SquaredError, Reduction::mean>> squared_error_mean;
inline constexpr Call<Loss<SquaredError, Reduction::sum>> squared_error_sum;

}  // namespace assay
