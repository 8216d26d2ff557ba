#pragma once
#include <assay/assay.hpp>

/// Y = X + 1 b'        dX = dY,  db = the sum over the rows of dY
///
/// The formulas are an example: X is rows x features, b one row that is added to each.
struct @TYPE@ {
  static constexpr auto name = "@NAME@";

  /// The shape of Y. Throws assay::ShapeError where these shapes do not go together.
  static assay::Shape shape(assay::Shape x, assay::Shape b) {
    assay::require(b == assay::Shape{1, x.cols}, name, {{"x", x}, {"b", b}},
                   "b must be one row, as wide as x");
    return x;
  }
  template <assay::Field T>
  static assay::Mat<T> forward(const assay::Mat<T>& x, const assay::Mat<T>& b) {
    return x + b.replicate(x.rows(), 1);
  }
  /// One gradient for each input, of that input's shape; y is forward(x, b).
  template <assay::Field T>
  static assay::Grads<T, 2> backward(const assay::Mat<T>& dy, const assay::Mat<T>& x,
                                     const assay::Mat<T>& /*b*/, const assay::Mat<T>& /*y*/) {
    assay::Mat<T> db = assay::Mat<T>::Constant(1, x.cols(), T(0));
    for (Eigen::Index i = 0; i < dy.rows(); ++i) db += dy.row(i);
    return {dy, db};
  }
};
/// Called on Eigen expressions and the nodes of a matrix graph.
inline constexpr assay::Call<@TYPE@> @NAME@;
