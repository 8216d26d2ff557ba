#pragma once
#include "assay/reductions.hpp"

namespace assay {
namespace detail {

/// The largest or smallest element of every line, and where it is.
template <Axis axis, bool largest>
struct Extremum {
  static Shape shape(Shape x, std::string_view name) {
    require(extent(axis, x) > 0, name, {{"x", x}}, "there is no extreme of no elements");
    return reduced(axis, x);
  }

  /// `selected` is 1 at the first extreme of every line and 0 elsewhere. NaN wins.
  template <class T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& selected) {
    const Shape s = shape_of(x);
    selected.resize(s.rows, s.cols);
    Mat<T> y = heads<axis>(x), searching = zeros<axis, T>(s);
    searching.setConstant(T(1));
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* in, T* best) {
          const bool beyond = largest ? in[k] > best[l] : in[k] < best[l];
          best[l] = fn::select(beyond, in[k], fn::select(is_nan(in[k]), in[k], best[l]));
        },
        x.data(), y.data());
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* in, const T* best, T* vacant, T* mark) {
          const bool beaten = largest ? in[k] < best[l] : in[k] > best[l];
          const T here = fn::select(is_nan(best[l]) && !is_nan(in[k]), T(0), vacant[l]);
          mark[k] = fn::select(beaten, T(0), here);
          vacant[l] -= mark[k];
        },
        x.data(), y.data(), searching.data(), selected.data());
    return y;
  }

  /// A selection, not a product: an infinite upstream is nothing to the others.
  template <class T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& selected) {
    const Shape s = shape_of(selected);
    Mat<T> dx(s.rows, s.cols);
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* up, const T* mark, T* out) {
          out[k] = fn::select(mark[k] == T(0), T(0), up[l]);
        },
        dy.data(), selected.data(), dx.data());
    return {std::move(dx)};
  }
};

}  // namespace detail

/// y = max of x over an axis        dx = dy at the first largest element, 0 elsewhere
/// NaN if there is one, and then the first NaN is taken; the maximum of nothing is an error.
template <Axis axis>
struct Max {
  static constexpr auto name = reduced_name<axis>("max", "max_rowwise", "max_colwise");
  static constexpr auto domain = on(all_reals).ties(first);
  static constexpr Ulps claimed{.value = 0, .derivative = 1, .units = envelope};
  static Shape shape(Shape x) { return detail::Extremum<axis, true>::shape(x, name); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& selected) {
    return detail::Extremum<axis, true>::forward(x, selected);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& selected) {
    return detail::Extremum<axis, true>::backward(dy, selected);
  }
};
inline constexpr Call<Max<Axis::all>> max;
inline constexpr Call<Max<Axis::rowwise>> max_rowwise;  ///< one number a row
inline constexpr Call<Max<Axis::colwise>> max_colwise;  ///< one number a column

}  // namespace assay
