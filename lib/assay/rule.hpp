#pragma once
// What stands behind an operation, once per scalar: the graph and the verification work through it.

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "assay/op.hpp"
#include "assay/sink.hpp"

namespace assay {

/// A matrix that a rule reads: a whole one, or a view of a parameter in its flat memory.
template <class T>
class View {
 public:
  View() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a list of pointers is a list of views
  View(const Mat<T>* whole) : whole_(whole), data_(whole->data()), shape_(shape_of(*whole)) {}
  explicit View(const Eigen::Map<Mat<T>>& map) : data_(map.data()), shape_(shape_of(map)) {}

  /// Of a whole matrix only.
  [[nodiscard]] const Mat<T>& whole() const { return *whole_; }
  [[nodiscard]] Eigen::Map<const Mat<T>> map() const { return {data_, shape_.rows, shape_.cols}; }
  [[nodiscard]] Shape shape() const { return shape_; }

 private:
  const Mat<T>* whole_ = nullptr;
  const T* data_ = nullptr;
  Shape shape_;
};

template <class T>
class Rule {
 public:
  using Inputs = std::span<const View<T>>;
  static constexpr std::size_t max_arity = 8;

  Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;

  /// Throws ShapeError where the operation does not take these shapes.
  [[nodiscard]] virtual Shape shape(std::span<const Shape> inputs) const = 0;
  /// `saved` is what backward wants to have from forward besides y.
  [[nodiscard]] virtual Mat<T> forward(Inputs x, Mat<T>& saved) const = 0;
  /// Gives each sink the gradient of <dy, y> with respect to its input.
  virtual void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                        std::span<Sink<T>> dx) const = 0;
  /// Whether the inputs may be views; otherwise they must be whole.
  [[nodiscard]] virtual bool takes_views() const { return false; }

  [[nodiscard]] Mat<T> forward(Inputs x) const {
    Mat<T> saved;
    return forward(x, saved);
  }
  /// The gradients of <dy, y>, forward included.
  [[nodiscard]] std::vector<Mat<T>> gradients(const Mat<T>& dy, Inputs x) const {
    Mat<T> saved;
    const Mat<T> y = forward(x, saved);
    std::vector<Mat<T>> dx(x.size());
    backward(dy, x, y, saved, dx);
    return dx;
  }
  /// dx has one matrix an input; each is replaced by its gradient.
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                std::span<Mat<T>> dx) const {
    std::array<Sink<T>, max_arity> sinks;
    std::array<bool, max_arity> filled{};
    for (std::size_t i = 0; i < dx.size(); ++i) {
      sinks.at(i) = Sink<T>(&dx[i], &filled.at(i), x[i].shape());
    }
    backward(dy, x, y, saved, std::span(sinks).first(dx.size()));
  }
};

namespace detail {

template <class Op>
inline constexpr bool takes_views = requires {
  requires Op::takes_views;
};

template <class Op, class T, class... X>
concept PutsItself = requires(const Op& op, std::span<Sink<T>> dx, const Mat<T>& m, const X&... x) {
  op.backward_into(dx, m, x..., m);
};
template <class X, std::size_t>
using Always = X;
/// Whether Op puts its gradients where they go itself. A constant, as clang 14 gets the question
/// wrong inside of a generic lambda.
template <class Op, class T>
inline constexpr bool puts_itself = unpacked<arity<Op>>([](auto... i) {
  using X = std::conditional_t<takes_views<Op>, Eigen::Map<const Mat<T>>, Mat<T>>;
  return PutsItself<Op, T, Always<X, decltype(i)::value>...>;
});

template <class Op, class T>
class RuleOf final : public Rule<T> {
 public:
  using Rule<T>::forward, Rule<T>::backward;
  using typename Rule<T>::Inputs;
  static constexpr std::size_t n = arity<Op>;

  explicit RuleOf(const Op& op) : op_(op) {}

  [[nodiscard]] Shape shape(std::span<const Shape> s) const override {
    return unpacked<n>([&](auto... i) { return op_.shape(s[i]...); });
  }
  [[nodiscard]] bool takes_views() const override { return detail::takes_views<Op>; }
  [[nodiscard]] Mat<T> forward(Inputs x, [[maybe_unused]] Mat<T>& saved) const override {
    return unpacked<n>([&](auto... i) {
      if constexpr (saves<Op, T>) {
        return op_.forward(input(x[i])..., saved);
      } else {
        return op_.forward(input(x[i])...);
      }
    });
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, [[maybe_unused]] const Mat<T>& saved,
                std::span<Sink<T>> dx) const override {
    unpacked<n>([&](auto... i) {
      if constexpr (puts_itself<Op, T>) {
        op_.backward_into(dx, dy, input(x[i])..., y);
      } else if constexpr (saves<Op, T>) {
        distribute(op_.backward(dy, input(x[i])..., y, saved), dx);
      } else {
        distribute(op_.backward(dy, input(x[i])..., y), dx);
      }
    });
  }

 private:
  static decltype(auto) input(const View<T>& x) {
    if constexpr (detail::takes_views<Op>) {
      return x.map();
    } else {
      return x.whole();
    }
  }
  static void distribute(Grads<T, n>&& g, std::span<Sink<T>> dx) {
    for (std::size_t i = 0; i < n; ++i) {  // all of them first: a wrong one adds nothing
      if (dx[i].wanted()) dx[i].check(shape_of(g[i]));
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (dx[i].wanted()) dx[i].take(std::move(g[i]));
    }
  }

  [[no_unique_address]] Op op_;
};

}  // namespace detail

template <class T, class Op>
std::unique_ptr<const Rule<T>> make_rule(const Op& op) {
  return std::make_unique<detail::RuleOf<Op, T>>(op);
}

}  // namespace assay
