#pragma once
#include "assay/reductions.hpp"

namespace assay {
namespace detail {

/// Every element is added to its successors in its line, or with `back` to its predecessors.
template <Axis axis, bool back, class T>
[[gnu::noinline]] void running_sum(Shape s, const T* __restrict x, T* __restrict total,
                                   T* __restrict y) {
  for (Eigen::Index c = 0; c < s.cols; ++c) {
    const Eigen::Index j = back ? s.cols - 1 - c : c;
    in_blocks<T>(s.rows, [=](Eigen::Index r) {
      const Eigen::Index i = back && axis != Axis::rowwise ? s.rows - 1 - r : r;
      T& t = total[axis == Axis::rowwise ? i : axis == Axis::colwise ? j : 0];
      t += x[j * s.rows + i];
      y[j * s.rows + i] = t;
    });
  }
}
template <Axis axis, bool back, class T>
Mat<T> running_sum(const Mat<T>& x) {
  Mat<T> y(x.rows(), x.cols()), total = zeros<axis, T>(shape_of(x));
  running_sum<axis, back>(shape_of(x), x.data(), total.data(), y.data());
  return y;
}

}  // namespace detail

/// y = x and all before it, summed along each row, each column, or over all in the order of
/// storage (column by column)        dx = dy and all behind it, summed
template <Axis axis>
struct CumSum {
  static constexpr auto name = reduced_name<axis>("cumsum", "cumsum_rowwise", "cumsum_colwise");
  static constexpr Ulps claimed{.value = 3, .derivative = 2, .units = envelope};
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return detail::running_sum<axis, false>(x);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {detail::running_sum<axis, true>(dy)};
  }
};
inline constexpr Call<CumSum<Axis::all>> cumsum;
inline constexpr Call<CumSum<Axis::rowwise>> cumsum_rowwise;  ///< along each row
inline constexpr Call<CumSum<Axis::colwise>> cumsum_colwise;  ///< along each column

}  // namespace assay
