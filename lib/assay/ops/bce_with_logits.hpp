#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"

namespace assay {

/// Binary cross-entropy of the label t in [0, 1] and the probability s(z), from the logit z:
/// y = softplus(z) - t z        dz = dy (s(z) - t), dt = -dy z
/// No term cancels: for z >= 0 the value is z (1 - t) + log1p(e), e = e^-|z|, and
/// dz = (1 - t) - e / (1 + e), at t = 1 exactly -s(-z). For |z| < 1, where s(z) may meet t = 1/2,
/// dz = tanh(z / 2) / 2 + (1/2 - t). At an infinite z of the right sign the value is 0.
struct BceWithLogits {
  static constexpr auto name = "bce_with_logits";
  static constexpr auto domain = on(all_reals, exact(closed(0, 1)));
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};
  template <Real T>
  static T f(const T& z, const T& t) {
    const T e = fn::exp(fn::select(z < T(0), z, T(-z)));
    const T share = fn::select(z < T(0), T(-t), T(T(1) - t));
    return fn::select(share == T(0), fn::finite(z), z) * share + fn::log1p(e);
  }
  template <Real T>
  static std::array<T, 2> df(const T& z, const T& t, const T&) {
    const T u = fn::select(z < T(0), z, T(-z));
    const T m = -fn::expm1(u);  // 1 - e, exactly where z is small
    const T e = fn::exp(u);
    const T outer = fn::select(z < T(0), T(e / (T(1) + e) - t), T((T(1) - t) - e / (T(1) + e)));
    const T half_tanh = m / (T(2) + (e + e));
    const T inner = fn::select(z < T(0), T(-half_tanh), half_tanh) + (T(1) / T(2) - t);
    return {fn::select(-u < T(1), inner, outer), -z};
  }
};
inline constexpr Call<Map<BceWithLogits>> bce_with_logits;
inline constexpr Call<Loss<BceWithLogits, Reduction::mean>> bce_with_logits_mean;
inline constexpr Call<Loss<BceWithLogits, Reduction::sum>> bce_with_logits_sum;

}  // namespace assay
