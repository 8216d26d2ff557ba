#pragma once
// Reductions over an axis, and their transposes.

#include "assay/op.hpp"

namespace assay {

/// Over everything, or as Eigen says it: rowwise gives one number a row, colwise one a column.
enum class Axis { all, rowwise, colwise };

template <Axis axis>
constexpr const char* reduced_name(const char* all, const char* rowwise, const char* colwise) {
  return axis == Axis::all ? all : axis == Axis::rowwise ? rowwise : colwise;
}

/// How many elements go into one result.
inline Eigen::Index extent(Axis axis, Shape x) {
  return axis == Axis::all ? x.size() : axis == Axis::rowwise ? x.cols : x.rows;
}

inline Shape reduced(Axis axis, Shape x) {
  return {axis == Axis::rowwise ? x.rows : 1, axis == Axis::colwise ? x.cols : 1};
}

/// In the order of storage and from left to right, so that every scalar sums alike.
template <Axis axis, class T>
Mat<T> reduce_sum(const Mat<T>& x) {
  const Shape s = reduced(axis, shape_of(x));
  Mat<T> y = Mat<T>::Constant(s.rows, s.cols, T(0));
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      y(axis == Axis::rowwise ? i : 0, axis == Axis::colwise ? j : 0) += x(i, j);
    }
  }
  return y;
}

template <Axis axis, class T>
Mat<T> repeat(const Mat<T>& y, Shape s) {
  return y.replicate(axis == Axis::rowwise ? 1 : s.rows, axis == Axis::colwise ? 1 : s.cols);
}

}  // namespace assay
