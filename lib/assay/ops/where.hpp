#pragma once
#include "assay/op.hpp"

namespace assay {

/// y = mask ? a : b        da = mask ? dy : 0, db = mask ? 0 : dy
/// A choice, not a product with 0 and 1: NaN and infinities of the branch not taken stay out of the
/// value and of both gradients.
struct Where {
  static constexpr auto name = "where";
  static constexpr Ulps claimed{.value = 0, .derivative = 0};
  Mat<bool> mask;

  [[nodiscard]] Shape shape(Shape a, Shape b) const {
    const Shape m = shape_of(mask);
    require(a == m && b == m, name, {{"mask", m}, {"a", a}, {"b", b}}, "they must be of one shape");
    return m;
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& a, const Mat<T>& b) const {
    return mask.select(a, b);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>&) const {
    const Mat<T> zero = Mat<T>::Constant(dy.rows(), dy.cols(), T(0));
    return {Mat<T>(mask.select(dy, zero)), Mat<T>(mask.select(zero, dy))};
  }
};

/// where(mask, a, b): the mask is any Eigen expression of bool; a and b are matrices or nodes.
template <class M, class A, class B>
auto where(const Eigen::DenseBase<M>& mask, const A& a, const B& b) {
  return Call<Where>{{.mask = mask.derived()}}(a, b);
}

}  // namespace assay
