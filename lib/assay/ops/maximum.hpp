#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {
namespace detail {

/// a of two equal numbers, NaN where one is that; a dual number moves by the mean of both, as the
/// derivative is split.
template <class T>
T tied(const T& a, const T& b) {
  if constexpr (is_dual<T>) {
    return {tied(a.v, b.v), (a.d + b.d) / 2};
  } else {
    return fn::select(a == b, a, T(a + b));
  }
}

/// The share of a in the derivative of max(a, b).
template <class T>
T share(const T& a, const T& b) {
  const T half = T(1) / T(2);
  return fn::select(a > b, T(1), fn::select(a < b, T(0), half));
}

}  // namespace detail

/// y = max(a, b)        da = dy [a > b], db = dy [b > a]; where a = b half of dy to each
/// NaN in either makes y NaN and is shared like a tie. Of -0 and +0, which are equal, y is a.
struct Maximum {
  static constexpr auto name = "maximum";
  static constexpr auto domain = on(all_reals, all_reals).ties(split);
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  template <Field T>
  static T f(const T& a, const T& b) {
    return fn::select(a < b, b, fn::select(a > b, a, detail::tied(a, b)));
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    return {detail::share(a, b), detail::share(b, a)};
  }
};
inline constexpr Call<Map<Maximum>> maximum;

}  // namespace assay
