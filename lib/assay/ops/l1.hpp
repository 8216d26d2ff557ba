#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"

namespace assay {

/// y = |a - b|        da = dy sign(a - b), db = -da        0 where a = b
struct L1 {
  static constexpr auto name = "l1";
  // |a - b| = max(a, b) - min(a, b): a tie that both split gives 1/2 - 1/2.
  static constexpr auto domain = on(all_reals, all_reals).ties(split);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 0};
  template <Field T>
  static T f(const T& a, const T& b) {
    return fn::select(a == b, T(0), fn::select(a < b, T(b - a), T(a - b)));
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    const T s = fn::select(a == b, T(0), fn::select(a < b, T(-1), T(1)));
    return {s, -s};
  }
};
inline constexpr Call<Map<L1>> l1;
inline constexpr Call<Loss<L1, Reduction::mean>> l1_mean;
inline constexpr Call<Loss<L1, Reduction::sum>> l1_sum;

}  // namespace assay
