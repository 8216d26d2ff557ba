#pragma once
// Map<Rule>: an elementwise rule as an operation on matrices.
//
// Two inputs broadcast as in numpy: an extent of 1 is repeated; the gradient of a repeated input
// is the sum over the repetitions.

#include <span>

#include "assay/op.hpp"
#include "assay/sink.hpp"

namespace assay {
namespace detail {

// g++ vectorises at -O2 only loops whose trip count it knows.
inline constexpr Eigen::Index block = 64;

/// body(i) for all i < n, over elements of type T.
template <class T, class Body>
void in_blocks(Eigen::Index n, Body body) {
  Eigen::Index i = 0;
  if constexpr (std::is_floating_point_v<T>) {  // others have no vectors, only longer code
    for (; i + block <= n; i += block) {
      for (Eigen::Index k = 0; k < block; ++k) body(i + k);
    }
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

// Not inlined: one loop a rule and scalar, wherever it is called from. Flattened for built-in
// numbers: g++ at -O2 would leave the rule a call, and the loop scalar.
template <class T, class F>
[[gnu::noinline]] void map_forward(F f, const T* __restrict x, T* __restrict y, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { y[i] = f(x[i]); });
}
template <class T, class F>
requires std::is_floating_point_v<T>
[[gnu::noinline, gnu::flatten]] void map_forward(F f, const T* __restrict x, T* __restrict y,
                                                 Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { y[i] = f(x[i]); });
}
template <class T, class F>
[[gnu::noinline]] void map_backward(F df, const T* __restrict dy, const T* __restrict x,
                                    const T* __restrict y, T* __restrict dx, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { dx[i] = dy[i] * df(x[i], y[i]); });
}
template <class T, class F>
requires std::is_floating_point_v<T>
[[gnu::noinline, gnu::flatten]] void map_backward(F df, const T* __restrict dy,
                                                  const T* __restrict x, const T* __restrict y,
                                                  T* __restrict dx, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { dx[i] = dy[i] * df(x[i], y[i]); });
}

/// Step between neighbours along each axis; 0 where an extent of 1 is repeated.
struct Repeat {
  Eigen::Index row, col;
  Repeat(Shape in, Shape out)
      : row(in.rows == 1 && out.rows != 1 ? 0 : 1),
        col(in.cols == 1 && out.cols != 1 ? 0 : in.rows) {}
  [[nodiscard]] Eigen::Index at(Eigen::Index i, Eigen::Index j) const { return i * row + j * col; }
};

/// A broadcast pair as columns: one long column where nothing is repeated or one operand is a
/// number. `a` and `b` are the steps of the operands inside a column, 0 or 1.
struct Columns {
  Eigen::Index rows, cols;
  Repeat a, b;
  Columns(Shape sa, Shape sb, Shape out) : rows(out.rows), cols(out.cols), a(sa, out), b(sb, out) {
    const bool long_a = sa == out || sa.size() == 1, long_b = sb == out || sb.size() == 1;
    if (long_a && long_b) {
      rows = out.size();
      cols = 1;
      a.row = sa == out ? 1 : 0;
      b.row = sb == out ? 1 : 0;
    }
  }
};

template <class T, class F>
[[gnu::noinline]] void map_forward(F f, const Mat<T>& a, const Mat<T>& b, Mat<T>& out) {
  const Columns c(shape_of(a), shape_of(b), shape_of(out));
  for (Eigen::Index j = 0; j < c.cols; ++j) {
    const T* __restrict pa = a.data() + c.a.at(0, j), * __restrict pb = b.data() + c.b.at(0, j);
    T* __restrict y = out.data() + j * c.rows;
    if (c.rows == 0) continue;
    if (c.a.row == c.b.row) {
      in_blocks<T>(c.rows, [=](Eigen::Index i) { y[i] = f(pa[i], pb[i]); });
    } else if (c.a.row == 1) {
      in_blocks<T>(c.rows, [=, number = *pb](Eigen::Index i) { y[i] = f(pa[i], number); });
    } else {
      in_blocks<T>(c.rows, [=, number = *pa](Eigen::Index i) { y[i] = f(number, pb[i]); });
    }
  }
}

/// The gradient of operand k alone. `vjp(i, a, b)` is for element i of the output.
template <std::size_t k, class T, class F>
Mat<T> map_gradient(const F& vjp, const Mat<T>& a, const Mat<T>& b, Shape out) {
  const Columns c(shape_of(a), shape_of(b), out);
  const Mat<T>& mine = k == 0 ? a : b;
  const bool repeated = shape_of(mine) != out;
  Mat<T> to(mine.rows(), mine.cols());
  if (repeated) to.setConstant(T(0));
  const Repeat& own = k == 0 ? c.a : c.b;
  for (Eigen::Index j = 0; j < c.cols && c.rows > 0; ++j) {
    const T* __restrict pa = a.data() + c.a.at(0, j), * __restrict pb = b.data() + c.b.at(0, j);
    T* __restrict g = to.data() + own.at(0, j);
    const Eigen::Index first = j * c.rows;
    if (repeated) {
      for (Eigen::Index i = 0; i < c.rows; ++i) {
        g[i * own.row] += vjp(first + i, pa[i * c.a.row], pb[i * c.b.row])[k];
      }
    } else if (c.a.row == c.b.row) {
      in_blocks<T>(c.rows, [=](Eigen::Index i) { g[i] = vjp(first + i, pa[i], pb[i])[k]; });
    } else if constexpr (k == 0) {
      in_blocks<T>(c.rows,
                   [=, number = *pb](Eigen::Index i) { g[i] = vjp(first + i, pa[i], number)[k]; });
    } else {
      in_blocks<T>(c.rows,
                   [=, number = *pa](Eigen::Index i) { g[i] = vjp(first + i, number, pb[i])[k]; });
    }
  }
  return to;
}

/// Both gradients, or only those that are wanted.
template <class T, class F>
[[gnu::noinline]] Grads<T, 2> map_backward(F vjp, const Mat<T>& dy, const Mat<T>& a,
                                           const Mat<T>& b, const Mat<T>& y,
                                           std::array<bool, 2> wanted) {
  const Shape s = shape_of(y);
  const T* __restrict pdy = dy.data(), * __restrict py = y.data();
  if (wanted[0] && wanted[1] && shape_of(a) == s && shape_of(b) == s) {
    Grads<T, 2> g{Mat<T>(s.rows, s.cols), Mat<T>(s.rows, s.cols)};
    const T* __restrict pa = a.data(), * __restrict pb = b.data();
    T* __restrict to_a = g[0].data(), * __restrict to_b = g[1].data();
    in_blocks<T>(y.size(), [=](Eigen::Index i) {
      const std::array<T, 2> d = vjp(pdy[i], pa[i], pb[i], py[i]);
      to_a[i] = d[0];
      to_b[i] = d[1];
    });
    return g;
  }
  const auto at = [=](Eigen::Index i, const T& u, const T& v) { return vjp(pdy[i], u, v, py[i]); };
  Grads<T, 2> g;
  if (wanted[0]) g[0] = map_gradient<0>(at, a, b, s);
  if (wanted[1]) g[1] = map_gradient<1>(at, a, b, s);
  return g;
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
    return detail::map_backward<T>(detail::slopes_binary<T>(rule), dy, a, b, y, {true, true});
  }
  template <class T>
  requires requires(const Rule& r, const T& x) { r.df(x, x, x); }
  void backward_into(std::span<Sink<T>> dx, const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b,
                     const Mat<T>& y) const {
    const std::array<bool, 2> wanted{dx[0].wanted(), dx[1].wanted()};
    Grads<T, 2> g = detail::map_backward<T>(detail::slopes_binary<T>(rule), dy, a, b, y, wanted);
    for (std::size_t k = 0; k < 2; ++k) {
      if (wanted[k]) dx[k].take(std::move(g[k]));
    }
  }
};

}  // namespace assay
