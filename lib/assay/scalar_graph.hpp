#pragma once
// Scalar<T>: the graph whose nodes are single numbers.
//
// The tape is an arena. Nodes are laid down in creation order, which is already topological, so
// the sweep is one backward loop: no recursion, no visited set. A node keeps the partial
// derivatives towards its parents, taken when it was recorded.

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "assay/op.hpp"
#include "assay/ops/add.hpp"
#include "assay/ops/div.hpp"
#include "assay/ops/mul.hpp"
#include "assay/ops/neg.hpp"
#include "assay/ops/sub.hpp"

namespace assay {

/// A graph used against its rules: swept twice, mixed with another, or used after clear().
class GraphError : public std::logic_error {
 public:
  explicit GraphError(const std::string& what) : std::logic_error(what) {}
};

/// What a sweep leaves behind: a consumed graph (the default), or one that can be swept again.
enum class Graphs { consume, retain };
inline constexpr Graphs retain = Graphs::retain;

/// How a gradient arrives at a node that may have one already.
struct Accumulate {
  template <class G>
  void operator()(G& into, const G& gradient) const {
    into += gradient;
  }
};

template <class T>
class Tape;

/// A node of a Tape: a handle, cheap to copy, valid until the tape is cleared.
template <class T>
class Scalar {
 public:
  [[nodiscard]] T value() const { return tape().values_[index_]; }
  /// The gradient of the swept outputs; of a variable, summed over all sweeps since clear().
  [[nodiscard]] T grad() const { return tape().gradient(index_); }
  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] Tape<T>& tape() const {
    if (tape_->epoch_ != epoch_) throw GraphError("scalar graph: this node's tape was cleared");
    return *tape_;
  }

 private:
  friend class Tape<T>;
  Scalar(Tape<T>* tape, std::uint32_t index, std::uint32_t epoch)
      : tape_(tape), index_(index), epoch_(epoch) {}

  Tape<T>* tape_;
  std::uint32_t index_;
  std::uint32_t epoch_;
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

  /// y = Rule::f(x...); numbers among the x are constants.
  template <class Rule, class... X>
  Scalar<T> apply(const X&... x) {
    usable();
    const T y = Rule::f(number(x)...);
    if constexpr (sizeof...(X) == 1) {
      edge(x..., Rule::df(number(x)..., y));
    } else {
      const auto d = Rule::df(number(x)..., y);
      std::size_t i = 0;
      (edge(x, d[i++]), ...);
    }
    return push(y);
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
    usable();
    adjoints_.assign(values_.size(), T(0));
    std::size_t top = 0;
    for (const Scalar<T>& y : outputs) {
      own(y);
      adjoints_[y.index_] += T(1);
      top = std::max<std::size_t>(top, y.index_ + 1);
    }
    for (std::size_t i = top; i-- > 0;) {
      const T a = adjoints_[i];
      // Not reached: 0 * inf must not make a NaN of it. A dual zero may still carry a second order.
      if (detail::is_exactly_zero(a)) continue;
      for (std::uint32_t e = edges_[i]; e < edges_[i + 1]; ++e) {
        Sum{}(adjoints_[parents_[e]], T(a * partials_[e]));
      }
    }
    for (Leaf& l : leaves_) *(l.external ? l.external : &l.grad) += adjoints_[l.node];
    consumed_ = after == Graphs::consume;
  }

  /// Forgets all nodes and keeps the memory; existing nodes become invalid.
  void clear() {
    values_.clear();
    parents_.clear();
    partials_.clear();
    leaves_.clear();
    adjoints_.clear();
    edges_.assign(1, 0);
    consumed_ = false;
    ++epoch_;
  }

  [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
  friend class Scalar<T>;
  struct Leaf {
    std::uint32_t node;
    T* external;
    T grad;
  };

  static const T& number(const T& x) { return x; }
  const T& number(const Scalar<T>& x) const {
    own(x);
    return values_[x.index_];
  }
  template <class X>
  requires(!std::is_same_v<X, T> && std::is_constructible_v<T, const X&>) static T
      number(const X& x) {
    return T(x);
  }

  void edge(const Scalar<T>& parent, const T& partial) {
    parents_.push_back(parent.index_);
    partials_.push_back(partial);
  }
  template <class X>
  static void edge(const X&, const T&) {}  // a constant has no gradient

  Scalar<T> push(const T& value) {
    values_.push_back(value);
    edges_.push_back(static_cast<std::uint32_t>(parents_.size()));
    return {this, static_cast<std::uint32_t>(values_.size() - 1), epoch_};
  }
  Scalar<T> leaf(const T& value, T* external) {
    usable();
    leaves_.push_back({static_cast<std::uint32_t>(values_.size()), external, T(0)});
    return push(value);
  }
  void usable() const {
    if (consumed_) {
      throw GraphError(
          "scalar graph: already consumed by a sweep; sweep both outputs at once, retain the "
          "graph, "
          "or clear() the tape and record anew");
    }
  }
  void own(const Scalar<T>& x) const {
    if (x.tape_ != this) throw GraphError("scalar graph: a node belongs to another tape");
    static_cast<void>(x.tape());
  }
  [[nodiscard]] T gradient(std::uint32_t node) const {
    const auto l = std::lower_bound(leaves_.begin(), leaves_.end(), node,
                                    [](const Leaf& a, std::uint32_t n) { return a.node < n; });
    if (l != leaves_.end() && l->node == node) return l->external ? *l->external : l->grad;
    return node < adjoints_.size() ? adjoints_[node] : T(0);
  }

  std::vector<T> values_;
  std::vector<std::uint32_t> edges_{0};  // node i has the edges edges_[i] .. edges_[i + 1] - 1
  std::vector<std::uint32_t> parents_;
  std::vector<T> partials_;
  std::vector<Leaf> leaves_;  // by node
  std::vector<T> adjoints_;
  bool consumed_ = false;
  std::uint32_t epoch_ = 0;
};

namespace detail {

template <class X>
struct ScalarOf;
template <class T>
struct ScalarOf<Scalar<T>> {
  using type = T;
  static Tape<T>* tape(const Scalar<T>& x) { return &x.tape(); }
};
template <Number X>
struct ScalarOf<X> {
  using type = void;
  static std::nullptr_t tape(const X&) { return nullptr; }
};

template <class T, class... X>
Tape<T>& tape_of(const X&... x) {
  Tape<T>* found = nullptr;
  ((found = found ? found : static_cast<Tape<T>*>(ScalarOf<X>::tape(x))), ...);
  return *found;
}

template <class... X>
struct FirstScalar;
template <class T, class... X>
struct FirstScalar<Scalar<T>, X...> {
  using type = T;
};
template <class X, class... Y>
struct FirstScalar<X, Y...> : FirstScalar<Y...> {};

template <class X>
inline constexpr bool is_scalar_node = false;
template <class T>
inline constexpr bool is_scalar_node<Scalar<T>> = true;

}  // namespace detail

/// The lift of an elementwise rule to scalar nodes; found by Call.
template <class Op, class... X>
requires(Elementwise<Op> && (detail::is_scalar_node<X> || ...)) auto record(const Op&,
                                                                            const X&... x) {
  using T = typename detail::FirstScalar<X...>::type;
  return detail::tape_of<T>(x...).template apply<typename Op::ElementRule>(x...);
}

template <class T>
Scalar<T> operator-(const Scalar<T>& x) {
  return neg(x);
}
// Each operator takes two nodes, or a node and a number.
template <class A, class B>
concept ScalarPair = (detail::is_scalar_node<A> &&
                      (detail::is_scalar_node<B> || detail::Number<B>)) ||
                     (detail::Number<A> && detail::is_scalar_node<B>);
template <class A, class B>
requires ScalarPair<A, B>
auto operator+(const A& a, const B& b) { return add(a, b); }
template <class A, class B>
requires ScalarPair<A, B>
auto operator-(const A& a, const B& b) { return sub(a, b); }
template <class A, class B>
requires ScalarPair<A, B>
auto operator*(const A& a, const B& b) { return mul(a, b); }
template <class A, class B>
requires ScalarPair<A, B>
auto operator/(const A& a, const B& b) { return div(a, b); }

}  // namespace assay
