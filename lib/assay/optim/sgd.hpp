#pragma once
// Gradient descent, plain and with momentum.

#include <span>
#include <vector>

#include "assay/graph.hpp"
#include "assay/optim/optimizer.hpp"

namespace assay {

/// w -= learning_rate * g, number by number.
template <class T>
void sgd_step(std::span<T> values, std::span<const T> gradients, const T& learning_rate) {
  detail::require_gradients("sgd_step", values.size(), gradients.size());
  detail::for_each(
      static_cast<Eigen::Index>(values.size()),
      [rate = learning_rate](T& w, const T& g) { w -= rate * g; }, values.data(), gradients.data());
}

struct SGDOptions {
  double learning_rate = 1e-3;
  double momentum = 0;
  double dampening = 0;     ///< of the gradient's share in the momentum, from the second step on
  double weight_decay = 0;  ///< adds weight_decay * w to the gradient
  bool nesterov = false;
};

/// g' = g + weight_decay * w;  b = g' first, then momentum * b + (1 - dampening) * g'
/// w -= learning_rate * b,  with Nesterov learning_rate * (g' + momentum * b)
/// Where |b| is subnormal it counts as 0.
template <Field T>
class SGD : public detail::OptimizerBase {
 public:
  explicit SGD(const SGDOptions& options)
      : OptimizerBase("SGD", options.learning_rate), options_(options) {
    detail::require_not_negative(name(), "momentum", options.momentum);
    detail::require_value(std::isfinite(options.dampening), name(), "dampening", options.dampening,
                          "it must be finite");
    detail::require_not_negative(name(), "weight_decay", options.weight_decay);
    if (options.nesterov) {
      detail::require_value(options.momentum > 0, name(), "momentum", options.momentum,
                            "with nesterov it must be positive");
      detail::require_value(options.dampening == 0, name(), "dampening", options.dampening,
                            "with nesterov it must be 0");
    }
  }
  /// Bound to parameters that outlive it, for plain steps without arguments. The rate need not be
  /// a double.
  SGD(std::vector<Parameter<T>*> parameters, const T& learning_rate)
      : OptimizerBase("SGD", 0), parameters_(std::move(parameters)), rate_(learning_rate) {}

  void step(std::span<T> values, std::span<const T> gradients) {
    const bool is_first = begin_step(values.size(), gradients.size());
    if (options_.momentum != 0 && is_first) buffer_.assign(values.size(), T(0));
    detail::with_constant(options_.weight_decay != 0, [&](auto decays) {
      if (options_.momentum == 0) {
        descend<decays>(values, gradients);
      } else {
        detail::with_constant(options_.nesterov, [&](auto nesterov) {
          roll<decays, nesterov>(values, gradients, is_first);
        });
      }
    });
  }

  void step() {
    for (Parameter<T>* p : parameters_) {
      sgd_step(std::span<T>(p->value.data(), static_cast<std::size_t>(p->value.size())),
               std::span<const T>(p->grad.data(), static_cast<std::size_t>(p->grad.size())), rate_);
    }
  }
  void zero_grad() {
    for (Parameter<T>* p : parameters_) p->zero_grad();
  }

 private:
  template <bool decays>
  void descend(std::span<T> values, std::span<const T> gradients) const {
    const auto rate = T(learning_rate()), decay = T(options_.weight_decay);
    detail::for_each(
        static_cast<Eigen::Index>(values.size()),
        [=](T& w, const T& g) { w -= rate * (decays ? g + decay * w : g); }, values.data(),
        gradients.data());
  }

  template <bool decays, bool nesterov>
  void roll(std::span<T> values, std::span<const T> gradients, bool is_first) {
    const auto rate = T(learning_rate()), decay = T(options_.weight_decay);
    const auto momentum = T(options_.momentum);
    // b starts as the gradient itself.
    const T keep = is_first ? T(0) : momentum;
    const T share = is_first ? T(1) : T(detail::Hyper<T>(1) - detail::Hyper<T>(options_.dampening));
    detail::for_each(
        static_cast<Eigen::Index>(values.size()),
        [=](T& w, const T& g, T& b) {
          const T d = decays ? g + decay * w : g;
          b = b * keep + share * d;
          if constexpr (Real<T>) b = detail::flushed(b);
          w -= rate * (nesterov ? d + momentum * b : b);
        },
        values.data(), gradients.data(), buffer_.data());
  }

  SGDOptions options_;
  std::vector<T> buffer_;
  std::vector<Parameter<T>*> parameters_;
  T rate_{};
};

}  // namespace assay
