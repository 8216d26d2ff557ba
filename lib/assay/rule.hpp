#pragma once
// What stands behind an operation, once per scalar: the graph and the verification work through it.

#include <memory>
#include <span>

#include "assay/op.hpp"

namespace assay {

template <class T>
class Rule {
 public:
  using Inputs = std::span<const Mat<T>* const>;

  Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;

  /// Throws ShapeError where the operation does not take these shapes.
  [[nodiscard]] virtual Shape shape(std::span<const Shape> inputs) const = 0;
  [[nodiscard]] virtual Mat<T> forward(Inputs x) const = 0;
  /// dx has one matrix an input; each is replaced by the gradient of <dy, y>.
  virtual void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y,
                        std::span<Mat<T>> dx) const = 0;
};

namespace detail {

template <class Op, class T>
class RuleOf final : public Rule<T> {
 public:
  using typename Rule<T>::Inputs;
  static constexpr std::size_t n = arity<Op>;

  explicit RuleOf(const Op& op) : op_(op) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override {
    return call([&](auto... i) { return op_.shape(s[i]...); });
  }
  [[nodiscard]] Mat<T> forward(Inputs x) const override {
    return call([&](auto... i) { return op_.forward(*x[i]...); });
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, std::span<Mat<T>> dx) const override {
    Grads<T, n> g = call([&](auto... i) { return op_.backward(dy, *x[i]..., y); });
    for (std::size_t i = 0; i < n; ++i) dx[i] = std::move(g[i]);
  }

 private:
  template <class F>
  static auto call(F f) {
    return [&]<std::size_t... i>(std::index_sequence<i...>) { return f(i...); }
    (std::make_index_sequence<n>{});
  }

  [[no_unique_address]] Op op_;
};

}  // namespace detail

template <class T, class Op>
std::unique_ptr<const Rule<T>> make_rule(const Op& op) {
  return std::make_unique<detail::RuleOf<Op, T>>(op);
}

}  // namespace assay
