// Gradients that meet in a graph, byte for byte.

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "assay/graph.hpp"
#include "assay/ops/mul.hpp"
#include "examine.hpp"

namespace assay::verify {
namespace {

/// The same bytes, but for the sign of a NaN: that is nobody's promise.
template <class T>
bool same_bytes(const Mat<T>& a, const Mat<T>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    const T &x = a.data()[i], &y = b.data()[i];
    if (std::memcmp(&x, &y, sizeof(T)) != 0 && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
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

/// a x + b, element by element.
template <class T>
struct Affine {
  Mat<T> a, b;
  [[nodiscard]] Mat<T> operator()(const Mat<T>& x) const { return x.cwiseProduct(a) + b; }
};

/// Short factors and shifts; where they would lead out of the domain, factors of 1 and no shift.
template <class T>
Affine<T> affine(const Examination& e, std::size_t k, const Mat<T>& x) {
  std::uint64_t n = 0;
  const auto number = [&](std::uint64_t least, std::uint64_t most) {
    const std::uint64_t bits = case_seed(e.seed, "affine", 1000 * k + n++);
    const T size = static_cast<T>(least + bits % (most - least + 1)) / T(8);
    return (bits >> 32) % 2 == 0 || e.op.arrange ? size : -size;
  };
  const auto filled = [&](std::uint64_t least, std::uint64_t most) {
    // What is arranged stays so when all of it is scaled alike.
    if (e.op.arrange) return Mat<T>(Mat<T>::Constant(x.rows(), x.cols(), number(least, most)));
    return Mat<T>(Mat<T>::NullaryExpr(x.rows(), x.cols(), [&] { return number(least, most); }));
  };
  const Mat<T> zero = Mat<T>::Constant(x.rows(), x.cols(), T(0));
  Affine<T> g{filled(3, 13), e.op.arrange ? zero : filled(0, 9)};
  const Mat<T> moved = g(x);
  for (const T& v : moved.reshaped()) {
    const auto at = static_cast<double>(v);
    const bool kept = std::isfinite(at) && e.op.inputs[k].contains(at) && !e.op.inputs[k].exact;
    if (!kept || at_kink(e.op, e.format, k, at).exceptional) return {zero.array() + T(1), zero};
  }
  return g;
}

/// f(x) + h(f(g(x))) with random affine g and h: the rule runs forward twice before its backwards.
template <class T>
std::string composed(const Rule<T>& rule, const Examination& e, const std::vector<Mat<T>>& x,
                     const Mat<T>& dy) {
  std::vector<Affine<T>> g;
  std::vector<Mat<T>> moved;
  for (std::size_t k = 0; k < x.size(); ++k) {
    g.push_back(affine<T>(e, k, x[k]));
    moved.push_back(g[k](x[k]));
  }
  const Affine<T> h{dy.unaryExpr([](const T& v) { return v < T(0) ? T(-2) : T(0.75); }),
                    Mat<T>::Constant(dy.rows(), dy.cols(), T(5))};
  const std::vector<Mat<T>> here = gradients(rule, x, dy);
  const std::vector<Mat<T>> there = gradients(rule, moved, Mat<T>(dy.cwiseProduct(h.a)));
  Graph<T> graph;
  std::vector<Var<T>> leaves, inner;
  for (const Mat<T>& m : x) leaves.push_back(graph.variable(m));
  for (std::size_t k = 0; k < x.size(); ++k) {
    inner.push_back(add(mul(leaves[k], g[k].a), g[k].b));
  }
  const Var<T> first = graph.apply_rule(rule, leaves), second = graph.apply_rule(rule, inner);
  graph.backward(add(first, add(mul(second, h.a), h.b)), dy);
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (same_bytes(leaves[k].grad(), Mat<T>(here[k] + there[k].cwiseProduct(g[k].a)))) continue;
    return fmt::format(
        "input {} of f(x) + h(f(g(x))), g and h affine: the gradient is not that of its parts", k);
  }
  return {};
}

/// The gradients added to memory in which all of them lie, with guards between.
template <class T>
std::string in_flat_memory(const Rule<T>& rule, const std::vector<Mat<T>>& x, const Mat<T>& dy,
                           Arrival arrival) {
  constexpr Eigen::Index guard = 3;  // odd: what lies behind is not aligned
  const T filler = T(-1.5);
  Eigen::Index length = guard;
  for (const Mat<T>& m : x) length += m.size() + guard;
  Mat<T> flat = Mat<T>::Constant(length, 1, filler), expected = flat;
  const std::vector<Mat<T>> g = gradients(rule, x, dy);
  std::array<Sink<T>, Rule<T>::max_arity> sinks;
  Eigen::Index at = guard;
  for (std::size_t k = 0; k < x.size(); ++k) {
    Eigen::Map<Mat<T>> to(flat.data() + at, x[k].rows(), x[k].cols());
    sinks.at(k) = Sink<T>(to, arrival);
    expected.middleRows(at, x[k].size()) += g[k].reshaped();
    at += x[k].size() + guard;
  }
  const std::vector<View<T>> in = views(x);
  Mat<T> saved;
  const Mat<T> y = rule.forward(in, saved);
  rule.backward(dy, in, y, saved, std::span(sinks).first(x.size()));
  if (same_bytes(flat, expected)) return {};
  return "gradients in one memory: they are not added where they belong, or others are touched";
}

/// The gradient of one input where no other is wanted: beside constants a backward may take
/// another way.
template <class T>
std::string alone(const Rule<T>& rule, const std::vector<Mat<T>>& x, const Mat<T>& dy) {
  const std::vector<Mat<T>> g = gradients(rule, x, dy);
  const std::vector<View<T>> in = views(x);
  Mat<T> saved;
  const Mat<T> y = rule.forward(in, saved);
  for (std::size_t k = 0; k < x.size(); ++k) {
    Mat<T> only;
    bool filled = false;
    std::array<Sink<T>, Rule<T>::max_arity> sinks;
    sinks.at(k) = Sink<T>(&only, &filled, shape_of(x[k]));
    rule.backward(dy, in, y, saved, std::span(sinks).first(x.size()));
    if (filled && same_bytes(only, g[k])) continue;
    return fmt::format("input {} beside constants: its gradient is not that beside the others", k);
  }
  return {};
}

template <class T>
std::string sharing(const Rule<T>& rule, const Examination& e, Arrival arrival) {
  std::vector<Mat<T>> x;
  for (const Mat<double>& m : e.c.inputs) x.push_back(m.template cast<T>());
  const Mat<T> dy = e.c.upstream.template cast<T>();
  std::string broken = twice<T>(rule, x, dy, arrival);
  if (broken.empty() && x.size() == 2) broken = with_itself<T>(rule, x[0], arrival);
  if (broken.empty() && x.size() > 1) broken = alone<T>(rule, x, dy);
  if (broken.empty()) broken = in_flat_memory<T>(rule, x, dy, arrival);
  if (broken.empty()) broken = composed<T>(rule, e, x, dy);
  return broken;
}

template <class T>
std::string sharing(const Rule<T>& rule, const Examination& e) {
  try {
    return sharing<T>(rule, e, e.overwriting ? Arrival::overwrite : Arrival::accumulate);
  } catch (const std::exception& error) {
    return fmt::format("in a graph it throws: {}", error.what());
  }
}

}  // namespace

std::optional<Problem> examine_sharing(const Examination& e) {
  const std::string broken =
      e.format == float_format ? sharing(*e.op.in_float, e) : sharing(*e.op.in_double, e);
  e.elements(static_cast<std::uint64_t>(e.c.upstream.size()));
  if (broken.empty()) return std::nullopt;
  Problem p;
  p.broken = true;
  p.against = broken;
  return p;
}

}  // namespace assay::verify
