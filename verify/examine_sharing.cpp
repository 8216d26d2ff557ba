// Gradients that meet in a graph, byte for byte.

#include <fmt/format.h>

#include <cstring>

#include "assay/graph.hpp"
#include "evaluate.hpp"
#include "examine.hpp"

namespace assay::verify {
namespace {

template <class T>
bool same_bytes(const Mat<T>& a, const Mat<T>& b) {
  return shape_of(a) == shape_of(b) &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(T)) == 0;
}

template <class T>
std::vector<Mat<T>> gradients(const Rule<T>& rule, const std::vector<Mat<T>>& x, const Mat<T>& dy) {
  std::vector<Mat<T>> dx = rule.gradients(dy, views(x));
  for (std::size_t k = 0; k < x.size(); ++k) {
    require(shape_of(dx[k]) == shape_of(x[k]), "backward",
            {{"the input", shape_of(x[k])}, {"its gradient", shape_of(dx[k])}},
            "they must be of one shape");
  }
  return dx;
}

/// Overwriting, the planted fault, is of the sweep and not of an operation.
/// op(x...) twice on the same leaves, added, and the sum swept twice into accumulators of ones.
template <class T>
std::string twice(const Rule<T>& rule, const std::vector<Mat<T>>& x, const Mat<T>& dy,
                  Arrival arrival) {
  const std::vector<Mat<T>> g = gradients(rule, x, dy);
  std::vector<Parameter<T>> leaves;
  for (const Mat<T>& m : x) leaves.emplace_back(m);
  for (Parameter<T>& p : leaves) p.grad.setOnes();
  Graph<T> graph;
  std::vector<Var<T>> v;
  for (Parameter<T>& p : leaves) v.push_back(graph.parameter(p));
  const Var<T> y = add(graph.apply_rule(rule, v), graph.apply_rule(rule, v));
  for (int sweep = 1; sweep <= 2; ++sweep) {
    graph.backward(y, dy, retain, arrival);
    for (std::size_t k = 0; k < x.size(); ++k) {
      Mat<T> expected = Mat<T>::Ones(x[k].rows(), x[k].cols());
      for (int i = 0; i < 2 * sweep; ++i) expected += g[k];
      if (same_bytes(Mat<T>(leaves[k].grad), expected)) continue;
      return fmt::format("input {} used by two nodes, sweep {}: the gradients do not add up", k,
                         sweep);
    }
  }
  return {};
}

/// op(x, x): both gradients go to one leaf.
template <class T>
std::string with_itself(const Rule<T>& rule, const Mat<T>& x, Arrival arrival) {
  const std::vector<Mat<T>> both{x, x};
  const std::array<Shape, 2> shapes{shape_of(x), shape_of(x)};
  Shape out;
  try {
    out = rule.shape(shapes);
  } catch (const ShapeError&) {
    return {};
  }
  const Mat<T> dy = Mat<T>::Constant(out.rows, out.cols, T(-3));
  const std::vector<Mat<T>> g = gradients(rule, both, dy);
  Graph<T> graph;
  const Var<T> leaf = graph.variable(x);
  const std::array<Var<T>, 2> v{leaf, leaf};
  graph.backward(graph.apply_rule(rule, v), dy, Graphs::consume, arrival);
  if (same_bytes(leaf.grad(), Mat<T>(g[0] + g[1]))) return {};
  return "both inputs the same node: its gradient is not the sum of both";
}

template <class T>
std::string sharing(const Rule<T>& rule, const Case& c, Arrival arrival) {
  std::vector<Mat<T>> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m.template cast<T>());
  std::string broken = twice<T>(rule, x, c.upstream.template cast<T>(), arrival);
  if (broken.empty() && x.size() == 2) broken = with_itself<T>(rule, x[0], arrival);
  return broken;
}

template <class T>
std::string sharing(const Rule<T>& rule, const Case& c, bool overwriting) {
  try {
    return sharing<T>(rule, c, overwriting ? Arrival::overwrite : Arrival::accumulate);
  } catch (const std::exception& e) {
    return fmt::format("in a graph it throws: {}", e.what());
  }
}

/// A gradient that is not a number differs from itself only in the sign of the NaN.
bool has_nan(const Examination& e) {
  const Outcome o = evaluate(e.op, e.format, e.c);
  for (const Mat<double>& g : o.gradients) {
    if (g.hasNaN()) return true;
  }
  return false;
}

}  // namespace

std::optional<Problem> examine_sharing(const Examination& e) {
  const std::string broken = e.format == float_format
                                 ? sharing(*e.op.in_float, e.c, e.overwriting)
                                 : sharing(*e.op.in_double, e.c, e.overwriting);
  e.elements(static_cast<std::uint64_t>(e.c.upstream.size()));
  if (broken.empty()) return std::nullopt;
  if (has_nan(e)) {
    e.count("not a number");
    return std::nullopt;
  }
  Problem p;
  p.broken = true;
  p.against = broken;
  return p;
}

}  // namespace assay::verify
