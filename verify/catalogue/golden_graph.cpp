// The worked examples 3(c): a graph whose nodes are shared, the orders in which it may and may not
// be swept, and two losses on one graph.

#include <array>

#include "assay/graph.hpp"
#include "assay/ops/square.hpp"
#include "golden.hpp"
#include "open_graph.hpp"

namespace assay::verify::golden {
namespace {

// --- graph-shared-nodes --------------------------------------------------------------------------

/// u1 = x1 x2, u2 = u1 + x1, u3 = u1 u2, f = u2 u3.
template <class T>
OpenGraph<T> shared_nodes(const T& x1, const T& x2) {
  const T u1 = x1 * x2, u2 = u1 + x1, u3 = u1 * u2;
  return {
      {{}, {}, {{0, x2}, {1, x1}}, {{2, T(1)}, {0, T(1)}}, {{2, u2}, {3, u1}}, {{3, u3}, {4, u2}}}};
}

constexpr auto replay_shared_nodes = []<class T>(Replay<T>& r, const Json& f) {
  const std::vector<T> x = r.inputs(f.at("x"));
  const Json& values = f.at("values");
  const Json& gradient = f.at("gradient");
  {
    Tape<T> tape;
    const Scalar<T> x1 = tape.variable(x[0]), x2 = tape.variable(x[1]);
    const Scalar<T> u1 = x1 * x2, u2 = u1 + x1, u3 = u1 * u2, y = u2 * u3;
    const std::array named{std::pair{"x1", x1}, std::pair{"x2", x2}, std::pair{"u1", u1},
                           std::pair{"u2", u2}, std::pair{"u3", u3}, std::pair{"f", y}};
    const Json& order = f.at("post_order");
    for (const auto& [name, node] : named) {
      r.compare_word("place of " + std::string(name) + " in the post-order (scalar graph)",
                     order.at(node.index()).template get<std::string>(), name);
      if (values.contains(name)) {
        r.compare(std::string(name) + " (scalar graph)", values.at(name), node.value());
      }
    }
    tape.backward(y);
    r.compare("gradient x1 (scalar graph)", gradient.at(0), x1.grad());
    r.compare("gradient x2 (scalar graph)", gradient.at(1), x2.grad());
  }
  {
    Graph<T> graph;
    const auto one = [](const T& v) { return Mat<T>(Mat<T>::Constant(1, 1, v)); };
    const Var<T> x1 = graph.variable(one(x[0])), x2 = graph.variable(one(x[1]));
    const Var<T> u1 = mul(x1, x2), u2 = u1 + x1, u3 = mul(u1, u2), y = mul(u2, u3);
    for (const auto& [name, node] :
         {std::pair{"u1", u1}, std::pair{"u2", u2}, std::pair{"u3", u3}, std::pair{"f", y}}) {
      r.compare(std::string(name) + " (matrix graph)", values.at(name), node.value()(0));
    }
    graph.backward(y);
    r.compare("gradient x1 (matrix graph)", gradient.at(0), x1.grad()(0));
    r.compare("gradient x2 (matrix graph)", gradient.at(1), x2.grad()(0));
  }
  const OpenGraph<T> open = shared_nodes(x[0], x[1]);
  const auto compare_order = [&](const std::string& name, const std::vector<std::size_t>& order,
                                 const Json& expected, bool wrong) {
    const std::vector<T> adjoints = open.sweep(order);
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string element = name + ": gradient x" + std::to_string(i + 1);
      r.compare(element, expected.at(i), adjoints[i]);
      if (wrong) r.differs(element + ", told from right", gradient.at(i), adjoints[i]);
    }
  };
  compare_order("reverse creation order", reverse_creation(open), gradient, false);
  compare_order("breadth-first", breadth_first(open), f.at("wrong_if_breadth_first"), true);
  compare_order("preorder", preorder(open), f.at("wrong_if_preorder"), true);
};

// --- graph-two-losses ----------------------------------------------------------------------------

template <class Sweep>
std::string outcome(Sweep sweep) {
  try {
    sweep();
  } catch (const GraphError&) {
    return "GraphError";
  }
  return "no error";
}

/// Records s = x^2, l1 = 2 s, l2 = 5 s anew and hands it to `use(graph, x, l1, l2)`.
template <class T, class Use>
void on_tape(const T& at, Use use) {
  Tape<T> tape;
  const Scalar<T> x = tape.variable(at);
  const Scalar<T> s = square(x);
  use(tape, x, T(2) * s, T(5) * s);
}
template <class T, class Use>
void on_matrices(const T& at, Use use) {
  Graph<T> graph;
  const Var<T> x = graph.variable(Mat<T>(Mat<T>::Constant(1, 1, at)));
  const Var<T> s = square(x);
  use(graph, x, T(2) * s, T(5) * s);
}

template <class T>
T number(const Scalar<T>& x) {
  return x.grad();
}
template <class T>
T number(const Var<T>& x) {
  return x.grad()(0);
}

template <class T, class Record>
void two_losses(Replay<T>& r, const Json& f, const std::string& graph, Record record) {
  const T at = r.input(f.at("x"));
  record(at, [&](auto& g, const auto& x, const auto& l1, const auto& l2) {
    g.backward(l1, retain);
    g.backward(l2);
    r.compare("two sweeps, the first with retain (" + graph + ")", f.at("accumulated"), number(x));
  });
  record(at, [&](auto& g, const auto& x, const auto& l1, const auto& l2) {
    g.backward({l1, l2});
    r.compare("one sweep from both (" + graph + ")", f.at("accumulated"), number(x));
  });
  record(at, [&](auto& g, const auto&, const auto& l1, const auto& l2) {
    g.backward(l1);
    r.compare_word("second sweep of a consumed graph (" + graph + ")", "GraphError",
                   outcome([&] { g.backward(l2); }));
  });
}

constexpr auto replay_two_losses = []<class T>(Replay<T>& r, const Json& f) {
  two_losses(r, f, "scalar graph", [](const T& at, auto use) { on_tape(at, use); });
  two_losses(r, f, "matrix graph", [](const T& at, auto use) { on_matrices(at, use); });
};

}  // namespace

// Small whole numbers throughout: float and double must give just these.
void add_graph_checks(std::vector<Check>& checks) {
  add_checks<Rational>(checks, {"graph-shared-nodes", Units::ulp, 0}, replay_shared_nodes);
  add_checks<Rational>(checks, {"graph-two-losses", Units::ulp, 0}, replay_two_losses);
}

}  // namespace assay::verify::golden
