#pragma once
#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = log x        dx = dy / x        x > 0
struct Log {
  static constexpr auto name = "log";
  static constexpr auto domain = on(open(0, std::numeric_limits<double>::infinity()));
  static constexpr Ulps claimed{.value = 1, .derivative = 0.5};
  template <Real T>
  static T f(const T& x) {
    return fn::log(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return T(1) / x;
  }
};
inline constexpr Call<Map<Log>> log;

}  // namespace assay
