#pragma once
// An operation with its type erased: one Rule for each scalar that the checks work in.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/eigen_traits.hpp"
#include "assay/rational.hpp"
#include "assay/rule.hpp"
#include "assay/verify/enclosure.hpp"

namespace assay::verify {

struct Operation {
  std::string name;
  std::vector<Interval> inputs;
  std::vector<Kink> kinks;
  Ties ties = Ties::none;
  std::optional<Ulps> claimed;
  bool elementwise = false;
  /// Makes inputs of legal shapes legal, and leaves legal ones as they are; empty where all are.
  std::function<void(std::span<Mat<double>>)> arrange;
  /// Shapes of all inputs that fit a first one; empty where random ones fit often enough.
  std::function<std::vector<Shape>(Shape)> fitting;

  std::shared_ptr<const Rule<float>> in_float;
  std::shared_ptr<const Rule<double>> in_double;
  std::shared_ptr<const Rule<Enclosure>> enclosed;
  std::shared_ptr<const Rule<Dual<Enclosure>>> enclosed_dual;
  // Only where the operation is one over a Field:
  std::shared_ptr<const Rule<Rational>> in_rational;
  std::shared_ptr<const Rule<Dual<Rational>>> in_rational_dual;

  [[nodiscard]] std::size_t arity() const { return inputs.size(); }
  [[nodiscard]] bool field() const { return in_rational != nullptr; }

  template <class T>
  [[nodiscard]] const Rule<T>& rule() const {
    if constexpr (std::is_same_v<T, float>) {
      return *in_float;
    } else if constexpr (std::is_same_v<T, double>) {
      return *in_double;
    } else if constexpr (std::is_same_v<T, Enclosure>) {
      return *enclosed;
    } else if constexpr (std::is_same_v<T, Dual<Enclosure>>) {
      return *enclosed_dual;
    } else if constexpr (std::is_same_v<T, Rational>) {
      return *in_rational;
    } else {
      static_assert(std::is_same_v<T, Dual<Rational>>);
      return *in_rational_dual;
    }
  }
};

namespace detail {

/// Not a number at all: what accepts it says nothing about the numbers that it takes.
struct Opaque {};

template <class Op, class T, std::size_t... I>
concept ForwardTakes = requires(const Op& op, const Mat<T>& x) {
  op.forward((static_cast<void>(I), x)...);
};

template <class Op, class T>
constexpr bool takes() {
  using assay::detail::saves, assay::detail::unpacked;
  return saves<Op, T> ||
         unpacked<arity<Op>>([](auto... i) { return ForwardTakes<Op, T, decltype(i)::value...>; });
}

template <class Op>
void describe_claim(Operation& o, const Op& op) {
  if constexpr (requires { op.claimed; }) {
    o.claimed = op.claimed;
  } else if constexpr (requires { op.rule.claimed; }) {
    if (Elementwise<Op>) o.claimed = op.rule.claimed;
  }
}

}  // namespace detail

// In parts, because each takes the compiler long.

/// Its name, its domain, what it claims, and the rule in the types that are judged.
template <class Op>
Operation describe(const Op& op) {
  static_assert(detail::takes<Op, double>(),
                "forward must take Mat<double>; is it a template over a Field or a Real?");
  Operation o;
  o.name = std::string(op.name);
  const auto describe_domain = [&o](const auto& d) {
    static_assert(std::tuple_size_v<decltype(d.inputs)> == arity<Op>,
                  "on(...) needs one argument for each input");
    o.inputs.assign(d.inputs.begin(), d.inputs.end());
    o.kinks.assign(d.kinks.begin(), d.kinks.begin() + static_cast<std::ptrdiff_t>(d.kink_count));
    o.ties = d.tie;
  };
  if constexpr (requires { op.domain; }) {
    describe_domain(op.domain);
  } else if constexpr (requires { op.rule.domain; }) {
    describe_domain(op.rule.domain);
  } else {
    o.inputs.assign(arity<Op>, all_reals);
  }
  o.elementwise = Elementwise<Op>;
  detail::describe_claim(o, op);
  if constexpr (requires(std::span<Mat<double>> x) { op.arrange(x); }) {
    o.arrange = [op](std::span<Mat<double>> x) { op.arrange(x); };
  }
  if constexpr (requires { op.fitting(Shape{}); }) {
    o.fitting = [op](Shape first) {
      const auto shapes = op.fitting(first);
      return std::vector<Shape>(shapes.begin(), shapes.end());
    };
  }
  o.in_float = make_rule<float>(op);
  o.in_double = make_rule<double>(op);
  return o;
}
/// The rule in the types of the oracles.
template <class Op>
void add_oracles(Operation& o, const Op& op) {
  o.enclosed = make_rule<Enclosure>(op);
  o.enclosed_dual = make_rule<Dual<Enclosure>>(op);
  // An unconstrained template would seem to take rationals and then fail to compile.
  if constexpr (detail::takes<Op, Rational>() && !detail::takes<Op, detail::Opaque>()) {
    o.in_rational = make_rule<Rational>(op);
    o.in_rational_dual = make_rule<Dual<Rational>>(op);
  }
}

/// All that the checks need to know of an operation, from its one definition.
template <class Op>
Operation make_operation(const Op& op = {}) {
  Operation o = describe(op);
  add_oracles(o, op);
  return o;
}

}  // namespace assay::verify
