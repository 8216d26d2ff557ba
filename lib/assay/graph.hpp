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
#include "assay/rule.hpp"
#include "assay/scalar_graph.hpp"

namespace assay {

/// A matrix that is learned, and the gradient that sweeps add to.
template <class T>
struct Parameter {
  Mat<T> value;
  Mat<T> grad;

  Parameter() = default;
  explicit Parameter(Mat<T> v)
      : value(std::move(v)), grad(Mat<T>::Constant(value.rows(), value.cols(), T(0))) {}
  void zero_grad() { grad = Mat<T>::Constant(value.rows(), value.cols(), T(0)); }
};

template <class T>
class Graph;

/// A node of a Graph: a handle, cheap to copy, valid until the graph is cleared.
template <class T>
class Var {
 public:
  [[nodiscard]] const Mat<T>& value() const { return graph().node(index_).get(); }
  /// The gradient of the swept outputs; of a leaf, summed over all sweeps; zeros if not reached.
  [[nodiscard]] Mat<T> grad() const { return graph().gradient(index_); }
  [[nodiscard]] Shape shape() const { return shape_of(value()); }
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
  /// A leaf whose value is read from, and whose gradient is added to, p. p must outlive the sweep
  /// and its value must not change before it.
  Var<T> parameter(Parameter<T>& p) {
    if (shape_of(p.grad) != shape_of(p.value)) {
      throw ShapeError("parameter: value is " + to_string(shape_of(p.value)) + " and grad is " +
                       to_string(shape_of(p.grad)) + "; they must be of one shape");
    }
    Node& n = push(Kind::parameter);
    n.outside = &p;
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
    for (std::size_t i = 0; i < x.size(); ++i) {
      own(x[i]);
      shapes.at(i) = x[i].shape();
      inputs_[i] = &x[i].value();
    }
    static_cast<void>(rule.shape({shapes.data(), x.size()}));
    Mat<T> y = rule.forward({inputs_.data(), x.size()});
    Node& n = push(Kind::operation);
    n.value = std::move(y);
    n.rule = &rule;
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
      seed<Accumulate>(y, Mat<T>::Constant(y.shape().rows, y.shape().cols, T(1)));
    }
    sweep<Accumulate>(after);
  }
  /// Adds the gradient of <dy, y>; dy has the shape of y.
  template <class Sum = Accumulate>
  void backward(const Var<T>& y, const Mat<T>& dy, Graphs after = Graphs::consume) {
    usable();
    own(y);
    require(y.shape() == shape_of(dy), "backward",
            {{"output", y.shape()}, {"upstream", shape_of(dy)}}, "they must be of one shape");
    start();
    seed<Sum>(y, dy);
    sweep<Sum>(after);
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
    Mat<T> value;
    Mat<T> grad;
    const Rule<T>* rule = nullptr;
    Parameter<T>* outside = nullptr;
    std::uint32_t first_parent = 0;
    std::uint32_t last_parent = 0;
    Kind kind = Kind::operation;
    bool has_grad = false;
    [[nodiscard]] const Mat<T>& get() const { return outside ? outside->value : value; }
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
    n.rule = nullptr;
    n.has_grad = false;
    n.first_parent = n.last_parent = static_cast<std::uint32_t>(parents_.size());
    return n;
  }
  Var<T> last() { return {this, static_cast<std::uint32_t>(size_ - 1), epoch_}; }
  template <class D>
  Var<T> leaf(const Eigen::MatrixBase<D>& value, Kind kind) {
    push(kind).value = value;
    return last();
  }

  void start() {
    for (std::size_t i = 0; i < size_; ++i) {
      if (nodes_[i].kind == Kind::operation) nodes_[i].has_grad = false;
    }
    top_ = 0;
  }
  template <class Sum>
  void seed(const Var<T>& y, const Mat<T>& dy) {
    receive<Sum>(nodes_[y.index_], Mat<T>(dy));
    top_ = std::max<std::size_t>(top_, y.index_ + 1);
  }
  template <class Sum>
  static void receive(Node& n, Mat<T>&& gradient) {
    if (n.kind == Kind::constant) return;
    if (n.kind == Kind::parameter) {
      Sum{}(n.outside->grad, gradient);
    } else if (n.has_grad) {
      Sum{}(n.grad, gradient);
    } else {
      n.grad = std::move(gradient);
      n.has_grad = true;
    }
  }
  template <class Sum>
  void sweep(Graphs after) {
    for (std::size_t i = top_; i-- > 0;) {
      Node& n = nodes_[i];
      if (n.kind != Kind::operation || !n.has_grad) continue;
      const std::size_t count = n.last_parent - n.first_parent;
      for (std::size_t k = 0; k < count; ++k) {
        inputs_[k] = &nodes_[parents_[n.first_parent + k]].get();
      }
      n.rule->backward(n.grad, {inputs_.data(), count}, n.value, {gradients_.data(), count});
      for (std::size_t k = 0; k < count; ++k) {
        require(shape_of(gradients_[k]) == shape_of(*inputs_[k]), "backward",
                {{"the input", shape_of(*inputs_[k])}, {"its gradient", shape_of(gradients_[k])}},
                "an operation returned a gradient that is not of its input's shape");
      }
      for (std::size_t k = 0; k < count; ++k) {
        receive<Sum>(nodes_[parents_[n.first_parent + k]], std::move(gradients_[k]));
      }
    }
    consumed_ = after == Graphs::consume;
  }

  [[nodiscard]] const Node& node(std::uint32_t i) const { return nodes_[i]; }
  [[nodiscard]] Mat<T> gradient(std::uint32_t i) const {
    const Node& n = nodes_[i];
    if (n.outside) return n.outside->grad;
    return n.has_grad ? n.grad : Mat<T>::Constant(n.value.rows(), n.value.cols(), T(0));
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

  static constexpr std::size_t max_arity = 8;
  std::deque<Node> nodes_;  // size_ of them are in use
  std::size_t size_ = 0;
  std::size_t top_ = 0;
  std::vector<std::uint32_t> parents_;
  std::vector<std::unique_ptr<const Rule<T>>> stateful_;  // operations with attributes
  std::array<const Mat<T>*, max_arity> inputs_{};
  std::array<Mat<T>, max_arity> gradients_{};
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
