#pragma once
#include "assay/ops/labels.hpp"

namespace assay {

/// Of the log-probabilities x, one row an item: y_i = -x(i, label_i), or the sum or mean over i
/// dx(i, label_i) = -dy_i, 0 elsewhere
template <Reduction reduction>
struct Nll {
  static constexpr auto name = reduced_name<reduction>("nll_none", "nll_mean", "nll_sum");
  static constexpr Ulps claimed{.value = 4, .derivative = 2, .units = envelope};
  Labels labels;

  [[nodiscard]] Shape shape(Shape x) const {
    detail::require_labels(labels, name, x);
    return detail::reduced_loss<reduction>(name, x, {x.rows, 1});
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    Mat<T> y(x.rows(), 1);
    for (Eigen::Index i = 0; i < x.rows(); ++i)
      y(i, 0) = -x(i, labels[static_cast<std::size_t>(i)]);
    return detail::reduce_loss<reduction>(std::move(y));
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    const detail::ItemUpstream<reduction, T> upstream(dy, x.rows());
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      dx(i, labels[static_cast<std::size_t>(i)]) = -upstream(i);
    }
    return {std::move(dx)};
  }
};

struct NllOptions {
  Reduction reduction = Reduction::mean;
};

/// nll(log_probabilities, labels, {.reduction = ...}): a matrix or a node, and one label a row.
template <class X, std::integral I>
auto nll(const X& x, const std::vector<I>& labels, NllOptions options = {}) {
  return detail::with_reduction(options.reduction, [&](auto reduction) {
    return Call<Nll<reduction()>>{{detail::to_labels(labels)}}(x);
  });
}
template <class X>
auto nll(const X& x, Labels labels, NllOptions options = {}) {
  return detail::with_reduction(options.reduction, [&](auto reduction) {
    return Call<Nll<reduction()>>{{std::move(labels)}}(x);
  });
}

}  // namespace assay
