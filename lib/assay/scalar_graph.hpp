#pragma once
// Scalar<T>: the graph whose nodes are single numbers.
//
// The tape is an arena. Nodes are laid down in creation order, which is already topological, so
// the sweep is one backward loop: no recursion, no visited set. The tape keeps the partial
// derivatives of a node towards its parents, taken when it was recorded; its value is in the
// handle.

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/elementary.hpp"
#include "assay/op.hpp"
#include "assay/ops/add.hpp"
#include "assay/ops/div.hpp"
#include "assay/ops/mul.hpp"
#include "assay/ops/neg.hpp"
#include "assay/ops/sub.hpp"
#include "assay/scalar_nodes.hpp"

namespace assay {

template <class T>
class Tape;
template <class T>
class Parameters;

namespace detail {
template <class X>
struct ScalarOf;
}  // namespace detail

/// A node of a Tape: a number and its place; cheap to copy, valid until the tape is cleared.
template <class T>
class Scalar {
 public:
  [[nodiscard]] T value() const { return static_cast<void>(tape()), value_; }
  /// The gradient of the swept outputs; of a variable, summed over all sweeps since clear().
  [[nodiscard]] T grad() const { return tape().gradient(index_); }
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] Tape<T>& tape() const {
    if (tape_->epoch_ != epoch_) Tape<T>::refuse_stale();
    return *tape_;
  }

 private:
  friend class Tape<T>;
  friend class Parameters<T>;
  friend struct detail::ScalarOf<Scalar<T>>;
  Scalar(const T& value, Tape<T>* tape, std::uint32_t index, std::uint32_t epoch)
      : value_(value), tape_(tape), index_(index), epoch_(epoch) {}

  T value_;
  Tape<T>* tape_;
  std::uint32_t index_;
  std::uint32_t epoch_;
};

/// Leaves that a tape keeps over clear(), with numbers and gradients that lie elsewhere. A node
/// taken from them carries the number as it is then and, like any other, is valid until clear().
template <class T>
class Parameters {
 public:
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  [[nodiscard]] std::span<const T> values() const { return values_; }
  /// Throws std::out_of_range, as slice does.
  [[nodiscard]] Scalar<T> operator[](std::size_t i) const {
    if (i >= values_.size()) refuse(i, 1);
    return {values_[i], tape_, start_ + static_cast<std::uint32_t>(i), tape_->epoch_};
  }
  [[nodiscard]] Parameters slice(std::size_t from, std::size_t n) const {
    if (from > values_.size() || n > values_.size() - from) refuse(from, n);
    return {tape_, start_ + static_cast<std::uint32_t>(from), values_.subspan(from, n)};
  }

 private:
  friend class Tape<T>;
  Parameters(Tape<T>* tape, std::uint32_t start, std::span<const T> values)
      : tape_(tape), start_(start), values_(values) {}
  [[noreturn, gnu::noinline, gnu::cold]] void refuse(std::size_t from, std::size_t n) const {
    throw std::out_of_range("scalar graph: parameters " + std::to_string(from) + " and on, " +
                            std::to_string(n) + " of them; there are " + std::to_string(size()));
  }

  Tape<T>* tape_;
  std::uint32_t start_;
  std::span<const T> values_;
};

template <class T>
class Tape {
 public:
  Tape() = default;
  Tape(const Tape&) = delete;  // nodes point to their tape
  Tape& operator=(const Tape&) = delete;

  /// A leaf that keeps its gradient on the tape.
  Scalar<T> variable(const T& value) { return leaf(value, nullptr); }
  /// A leaf that adds its gradient to `grad`, which must live until the last sweep.
  Scalar<T> parameter(const T& value, T& grad) { return leaf(value, &grad); }
  /// Leaves that clear() keeps, bound before anything else is recorded: a step that begins with
  /// clear() copies and registers nothing. What the spans show must outlive the sweeps.
  Parameters<T> parameters(std::span<const T> values, std::span<T> grads) {
    as_many("parameters", "values", values.size(), "grads", grads.size());
    if (size() != bound_) {
      throw GraphError("scalar graph: parameters are bound before anything else is recorded");
    }
    const auto start = static_cast<std::uint32_t>(bound_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      nodes_.room();
      nodes_.leaf();
    }
    blocks_.push_back({start, grads});
    bound_ = size();
    return {this, start, values};
  }

  /// y = rule.f(x...); numbers among the x are constants.
  template <class Rule, class... X>
  requires(sizeof...(X) > 0) Scalar<T> apply(const Rule& rule, const X&... x) {
    nodes_.room();
    const T y = rule.f(number(x)...);
    if constexpr (sizeof...(X) == 1) {
      return node(y, nodes_.unary(x.index_..., rule.df(number(x)..., y)));
    } else if constexpr (sizeof...(X) == 2) {
      return node(y, binary<Rule>(rule.df(number(x)..., y), x...));
    } else {
      const std::array<T, sizeof...(X)> d = rule.df(number(x)..., y);
      nodes_.segments.reserve(d.size(), 0, d.size());
      const std::uint32_t start = nodes_.segments.size();
      std::size_t i = 0;
      (segment(x, d[i++]), ...);
      return node(y, nodes_.wide(start));
    }
  }
  template <class Rule, class... X>
  Scalar<T> apply(const X&... x) {
    return apply(Rule{}, x...);
  }

  // One node with many partials. A row is Parameters (or a slice of them), nodes or numbers.

  /// y = w . x, in eight lanes        dw = dy x, dx = dy w
  template <class W, class X>
  Scalar<T> dot(const W& weights, const X& inputs) {
    return dot(weights, inputs, T(0));
  }
  /// y = w . x + bias; the bias is a node or a number.
  template <class W, class X, class Bias>
  Scalar<T> dot(const W& weights, const X& inputs, const Bias& bias) {
    nodes_.room();
    const std::size_t n = std::size(weights);
    as_many("dot", "weights", n, "inputs", std::size(inputs));
    nodes_.segments.reserve(3, 2 * n, 2 * n);
    const Row w = row(weights), x = row(inputs);
    return weighted(w, x, bias);
  }
  /// y[j] = w[j] . x + b[j]: a layer, its weights neuron by neuron. A dot each, for which the
  /// inputs are looked at once.
  template <class X>
  void linear(const Parameters<T>& weights, const X& inputs, const Parameters<T>& biases,
              std::span<Scalar<T>> outputs) {
    const std::size_t n = std::size(inputs), m = outputs.size();
    as_many("linear", "weights", weights.size(), "inputs x outputs", n * m);
    as_many("linear", "biases", biases.size(), "outputs", m);
    nodes_.segments.reserve(3 * m, n, n + n * m);
    Row x = row(inputs);
    store(x);
    for (std::size_t j = 0; j < m; ++j) {
      nodes_.room();
      outputs[j] = weighted(row(weights.slice(j * n, n)), x, biases[j]);
    }
  }
  /// y = x[0] + x[1] + ..., in eight lanes
  Scalar<T> sum(std::span<const Scalar<T>> inputs) {
    nodes_.room();
    nodes_.segments.reserve(1, inputs.size(), inputs.size());
    const Row x = row(inputs);
    const T* const v = x.values;
    const T y = detail::sum_in_lanes<T>(x.n, [=](std::size_t k) { return v[k]; });
    const std::uint32_t start = nodes_.segments.size();
    segment(x, none);
    return node(y, nodes_.wide(start));
  }
  /// y = log(e^x[0] + e^x[1] + ...)        dx = dy e^(x - y); one input at least
  Scalar<T> log_sum_exp(std::span<const Scalar<T>> inputs) requires Real<T> {
    nodes_.room();
    const std::size_t n = inputs.size();
    require(n > 0, "log_sum_exp", {{"x", {0, 1}}}, "there must be one input at least");
    nodes_.segments.reserve(1, n, n);
    const Row x = row(inputs);
    T* const e = nodes_.segments.partial(x.at);
    T top = e[0];
    for (std::size_t k = 1; k < n; ++k) top = fn::select(e[k] > top, e[k], top);
    if (!(top - top == T(0))) top = T(0);  // inf - inf would make a NaN of an infinity
    for (std::size_t k = 0; k < n; ++k) e[k] = fn::exp(T(e[k] - top));
    const T total = detail::sum_in_lanes<T>(n, [=](std::size_t k) { return e[k]; });
    for (std::size_t k = 0; k < n; ++k) e[k] /= total;
    const T y = top + fn::log(total);
    const std::uint32_t start = nodes_.segments.size();
    segment(x, x.at);
    return node(y, nodes_.wide(start));
  }

  /// Adds d(y)/d(leaf) to every leaf. Consumes the graph unless told to retain it.
  void backward(const Scalar<T>& y, Graphs after = Graphs::consume) {
    backward(std::span(&y, 1), after);
  }
  /// One sweep for the sum of several outputs.
  void backward(std::initializer_list<Scalar<T>> outputs, Graphs after = Graphs::consume) {
    backward(std::span(outputs.begin(), outputs.size()), after);
  }
  template <class Sum = Accumulate>
  void backward(std::span<const Scalar<T>> outputs, Graphs after = Graphs::consume) {
    if (nodes_.consumed()) nodes_.refuse_consumed();
    for (const Scalar<T>& y : outputs) own(y);
    nodes_.template sweep<Sum>(outputs, bound_);
    const T* const adjoints = nodes_.adjoints();
    for (Leaf& l : leaves_) *(l.external ? l.external : &l.grad) += adjoints[l.node];
    for (const Block& b : blocks_) {
      for (std::size_t i = 0; i < b.grads.size(); ++i) b.grads[i] += adjoints[b.start + i];
    }
    if (after == Graphs::consume) nodes_.consume();
  }

  /// Forgets all nodes but bound parameters, and keeps the memory; existing nodes become invalid.
  void clear() {
    nodes_.clear(bound_);
    leaves_.clear();
    ++epoch_;
  }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  /// Of the memory that the tape has; it grows by doubling and never shrinks.
  [[nodiscard]] std::size_t bytes() const {
    return nodes_.bytes() + leaves_.capacity() * sizeof(Leaf) + blocks_.capacity() * sizeof(Block);
  }

 private:
  friend class Scalar<T>;
  friend class Parameters<T>;
  struct Leaf {
    std::uint32_t node;
    T* external;
    T grad;
  };
  struct Block {
    std::uint32_t start;
    std::span<T> grads;
  };
  static constexpr std::uint32_t none = detail::Segments<T>::none;
  /// Numbers, and their nodes if they are nodes.
  struct Row {
    const T* values;
    std::size_t n;
    std::uint32_t at = none;  // the same numbers among the partials
    bool nodes = false, listed = false;
    std::uint32_t parents = 0;  // as in a segment
  };

  static const T& number(const T& x) { return x; }
  const T& number(const Scalar<T>& x) const {
    own(x);
    return x.value_;
  }
  template <class X>
  requires(!std::is_same_v<X, T> && std::is_constructible_v<T, const X&>) static T
      number(const X& x) {
    return T(x);
  }

  Scalar<T> node(const T& value, std::uint32_t index) { return {value, this, index, epoch_}; }
  Scalar<T> leaf(const T& value, T* external) {
    nodes_.room();
    leaves_.push_back({static_cast<std::uint32_t>(size()), external, T(0)});
    return node(value, nodes_.leaf());
  }

  // A constant has no gradient. Sums are told apart because they are half of many graphs.
  template <class Rule>
  std::uint32_t binary(const std::array<T, 2>& d, const Scalar<T>& a, const Scalar<T>& b) {
    if constexpr (std::is_same_v<Rule, Add>) {
      return nodes_.plus(a.index_, b.index_);
    } else {
      return nodes_.binary(a.index_, b.index_, d[0], d[1]);
    }
  }
  template <class Rule, class C>
  std::uint32_t binary(const std::array<T, 2>& d, const Scalar<T>& a, const C&) {
    if constexpr (std::is_same_v<Rule, Add> || std::is_same_v<Rule, Sub>) {
      return nodes_.shift(a.index_);
    } else {
      return nodes_.unary(a.index_, d[0]);
    }
  }
  template <class Rule, class C>
  std::uint32_t binary(const std::array<T, 2>& d, const C&, const Scalar<T>& b) {
    if constexpr (std::is_same_v<Rule, Add>) {
      return nodes_.shift(b.index_);
    } else {
      return nodes_.unary(b.index_, d[1]);
    }
  }

  void segment(const Scalar<T>& x, const T& d) {
    nodes_.segments.add({1, x.index_, nodes_.segments.partials(), false});
    nodes_.segments.put(d);
  }
  template <class X>
  void segment(const X&, const T&) {}
  void segment(const Row& x, std::uint32_t partials) {
    nodes_.segments.add({static_cast<std::uint32_t>(x.n), x.parents, partials, x.listed});
  }
  template <class Bias>
  Scalar<T> weighted(Row w, Row x, const Bias& bias) {
    const T &offset = number(bias), *const a = w.values, *const b = x.values;
    const T y =
        detail::sum_in_lanes<T>(w.n, [=](std::size_t k) { return T(a[k] * b[k]); }) + offset;
    const std::uint32_t start = nodes_.segments.size();
    if (w.nodes) segment(w, store(x));
    if (x.nodes) segment(x, store(w));
    if constexpr (std::is_same_v<Bias, Scalar<T>>) {
      nodes_.segments.add({1, bias.index_, none, false});
    }
    return node(y, nodes_.wide(start));
  }

  Row row(std::span<const T> x) const { return {x.data(), x.size()}; }
  Row row(const Parameters<T>& x) const {
    if (x.tape_ != this) refuse_foreign();
    return {x.values_.data(), x.size(), none, true, false, x.start_};
  }
  /// Copies what it needs; there must be room.
  Row row(std::span<const Scalar<T>> x) {
    detail::Segments<T>& s = nodes_.segments;
    const std::uint32_t at = s.partials(), list = s.listed();
    const std::uint32_t start = x.empty() ? 0 : x.front().index_;
    bool ours = true, fresh = true, listed = false;
    for (std::size_t k = 0; k < x.size(); ++k) {
      ours &= x[k].tape_ == this;
      fresh &= x[k].epoch_ == epoch_;
      listed |= x[k].index_ != start + k;
      s.put(x[k].value_);
      s.list(x[k].index_);
    }
    if (!ours) refuse_foreign();
    if (!fresh) refuse_stale();
    if (!listed) s.unlist(x.size());
    return {s.partial(at), x.size(), at, true, listed, listed ? list : start};
  }
  /// Where the numbers of a row are among the partials; there must be room.
  std::uint32_t store(Row& x) {
    if (x.at == none) {
      x.at = nodes_.segments.partials();
      for (std::size_t k = 0; k < x.n; ++k) nodes_.segments.put(x.values[k]);
    }
    return x.at;
  }
  static void as_many(std::string_view op, std::string_view a, std::size_t n, std::string_view b,
                      std::size_t m) {
    require(n == m, op,
            {{a, {static_cast<Eigen::Index>(n), 1}}, {b, {static_cast<Eigen::Index>(m), 1}}},
            "there must be as many of both");
  }

  void own(const Scalar<T>& x) const {
    if (x.tape_ != this) refuse_foreign();
    if (x.epoch_ != epoch_) refuse_stale();
  }
  [[noreturn, gnu::noinline, gnu::cold]] static void refuse_stale() {
    throw GraphError("scalar graph: this node's tape was cleared");
  }
  [[noreturn, gnu::noinline, gnu::cold]] static void refuse_foreign() {
    throw GraphError("scalar graph: a node belongs to another tape");
  }
  [[nodiscard]] T gradient(std::uint32_t i) const {
    const auto l = std::lower_bound(leaves_.begin(), leaves_.end(), i,
                                    [](const Leaf& a, std::uint32_t n) { return a.node < n; });
    if (l != leaves_.end() && l->node == i) return l->external ? *l->external : l->grad;
    for (const Block& b : blocks_) {
      if (i < b.start + b.grads.size())
        return i < b.start ? nodes_.adjoints()[i] : b.grads[i - b.start];
    }
    return nodes_.adjoints()[i];
  }

  detail::Nodes<T> nodes_;
  std::vector<Leaf> leaves_;  // by node
  std::vector<Block> blocks_;
  std::size_t bound_ = 0;  // the nodes of the blocks, which come before all others
  std::uint32_t epoch_ = 0;
};

}  // namespace assay

#include "assay/scalar_lift.hpp"
