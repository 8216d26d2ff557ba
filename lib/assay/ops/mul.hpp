#pragma once
#include "assay/map.hpp"

namespace assay {

/// y = a b        da = dy b, db = dy a
struct Mul {
  static constexpr auto name = "mul";
  static constexpr auto domain = on(all_reals, all_reals);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 0};
  template <Field T>
  static T f(const T& a, const T& b) {
    return a * b;
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    return {b, a};
  }
};
inline constexpr Call<Map<Mul>> mul;

}  // namespace assay
