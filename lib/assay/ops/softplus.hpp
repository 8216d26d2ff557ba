#pragma once
#include "assay/ops/sigmoid.hpp"

namespace assay {

/// y = log(1 + e^x) = max(x, 0) + log1p(e^-|x|)        dx = dy s(x)
/// |x| is written as a choice: a dual number through |x| at 0 would lose half the derivative.
struct Softplus {
  static constexpr auto name = "softplus";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    const T e = fn::exp(fn::select(x < T(0), x, T(-x)));
    return fn::select(x < T(0), T(0), x) + fn::log1p(e);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return Sigmoid::f(x);
  }
};
inline constexpr Call<Map<Softplus>> softplus;

}  // namespace assay
