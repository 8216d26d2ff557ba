#pragma once
#include "assay/map.hpp"

namespace assay {
namespace detail {

/// a / b / b. Where |b| < 1 a subnormal a / b has lost bits that the second division would bring
/// back into sight, so a is scaled up first; a tiny b needs no scaling (and would overflow with
/// it).
template <class T>
T quotient_by_square(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    using std::abs;
    using L = std::numeric_limits<T>;
    constexpr int bits = L::digits + 2;
    const T up = std::ldexp(T(1), bits);
    const bool tiny =
        abs(a) < std::ldexp(L::min(), bits) && abs(b) > std::ldexp(T(1), L::min_exponent / 2);
    return tiny ? a * up / b / b / up : a / b / b;
  } else {
    return a / b / b;
  }
}

}  // namespace detail

/// y = a / b        da = dy / b, db = -dy a / b^2        b != 0
struct Div {
  static constexpr auto name = "div";
  static constexpr auto domain = on(all_reals, all_reals).without(0, 1);
  static constexpr Ulps claimed{.value = 0.5, .derivative = 2};
  template <Field T>
  static T f(const T& a, const T& b) {
    return a / b;
  }
  template <Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    return {T(1) / b, -detail::quotient_by_square(a, b)};
  }
};
inline constexpr Call<Map<Div>> div;

}  // namespace assay
