#pragma once
#include "assay/ops/max.hpp"

namespace assay {

/// y = min of x over an axis        dx = dy at the first smallest element, 0 elsewhere
/// NaN if there is one, and then the first NaN is taken; the minimum of nothing is an error.
template <Axis axis>
struct Min {
  static constexpr auto name = reduced_name<axis>("min", "min_rowwise", "min_colwise");
  static constexpr auto domain = on(all_reals).ties(first);
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) { return detail::Extremum<axis, false>::shape(x, name); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& selected) {
    return detail::Extremum<axis, false>::forward(x, selected);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& selected) {
    return detail::Extremum<axis, false>::backward(dy, selected);
  }
};
inline constexpr Call<Min<Axis::all>> min;
inline constexpr Call<Min<Axis::rowwise>> min_rowwise;  ///< one number a row
inline constexpr Call<Min<Axis::colwise>> min_colwise;  ///< one number a column

}  // namespace assay
