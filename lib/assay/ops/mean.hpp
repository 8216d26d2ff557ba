#pragma once
#include "assay/reduce.hpp"

namespace assay {

/// y = sum of x over an axis / n        dx = dy / n, repeated over the axis        n > 0
template <Axis axis>
struct Mean {
  static constexpr auto name = reduced_name<axis>("mean", "mean_rowwise", "mean_colwise");
  static constexpr Ulps claimed{.value = 4, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) {
    require(extent(axis, x) > 0, name, {{"x", x}}, "the mean over no elements is undefined");
    return reduced(axis, x);
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return reduce_sum<axis>(x) / count<T>(extent(axis, shape_of(x)));
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    const Shape s = shape_of(x);
    return {repeat<axis>(Mat<T>(dy / count<T>(extent(axis, s))), s)};
  }
};
inline constexpr Call<Mean<Axis::all>> mean;
inline constexpr Call<Mean<Axis::rowwise>> mean_rowwise;  ///< one number a row
inline constexpr Call<Mean<Axis::colwise>> mean_colwise;  ///< one number a column

}  // namespace assay
