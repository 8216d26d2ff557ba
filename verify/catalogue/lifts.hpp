#pragma once
// The four lifts of an operation on one case, compared bit by bit.

#include <cmath>
#include <string>

#include "assay/graph.hpp"
#include "case.hpp"
#include "reference.hpp"

namespace assay::verify::lifts {

/// Equal, or both not a number; the sign of a zero is the accumulators' affair.
template <class T>
bool same(const T& a, const T& b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}
template <class T>
bool same(const Mat<T>& a, const Mat<T>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    if (!same(a.data()[i], b.data()[i])) return false;
  }
  return true;
}

template <std::size_t N, class F>
decltype(auto) unpack(F f) {
  return [&]<std::size_t... i>(std::index_sequence<i...>)->decltype(auto) {
    return f(std::integral_constant<std::size_t, i>{}...);
  }
  (std::make_index_sequence<N>{});
}

/// Blocks of larger matrices, transposes and strided row-major maps of the same numbers.
template <class T, class C>
std::string expressions(const C& call, const std::vector<Mat<T>>& x, const Mat<T>& y) {
  constexpr std::size_t n = arity<typename C::Operation>;
  using RowMajor = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Strided = Eigen::Map<const RowMajor, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  std::vector<Mat<T>> framed, turned;
  std::vector<RowMajor> spaced;
  for (const Mat<T>& m : x) {
    Mat<T> frame = Mat<T>::Constant(m.rows() + 2, m.cols() + 3, T(7));
    frame.block(1, 2, m.rows(), m.cols()) = m;
    framed.push_back(std::move(frame));
    turned.push_back(m.transpose());
    RowMajor wide = RowMajor::Constant(m.rows(), 2 * m.cols() + 1, T(-7));
    for (Eigen::Index j = 0; j < m.cols(); ++j) wide.col(2 * j) = m.col(j);
    spaced.push_back(std::move(wide));
  }
  const auto strided = [&](std::size_t i) {
    return Strided(spaced[i].data(), x[i].rows(), x[i].cols(), {spaced[i].cols(), 2});
  };
  const Mat<T> from_blocks = unpack<n>(
      [&](auto... i) { return call(framed[i].block(1, 2, x[i].rows(), x[i].cols())...); });
  if (!same(from_blocks, y)) return "blocks of larger matrices give another value";
  const Mat<T> from_transposes =
      unpack<n>([&](auto... i) { return call(turned[i].transpose()...); });
  if (!same(from_transposes, y)) return "transposed expressions give another value";
  const Mat<T> from_maps = unpack<n>([&](auto... i) { return call(strided(i)...); });
  if (!same(from_maps, y)) return "strided row-major maps give another value";
  return {};
}

template <class T, class C>
std::string matrix_graph(const C& call, const std::vector<Mat<T>>& x, const Mat<T>& y,
                         const Mat<T>& dy, const std::vector<Mat<T>>& dx) {
  constexpr std::size_t n = arity<typename C::Operation>;
  Graph<T> graph;
  std::vector<Var<T>> v;
  for (const Mat<T>& m : x) v.push_back(graph.variable(m));
  const Var<T> out = unpack<n>([&](auto... i) { return call(v[i]...); });
  if (!same(out.value(), y)) return "the matrix graph gives another value";
  graph.backward(out, dy);
  for (std::size_t k = 0; k < n; ++k) {
    if (!same(v[k].grad(), dx[k])) return "the matrix graph gives another gradient";
  }
  return {};
}

/// Element by element: plain numbers, and the scalar graph with upstream 1.
template <class T, class C>
std::string elements(const C& call, const std::vector<Mat<T>>& x, const Mat<T>& y,
                     const std::vector<Mat<T>>& ones) {
  constexpr std::size_t n = arity<typename C::Operation>;
  Tape<T> tape;
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    const T alone = unpack<n>([&](auto... i) { return call(x[i].data()[j]...); });
    if (!same(alone, y.data()[j])) return "a plain number gives another value than a matrix";
    tape.clear();
    std::vector<Scalar<T>> v;
    for (const Mat<T>& m : x) v.push_back(tape.variable(m.data()[j]));
    const Scalar<T> out = unpack<n>([&](auto... i) { return call(v[i]...); });
    if (!same(out.value(), y.data()[j])) return "the scalar graph gives another value";
    tape.backward(out);
    for (std::size_t k = 0; k < n; ++k) {
      if (!same(v[k].grad(), ones[k].data()[j])) return "the scalar graph gives another gradient";
    }
  }
  return {};
}

template <class T, class C>
std::string compare(const C& call, const Rule<T>& rule, const Case& c) {
  constexpr std::size_t n = arity<typename C::Operation>;
  std::vector<Mat<T>> x, ones;
  for (const Mat<double>& m : c.inputs) x.push_back(m.template cast<T>());
  const Mat<T> dy = c.upstream.template cast<T>();
  const std::vector<View<T>> in = views(x);
  const Mat<T> y = rule.forward(in);
  const std::vector<Mat<T>> dx = rule.gradients(dy, in);
  const Mat<T> plain = unpack<n>([&](auto... i) { return call(x[i]...); });
  if (!same(plain, y)) return "the matrix lift gives another value than the rule";
  std::string differs;
  // The layout of an expression does not depend on the scalar, and takes long to compile.
  if constexpr (std::is_same_v<T, double>) differs = expressions<T>(call, x, y);
  if (differs.empty()) differs = matrix_graph<T>(call, x, y, dy, dx);
  if constexpr (Elementwise<typename C::Operation>) {
    const bool one_shape = shape_of(x.front()) == shape_of(y) && shape_of(x.back()) == shape_of(y);
    if (differs.empty() && one_shape) {
      ones = rule.gradients(Mat<T>::Constant(y.rows(), y.cols(), T(1)), in);
      differs = elements<T>(call, x, y, ones);
    }
  }
  return differs;
}

}  // namespace assay::verify::lifts
