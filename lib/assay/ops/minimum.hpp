#pragma once
#include "assay/ops/maximum.hpp"

namespace assay {

/// y = min(a, b)        da = dy [a < b], db = dy [b < a]; where a = b half of dy to each
/// NaN in either makes y NaN and is shared like a tie. Of -0 and +0, which are equal, y is a.
struct Minimum {
  static constexpr auto name = "minimum";
  static constexpr auto domain = on(all_reals, all_reals).ties(split);
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  template <Field T>
  static T f(const T& a, const T& b) {
    return fn::select(b < a, b, fn::select(a < b, a, detail::tied(a, b)));
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    return {detail::share(b, a), detail::share(a, b)};
  }
};
inline constexpr Call<Map<Minimum>> minimum;

}  // namespace assay
