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
std::array<T, 2> pull_back(const Rule& rule, const T& dy, const T& a, const T& b, const T& y) {
  if constexpr (requires { rule.vjp(dy, a, b, y); }) {
    return rule.vjp(dy, a, b, y);
  } else {
    const std::array<T, 2> d = rule.df(a, b, y);
    return {dy * d[0], dy * d[1]};
  }
}

/// A rule behind a pointer: the loops over wide scalars are compiled once a scalar, not once a
/// rule.
template <class R, class... X>
struct Behind {
  const void* rule;
  R (*call)(const void*, const X&...);
  R operator()(const X&... x) const { return call(rule, x...); }
};

// The same for built-in numbers: inlined, so that the loops vectorise.
template <class T, class Rule>
auto value_unary(const Rule& rule) {
  if constexpr (std::is_floating_point_v<T>) {
    return [rule](const T& x) { return T(rule.f(x)); };
  } else {
    return Behind<T, T>{
        &rule, [](const void* r, const T& x) { return T(static_cast<const Rule*>(r)->f(x)); }};
  }
}
template <class T, class Rule>
auto slope_unary(const Rule& rule) {
  if constexpr (std::is_floating_point_v<T>) {
    return [rule](const T& x, const T& y) { return T(rule.df(x, y)); };
  } else {
    return Behind<T, T, T>{&rule, [](const void* r, const T& x, const T& y) {
                             return T(static_cast<const Rule*>(r)->df(x, y));
                           }};
  }
}
template <class T, class Rule>
auto value_binary(const Rule& rule) {
  if constexpr (std::is_floating_point_v<T>) {
    return [rule](const T& a, const T& b) { return T(rule.f(a, b)); };
  } else {
    return Behind<T, T, T>{&rule, [](const void* r, const T& a, const T& b) {
                             return T(static_cast<const Rule*>(r)->f(a, b));
                           }};
  }
}
template <class T, class Rule>
auto slopes_binary(const Rule& rule) {
  if constexpr (std::is_floating_point_v<T>) {
    return [rule](const T& dy, const T& a, const T& b, const T& y) {
      return pull_back(rule, dy, a, b, y);
    };
  } else {
    return Behind<std::array<T, 2>, T, T, T, T>{
        &rule, [](const void* r, const T& dy, const T& a, const T& b, const T& y) {
          return pull_back(*static_cast<const Rule*>(r), dy, a, b, y);
        }};
  }
}

// Not inlined: one loop a rule and scalar, wherever it is called from.
template <class T, class F>
[[gnu::noinline]] void map_forward(F f, const T* __restrict x, T* __restrict y, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) { y[i] = f(x[i]); });
}
template <class T, class F>
[[gnu::noinline]] void map_backward(F df, const T* __restrict dy, const T* __restrict x,
                                    const T* __restrict y, T* __restrict dx, Eigen::Index n) {
  in_blocks(n, [=](Eigen::Index i) { dx[i] = dy[i] * df(x[i], y[i]); });
}

/// Step between neighbours along each axis; 0 where an extent of 1 is repeated.
struct Repeat {
  Eigen::Index row, col;
  Repeat(Shape in, Shape out)
      : row(in.rows == 1 && out.rows != 1 ? 0 : 1),
        col(in.cols == 1 && out.cols != 1 ? 0 : in.rows) {}
  [[nodiscard]] Eigen::Index at(Eigen::Index i, Eigen::Index j) const { return i * row + j * col; }
};

template <class T, class F>
[[gnu::noinline]] void map_forward(F f, const Mat<T>& a, const Mat<T>& b, Mat<T>& out) {
  const Shape s = shape_of(out);
  if (shape_of(a) == s && shape_of(b) == s) {
    const T* __restrict pa = a.data(), * __restrict pb = b.data();
    T* __restrict y = out.data();
    in_blocks(out.size(), [=](Eigen::Index i) { y[i] = f(pa[i], pb[i]); });
    return;
  }
  const Repeat ra(shape_of(a), s), rb(shape_of(b), s);
  for (Eigen::Index j = 0; j < s.cols; ++j) {
    for (Eigen::Index i = 0; i < s.rows; ++i) {
      out(i, j) = f(a.data()[ra.at(i, j)], b.data()[rb.at(i, j)]);
    }
  }
}
template <class T, class F>
[[gnu::noinline]] Grads<T, 2> map_backward(F vjp, const Mat<T>& dy, const Mat<T>& a,
                                           const Mat<T>& b, const Mat<T>& y) {
  const Shape s = shape_of(y);
  if (shape_of(a) == s && shape_of(b) == s) {
    Mat<T> da(s.rows, s.cols), db(s.rows, s.cols);
    const T* __restrict pdy = dy.data(), * __restrict pa = a.data(), * __restrict pb = b.data(), * __restrict py = y.data();
    T* __restrict to_a = da.data(), * __restrict to_b = db.data();
    in_blocks(y.size(), [=](Eigen::Index i) {
      const std::array<T, 2> g = vjp(pdy[i], pa[i], pb[i], py[i]);
      to_a[i] = g[0];
      to_b[i] = g[1];
    });
    return {std::move(da), std::move(db)};
  }
  Mat<T> da = Mat<T>::Constant(a.rows(), a.cols(), T(0));
  Mat<T> db = Mat<T>::Constant(b.rows(), b.cols(), T(0));
  const Repeat ra(shape_of(a), s), rb(shape_of(b), s);
  for (Eigen::Index j = 0; j < s.cols; ++j) {
    for (Eigen::Index i = 0; i < s.rows; ++i) {
      const Eigen::Index ia = ra.at(i, j), ib = rb.at(i, j);
      const std::array<T, 2> g = vjp(dy(i, j), a.data()[ia], b.data()[ib], y(i, j));
      da.data()[ia] += g[0];
      db.data()[ib] += g[1];
    }
  }
  return {std::move(da), std::move(db)};
}

template <class Rule>
concept Unary = requires(const Rule& rule, const double& x) {
  rule.f(x);
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
  [[no_unique_address]] Rule rule{};

  static Shape shape(Shape x) { return x; }

  template <class T>
  requires requires(const Rule& r, const T& x) { r.f(x); }
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    Mat<T> y(x.rows(), x.cols());
    detail::map_forward<T>(detail::value_unary<T>(rule), x.data(), y.data(), x.size());
    return y;
  }

  template <class T>
  requires requires(const Rule& r, const T& x) { r.df(x, x); }
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) const {
    Mat<T> dx(x.rows(), x.cols());
    detail::map_backward<T>(detail::slope_unary<T>(rule), dy.data(), x.data(), y.data(), dx.data(),
                            x.size());
    return {std::move(dx)};
  }
};

/// y = f(a, b) with broadcasting; da = sum over repetitions of dy * df/da, db likewise.
template <class Rule>
struct Map<Rule, false> {
  using ElementRule = Rule;
  static constexpr auto name = Rule::name;
  [[no_unique_address]] Rule rule{};

  static Shape shape(Shape a, Shape b) { return broadcast(name, a, b); }

  template <class T>
  requires requires(const Rule& r, const T& x) { r.f(x, x); }
  [[nodiscard]] Mat<T> forward(const Mat<T>& a, const Mat<T>& b) const {
    const Shape s = shape(shape_of(a), shape_of(b));
    Mat<T> y(s.rows, s.cols);
    detail::map_forward<T>(detail::value_binary<T>(rule), a, b, y);
    return y;
  }

  template <class T>
  requires requires(const Rule& r, const T& x) { r.df(x, x, x); }
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b,
                                     const Mat<T>& y) const {
    return detail::map_backward<T>(detail::slopes_binary<T>(rule), dy, a, b, y);
  }
};

}  // namespace assay
