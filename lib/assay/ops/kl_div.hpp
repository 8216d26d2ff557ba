#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"

namespace assay {

/// The terms of the divergence KL(p || q), from x = log q and p:
/// y = p (log p - x)        dx = -dy p, dp = dy (log p - x + 1)        p > 0
/// At p = 0 the value is 0, also where q = 0, and dp the limit -inf; q = 0 < p gives +inf. Summed
/// over a row it is the divergence of that row; `_mean` is over all elements.
struct KlDiv {
  static constexpr auto name = "kl_div";
  static constexpr auto domain = on(all_reals, open(0, std::numeric_limits<double>::infinity()));
  // The value and dp pass through zero, where log p rounds.
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  template <Real T>
  static T f(const T& x, const T& p) {
    return fn::select(p == T(0), T(0), T(p * (fn::log(p) - x)));
  }
  template <Real T>
  static std::array<T, 2> df(const T& x, const T& p, const T&) {
    return {-p, (fn::log(p) - x) + T(1)};
  }
};
inline constexpr Call<Map<KlDiv>> kl_div;
inline constexpr Call<Loss<KlDiv, Reduction::mean>> kl_div_mean;
inline constexpr Call<Loss<KlDiv, Reduction::sum>> kl_div_sum;

/// The same from x = log q and l = log p:
/// y = e^l (l - x)        dx = -dy e^l, dl = dy e^l (l - x + 1)
/// At l = -inf (p = 0) the value is 0 and so are both derivatives. l is a logarithm of a
/// probability: the claim holds up to 64.
struct KlDivLog {
  static constexpr auto name = "kl_div_log";
  static constexpr auto domain = on(all_reals, closed(-0x1p20, 64));
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& x, const T& l) {
    const T half = l / T(2) - x / T(2);  // l - x may overflow where e^l is 0
    return fn::select(none(l), T(0), twice(half, l));
  }
  template <Real T>
  static std::array<T, 2> df(const T& x, const T& l, const T&) {
    const T half = (l / T(2) - x / T(2)) + T(1) / T(2);
    return {fn::select(none(l), T(0), T(-fn::exp(l))), fn::select(none(l), T(0), twice(half, l))};
  }
  /// dl may overflow where the upstream, divided by the number of elements, brings it back.
  template <Real T>
  static std::array<T, 2> vjp(const T& dy, const T& x, const T& l, const T& y) {
    const std::array<T, 2> d = df(x, l, y);
    T dl = dy * d[1];
    if constexpr (std::is_floating_point_v<T>) {
      const T half = (l / T(2) - x / T(2)) + T(1) / T(2);
      const bool overflows = std::abs(d[1]) > std::numeric_limits<T>::max();
      dl = fn::select(overflows, twice(T(dy * half), l), dl);
    }
    return {dy * d[0], dl};
  }

 private:
  template <class T>
  static bool none(const T& l) {
    if constexpr (std::is_floating_point_v<T>) return l < -std::numeric_limits<T>::max();
    return false;
  }
  template <class T>
  static T twice(const T& half, const T& l) {
    const T y = fn::mul_exp(half, l);
    return y + y;
  }
};
inline constexpr Call<Map<KlDivLog>> kl_div_log;
inline constexpr Call<Loss<KlDivLog, Reduction::mean>> kl_div_log_mean;
inline constexpr Call<Loss<KlDivLog, Reduction::sum>> kl_div_log_sum;

}  // namespace assay
