#pragma once
#include "assay/op.hpp"

namespace assay {

/// y = X_11 + X_22 + ...        dX = dy on the diagonal, 0 elsewhere        X is square; of 0x0: 0
struct Trace {
  static constexpr auto name = "trace";
  static constexpr Ulps claimed{.value = 2, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) {
    require(x.rows == x.cols, name, {{"x", x}}, "x must be square");
    return {1, 1};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    T y(0);
    for (Eigen::Index i = 0; i < x.rows(); ++i) y += x(i, i);
    return Mat<T>::Constant(1, 1, y);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    for (Eigen::Index i = 0; i < x.rows(); ++i) dx(i, i) = dy(0, 0);
    return {std::move(dx)};
  }
};
inline constexpr Call<Trace> trace;

}  // namespace assay
