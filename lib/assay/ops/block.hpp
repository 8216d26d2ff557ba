#pragma once
#include "assay/op.hpp"

namespace assay {

/// Y = X(i .. i + rows, j .. j + cols)        dX = dY there, 0 elsewhere
struct Block {
  static constexpr auto name = "block";
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  Eigen::Index i = 0;
  Eigen::Index j = 0;
  Eigen::Index rows = 1;
  Eigen::Index cols = 1;

  [[nodiscard]] Shape shape(Shape x) const {
    if (!within(i, rows, x.rows) || !within(j, cols, x.cols)) {
      throw ShapeError(std::string(name) + ": x is " + to_string(x) + " and the block is " +
                       to_string(Shape{rows, cols}) + " from (" + std::to_string(i) + ", " +
                       std::to_string(j) + ") on; it must lie within x");
    }
    return {rows, cols};
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    return x.block(i, j, rows, cols);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    dx.block(i, j, rows, cols) = dy;
    return {std::move(dx)};
  }

 private:
  static bool within(Eigen::Index start, Eigen::Index n, Eigen::Index extent) {
    return start >= 0 && n >= 0 && start <= extent && n <= extent - start;
  }
};

/// The rows x cols elements of x, a matrix or a node, from (i, j) on.
template <class X>
auto block(const X& x, Eigen::Index i, Eigen::Index j, Eigen::Index rows, Eigen::Index cols) {
  return Call<Block>{{i, j, rows, cols}}(x);
}

}  // namespace assay
