#pragma once
#include "assay/op.hpp"

namespace assay {

/// Y = X'        dX = dY'
struct Transpose {
  static constexpr auto name = "transpose";
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  static Shape shape(Shape x) { return {x.cols, x.rows}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x.transpose();
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {Mat<T>(dy.transpose())};
  }
};
inline constexpr Call<Transpose> transpose;

}  // namespace assay
