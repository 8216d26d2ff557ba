#pragma once
#include <span>

#include "assay/reduce.hpp"

namespace assay {

/// y = |X - X W W'|^2 / N        with R = X - X W W':
///     dX = 2 dy / N (R - (R W) W'),  dW = -2 dy / N (X' (R W) + R' (X W))
/// X is N x d, its rows the samples; W is d x k: the loss of a linear auto-encoder whose decoder is
/// the transpose of its encoder. In terms of C = X'X / N, dW = -2 dy (2C - C W W' - W W' C) W,
/// which cancels where the reconstruction is good; the residual does not.
struct TiedReconstructionLoss {
  static constexpr auto name = "tied_reconstruction_loss";
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  // The loss is of second degree in X and of fourth in W: what is not so large does not overflow in
  // float on the way to a gradient that is finite.
  static constexpr auto domain = on(open(-0x1p24, 0x1p24), open(-0x1p12, 0x1p12));
  static Shape shape(Shape x, Shape w) {
    require(x.cols == w.rows, name, {{"x", x}, {"w", w}}, "x.cols must equal w.rows");
    require(x.rows > 0, name, {{"x", x}}, "the mean over no samples is undefined");
    return {1, 1};
  }
  /// Saved are the residuals and, beside them, the codes X W.
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, const Mat<T>& w, Mat<T>& saved) {
    saved.resize(x.rows(), x.cols() + w.cols());
    auto residuals = saved.leftCols(x.cols());
    auto codes = saved.rightCols(w.cols());
    detail::product_to(codes, x, w, false);
    const Mat<T> back = -w.transpose();
    residuals = x;
    detail::product_to(residuals, codes, back, true);
    const T* r = residuals.data();
    const T squares = detail::lane_sum<T>(x.size(), [r](Eigen::Index i) { return T(r[i] * r[i]); });
    return Mat<T>::Constant(1, 1, squares / count<T>(x.rows()));
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& w, const Mat<T>&,
                              const Mat<T>& saved) {
    const auto residuals = saved.leftCols(x.cols());
    const Mat<T> left = detail::product(residuals, w);  // R W: what of the residual is encoded
    const T half = dy(0, 0) / count<T>(x.rows()), scale = half + half;
    Mat<T> dx = residuals - detail::product(left, w.transpose());
    Mat<T> dw = detail::product(x.transpose(), left);
    detail::product_to(dw, residuals.transpose(), saved.rightCols(w.cols()), true);
    return {Mat<T>(dx * scale), Mat<T>(dw * T(-scale))};
  }
};
inline constexpr Call<TiedReconstructionLoss> tied_reconstruction_loss;

}  // namespace assay
