#pragma once
#include "assay/reductions.hpp"

namespace assay {
namespace detail {

/// The shape of a variance or its root.
template <Axis axis>
Shape shape_of_spread(std::string_view name, Shape x, int ddof) {
  if (ddof != 0 && ddof != 1) {
    throw std::invalid_argument(std::string(name) + ": ddof is " + std::to_string(ddof) +
                                "; it must be 0 or 1");
  }
  require(extent(axis, x) > ddof, name, {{"x", x}},
          ddof == 0 ? "the variance of no elements is undefined"
                    : "with ddof = 1 the variance of less than two elements is undefined");
  return reduced(axis, x);
}

}  // namespace detail

/// y = sum of (x - mean)^2 over an axis / (n - ddof)        dx = dy 2 (x - mean) / (n - ddof)
/// ddof = 0: of these numbers (the default); ddof = 1: estimated from a sample. n > ddof.
template <Axis axis>
struct Variance {
  static constexpr auto name = reduced_name<axis>("var", "var_rowwise", "var_colwise");
  static constexpr Ulps claimed{.value = 3, .derivative = 2, .units = envelope};
  int ddof = 0;

  [[nodiscard]] Shape shape(Shape x) const { return detail::shape_of_spread<axis>(name, x, ddof); }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, Mat<T>& slopes) const {
    const Shape s = shape_of(x);
    const T n = count<T>(extent(axis, s) - ddof);
    const Mat<T> scale = detail::scales<axis>(x);
    slopes = detail::deviations<axis>(x, scale);
    const Mat<T> y = detail::mean_square<axis>(slopes, n);
    detail::combine_with_lines<axis>(
        slopes, scale, [n](const T& d, const T& by) { return T(T(2) * (d / by / n)); });
    return y.cwiseQuotient(scale).cwiseQuotient(scale);  // scale^2 need not be in range
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>& slopes) const {
    return detail::times_slopes<axis>(dy, slopes);
  }
};
inline constexpr Call<Variance<Axis::all>> var;
inline constexpr Call<Variance<Axis::rowwise>> var_rowwise;  ///< one number a row
inline constexpr Call<Variance<Axis::colwise>> var_colwise;  ///< one number a column

}  // namespace assay
