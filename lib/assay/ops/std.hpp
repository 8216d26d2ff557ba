#pragma once
#include "assay/ops/var.hpp"

namespace assay {

/// y = sqrt(var x) over an axis        dx = dy (x - mean) / ((n - ddof) y)        0 where y = 0
/// Where all elements tie y has a cone's tip, and 0 lies between all slopes there.
template <Axis axis>
struct StandardDeviation {
  static constexpr auto name = reduced_name<axis>("stddev", "stddev_rowwise", "stddev_colwise");
  static constexpr auto domain = on(all_reals).ties(split);
  static constexpr Ulps claimed{.value = 3, .derivative = 3, .units = envelope};
  int ddof = 0;

  [[nodiscard]] Shape shape(Shape x) const { return detail::shape_of_spread<axis>(name, x, ddof); }
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, Mat<T>& slopes) const {
    const T n = count<T>(extent(axis, shape_of(x)) - ddof);
    const Mat<T> scale = detail::scales<axis>(x);
    slopes = detail::deviations<axis>(x, scale);
    const Mat<T> y = detail::root_mean_square<axis>(slopes, n);
    detail::divide_lines<axis>(slopes, Mat<T>(y * n));
    return y.cwiseQuotient(scale);
  }
  template <Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>& slopes) const {
    return detail::times_slopes<axis>(dy, slopes);
  }
};
inline constexpr Call<StandardDeviation<Axis::all>> stddev;
inline constexpr Call<StandardDeviation<Axis::rowwise>> stddev_rowwise;  ///< one number a row
inline constexpr Call<StandardDeviation<Axis::colwise>> stddev_colwise;  ///< one number a column

}  // namespace assay
