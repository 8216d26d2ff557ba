#pragma once
// Operations on nodes of a scalar graph: how Call finds it, and the operators.

#include "assay/scalar_graph.hpp"

namespace assay {
namespace detail {

template <class T>
struct ScalarOf<Scalar<T>> {
  using type = T;
  static Tape<T>* tape(const Scalar<T>& x) { return x.tape_; }
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
requires(Elementwise<Op> && (detail::is_scalar_node<X> || ...)) auto record(const Op& op,
                                                                            const X&... x) {
  using T = typename detail::FirstScalar<X...>::type;
  if constexpr (requires { op.rule; }) {
    return detail::tape_of<T>(x...).apply(op.rule, x...);
  } else {
    return detail::tape_of<T>(x...).apply(typename Op::ElementRule{}, x...);
  }
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
