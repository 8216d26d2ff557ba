#pragma once
#include <span>
#include <stdexcept>
#include <vector>

#include "assay/reduce.hpp"

namespace assay {

/// Y = [A B], side by side (rowwise: each row goes on), or one above the other (colwise)
/// dA, dB = their parts of dY
template <Axis axis>
struct Concatenate {
  static_assert(axis != Axis::all, "along rows or columns");
  static constexpr bool beside = axis == Axis::rowwise;
  static constexpr auto name = beside ? "hcat" : "vcat";
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  static Shape shape(Shape a, Shape b) {
    require(beside ? a.rows == b.rows : a.cols == b.cols, name, {{"a", a}, {"b", b}},
            beside ? "they must have as many rows" : "they must have as many columns");
    return beside ? Shape{a.rows, a.cols + b.cols} : Shape{a.rows + b.rows, a.cols};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    const Shape s = shape(shape_of(a), shape_of(b));
    Mat<T> y(s.rows, s.cols);
    y.topLeftCorner(a.rows(), a.cols()) = a;
    y.bottomRightCorner(b.rows(), b.cols()) = b;
    return y;
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>&) {
    return {Mat<T>(dy.topLeftCorner(a.rows(), a.cols())),
            Mat<T>(dy.bottomRightCorner(b.rows(), b.cols()))};
  }
};
inline constexpr Call<Concatenate<Axis::rowwise>> hcat;  ///< side by side
inline constexpr Call<Concatenate<Axis::colwise>> vcat;  ///< one above the other

namespace detail {

/// Halves of halves: no element is copied more often than log2 of the number of parts.
template <Axis axis, class X>
X concatenate(std::span<const X> parts) {
  if (parts.empty()) {
    throw std::invalid_argument(std::string(Concatenate<axis>::name) +
                                ": no parts are given; there must be at least one");
  }
  if (parts.size() == 1) return parts.front();
  const std::size_t half = parts.size() / 2;
  return Call<Concatenate<axis>>{}(concatenate<axis>(parts.first(half)),
                                   concatenate<axis>(parts.subspan(half)));
}

}  // namespace detail

/// Any number of matrices or nodes, side by side.
template <class X>
X hcat_all(const std::vector<X>& parts) {
  return detail::concatenate<Axis::rowwise>(std::span<const X>(parts));
}
/// Any number of matrices or nodes, one above the other.
template <class X>
X vcat_all(const std::vector<X>& parts) {
  return detail::concatenate<Axis::colwise>(std::span<const X>(parts));
}

}  // namespace assay
