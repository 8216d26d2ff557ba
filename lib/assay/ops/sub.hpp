#pragma once
#include "assay/map.hpp"

namespace assay {

/// y = a - b        da = dy, db = -dy
struct Sub {
  static constexpr auto name = "sub";
  static constexpr auto domain = on(all_reals, all_reals);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 0};
  template <Field T>
  static T f(const T& a, const T& b) {
    return a - b;
  }
  template <Field T>
  static std::array<T, 2> df(const T&, const T&, const T&) {
    return {T(1), T(-1)};
  }
};
inline constexpr Call<Map<Sub>> sub;

}  // namespace assay
