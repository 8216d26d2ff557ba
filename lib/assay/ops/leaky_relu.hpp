#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = x for x > 0, slope x below        dx = dy or dy slope        slope at x = 0
/// A slope that the scalar cannot hold is rounded to it: half an ulp of the value and of dx.
struct LeakyRelu {
  static constexpr auto name = "leaky_relu";
  static constexpr Ulps claimed{.value = 2, .derivative = 0.5};
  double slope = 0.01;
  Domain<1> domain = on(all_reals).kink(0, slope);

  template <Field T>
  [[nodiscard]] T f(const T& x) const {
    return fn::select(x > T(0), x, T(x * T(slope)));
  }
  template <Field T>
  [[nodiscard]] T df(const T& x, const T&) const {
    return fn::select(x > T(0), T(1), T(slope));
  }
};
inline constexpr Call<Map<LeakyRelu>> leaky_relu;

}  // namespace assay
