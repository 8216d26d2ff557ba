#pragma once
#include "assay/ops/softmax.hpp"

namespace assay {

/// y = log of the sum of e^x over an axis        dx = dy softmax(x)        empty: -inf
/// = m + log(1 + sum of e^(x - m) over the others), m the largest: nothing overflows, and nothing
/// small is lost beside 1. A line of -inf gives -inf, and dx as for equal numbers.
template <Axis axis>
struct LogSumExp {
  static constexpr auto name =
      reduced_name<axis>("logsumexp", "logsumexp_rowwise", "logsumexp_colwise");
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  static Shape shape(Shape x) { return reduced(axis, x); }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& p) {
    if (x.size() == 0) {
      const Shape r = shape(shape_of(x));
      p = x;
      return Mat<T>::Constant(r.rows, r.cols, T(fn::log(plain_t<T>(0))));
    }
    detail::Exponentials<axis, T> e(x);
    Mat<T> y(e.rest.rows(), e.rest.cols());
    detail::in_blocks<T>(y.size(), [m = e.largest.data(), rest = e.rest.data(), out = y.data()](
                                       Eigen::Index l) { out[l] = m[l] + fn::log1p(rest[l]); });
    e.normalise();
    p = detail::probabilities(e.e);
    return y;
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>& p) {
    return detail::times_slopes<axis>(dy, p);
  }
};
inline constexpr Call<LogSumExp<Axis::all>> logsumexp;
inline constexpr Call<LogSumExp<Axis::rowwise>> logsumexp_rowwise;  ///< one number a row
inline constexpr Call<LogSumExp<Axis::colwise>> logsumexp_colwise;  ///< one number a column

}  // namespace assay
