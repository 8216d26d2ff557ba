#pragma once
// Reductions that look at every element of a line more than once. A line is what is reduced to one
// number: a row, a column, or everything. Loops run in the order of storage, so that over rows they
// are vectors of running results, one a row.

#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/elementary.hpp"
#include "assay/map.hpp"
#include "assay/reduce.hpp"

namespace assay::detail {

/// As many whole blocks as there are in i .. n.
template <Eigen::Index size, class Body>
Eigen::Index whole_blocks(Eigen::Index i, Eigen::Index n, Body body) {
  for (; i + size <= n; i += size) {
    for (Eigen::Index k = 0; k < size; ++k) body(i + k);
  }
  return i;
}

/// body(k, l, p...) for every element: k is its place in storage, l that of its line's result, and
/// p point to matrices of either size. Not inlined: there the compiler forgets that they do not
/// overlap, and does not vectorise.
template <Axis axis, class Body, class... P>
[[gnu::noinline]] void along_lines(Shape s, Body body, P* __restrict... p) {
  for (Eigen::Index j = 0; j < s.cols; ++j) {
    const auto at = [=](Eigen::Index i) {
      body(j * s.rows + i, axis == Axis::rowwise ? i : axis == Axis::colwise ? j : 0, p...);
    };
    Eigen::Index done = 0;
    if constexpr ((std::is_floating_point_v<std::remove_const_t<P>> && ...)) {
      // Batches are seldom multiples of 64.
      done = whole_blocks<8>(whole_blocks<64>(0, s.rows, at), s.rows, at);
    }
    for (; done < s.rows; ++done) at(done);
  }
}

/// Where the element t of line l is stored.
template <Axis axis>
Eigen::Index place(Shape s, Eigen::Index l, Eigen::Index t) {
  return axis == Axis::rowwise ? l + t * s.rows : l * (axis == Axis::colwise ? s.rows : 0) + t;
}

/// One number a line, all of them 0.
template <Axis axis, class T>
Mat<T> zeros(Shape s) {
  const Shape r = reduced(axis, s);
  return Mat<T>::Constant(r.rows, r.cols, T(0));
}

/// The first element of every line; lines must not be empty.
template <Axis axis, class T>
Mat<T> heads(const Mat<T>& x) {
  const Shape r = reduced(axis, shape_of(x));
  return x.topLeftCorner(r.rows, r.cols);
}

/// False in scalars without a NaN: of an interval no comparison with itself is decided.
template <class T>
bool is_nan(const T& x) {
  if constexpr (std::numeric_limits<plain_t<T>>::has_quiet_NaN) {
    return value_of(x) != value_of(x);
  } else {
    return false;
  }
}

template <class T>
bool is_infinite(const T& x) {
  if constexpr (std::numeric_limits<plain_t<T>>::has_infinity) {
    using L = std::numeric_limits<plain_t<T>>;
    return value_of(x) == L::infinity() || value_of(x) == -L::infinity();
  } else {
    return false;
  }
}

/// dx = dy, repeated over the axis, times dy/dx, which forward saved.
template <Axis axis, class T>
Grads<T, 1> times_slopes(const Mat<T>& dy, const Mat<T>& slopes) {
  const Shape s = shape_of(slopes);
  Mat<T> dx(s.rows, s.cols);
  along_lines<axis>(
      s,
      [](Eigen::Index k, Eigen::Index l, const T* up, const T* slope, T* out) {
        out[k] = up[l] * slope[k];
      },
      dy.data(), slopes.data(), dx.data());
  return {std::move(dx)};
}

/// total += term, in float and double by Kahan: the error of the sum does not grow with its length.
template <class T>
void accumulate(T& total, T& lost, const T& term) {
  if constexpr (fn::detail::Native<T>) {
    const T mended = term - lost;
    const T next = total + mended;
    const bool finite = std::abs(next) <= std::numeric_limits<T>::max();
    lost = fn::select(finite, (next - total) - mended, T(0));
    total = next;
  } else {
    total += term;
  }
}

/// The sum of f(x) over every line.
template <Axis axis, class T, class F>
Mat<T> sum_over_lines(const Mat<T>& x, F f) {
  Mat<T> y = zeros<axis, T>(shape_of(x)), lost = y;
  along_lines<axis>(
      shape_of(x),
      [f](Eigen::Index k, Eigen::Index l, const T* in, T* total, T* rest) {
        accumulate(total[l], rest[l], T(f(in[k])));
      },
      x.data(), y.data(), lost.data());
  return y;
}

/// x_k = f(x_k, y_l).
template <Axis axis, class T, class F>
void combine_with_lines(Mat<T>& x, const Mat<T>& y, F f) {
  along_lines<axis>(
      shape_of(x),
      [f](Eigen::Index k, Eigen::Index l, T* out, const T* line) { out[k] = f(out[k], line[l]); },
      x.data(), y.data());
}

/// A power of two for every line that brings its largest magnitude near 1, so that squares and
/// sums stay in range. 1 where there is nothing to bring near 1, and in scalars of wide range.
template <Axis axis, class T>
Mat<T> scales(const Mat<T>& x) {
  Mat<T> scale = zeros<axis, T>(shape_of(x));
  if constexpr (fn::detail::Native<T>) {
    along_lines<axis>(
        shape_of(x),
        [](Eigen::Index k, Eigen::Index l, const T* in, T* largest) {
          const T a = std::abs(in[k]);
          largest[l] = fn::select(a > largest[l], a, largest[l]);
        },
        x.data(), scale.data());
    constexpr int most = std::numeric_limits<T>::max_exponent - 4;
    for (T& v : scale.reshaped()) {
      const bool usual = v > 0 && v <= std::numeric_limits<T>::max();
      v = usual ? std::ldexp(T(1), std::clamp(-std::ilogb(v), -most, most)) : T(1);
    }
  } else {
    scale.setConstant(T(1));
  }
  return scale;
}

template <Axis axis, class T>
Mat<T> scaled(const Mat<T>& x, const Mat<T>& scale) {
  Mat<T> y = x;
  combine_with_lines<axis>(y, scale, [](const T& a, const T& b) { return T(a * b); });
  return y;
}

/// x * scale - its mean over the line. The mean is refined by that of the deviations, so that what
/// is left is right to its own last place, and 0 where all are equal.
template <Axis axis, class T>
Mat<T> deviations(const Mat<T>& x, const Mat<T>& scale) {
  const T n = count<T>(extent(axis, shape_of(x)));
  Mat<T> d = scaled<axis>(x, scale);
  for (int pass = 0; pass < (fn::detail::Native<T> ? 2 : 1); ++pass) {
    const Mat<T> average = sum_over_lines<axis>(d, [](const T& v) { return v; }) / n;
    combine_with_lines<axis>(d, average, [](const T& a, const T& b) { return T(a - b); });
  }
  return d;
}

/// The sum of the squares over every line / n.
template <Axis axis, class T>
Mat<T> mean_square(const Mat<T>& x, const T& n) {
  return sum_over_lines<axis>(x, [](const T& v) { return T(v * v); }) / n;
}
template <Axis axis, class T>
Mat<T> root_mean_square(const Mat<T>& x, const T& n) {
  Mat<T> y = mean_square<axis>(x, n);
  for (T& v : y.reshaped()) v = fn::sqrt(v);
  return y;
}

/// x / y, y repeated over the axis; 0 where y is 0.
template <Axis axis, class T>
void divide_lines(Mat<T>& x, const Mat<T>& y) {
  combine_with_lines<axis>(
      x, y, [](const T& a, const T& b) { return fn::select(b == T(0), T(0), T(a / b)); });
}

}  // namespace assay::detail
