#pragma once
// Map<Rule>: an elementwise rule as an operation on matrices.
//
// Two inputs broadcast as in numpy: an extent of 1 is repeated; the gradient of a repeated input
// is the sum over the repetitions.

#include "assay/op.hpp"

namespace assay {
namespace detail {

// g++ vectorises at -O2 only loops whose trip count it knows.
inline constexpr Eigen::Index block = 64;

template <class Body>
void in_blocks(Eigen::Index n, Body body) {
  Eigen::Index i = 0;
  for (; i + block <= n; i += block) {
    for (Eigen::Index k = 0; k < block; ++k) body(i + k);
  }
  for (; i < n; ++i) body(i);
}

/// The upstream times df. A rule whose df overflows where the product does not may bring its own
/// `vjp(dy, a, b, y)`.
template <class Rule, class T>
std::array<T, 2> pull_back(const T& dy, const T& a, const T& b, const T& y) {
  if constexpr (requires { Rule::vjp(dy, a, b, y); }) {
    return Rule::vjp(dy, a, b, y);
  } else {
    const std::array<T, 2> d = Rule::df(a, b, y);
    return {dy * d[0], dy * d[1]};
  }
}

template <class Rule, class T>
void map_forward(const T* __restrict x, T* __restrict y, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) { y[i] = Rule::f(x[i]); });
}
template <class Rule, class T>
void map_backward(const T* __restrict dy, const T* __restrict x, const T* __restrict y,
                  T* __restrict dx, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) { dx[i] = dy[i] * Rule::df(x[i], y[i]); });
}
template <class Rule, class T>
void map_forward(const T* __restrict a, const T* __restrict b, T* __restrict y, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) { y[i] = Rule::f(a[i], b[i]); });
}
template <class Rule, class T>
void map_backward(const T* __restrict dy, const T* __restrict a, const T* __restrict b,
                  const T* __restrict y, T* __restrict da, T* __restrict db, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) {
    const std::array<T, 2> g = pull_back<Rule>(dy[i], a[i], b[i], y[i]);
    da[i] = g[0];
    db[i] = g[1];
  });
}

/// Step between neighbours along each axis; 0 where an extent of 1 is repeated.
struct Repeat {
  Eigen::Index row, col;
  Repeat(Shape in, Shape out)
      : row(in.rows == 1 && out.rows != 1 ? 0 : 1),
        col(in.cols == 1 && out.cols != 1 ? 0 : in.rows) {}
  [[nodiscard]] Eigen::Index at(Eigen::Index i, Eigen::Index j) const { return i * row + j * col; }
};

template <class Rule>
concept Unary = requires(const double& x) {
  Rule::f(x);
};

}  // namespace detail

/// The common shape of two broadcast operands; throws ShapeError.
inline Shape broadcast(std::string_view op, Shape a, Shape b) {
  const auto fit = [](Eigen::Index m, Eigen::Index n) { return m == n || m == 1 || n == 1; };
  require(fit(a.rows, b.rows) && fit(a.cols, b.cols), op, {{"a", a}, {"b", b}},
          "extents must be equal or 1");
  return {a.rows == 1 ? b.rows : a.rows, a.cols == 1 ? b.cols : a.cols};
}

template <class Rule, bool unary = detail::Unary<Rule>>
struct Map;

/// y = f(x), dx = dy * f'(x), element by element.
template <class Rule>
struct Map<Rule, true> {
  using ElementRule = Rule;
  static constexpr auto name = Rule::name;
  static constexpr auto domain = Rule::domain;

  static Shape shape(Shape x) { return x; }

  template <class T>
  requires requires(const T& x) { Rule::f(x); }
  static Mat<T> forward(const Mat<T>& x) {
    Mat<T> y(x.rows(), x.cols());
    detail::map_forward<Rule>(x.data(), y.data(), x.size());
    return y;
  }

  template <class T>
  requires requires(const T& x) { Rule::df(x, x); }
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    Mat<T> dx(x.rows(), x.cols());
    detail::map_backward<Rule>(dy.data(), x.data(), y.data(), dx.data(), x.size());
    return {std::move(dx)};
  }
};

/// y = f(a, b) with broadcasting; da = sum over repetitions of dy * df/da, db likewise.
template <class Rule>
struct Map<Rule, false> {
  using ElementRule = Rule;
  static constexpr auto name = Rule::name;
  static constexpr auto domain = Rule::domain;

  static Shape shape(Shape a, Shape b) { return broadcast(name, a, b); }

  template <class T>
  requires requires(const T& x) { Rule::f(x, x); }
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    const Shape s = shape(shape_of(a), shape_of(b));
    Mat<T> y(s.rows, s.cols);
    if (shape_of(a) == s && shape_of(b) == s) {
      detail::map_forward<Rule>(a.data(), b.data(), y.data(), y.size());
      return y;
    }
    const detail::Repeat ra(shape_of(a), s), rb(shape_of(b), s);
    for (Eigen::Index j = 0; j < s.cols; ++j) {
      for (Eigen::Index i = 0; i < s.rows; ++i) {
        y(i, j) = Rule::f(a.data()[ra.at(i, j)], b.data()[rb.at(i, j)]);
      }
    }
    return y;
  }

  template <class T>
  requires requires(const T& x) { Rule::df(x, x, x); }
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>& y) {
    const Shape s = shape_of(y);
    if (shape_of(a) == s && shape_of(b) == s) {
      Mat<T> da(s.rows, s.cols), db(s.rows, s.cols);
      detail::map_backward<Rule>(dy.data(), a.data(), b.data(), y.data(), da.data(), db.data(),
                                 y.size());
      return {std::move(da), std::move(db)};
    }
    Mat<T> da = Mat<T>::Constant(a.rows(), a.cols(), T(0));
    Mat<T> db = Mat<T>::Constant(b.rows(), b.cols(), T(0));
    const detail::Repeat ra(shape_of(a), s), rb(shape_of(b), s);
    for (Eigen::Index j = 0; j < s.cols; ++j) {
      for (Eigen::Index i = 0; i < s.rows; ++i) {
        const Eigen::Index ia = ra.at(i, j), ib = rb.at(i, j);
        const std::array<T, 2> g =
            detail::pull_back<Rule>(dy(i, j), a.data()[ia], b.data()[ib], y(i, j));
        da.data()[ia] += g[0];
        db.data()[ib] += g[1];
      }
    }
    return {std::move(da), std::move(db)};
  }
};

}  // namespace assay
