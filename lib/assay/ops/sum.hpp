#pragma once
#include "assay/reduce.hpp"

namespace assay {

/// y = sum of x over an axis        dx = dy, repeated over the axis        an empty sum is 0
template <Axis axis>
struct Sum {
  static constexpr auto name = reduced_name<axis>("sum", "sum_rowwise", "sum_colwise");
  static constexpr Ulps claimed{.value = 4, .derivative = 0, .units = envelope};
  static Shape shape(Shape x) { return reduced(axis, x); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return reduce_sum<axis>(x);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {repeat<axis>(dy, shape_of(x))};
  }
};
inline constexpr Call<Sum<Axis::all>> sum;
inline constexpr Call<Sum<Axis::rowwise>> sum_rowwise;  ///< one number a row
inline constexpr Call<Sum<Axis::colwise>> sum_colwise;  ///< one number a column

}  // namespace assay
