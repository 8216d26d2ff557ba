#pragma once
#include "assay/elementary.hpp"
#include "assay/ops/labels.hpp"

namespace assay {
namespace detail {

inline constexpr auto smoothing_rule = "it must be at least 0 and less than 1";

constexpr Domain<1> checked_smoothing(std::string_view op, double smoothing) {
  if (!(smoothing >= 0 && smoothing < 1)) {
    require_value(false, op, "smoothing", smoothing, smoothing_rule);
  }
  return on(all_reals);
}

/// e^(z - m) for z <= m, the rounding error of z - m carried: without it a probability far from the
/// largest is off by as many ulp as its logit.
template <class T>
[[gnu::always_inline]] inline T exp_below(const T& z, const T& m) {
  const T d = z - m;
  const T e = fn::exp(d);
  if constexpr (std::is_floating_point_v<T>) {
    const T back = d - z;
    const T lost = (z - (d - back)) - (m + back);
    return fn::select(d < -std::numeric_limits<T>::max(), e, T(e + e * lost));
  } else {
    return e;
  }
}

// Each over one column; not inlined, so that the loops are compiled once a scalar.
template <class T>
[[gnu::noinline]] void raise_to(const T* __restrict z, T* __restrict m, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { m[i] = fn::select(m[i] < z[i], z[i], m[i]); });
}
template <class T>
[[gnu::noinline]] void exponentials(const T* __restrict z, const T* __restrict m, T* __restrict e,
                                    Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { e[i] = exp_below(z[i], m[i]); });
}
template <class T>
[[gnu::noinline]] void add_to(const T* __restrict x, T* __restrict sum, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { sum[i] += x[i]; });
}
template <class T>
[[gnu::noinline]] void quotients(const T* __restrict by, T* __restrict x, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { x[i] /= by[i]; });
}

/// The largest logit of each row.
template <class T>
Mat<T> largest_of_rows(const Mat<T>& z) {
  Mat<T> m = z.col(0);
  for (Eigen::Index j = 1; j < z.cols(); ++j) raise_to(z.data() + j * z.rows(), m.data(), z.rows());
  return m;
}

/// What cross_entropy<label> computes of the logits: one loss a row, and its gradient.
template <class T>
Mat<T> cross_entropy_rows(const Mat<T>& z, const Labels& labels, double smoothing, Mat<T>& dz) {
  const Eigen::Index n = z.rows(), classes = z.cols();
  const auto label = [&](Eigen::Index i) { return labels[static_cast<std::size_t>(i)]; };
  Mat<T> y(n, 1);
  dz.resize(n, classes);
  if (n == 0) return y;
  const Mat<T> m = largest_of_rows(z);
  for (Eigen::Index j = 0; j < classes; ++j) {
    exponentials(z.data() + j * n, m.data(), dz.data() + j * n, n);
  }
  // The label's own exponential is kept apart: 1 - p is the sum of the others.
  Mat<T> others = Mat<T>::Constant(n, 1, T(0)), total(n, 1);
  for (Eigen::Index i = 0; i < n; ++i) {
    total(i, 0) = dz(i, label(i));
    dz(i, label(i)) = T(0);
  }
  for (Eigen::Index j = 0; j < classes; ++j) add_to(dz.data() + j * n, others.data(), n);
  in_blocks<T>(n, [rest = others.data(), sum = total.data(), loss = y.data()](Eigen::Index i) {
    loss[i] = fn::log1p(T(rest[i] + (sum[i] - T(1))));  // the label's is 1 where it is largest
    sum[i] += rest[i];
    rest[i] /= sum[i];
  });
  for (Eigen::Index j = 0; j < classes; ++j) quotients(total.data(), dz.data() + j * n, n);
  for (Eigen::Index i = 0; i < n; ++i) dz(i, label(i)) = -others(i, 0);
  if (smoothing == 0) {
    for (Eigen::Index i = 0; i < n; ++i) y(i, 0) += m(i, 0) - z(i, label(i));
    return y;
  }
  const T kept = T(1) - T(smoothing), share = T(smoothing) / count<T>(classes);
  Mat<T> gaps = Mat<T>::Constant(n, 1, T(0));
  for (Eigen::Index j = 0; j < classes; ++j) {
    for (Eigen::Index i = 0; i < n; ++i) {
      gaps(i, 0) += m(i, 0) - z(i, j);
      dz(i, j) -= share;
    }
  }
  for (Eigen::Index i = 0; i < n; ++i) {
    y(i, 0) += kept * (m(i, 0) - z(i, label(i))) + share * gaps(i, 0);
    dz(i, label(i)) = T(smoothing) * count<T>(classes - 1) / count<T>(classes) - others(i, 0);
  }
  return y;
}

}  // namespace detail

/// Of the logits z, one row an item, with p = softmax of the row and l its label:
/// y_i = -log p_l, or the sum or mean over i        dz = dy (p - 1 at l), -(sum of the others) at l
/// With smoothing s, 0 <= s < 1, among c classes the target is 1 - s + s / c at l and s / c
/// elsewhere. No clamping: the value and the gradient of a probability of any size are right. A
/// logit of -inf is a class of probability 0.
template <Reduction reduction>
struct CrossEntropy {
  static constexpr auto name =
      reduced_name<reduction>("cross_entropy_none", "cross_entropy_mean", "cross_entropy_sum");
  static constexpr Ulps claimed{.value = 3, .derivative = 3, .units = envelope};
  Labels labels;
  double smoothing = 0;
  Domain<1> domain = detail::checked_smoothing(name, smoothing);

  [[nodiscard]] Shape shape(Shape z) const {
    detail::require_labels(labels, name, z);
    return detail::reduced_loss<reduction>(name, z, {z.rows, 1});
  }
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& z, Mat<T>& slopes) const {
    return detail::reduce_loss<reduction>(detail::cross_entropy_rows(z, labels, smoothing, slopes));
  }
  template <Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>&,
                                     const Mat<T>& slopes) const {
    const detail::ItemUpstream<reduction, T> upstream(dy, z.rows());
    if constexpr (reduction == Reduction::none) {
      return {Mat<T>(dy.col(0).asDiagonal() * slopes)};
    } else {
      return {Mat<T>(slopes * upstream(0))};
    }
  }
};

struct CrossEntropyOptions {
  double smoothing = 0;
  Reduction reduction = Reduction::mean;
};

/// cross_entropy(logits, labels, {.smoothing = ..., .reduction = ...}), of a matrix or a node, with
/// one class index a row; with soft targets: ops/soft_cross_entropy.hpp.
template <class Z>
auto cross_entropy(const Z& logits, Labels labels, CrossEntropyOptions options = {}) {
  return detail::with_reduction(options.reduction, [&](auto reduction) {
    return Call<CrossEntropy<reduction()>>{{std::move(labels), options.smoothing}}(logits);
  });
}
template <class Z, std::integral I>
auto cross_entropy(const Z& logits, const std::vector<I>& labels,
                   CrossEntropyOptions options = {}) {
  return cross_entropy(logits, detail::to_labels(labels), options);
}

}  // namespace assay
