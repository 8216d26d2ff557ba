#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"

namespace assay {

/// Binary cross-entropy of the label t in [0, 1] and the probability p in [0, 1]:
/// y = -t log p - (1 - t) log(1 - p)
/// dp = dy (p - t) / (p (1 - p)), dt = dy log((1 - p) / p)
/// Neither sum cancels: p - t is one rounding, and near p = 1/2 dt is a log1p. Where t < p / 2 or
/// 1 - t < (1 - p) / 2, dp is (1 - t / p) / (1 - p) or ((1 - t) / (1 - p) - 1) / p.
/// Conventions: no logarithm is clamped. At p = 0 the value is 0 for t = 0, else +inf; at p = 1 it
/// is 0 for t = 1, else +inf; dp is the limit, with 1 / (1 - p) for t = 0 and -1 / p for t = 1.
/// NaN outside [0, 1].
struct Bce {
  static constexpr auto name = "bce";
  static constexpr auto domain = on(open(0, 1), exact(closed(0, 1)));
  static constexpr Ulps claimed{.value = 4, .derivative = 4};
  template <Real T>
  static T f(const T& p, const T& t) {
    // 0 log 0 = 0, by a choice of p: a choice of t would hide the derivative at t = 0.
    const T hit = fn::select(t == T(0) && p == T(0), T(1), p);
    const T miss = fn::select(t == T(1) && p == T(1), T(0), p);
    return -(t * fn::log(hit) + (T(1) - t) * fn::log1p(T(-miss)));
  }
  template <Real T>
  static std::array<T, 2> df(const T& p, const T& t, const T&) {
    const T q = T(1) - p, rest = T(1) - t;
    // Far from p = t, where p - t is no more exact than these, the derivatives of these do not
    // cancel: d2p = t / p^2 + (1 - t) / q^2 would lose the digits that 1 / p has beside t / p^2.
    const bool below = t + t < p, above = rest + rest < q;
    const T low_label = (T(1) - t / p) / q, high_label = (rest / q - T(1)) / p;
    const T inside = fn::select(above, high_label, T((p - t) / (p * q)));
    const T between = fn::select(below, low_label, inside);
    const T dp = fn::select(t == T(0), T(T(1) / q), fn::select(t == T(1), T(T(-1) / p), between));
    // With s the smaller of p and 1 - p, |dt| = log((1 - s) / s); 1 - 2 s is exact for s >= 1/4.
    const bool low = p < q;
    const T s = fn::select(low, p, q);
    const bool far = s < T(1) / T(4);
    const T u = fn::select(far, T(-s), T((T(1) - (s + s)) / s));
    const T size = fn::log1p(u) - fn::select(far, fn::log(s), T(0));
    return {dp, fn::select(low, size, T(-size))};
  }
};
inline constexpr Call<Map<Bce>> bce;
inline constexpr Call<Loss<Bce, Reduction::mean>> bce_mean;
inline constexpr Call<Loss<Bce, Reduction::sum>> bce_sum;

}  // namespace assay
