#pragma once
// Reductions over an axis, and their transposes.

#include "assay/map.hpp"

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

namespace detail {

inline constexpr Eigen::Index lane_count = 16;

/// term(0) + ... + term(n - 1): in lanes, as a vector loop adds; in wide scalars one by one.
template <class T, class F>
T lane_sum(Eigen::Index n, const F& term) {
  T sum(0);
  Eigen::Index i = 0;
  if constexpr (std::is_floating_point_v<plain_t<T>>) {
    if (n >= lane_count) {
      std::array<T, lane_count> lanes;
      for (Eigen::Index k = 0; k < lane_count; ++k) lanes[static_cast<std::size_t>(k)] = term(k);
      for (i = lane_count; i + lane_count <= n; i += lane_count) {
        for (Eigen::Index k = 0; k < lane_count; ++k)
          lanes[static_cast<std::size_t>(k)] += term(i + k);
      }
      for (std::size_t width = lane_count / 2; width > 0; width /= 2) {
        for (std::size_t k = 0; k < width; ++k) lanes[k] += lanes[k + width];
      }
      sum = lanes[0];
    }
  }
  for (; i < n; ++i) sum += term(i);
  return sum;
}

}  // namespace detail

/// In one order, with or without vectors.
template <Axis axis, class T>
Mat<T> reduce_sum(const Mat<T>& x) {
  const Shape s = reduced(axis, shape_of(x));
  Mat<T> y = Mat<T>::Constant(s.rows, s.cols, T(0));
  if constexpr (axis == Axis::rowwise) {
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      const T* __restrict from = x.data() + j * x.rows();
      T* __restrict to = y.data();
      detail::in_blocks<T>(x.rows(), [=](Eigen::Index i) { to[i] += from[i]; });
    }
  } else {
    const Eigen::Index n = axis == Axis::all ? x.size() : x.rows();
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      const T* from = x.data() + j * n;
      y.data()[j] = detail::lane_sum<T>(n, [from](Eigen::Index i) -> const T& { return from[i]; });
    }
  }
  return y;
}

template <Axis axis, class T>
Mat<T> repeat(const Mat<T>& y, Shape s) {
  return y.replicate(axis == Axis::rowwise ? 1 : s.rows, axis == Axis::colwise ? 1 : s.cols);
}

}  // namespace assay
