#pragma once
#include <algorithm>

#include "assay/op.hpp"

namespace assay {

/// y = (X_11, X_22, ...)', a column as long as X's shorter side        dX = dy there, 0 elsewhere
struct Diagonal {
  static constexpr auto name = "diagonal";
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) { return {std::min(x.rows, x.cols), 1}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x.diagonal();
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    dx.diagonal() = dy.col(0);
    return {std::move(dx)};
  }
};
inline constexpr Call<Diagonal> diagonal;

/// Y = the square matrix with the column x on its diagonal, 0 elsewhere        dx = diagonal of dY
struct DiagonalMatrix {
  static constexpr auto name = "diagonal_matrix";
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) {
    require(x.cols == 1, name, {{"x", x}}, "x must be one column");
    return {x.rows, x.rows};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    Mat<T> y = Mat<T>::Constant(x.rows(), x.rows(), T(0));
    y.diagonal() = x.col(0);
    return y;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {Mat<T>(dy.diagonal())};
  }
};
inline constexpr Call<DiagonalMatrix> diagonal_matrix;

}  // namespace assay
