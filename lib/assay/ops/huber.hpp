#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"
#include "assay/ops/attributes.hpp"

namespace assay {

/// With r = a - b: y = r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)
/// da = dy r, held between -delta and delta, db = -da        delta > 0
struct Huber {
  static constexpr auto name = "huber";
  static constexpr Ulps claimed{.value = 3, .derivative = 1};

  static constexpr Domain<2> checked(double delta) {
    if (!(delta > 0 && delta <= std::numeric_limits<double>::max())) {
      require_value(false, name, "delta", delta, "it must be positive and finite");
    }
    return on(all_reals, all_reals);
  }

  double delta = 1;
  Domain<2> domain = checked(delta);  // where the attribute is given, it is checked

  template <Field T>
  constexpr T f(const T& a, const T& b) const {
    const T r = a - b, size = fn::select(r < T(0), T(-r), r), d = T(delta);
    return fn::select(size <= d, T(r * (r / T(2))), T(d * (size - d / T(2))));
  }
  template <Field T>
  constexpr std::array<T, 2> df(const T& a, const T& b, const T&) const {
    const T r = a - b, d = T(delta), low = fn::select(r < -d, T(-d), r);
    const T slope = fn::select(low > d, d, low);
    return {slope, -slope};
  }
};
inline constexpr CallWith<Map<Huber>, Huber> huber;
inline constexpr CallWith<Loss<Huber, Reduction::mean>, Huber> huber_mean;
inline constexpr CallWith<Loss<Huber, Reduction::sum>, Huber> huber_sum;

}  // namespace assay
