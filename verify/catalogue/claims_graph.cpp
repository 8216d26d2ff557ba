// Claim 20: sweeps of graphs.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/graph.hpp"
#include "claims.hpp"
#include "open_graph.hpp"

namespace assay::verify::claims {
namespace {

template <class T>
T number(const Mat<T>& x) {
  return x(0, 0);
}
inline double number(double x) { return x; }
inline const Rational& number(const Rational& x) { return x; }

/// Even cases are on scalar nodes, odd ones on matrices: use(graph, variable maker).
template <class T, class Use>
void on_either(Trial& t, Use use) {
  if (t.number() % 2 == 0) {
    t.count("scalar graph");
    Tape<T> tape;
    use(tape, [&](const T& x) { return tape.variable(x); });
  } else {
    t.count("matrix graph");
    Graph<T> graph;
    use(graph, [&](const T& x) { return graph.variable(one(x)); });
  }
}

template <class T>
void require_number(Trial& t, const std::string& what, const T& got, const T& expected) {
  t.compared();
  if (got == expected) return;
  const auto text = [](const T& x) {
    if constexpr (std::is_same_v<T, Rational>) {
      return x.str();
    } else {
      return fmt::format("{}", x);
    }
  };
  t.fail(what, {{"got", text(got)}, {"expected", text(expected)}});
}

// --- deep graphs ---------------------------------------------------------------------------------

/// y = x + x + ... + x: value (n + 1) x and gradient n + 1, both exact in double.
void deep_chain(Trial& t) {
  constexpr int n = 1'000'000;
  const double at = 3;
  on_either<double>(t, [&](auto& graph, auto variable) {
    for (int round = 0; round < 2; ++round) {
      const auto x = variable(at);
      auto y = x + x;
      for (int i = 1; i < n; ++i) y = y + x;
      require_number(t, "the value of the last of 10^6 nodes is wrong", number(y.value()),
                     (n + 1) * at);
      graph.backward(y);
      require_number(t, "the gradient through 10^6 nodes is wrong", number(x.grad()), n + 1.0);
      graph.clear();  // and once more in the memory that it keeps; the second time destroys it
    }
  });
}

// --- consumed graphs -----------------------------------------------------------------------------

template <class Use>
void require_graph_error(Trial& t, const std::string& what, Use use) {
  t.compared();
  try {
    use();
  } catch (const GraphError&) {
    return;
  }
  t.fail(what + " is not an error", {});
}

void consumed(Trial& t) {
  on_either<double>(t, [&](auto& graph, auto variable) {
    const auto x = variable(3.0);
    const auto y = x * x;
    graph.backward(y, retain);
    require_number(t, "the first sweep is wrong", number(x.grad()), 6.0);
    graph.backward(y);
    require_number(t, "a sweep of a retained graph does not add", number(x.grad()), 12.0);
    require_graph_error(t, "a sweep of a consumed graph", [&] { graph.backward(y); });
    require_graph_error(t, "recording on a consumed graph", [&] { static_cast<void>(x + y); });
    require_graph_error(t, "a leaf on a consumed graph", [&] { static_cast<void>(variable(1.0)); });
    require_number(t, "a refused sweep has changed the gradient", number(x.grad()), 12.0);
    graph.clear();
    require_graph_error(t, "a node of a cleared graph", [&] { static_cast<void>(x.grad()); });
    const auto z = variable(5.0);
    graph.backward(z * z);
    require_number(t, "the sweep of a cleared graph is wrong", number(z.grad()), 10.0);
  });
}

// --- orders --------------------------------------------------------------------------------------

/// A graph of + - * over small fractions, in the open and to be recorded.
struct RandomGraph {
  struct Node {
    char op;
    std::size_t a, b;
  };
  std::vector<Rational> leaves;
  std::vector<Node> nodes;
  OpenGraph<Rational> open;
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t n) {
    state_ = case_seed(state_, "draw", 0);
    return static_cast<std::size_t>(state_ % n);
  }

 private:
  std::uint64_t state_;
};

RandomGraph random_graph(Draw& draw) {
  RandomGraph g;
  std::vector<Rational> values;
  for (std::size_t i = 0; i < 3; ++i) {
    values.push_back(Rational(static_cast<int>(draw.below(13)) - 6) / Rational(2));
    g.open.nodes.emplace_back();
  }
  g.leaves = values;
  for (std::size_t i = 0; i < 8; ++i) {
    // One parent among the last three, so that most nodes matter to the last.
    const std::size_t a = values.size() - 1 - draw.below(3), b = draw.below(values.size());
    const char op = "+-*"[draw.below(3)];
    const Rational &x = values[a], &y = values[b];
    g.nodes.push_back({op, a, b});
    if (op == '*') {
      g.open.nodes.push_back({{a, y}, {b, x}});
    } else {
      g.open.nodes.push_back({{a, Rational(1)}, {b, Rational(op == '+' ? 1 : -1)}});
    }
    values.push_back(op == '*' ? x * y : op == '+' ? x + y : x - y);
  }
  return g;
}

/// Any node whose uses are all behind it, again and again.
std::vector<std::size_t> random_order(const OpenGraph<Rational>& g, Draw& draw) {
  std::vector<std::size_t> uses(g.nodes.size()), ready, order;
  for (const auto& edges : g.nodes) {
    for (const auto& e : edges) ++uses[e.parent];
  }
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (uses[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    std::swap(ready[draw.below(ready.size())], ready.back());
    const std::size_t node = ready.back();
    ready.pop_back();
    order.push_back(node);
    for (const auto& e : g.nodes[node]) {
      if (--uses[e.parent] == 0) ready.push_back(e.parent);
    }
  }
  return order;
}

void any_order(Trial& t) {
  Draw draw(t.seed("graph"));
  const RandomGraph g = random_graph(draw);
  std::vector<Rational> got;
  on_either<Rational>(t, [&](auto& graph, auto variable) {
    using Node = decltype(variable(Rational(0)));
    std::vector<Node> nodes;
    for (const Rational& x : g.leaves) nodes.push_back(variable(x));
    for (const RandomGraph::Node& n : g.nodes) {
      const Node &a = nodes[n.a], &b = nodes[n.b];
      nodes.push_back(n.op == '*' ? a * b : n.op == '+' ? a + b : a - b);
    }
    graph.backward(nodes.back());
    for (std::size_t i = 0; i < g.leaves.size(); ++i) got.push_back(number(nodes[i].grad()));
  });
  const auto leaves_of = [&](const std::vector<std::size_t>& order) {
    std::vector<Rational> all = g.open.sweep(order);
    all.resize(g.leaves.size());
    return all;
  };
  if (leaves_of(breadth_first(g.open)) != got) t.count("breadth-first is wrong");
  if (leaves_of(preorder(g.open)) != got) t.count("preorder is wrong");
  for (int orders = 0; orders < 3; ++orders) {
    const std::vector<std::size_t> order = random_order(g.open, draw);
    if (order != reverse_creation(g.open)) t.count("another order than the library's");
    const std::vector<Rational> expected = leaves_of(order);
    for (std::size_t i = 0; i < got.size(); ++i) {
      require_number(t, fmt::format("the gradient of leaf {} depends on the order", i), got[i],
                     expected[i]);
    }
  }
}

// --- second order --------------------------------------------------------------------------------

/// k u^2 + u^3 with u = x - a, at x = a: the gradient is 0, the second derivative 2 k.
void second_order(Trial& t) {
  using D = Dual<Rational>;
  Draw draw(t.seed("numbers"));
  const Rational a = Rational(static_cast<int>(draw.below(21)) - 10) / Rational(4);
  const Rational k = Rational(static_cast<int>(draw.below(9)) + 1) / Rational(3);
  on_either<D>(t, [&](auto& graph, auto variable) {
    const auto x = variable(D(a, Rational(1)));
    const auto u = x - D(a);
    const auto square = u * u;
    graph.backward(square * D(k) + square * u);
    const D got = [&] {
      if constexpr (std::is_same_v<std::decay_t<decltype(x.grad())>, D>) {
        return x.grad();
      } else {
        return x.grad()(0, 0);
      }
    }();
    require_number(t, "the gradient at the minimum is not 0", got.v, Rational(0));
    require_number(t, "the second derivative where the gradient is 0 is wrong", got.d,
                   Rational(2) * k);
  });
}

}  // namespace

void add_graph_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::vector<std::string> both_graphs{"scalar graph", "matrix graph"};
  const std::uint64_t fewer = plan.cases / 4;
  checks.push_back(fixed_check({"claim-20a-deep-chain",
                                "10^6 nodes in a chain: recorded, swept, cleared, recorded and "
                                "swept again and destroyed, in "
                                "both graphs, without recursion; value and gradient exact",
                                "chains longer than 10^6", both_graphs},
                               "double", 2, deep_chain));
  checks.push_back(fixed_check(
      {"claim-20b-consumed-graph",
       "a second sweep, a new node and a new leaf on a consumed graph are errors that change "
       "nothing; retain and clear() do as they say; in both graphs",
       "", both_graphs},
      "double", 2, consumed));
  checks.push_back(random_check(
      {"claim-20c-any-order",
       "random graphs of + - * over fractions: every reverse topological order gives the gradient "
       "of both graphs, exactly; breadth-first and preorder do not",
       "graphs of more than 11 nodes",
       {"scalar graph", "matrix graph", "another order than the library's",
        "breadth-first is wrong", "preorder is wrong"}},
      "rational", fewer, any_order));
  checks.push_back(random_check(
      {"claim-20d-second-order-at-zero",
       "forward over reverse where the gradient is exactly 0: the second derivative is exact, in "
       "both graphs",
       "", both_graphs},
      "rational", fewer, second_order));
}

}  // namespace assay::verify::claims
