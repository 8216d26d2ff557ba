#pragma once
#include <utility>
#include <vector>

#include "assay/op.hpp"

namespace assay {

/// Y = the rows of X that the indices name, in their order        dX = the rows of dY, added where
/// they came from        An embedding: X has one row a word. Indices may repeat; none may be
/// missing.
struct GatherRows {
  static constexpr auto name = "gather_rows";
  static constexpr Ulps claimed{.value = 0, .derivative = 2, .units = envelope};
  std::vector<Eigen::Index> indices;

  [[nodiscard]] Shape shape(Shape x) const {
    for (std::size_t k = 0; k < indices.size(); ++k) {
      if (indices[k] >= 0 && indices[k] < x.rows) continue;
      throw ShapeError(std::string(name) + ": x is " + to_string(x) + " and indices[" +
                       std::to_string(k) + "] is " + std::to_string(indices[k]) +
                       "; an index must be at least 0 and less than x.rows");
    }
    return {static_cast<Eigen::Index>(indices.size()), x.cols};
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    const Shape s = shape(shape_of(x));
    Mat<T> y(s.rows, s.cols);
    for (Eigen::Index j = 0; j < s.cols; ++j) {
      for (Eigen::Index k = 0; k < s.rows; ++k) {
        y(k, j) = x(indices[static_cast<std::size_t>(k)], j);
      }
    }
    return y;
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    for (Eigen::Index j = 0; j < dy.cols(); ++j) {
      for (Eigen::Index k = 0; k < dy.rows(); ++k) {
        dx(indices[static_cast<std::size_t>(k)], j) += dy(k, j);
      }
    }
    return {std::move(dx)};
  }
};

/// The rows of x, a matrix or a node, that the indices name.
template <class X>
auto gather_rows(const X& x, std::vector<Eigen::Index> indices) {
  return Call<GatherRows>{{std::move(indices)}}(x);
}

}  // namespace assay
