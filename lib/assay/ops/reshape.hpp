#pragma once
#include "assay/op.hpp"

namespace assay {

/// Y = the elements of X in the same order, column by column as they are stored        dX = dY, in
/// the shape of X        One of the extents may be -1: it follows from the number of elements.
struct Reshape {
  static constexpr auto name = "reshape";
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  Eigen::Index rows = -1;
  Eigen::Index cols = 1;

  [[nodiscard]] Shape shape(Shape x) const {
    const Eigen::Index known = rows < 0 ? cols : rows;
    const bool follows = (rows == -1) != (cols == -1) && known > 0;
    const Shape y = !follows   ? Shape{rows, cols}
                    : rows < 0 ? Shape{x.size() / known, known}
                               : Shape{known, x.size() / known};
    require(y.rows >= 0 && y.cols >= 0 && y.size() == x.size(), name,
            {{"x", x}, {"the new shape", {rows, cols}}},
            "both must have as many elements; one extent may be -1, for what follows");
    return y;
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    const Shape y = shape(shape_of(x));
    return Eigen::Map<const Mat<T>>(x.data(), y.rows, y.cols);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    return {Mat<T>(Eigen::Map<const Mat<T>>(dy.data(), x.rows(), x.cols()))};
  }
};

/// x, a matrix or a node, in another shape.
template <class X>
auto reshape(const X& x, Eigen::Index rows, Eigen::Index cols) {
  return Call<Reshape>{{rows, cols}}(x);
}

}  // namespace assay
