#pragma once
// Var<T>: the graph whose nodes are matrices.
//
// Like Tape<T> an arena in creation order. Nodes keep their buffers when the graph is cleared, so
// a training loop that records the same shapes again does not allocate them again. Parameters
// live outside and receive their gradients in place.

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "assay/ops/add.hpp"
#include "assay/ops/div.hpp"
#include "assay/ops/matmul.hpp"
#include "assay/ops/mul.hpp"
#include "assay/ops/neg.hpp"
#include "assay/ops/sub.hpp"
#include "assay/parameter.hpp"
#include "assay/rule.hpp"
#include "assay/scalar_graph.hpp"

namespace assay {

template <class T>
class Graph;

/// A node of a Graph: a handle, cheap to copy, valid until the graph is cleared.
template <class T>
class Var {
 public:
  [[nodiscard]] const Mat<T>& value() const { return graph().whole(index_); }
  /// The gradient of the swept outputs; of a leaf, summed over all sweeps; zeros if not reached.
  [[nodiscard]] Mat<T> grad() const { return graph().gradient(index_); }
  [[nodiscard]] Shape shape() const { return graph().nodes_[index_].shape(); }
  [[nodiscard]] Graph<T>& graph() const {
    if (graph_->epoch_ != epoch_) throw GraphError("matrix graph: this node's graph was cleared");
    return *graph_;
  }

 private:
  friend class Graph<T>;
  Var(Graph<T>* graph, std::uint32_t index, std::uint32_t epoch)
      : graph_(graph), index_(index), epoch_(epoch) {}

  Graph<T>* graph_;
  std::uint32_t index_;
  std::uint32_t epoch_;
};

template <class T>
class Graph {
 public:
  Graph() = default;
  Graph(const Graph&) = delete;  // nodes point to their graph
  Graph& operator=(const Graph&) = delete;

  /// A leaf that keeps its gradient in the graph.
  template <class D>
  Var<T> variable(const Eigen::MatrixBase<D>& value) {
    return leaf(value, Kind::variable);
  }
  /// A leaf without a gradient.
  template <class D>
  Var<T> constant(const Eigen::MatrixBase<D>& value) {
    return leaf(value, Kind::constant);
  }
  /// The same without a copy: x must outlive the sweep and must not change before it.
  Var<T> borrow(const Mat<T>& x) {
    push(Kind::constant).borrowed = &x;
    return last();
  }
  /// A leaf whose value is read from, and whose gradient is added to, p. p must outlive the sweep
  /// and its value must not change before it.
  Var<T> parameter(Parameter<T>& p) {
    Node& n = push(Kind::parameter);
    n.outside = &p;
    n.needs_grad = true;
    return last();
  }

  /// y = op(x...). Throws ShapeError.
  template <class Op, std::size_t N>
  Var<T> apply(const Op& op, const std::array<Var<T>, N>& x) {
    static_assert(N == arity<Op>, "the operation takes another number of inputs");
    usable();
    return apply_rule(rule_for(op), x);
  }
  /// The same of a rule whose type is erased; it must outlive the last sweep.
  Var<T> apply_rule(const Rule<T>& rule, std::span<const Var<T>> x) {
    usable();
    std::array<Shape, max_arity> shapes;
    bool needs_grad = false;
    for (std::size_t i = 0; i < x.size(); ++i) {
      own(x[i]);
      Node& input = nodes_[x[i].index_];
      shapes.at(i) = input.shape();
      needs_grad = needs_grad || input.needs_grad;
      inputs_[i] = view(input, rule);
    }
    static_cast<void>(rule.shape({shapes.data(), x.size()}));
    Node& n = push(Kind::operation);
    try {
      n.value = rule.forward({inputs_.data(), x.size()}, n.saved);
    } catch (...) {  // as if it had not been asked for
      --size_;
      throw;
    }
    n.rule = &rule;
    n.needs_grad = needs_grad;
    for (const Var<T>& v : x) parents_.push_back(v.index_);
    n.last_parent = static_cast<std::uint32_t>(parents_.size());
    return last();
  }

  /// Adds d(y)/d(leaf) to every leaf; y is 1x1. Consumes the graph unless told to retain it.
  void backward(const Var<T>& y, Graphs after = Graphs::consume) {
    backward(std::span(&y, 1), after);
  }
  /// One sweep for the sum of several 1x1 outputs.
  void backward(std::initializer_list<Var<T>> outputs, Graphs after = Graphs::consume) {
    backward(std::span(outputs.begin(), outputs.size()), after);
  }
  void backward(std::span<const Var<T>> outputs, Graphs after = Graphs::consume) {
    usable();
    for (const Var<T>& y : outputs) {  // all of them first: a refused sweep adds nothing
      own(y);
      require(y.shape() == Shape{1, 1}, "backward", {{"output", y.shape()}},
              "it must be 1x1, or the upstream gradient must be given");
    }
    start();
    for (const Var<T>& y : outputs) {
      seed(y, Mat<T>::Constant(y.shape().rows, y.shape().cols, T(1)), Arrival::accumulate);
    }
    sweep(after, Arrival::accumulate);
  }
  /// Adds the gradient of <dy, y>; dy has the shape of y.
  void backward(const Var<T>& y, const Mat<T>& dy, Graphs after = Graphs::consume,
                Arrival arrival = Arrival::accumulate) {
    usable();
    own(y);
    require(y.shape() == shape_of(dy), "backward",
            {{"output", y.shape()}, {"upstream", shape_of(dy)}}, "they must be of one shape");
    start();
    seed(y, dy, arrival);
    sweep(after, arrival);
  }

  /// Forgets all nodes and keeps their memory; existing nodes become invalid.
  void clear() {
    size_ = 0;
    parents_.clear();
    stateful_.clear();
    consumed_ = false;
    ++epoch_;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  friend class Var<T>;
  enum class Kind : std::uint8_t { operation, variable, parameter, constant };
  struct Node {
    Mat<T> value;  // of a parameter: a copy, made when somebody wants a whole matrix
    Mat<T> grad;
    Mat<T> saved;  // from forward to backward
    const Rule<T>* rule = nullptr;
    Parameter<T>* outside = nullptr;
    const Mat<T>* borrowed = nullptr;
    std::uint32_t first_parent = 0;
    std::uint32_t last_parent = 0;
    Kind kind = Kind::operation;
    bool needs_grad = false;
    bool has_grad = false;
    bool copied = false;
    [[nodiscard]] const Mat<T>& whole() {
      if (borrowed) return *borrowed;
      if (outside && !copied) {
        value = outside->value;
        copied = true;
      }
      return value;
    }
    [[nodiscard]] Shape shape() const {
      return outside ? shape_of(outside->value) : shape_of(borrowed ? *borrowed : value);
    }
  };

  template <class Op>
  const Rule<T>& rule_for(const Op& op) {
    if constexpr (std::is_empty_v<Op>) {
      static const detail::RuleOf<Op, T> rule{Op{}};
      return rule;
    } else {
      return *stateful_.emplace_back(make_rule<T>(op));
    }
  }

  Node& push(Kind kind) {
    usable();
    if (size_ == nodes_.size()) nodes_.emplace_back();
    Node& n = nodes_[size_++];
    n.kind = kind;
    n.outside = nullptr;
    n.borrowed = nullptr;
    n.rule = nullptr;
    n.needs_grad = n.has_grad = n.copied = false;
    n.first_parent = n.last_parent = static_cast<std::uint32_t>(parents_.size());
    return n;
  }
  Var<T> last() { return {this, static_cast<std::uint32_t>(size_ - 1), epoch_}; }
  template <class D>
  Var<T> leaf(const Eigen::MatrixBase<D>& value, Kind kind) {
    Node& n = push(kind);
    n.value = value;
    n.needs_grad = kind == Kind::variable;
    return last();
  }
  static View<T> view(Node& n, const Rule<T>& rule) {
    return n.outside && rule.takes_views() ? View<T>(n.outside->value) : View<T>(&n.whole());
  }

  void start() {
    for (std::size_t i = 0; i < size_; ++i) {
      if (nodes_[i].kind == Kind::operation) nodes_[i].has_grad = false;
    }
    top_ = 0;
  }
  void seed(const Var<T>& y, Mat<T> dy, Arrival arrival) {
    Node& n = nodes_[y.index_];
    if (n.needs_grad) sink(n, arrival).take(std::move(dy));
    top_ = std::max<std::size_t>(top_, y.index_ + 1);
  }
  static Sink<T> sink(Node& n, Arrival arrival) {
    if (!n.needs_grad) return {};
    if (n.outside) return Sink<T>(n.outside->grad, arrival);
    return {&n.grad, &n.has_grad, n.shape(), arrival};
  }
  void sweep(Graphs after, Arrival arrival) {
    for (std::size_t i = top_; i-- > 0;) {
      Node& n = nodes_[i];
      if (n.kind != Kind::operation || !n.has_grad) continue;
      const std::size_t count = n.last_parent - n.first_parent;
      for (std::size_t k = 0; k < count; ++k) {
        Node& parent = nodes_[parents_[n.first_parent + k]];
        inputs_[k] = view(parent, *n.rule);
        sinks_[k] = sink(parent, arrival);
      }
      n.rule->backward(n.grad, {inputs_.data(), count}, n.value, n.saved, {sinks_.data(), count});
    }
    consumed_ = after == Graphs::consume;
  }

  [[nodiscard]] const Mat<T>& whole(std::uint32_t i) { return nodes_[i].whole(); }
  [[nodiscard]] Mat<T> gradient(std::uint32_t i) const {
    const Node& n = nodes_[i];
    if (n.outside) return n.outside->grad;
    const Shape s = n.shape();
    return n.has_grad ? n.grad : Mat<T>::Constant(s.rows, s.cols, T(0));
  }
  void usable() const {
    if (consumed_) {
      throw GraphError(
          "matrix graph: already consumed by a sweep; sweep both outputs at once, retain the "
          "graph, "
          "or clear() it and record anew");
    }
  }
  void own(const Var<T>& x) const {
    if (x.graph_ != this) throw GraphError("matrix graph: a node belongs to another graph");
    static_cast<void>(x.graph());
  }

  static constexpr std::size_t max_arity = Rule<T>::max_arity;
  std::deque<Node> nodes_;  // size_ of them are in use
  std::size_t size_ = 0;
  std::size_t top_ = 0;
  std::vector<std::uint32_t> parents_;
  std::vector<std::unique_ptr<const Rule<T>>> stateful_;  // operations with attributes
  std::array<View<T>, max_arity> inputs_{};
  std::array<Sink<T>, max_arity> sinks_{};
  bool consumed_ = false;
  std::uint32_t epoch_ = 0;
};

namespace detail {

template <class X>
inline constexpr bool is_var = false;
template <class T>
inline constexpr bool is_var<Var<T>> = true;

template <class... X>
struct FirstVar;
template <class T, class... X>
struct FirstVar<Var<T>, X...> {
  using type = T;
};
template <class X, class... Y>
struct FirstVar<X, Y...> : FirstVar<Y...> {};

template <class T, class X>
Var<T> as_var(Graph<T>& graph, const X& x) {
  if constexpr (is_var<X>) {
    return x;
  } else if constexpr (Matrix<X>) {
    return graph.constant(x);
  } else {
    return graph.constant(Mat<T>::Constant(1, 1, T(x)));
  }
}

template <class T, class X>
Graph<T>* graph_of(const X& x) {
  if constexpr (is_var<X>) {
    return &x.graph();
  } else {
    return nullptr;
  }
}

}  // namespace detail

/// The lift of an operation to matrix nodes; matrices and numbers beside them are constants.
template <class Op, class... X>
requires(detail::is_var<X> || ...) auto record(const Op& op, const X&... x) {
  using T = typename detail::FirstVar<X...>::type;
  Graph<T>* graph = nullptr;
  ((graph = graph ? graph : detail::graph_of<T>(x)), ...);
  return graph->apply(op, std::array{detail::as_var(*graph, x)...});
}

// a * b is the matrix product, as in Eigen; mul(a, b) is the elementwise one.
template <class A, class B>
concept VarPair = (detail::is_var<A> && !detail::is_scalar_node<B>) ||
                  (detail::is_var<B> && !detail::is_scalar_node<A>);

template <class T>
Var<T> operator-(const Var<T>& x) {
  return neg(x);
}
template <class A, class B>
requires VarPair<A, B>
auto operator+(const A& a, const B& b) { return add(a, b); }
template <class A, class B>
requires VarPair<A, B>
auto operator-(const A& a, const B& b) { return sub(a, b); }
template <class A, class B>
requires VarPair<A, B>
auto operator*(const A& a, const B& b) {
  if constexpr (detail::Number<A> || detail::Number<B>) {
    return mul(a, b);
  } else {
    return matmul(a, b);
  }
}
template <class A, class B>
requires(VarPair<A, B>&& detail::Number<B>) auto operator/(const A& a, const B& b) {
  return div(a, b);
}

}  // namespace assay
