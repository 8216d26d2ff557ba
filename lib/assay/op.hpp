#pragma once
// The contract of an operation, and its lifts.
//
// An elementwise rule is a struct with `name`, `domain`, `f` and `df`; Map<Rule> makes it an
// operation. An operation has `name`, `shape`, `forward` and `backward` on matrices. Attributes are
// data members; what uses them is then not static. Call<Op> is the function object that users call:
// on numbers (elementwise rules), on matrices (any Eigen expression), on nodes of a scalar graph
// and on nodes of a matrix graph.
//
// What forward can hand to backward besides y (a position, a mean, a factor) is one matrix:
//   Mat<T> forward(inputs..., Mat<T>& saved)
//   Grads<T, N> backward(dy, inputs..., y, const Mat<T>& saved)

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "assay/domain.hpp"
#include "assay/matrix.hpp"
#include "assay/scalar.hpp"

namespace assay {

template <class T>
class Scalar;
template <class T>
class Var;

namespace detail {

template <class Op, std::size_t... I>
concept TakesShapes = requires(const Op& op) {
  op.shape((static_cast<void>(I), Shape{})...);
};

template <class Op, std::size_t... I>
constexpr std::size_t count_inputs(std::index_sequence<I...>) {
  if constexpr (TakesShapes<Op, I...>) {
    return sizeof...(I);
  } else {
    static_assert(sizeof...(I) < 8, "an operation needs shape(Shape...) with one Shape an input");
    return count_inputs<Op>(std::make_index_sequence<sizeof...(I) + 1>{});
  }
}

template <class X>
struct NodeTraits {
  static constexpr bool is_node = false;
};
template <class T>
struct NodeTraits<Scalar<T>> {
  static constexpr bool is_node = true;
};
template <class T>
struct NodeTraits<Var<T>> {
  static constexpr bool is_node = true;
};

template <class X>
concept Matrix = std::is_base_of_v<Eigen::MatrixBase<X>, X>;
template <class X>
concept Node = NodeTraits<X>::is_node;
template <class X>
concept Number = !Matrix<X> && !Node<X>;

template <class Op, class T, std::size_t... I>
concept Saves = requires(const Op& op, const Mat<T>& x, Mat<T>& saved) {
  op.forward((static_cast<void>(I), x)..., saved);
};

/// A plain matrix is passed on by reference; any other expression is evaluated once.
template <class D>
decltype(auto) evaluated(const D& x) {
  if constexpr (std::is_same_v<D, Mat<typename D::Scalar>>) {
    return (x);
  } else {
    return Mat<typename D::Scalar>(x);
  }
}

}  // namespace detail

/// How many inputs an operation takes.
template <class Op>
inline constexpr std::size_t arity = detail::count_inputs<Op>(std::make_index_sequence<1>{});

template <class Op>
concept Elementwise = requires {
  typename Op::ElementRule;
};

namespace detail {

template <class F, std::size_t... i>
constexpr decltype(auto) unpacked(F f, std::index_sequence<i...>) {
  return f(std::integral_constant<std::size_t, i>{}...);
}
/// f(0, 1, ..., n - 1), each a constant.
template <std::size_t n, class F>
constexpr decltype(auto) unpacked(F f) {
  return unpacked(f, std::make_index_sequence<n>{});
}

/// Whether Op's forward hands a matrix to its backward.
template <class Op, class T>
inline constexpr bool saves = unpacked<arity<Op>>([](auto... i) {
  return Saves<Op, T, decltype(i)::value...>;
});

}  // namespace detail

template <class Op>
struct Call {
  using Operation = Op;
  [[no_unique_address]] Op op{};

  /// A number, or two: the rule itself.
  template <detail::Number... X>
  requires Elementwise<Op>
  constexpr auto operator()(const X&... x) const {
    using T = std::common_type_t<X...>;
    return op.rule.f(static_cast<const T&>(x)...);
  }

  /// Matrices: any Eigen expressions of one scalar type. Throws ShapeError.
  template <detail::Matrix... D>
  auto operator()(const D&... x) const {
    using T = std::common_type_t<typename D::Scalar...>;
    static_cast<void>(op.shape(shape_of(x)...));
    if constexpr (detail::saves<Op, T>) {
      Mat<T> unused;
      return op.forward(detail::evaluated(x)..., unused);
    } else {
      return op.forward(detail::evaluated(x)...);
    }
  }

  /// Nodes of a graph, with numbers or matrices beside them as constants.
  template <class... X>
  requires(detail::Node<X> || ...) auto operator()(const X&... x) const { return record(op, x...); }
};

}  // namespace assay
