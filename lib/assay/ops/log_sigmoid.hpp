#pragma once
#include "assay/ops/softplus.hpp"

namespace assay {

/// y = log s(x) = -softplus(-x)        dx = dy s(-x)
struct LogSigmoid {
  static constexpr auto name = "log_sigmoid";
  static constexpr auto domain = on(all_reals);
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& x) {
    return -Softplus::f(T(-x));
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return Sigmoid::f(T(-x));
  }
};
inline constexpr Call<Map<LogSigmoid>> log_sigmoid;

}  // namespace assay
