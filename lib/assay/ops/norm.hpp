#pragma once
#include "assay/reductions.hpp"

namespace assay {

/// y = sqrt(sum of x^2) over an axis        dx = dy x / y        0 where y = 0        empty: 0
/// At 0 the norm has a cone's tip, and 0 lies between all slopes there. Scaled, so that no square
/// overflows or underflows.
template <Axis axis>
struct Norm {
  static constexpr auto name = reduced_name<axis>("norm", "norm_rowwise", "norm_colwise");
  // dx is 0 at every x of 0, beside others too; the tip cannot be nearer than that.
  static constexpr auto domain = on(all_reals).kink(0, 0);
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  static Shape shape(Shape x) { return reduced(axis, x); }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& slopes) {
    const Mat<T> scale = detail::scales<axis>(x);
    slopes = detail::scaled<axis>(x, scale);
    const Mat<T> y = detail::root_mean_square<axis>(slopes, T(1));
    detail::divide_lines<axis>(slopes, y);  // what is scaled by the same: y itself may be infinite
    return y.cwiseQuotient(scale);
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& slopes) {
    return detail::times_slopes<axis>(dy, slopes);
  }
};
inline constexpr Call<Norm<Axis::all>> norm;
inline constexpr Call<Norm<Axis::rowwise>> norm_rowwise;  ///< one number a row
inline constexpr Call<Norm<Axis::colwise>> norm_colwise;  ///< one number a column

}  // namespace assay
