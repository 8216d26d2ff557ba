#include "catalogue/lifts.hpp"

#include <cmath>

#include "reference.hpp"

namespace assay::verify {
namespace {

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

/// Blocks of larger matrices, transposes and strided row-major maps of the same numbers.
template <class T>
std::string expressions(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y) {
  std::vector<Mat<T>> framed, turned;
  std::vector<RowMajor<T>> spaced;
  for (const Mat<T>& m : x) {
    Mat<T> frame = Mat<T>::Constant(m.rows() + 2, m.cols() + 3, T(7));
    frame.block(1, 2, m.rows(), m.cols()) = m;
    framed.push_back(std::move(frame));
    turned.push_back(m.transpose());
    RowMajor<T> wide = RowMajor<T>::Constant(m.rows(), 2 * m.cols() + 1, T(-7));
    for (Eigen::Index j = 0; j < m.cols(); ++j) wide.col(2 * j) = m.col(j);
    spaced.push_back(std::move(wide));
  }
  std::vector<InBlock<T>> blocks;
  std::vector<Transposed<T>> transposes;
  std::vector<Strided<T>> maps;
  for (std::size_t i = 0; i < x.size(); ++i) {
    blocks.push_back(framed[i].block(1, 2, x[i].rows(), x[i].cols()));
    transposes.push_back(turned[i].transpose());
    maps.emplace_back(spaced[i].data(), x[i].rows(), x[i].cols(),
                      Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(spaced[i].cols(), 2));
  }
  if (!same(lifts.blocks(lifts.call, blocks), y)) {
    return "blocks of larger matrices give another value";
  }
  if (!same(lifts.transposes(lifts.call, transposes), y)) {
    return "transposed expressions give another value";
  }
  if (!same(lifts.maps(lifts.call, maps), y)) return "strided row-major maps give another value";
  return {};
}

template <class T>
std::string matrix_graph(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y,
                         const Mat<T>& dy, const std::vector<Mat<T>>& dx) {
  Graph<T> graph;
  std::vector<Var<T>> v;
  for (const Mat<T>& m : x) v.push_back(graph.variable(m));
  const Var<T> out = lifts.nodes(lifts.call, v);
  if (!same(out.value(), y)) return "the matrix graph gives another value";
  graph.backward(out, dy);
  for (std::size_t k = 0; k < v.size(); ++k) {
    if (!same(v[k].grad(), dx[k])) return "the matrix graph gives another gradient";
  }
  return {};
}

/// Element by element: plain numbers, and the scalar graph with upstream 1.
template <class T>
std::string elements(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y,
                     const std::vector<Mat<T>>& ones) {
  Tape<T> tape;
  std::vector<T> numbers(x.size());
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    for (std::size_t k = 0; k < x.size(); ++k) numbers[k] = x[k].data()[j];
    if (!same(lifts.numbers(lifts.call, numbers), y.data()[j])) {
      return "a plain number gives another value than a matrix";
    }
    tape.clear();
    std::vector<Scalar<T>> v;
    for (const T& number : numbers) v.push_back(tape.variable(number));
    const Scalar<T> out = lifts.scalars(lifts.call, v);
    if (!same(out.value(), y.data()[j])) return "the scalar graph gives another value";
    tape.backward(out);
    for (std::size_t k = 0; k < v.size(); ++k) {
      if (!same(v[k].grad(), ones[k].data()[j])) return "the scalar graph gives another gradient";
    }
  }
  return {};
}

}  // namespace

template <class T>
std::string compare(const Lifts<T>& lifts, const Rule<T>& rule, const Case& c) {
  std::vector<Mat<T>> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m.template cast<T>());
  const Mat<T> dy = c.upstream.template cast<T>();
  const std::vector<View<T>> in = views(x);
  const Mat<T> y = rule.forward(in);
  const std::vector<Mat<T>> dx = rule.gradients(dy, in);
  if (!same(lifts.matrices(lifts.call, x), y)) {
    return "the matrix lift gives another value than the rule";
  }
  std::string differs;
  if (lifts.blocks != nullptr) differs = expressions<T>(lifts, x, y);
  if (differs.empty()) differs = matrix_graph<T>(lifts, x, y, dy, dx);
  const bool one_shape = shape_of(x.front()) == shape_of(y) && shape_of(x.back()) == shape_of(y);
  if (differs.empty() && lifts.numbers != nullptr && one_shape) {
    const Mat<T> upstream = Mat<T>::Constant(y.rows(), y.cols(), T(1));
    differs = elements<T>(lifts, x, y, rule.gradients(upstream, in));
  }
  return differs;
}

template std::string compare(const Lifts<float>&, const Rule<float>&, const Case&);
template std::string compare(const Lifts<double>&, const Rule<double>&, const Case&);

}  // namespace assay::verify
