#pragma once
// Adagrad (Duchi, Hazan and Singer 2011).

#include "assay/optim/optimizer.hpp"

namespace assay {

struct AdagradOptions {
  double learning_rate = 1e-2;
  double learning_rate_decay = 0;  ///< divides the rate by 1 + decay * (steps before this one)
  double weight_decay = 0;         ///< adds weight_decay * w to the gradient
  double initial_accumulator = 0;
  double epsilon = 1e-10;
};

/// s += g^2,  w -= rate * g / (sqrt(s) + epsilon)
template <Real T>
class Adagrad : public detail::OptimizerBase {
 public:
  explicit Adagrad(const AdagradOptions& options = {})
      : OptimizerBase("Adagrad", options.learning_rate), options_(options) {
    detail::require_not_negative(name(), "learning_rate_decay", options.learning_rate_decay);
    detail::require_not_negative(name(), "weight_decay", options.weight_decay);
    detail::require_not_negative(name(), "initial_accumulator", options.initial_accumulator);
    detail::require_not_negative(name(), "epsilon", options.epsilon);
  }

  void step(std::span<T> values, std::span<const T> gradients) {
    if (begin_step(values.size(), gradients.size())) {
      sum_.assign(values.size(), T(options_.initial_accumulator));
    }
    detail::with_constant(options_.weight_decay != 0,
                          [&](auto decays) { update<decays>(values, gradients); });
  }

 private:
  template <bool decays>
  void update(std::span<T> values, std::span<const T> gradients) {
    using std::sqrt;
    using H = detail::Hyper<T>;
    const H before(static_cast<double>(steps() - 1));
    const auto rate = T(H(learning_rate()) / (H(1) + before * H(options_.learning_rate_decay)));
    const auto decay = T(options_.weight_decay), epsilon = T(options_.epsilon);
    detail::for_each(
        static_cast<Eigen::Index>(values.size()),
        [=](T& w, const T& g, T& s) {
          const T d = decays ? g + decay * w : g;
          s += d * d;
          w -= rate * d / (sqrt(s) + epsilon);
        },
        values.data(), gradients.data(), sum_.data());
  }

  AdagradOptions options_;
  std::vector<T> sum_;
};

}  // namespace assay
