#pragma once
#include "assay/ops/normalise.hpp"

namespace assay {

/// In training, each column: y = (x - mean) r g + b, r = 1 / sqrt(variance + eps), mean and
/// variance over the rows, of which there are at least 2; the variance over x.rows
/// dx, dg, db: detail::Normalisation, the mean and the variance no constants
/// 0 < eps <= 1        The claim holds for |x| <= 32, as for layer_norm.
struct BatchNorm {
  static constexpr auto name = "batch_norm";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  double eps = 1e-5;
  Domain<3> domain = detail::checked_eps(name, eps);

  static Shape shape(Shape x, Shape gain, Shape bias) {
    detail::require_rows_of_parameters(name, x, gain, bias);
    require(x.rows >= 2, name, {{"x", x}}, "a batch must have at least 2 rows");
    return x;
  }
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, const Mat<T>& gain, const Mat<T>& bias,
                               Mat<T>& saved) const {
    detail::Normalisation<Axis::colwise, T> cols(x, eps);
    saved = cols.saved();
    return cols.forward(gain, bias);
  }
  template <Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& gain,
                                     const Mat<T>&, const Mat<T>&, const Mat<T>& saved) const {
    return detail::Normalisation<Axis::colwise, T>(x, saved, nullptr).backward(dy, gain, eps);
  }
};

/// batch_norm(x, gain, bias, {.eps = ...}), of matrices or nodes.
template <class X, class G, class B>
auto batch_norm(const X& x, const G& gain, const B& bias, const BatchNorm& options = {}) {
  return Call<BatchNorm>{options}(x, gain, bias);
}

template <class T>
struct BatchStatistics {
  Mat<T> mean, variance;  ///< rows as wide as x; the variance over x.rows - 1
};

/// What goes into the running averages that evaluation uses. Throws ShapeError below 2 rows.
template <class D>
auto batch_statistics(const Eigen::MatrixBase<D>& x) {
  using T = typename D::Scalar;
  require(x.rows() >= 2, "batch_statistics", {{"x", shape_of(x)}},
          "a batch must have at least 2 rows");
  const Mat<T> in = x;
  auto [mean, variance] = detail::Normalisation<Axis::colwise, T>(in, 1).statistics();
  return BatchStatistics<T>{std::move(mean), std::move(variance)};
}

}  // namespace assay
