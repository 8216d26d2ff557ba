#pragma once
// RMSprop (Hinton 2012), centered as in Graves 2013.

#include <tuple>

#include "assay/optim/optimizer.hpp"

namespace assay {

struct RMSpropOptions {
  double learning_rate = 1e-2;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * w to the gradient
  double momentum = 0;
  bool centered = false;  ///< divides by the deviation instead of the root mean square
};

/// v = alpha v + (1 - alpha) g^2,  d = sqrt(v) + epsilon;  centered: with a the average of g,
/// d = sqrt(v - a^2) + epsilon
/// w -= rate * g / d,  with momentum  b = momentum b + g / d,  w -= rate * b
///
/// Where rounding makes v - a^2 negative (a constant gradient), it counts as 0; PyTorch's root is
/// NaN there. Where |a| or |b| is subnormal it counts as 0.
template <Real T>
class RMSprop : public detail::OptimizerBase {
 public:
  explicit RMSprop(const RMSpropOptions& options = {})
      : OptimizerBase("RMSprop", options.learning_rate), options_(options) {
    detail::require_fraction(name(), "alpha", options.alpha);
    detail::require_not_negative(name(), "epsilon", options.epsilon);
    detail::require_not_negative(name(), "weight_decay", options.weight_decay);
    detail::require_not_negative(name(), "momentum", options.momentum);
  }

  void step(std::span<T> values, std::span<const T> gradients) {
    const std::size_t n = values.size();
    if (begin_step(n, gradients.size())) {
      square_.assign(n, T(0));
      if (options_.centered) average_.assign(n, T(0));
      if (options_.momentum != 0) buffer_.assign(n, T(0));
    }
    using detail::with_constant;
    with_constant(options_.weight_decay != 0, [&](auto decays) {
      with_constant(options_.centered, [&](auto centered) {
        with_constant(options_.momentum != 0,
                      [&](auto rolls) { update<decays, centered, rolls>(values, gradients); });
      });
    });
  }

 private:
  template <bool decays, bool centered, bool rolls>
  void update(std::span<T> values, std::span<const T> gradients) {
    using std::sqrt;
    using H = detail::Hyper<T>;
    const auto rate = T(learning_rate()), decay = T(options_.weight_decay);
    const auto momentum = T(options_.momentum), epsilon = T(options_.epsilon);
    const T least = detail::least_square(epsilon);
    const auto keep = T(options_.alpha), share = T(H(1) - H(options_.alpha));
    const auto body = [=](T& w, const T& g, T& v, auto&... averages) {
      const auto kept = std::tie(averages...);
      const T d = decays ? g + decay * w : g;
      v = detail::flushed(v * keep + share * d * d, least);
      T mean_square = v;
      if constexpr (centered) {
        T& a = std::get<0>(kept);
        a = detail::flushed(a * keep + share * d);
        mean_square -= a * a;
        mean_square = mean_square < T(0) ? T(0) : mean_square;
      }
      const T divisor = sqrt(mean_square) + epsilon;
      if constexpr (rolls) {
        T& b = std::get < centered ? 1 : 0 > (kept);
        b = detail::flushed(b * momentum + d / divisor);
        w -= rate * b;
      } else {
        w -= rate * d / divisor;
      }
    };
    const auto run = [&](auto*... averages) {
      detail::for_each(static_cast<Eigen::Index>(values.size()), body, values.data(),
                       gradients.data(), square_.data(), averages...);
    };
    if constexpr (centered && rolls) {
      run(average_.data(), buffer_.data());
    } else if constexpr (centered) {
      run(average_.data());
    } else if constexpr (rolls) {
      run(buffer_.data());
    } else {
      run();
    }
  }

  RMSpropOptions options_;
  std::vector<T> square_, average_, buffer_;
};

}  // namespace assay
