#pragma once
#include <span>

#include "assay/reduce.hpp"

namespace assay {

/// Y = X W + 1 b        dX = dY W', dW = X' dY, db = column sums of dY
/// X is batch x in, W in x out, b 1 x out. The products go where the gradients are wanted and no
/// matrix in between is made; weights are read, and their gradients written, in their flat memory.
struct Linear {
  static constexpr auto name = "linear";
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static constexpr bool takes_views = true;
  static Shape shape(Shape x, Shape w, Shape b) {
    require(x.cols == w.rows, name, {{"x", x}, {"w", w}}, "x.cols must equal w.rows");
    require(b == Shape{1, w.cols}, name, {{"w", w}, {"b", b}}, "b must be 1 x w.cols");
    return {x.rows, w.cols};
  }
  template <class X, class W, class B>
  requires Field<typename X::Scalar>
  static Mat<typename X::Scalar> forward(const Eigen::MatrixBase<X>& x,
                                         const Eigen::MatrixBase<W>& w,
                                         const Eigen::MatrixBase<B>& b) {
    Mat<typename X::Scalar> y(x.rows(), w.cols());
    for (Eigen::Index j = 0; j < y.cols(); ++j) y.col(j).setConstant(b.derived()(0, j));
    detail::product_to(y, x, w, true);
    return y;
  }
  template <class T, class X, class W, class B>
  requires Field<T>
  static void backward_into(std::span<Sink<T>> dx, const Mat<T>& dy, const Eigen::MatrixBase<X>& x,
                            const Eigen::MatrixBase<W>& w, const Eigen::MatrixBase<B>&,
                            const Mat<T>&) {
    if (dx[0].wanted()) dx[0].add_product(dy, w.derived().transpose());
    if (dx[1].wanted()) dx[1].add_product(x.derived().transpose(), dy);
    if (dx[2].wanted()) dx[2].add(reduce_sum<Axis::colwise>(dy));
  }
};
inline constexpr Call<Linear> linear;

}  // namespace assay
