// Claim 21, sweeps: in linear time, however many paths there are.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "assay/graph.hpp"
#include "assay/random.hpp"
#include "claims.hpp"

namespace assay::verify::claims {
namespace {

/// How often a sweep of the scalar graph adds to a gradient.
struct CountedSum {
  static inline std::uint64_t calls = 0;
  template <class G>
  void operator()(G& into, const G& gradient) const {
    ++calls;
    into += gradient;
  }
};

/// y = (a + b) / 2, as a user would add it; counts what a sweep of the matrix graph calls.
struct Average {
  static inline std::uint64_t calls = 0;
  static constexpr auto name = "average";
  static Shape shape(Shape a, Shape b) {
    require(a == b, name, {{"a", a}, {"b", b}}, "they must be of one shape");
    return a;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    return (a + b) / T(2);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>&) {
    ++calls;
    return {Mat<T>(dy / T(2)), Mat<T>(dy / T(2))};
  }
};
constexpr Call<Average> average;

/// The same on scalar nodes: two nodes, three edges.
struct ScalarAverage {
  Scalar<double> operator()(const Scalar<double>& a, const Scalar<double>& b) const {
    return (a + b) * 0.5;
  }
};

using Parents = std::vector<std::array<std::size_t, 2>>;  // of node i + 1; node 0 is the leaf

std::uint64_t reached(const Parents& parents) {
  std::vector<bool> is_reached(parents.size() + 1);
  is_reached.back() = true;
  std::uint64_t n = 0;
  for (std::size_t i = parents.size(); i > 0; --i) {
    if (!is_reached[i]) continue;
    ++n;
    for (const std::size_t p : parents[i - 1]) is_reached[p] = true;
  }
  return n;
}

template <class Node, class Op>
Node record_all(const Node& leaf, const Parents& parents, const Op& op) {
  std::vector<Node> nodes{leaf};
  for (const auto& [a, b] : parents) nodes.push_back(op(nodes[a], nodes[b]));
  return nodes.back();
}

void linear_time(Trial& t) {
  const std::size_t n =
      std::array<std::size_t, 4>{60, 1'000, 10'000, 100'000}.at(t.number() / 2 % 4);
  const bool is_ladder = t.number() % 2 == 0;
  Random random(t.seed("graph"));
  Parents parents;
  for (std::size_t i = 0; i < n; ++i) {
    const auto recent = [&] { return i - random.below(std::min<std::size_t>(i + 1, 4)); };
    parents.push_back(is_ladder ? std::array{i, i} : std::array{recent(), recent()});
  }
  t.count(is_ladder ? "a ladder of 2^n paths" : "random diamonds");
  t.input("n", static_cast<double>(n));
  const std::uint64_t visited = reached(parents);
  const auto require = [&](const char* what, double got, double expected) {
    t.compared();
    if (got == expected) return;
    t.fail(what, {{"got", fmt::format("{}", got)}, {"expected", fmt::format("{}", expected)}});
  };
  const auto count_of = [](std::uint64_t calls) { return static_cast<double>(calls); };
  {
    Tape<double> tape;
    const Scalar<double> x = tape.variable(3), y = record_all(x, parents, ScalarAverage{});
    CountedSum::calls = 0;
    tape.backward<CountedSum>(std::span(&y, 1));
    require("the scalar graph's sweep does not go over each edge once", count_of(CountedSum::calls),
            3 * count_of(visited));
    if (is_ladder) require("the gradient through the scalar ladder is wrong", x.grad(), 1);
  }
  Graph<double> graph;
  const Var<double> x = graph.variable(Mat<double>::Constant(1, 1, 3)),
                    y = record_all(x, parents, average);
  Average::calls = 0;
  graph.backward(y);
  require("the matrix graph's sweep does not visit each node once", count_of(Average::calls),
          count_of(visited));
  if (is_ladder) require("the gradient through the ladder of matrices is wrong", x.grad()(0), 1);
}

}  // namespace

void add_sweep_claims(std::vector<Check>& checks, const Plan&) {
  checks.push_back(fixed_check(
      {"claim-21d-linear-time",
       "ladders of up to 10^5 diamonds (2^n paths) and random diamonds: a sweep of the scalar "
       "graph goes over each edge once, one of the matrix graph visits each node once",
       "time that is spent otherwise; depth: claim 20a",
       {"a ladder of 2^n paths", "random diamonds"}},
      "double", 8, linear_time));
}

}  // namespace assay::verify::claims
