#pragma once
// Second derivatives, forward over reverse: the same graph over dual numbers.

#include <vector>

#include "assay/graph.hpp"

namespace assay {
namespace detail {

template <class T>
Mat<Dual<T>> moving(const Mat<T>& x, const Mat<T>& v) {
  return x.binaryExpr(v, [](const T& value, const T& d) { return Dual<T>(value, d); });
}
template <class T>
Mat<T> dual_part(const Mat<Dual<T>>& x) {
  return x.unaryExpr([](const Dual<T>& e) { return e.d; });
}

}  // namespace detail

/// H v of a function of several matrices at x: the derivative of its gradient in the direction v,
/// one matrix for each x. `f` records the function on nodes that hold dual numbers and returns a
/// 1x1 node: hessian_vector_product([](const auto& x) { return sum(exp(x[0])); }, {a}, {v}).
/// Throws ShapeError if the shapes of x and v differ.
template <class T, class F>
std::vector<Mat<T>> hessian_vector_product(F f, const std::vector<Mat<T>>& x,
                                           const std::vector<Mat<T>>& v) {
  if (x.size() != v.size()) {
    throw ShapeError("hessian_vector_product: " + std::to_string(x.size()) + " inputs and " +
                     std::to_string(v.size()) + " directions; one direction an input");
  }
  Graph<Dual<T>> graph;
  std::vector<Var<Dual<T>>> nodes;
  for (std::size_t k = 0; k < x.size(); ++k) {
    require(shape_of(x[k]) == shape_of(v[k]), "hessian_vector_product",
            {{"x", shape_of(x[k])}, {"v", shape_of(v[k])}}, "they must be of one shape");
    nodes.push_back(graph.variable(detail::moving(x[k], v[k])));
  }
  graph.backward(f(nodes));
  std::vector<Mat<T>> product;
  for (const Var<Dual<T>>& n : nodes) product.push_back(detail::dual_part<T>(n.grad()));
  return product;
}

/// The same of a function of one matrix.
template <class T, class F>
Mat<T> hessian_vector_product(F f, const Mat<T>& x, const Mat<T>& v) {
  const auto of_one = [&](const std::vector<Var<Dual<T>>>& nodes) { return f(nodes[0]); };
  return hessian_vector_product(of_one, std::vector<Mat<T>>{x}, std::vector<Mat<T>>{v})[0];
}

/// All second derivatives of a function of one matrix, which is read column by column: n x n, one
/// product a column.
template <class T, class F>
Mat<T> hessian(F f, const Mat<T>& x) {
  const Eigen::Index n = x.size();
  Mat<T> h(n, n);
  Mat<T> v = Mat<T>::Constant(x.rows(), x.cols(), T(0));
  for (Eigen::Index i = 0; i < n; ++i) {
    v.data()[i] = T(1);
    h.col(i) = hessian_vector_product(f, x, v).reshaped();
    v.data()[i] = T(0);
  }
  return h;
}

}  // namespace assay
