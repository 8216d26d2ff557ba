#pragma once
#include "assay/elementary.hpp"
#include "assay/loss.hpp"
#include "assay/ops/attributes.hpp"

namespace assay {
namespace detail {

/// a b - p, exactly, where p is a b rounded (Dekker).
template <class T>
T product_error(const T& a, const T& b, const T& p) {
  if constexpr (!fn::detail::Native<T>) {
    return a * b - p;
  } else {
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
    return std::fma(a, b, -p);
#else
    constexpr T splitter = T(1ULL << ((std::numeric_limits<T>::digits + 1) / 2)) + T(1);
    const T ta = splitter * a, tb = splitter * b;
    const T ah = ta - (ta - a), bh = tb - (tb - b);
    const T al = a - ah, bl = b - bh;
    return ((ah * bh - p) + ah * bl + al * bh) + al * bl;
#endif
  }
}

}  // namespace detail

/// Binary cross-entropy from the logit z, the positive label weighted by w:
/// y = (1 - t) softplus(z) + w t softplus(-z)
/// dz = dy ((1 - t) s(z) - w t s(-z)), dt = dy (w softplus(-z) - softplus(z))
/// The weight is at least 0 and at most 2^100.
/// With e = e^-|z| and g = 1 - t + w t, the value is |z| (1 - t or w t) + g log1p(e): no term
/// cancels. For |z| < 1, dz = (1 - t - w t) / 2 + g tanh(z / 2) / 2, whose first term is taken with
/// the rounding errors of 1 - t and of w t. A weight that the scalar cannot hold is rounded to it.
struct BceWithLogitsWeighted {
  static constexpr auto name = "bce_with_logits_weighted";
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .near_zero = envelope};

  static constexpr Domain<2> checked(double w) {
    if (!(w >= 0 && w <= 0x1p100)) {
      require_value(false, name, "pos_weight", w, "it must be at least 0 and at most 2^100");
    }
    return on(all_reals, exact(closed(0, 1)));
  }

  double pos_weight = 1;
  Domain<2> domain = checked(pos_weight);

  template <Real T>
  [[nodiscard]] T f(const T& z, const T& t) const {
    const T miss = T(1) - t, hit = T(pos_weight) * t;
    const bool none = fn::select(z < T(0), hit, miss) == T(0);  // of an infinite u too
    const T size = fn::select(z < T(0), z, T(-z)), u = fn::select(none, fn::finite(size), size);
    const T far = fn::select(z < T(0), times_weight(t, u), T(miss * u));
    return (miss + hit) * fn::log1p(fn::exp(u)) - far;
  }
  template <Real T>
  [[nodiscard]] std::array<T, 2> df(const T& z, const T& t, const T& y) const {
    return vjp(T(1), z, t, y);
  }
  /// dt may overflow where dy / n times it does not.
  template <Real T>
  [[nodiscard]] std::array<T, 2> vjp(const T& dy, const T& z, const T& t, const T&) const {
    const T w = T(pos_weight), u = fn::select(z < T(0), z, T(-z));
    const T e = fn::exp(u), log_sum = fn::log1p(e);
    const T miss = T(1) - t, hit = w * t;
    const bool negative = z < T(0);

    const T outer = fn::select(negative, T(miss * e - hit), T(miss - hit * e)) / (T(1) + e);
    const T lost = ((T(1) - miss) - t) - detail::product_error(w, t, hit);
    const T half_tanh = -fn::expm1(u) / (T(2) + (e + e));
    const T slope = (miss + hit) * fn::select(negative, T(-half_tanh), half_tanh);
    const T inner = slope + ((miss - hit) + lost) / T(2);

    const T dt = (w - T(1)) * log_sum - fn::select(negative, T(w * u), z);
    const T far = fn::select(negative, T(-times_weight(dy, u)), T(-(dy * z)));  // log_sum is 0
    return {dy * fn::select(-u < T(1), inner, outer), fn::select(-u < T(4096), T(dy * dt), far)};
  }

 private:
  /// a w b, where a or w b alone may leave the range.
  template <class T>
  [[nodiscard]] T times_weight(const T& a, const T& b) const {
    const T w = T(pos_weight);
    return pos_weight < 1 ? T(a * (w * b)) : T(a * w * b);
  }
};
inline constexpr CallWith<Map<BceWithLogitsWeighted>, BceWithLogitsWeighted>
    bce_with_logits_weighted;
inline constexpr CallWith<Loss<BceWithLogitsWeighted, Reduction::mean>, BceWithLogitsWeighted>
    bce_with_logits_weighted_mean;
inline constexpr CallWith<Loss<BceWithLogitsWeighted, Reduction::sum>, BceWithLogitsWeighted>
    bce_with_logits_weighted_sum;

}  // namespace assay
