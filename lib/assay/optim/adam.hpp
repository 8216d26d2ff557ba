#pragma once
// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019).

#include "assay/optim/optimizer.hpp"

namespace assay {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;  ///< adds weight_decay * w to the gradient
};

struct AdamWOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-2;  ///< shrinks w by 1 - learning_rate * weight_decay
};

namespace detail {

/// Where the weight decay goes: into the gradient, or straight to the values.
enum class Decay { none, gradient, values };

/// m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
/// w -= rate * (m / c1) / (sqrt(v / c2) + epsilon),  c = 1 - beta^t
///
/// Written with one division, w -= (rate sqrt(c2) / c1) m / (sqrt(v) + sqrt(c2) epsilon): dividers
/// are what bounds the speed. PyTorch divides sqrt(v) by sqrt(c2) and again by the sum; a step here
/// differs from its by a few ulp of that step. Where |m| is subnormal it counts as 0.
template <Real T>
class AdamBase : public OptimizerBase {
 public:
  /// The moving averages of the gradient and of its square; empty before the first step.
  [[nodiscard]] std::span<const T> first_moments() const { return m_; }
  [[nodiscard]] std::span<const T> second_moments() const { return v_; }

 protected:
  template <class Options>
  AdamBase(std::string_view name, const Options& o)
      : OptimizerBase(name, o.learning_rate),
        beta1_(o.beta1),
        beta2_(o.beta2),
        epsilon_(o.epsilon),
        weight_decay_(o.weight_decay) {
    require_fraction(name, "beta1", o.beta1);
    require_fraction(name, "beta2", o.beta2);
    require_not_negative(name, "epsilon", o.epsilon);
    require_not_negative(name, "weight_decay", o.weight_decay);
  }

  [[nodiscard]] double weight_decay() const { return weight_decay_; }

  template <Decay decay>
  void step(std::span<T> values, std::span<const T> gradients) {
    if (begin_step(values.size(), gradients.size())) {
      m_.assign(values.size(), T(0));
      v_.assign(values.size(), T(0));
    }
    using std::pow, std::sqrt;
    using H = Hyper<T>;
    const H one(1), t(static_cast<double>(steps())), rate(learning_rate());
    const H b1(beta1_), b2(beta2_), root(sqrt(one - pow(b2, t)));
    const auto keep1 = T(b1), share1 = T(one - b1), keep2 = T(b2), share2 = T(one - b2);
    const auto size = T(rate * root / (one - pow(b1, t))), epsilon = T(H(epsilon_) * root);
    const T least = least_square(epsilon);
    const auto added = T(weight_decay_), kept = T(one - rate * H(weight_decay_));
    for_each(
        static_cast<Eigen::Index>(values.size()),
        [=](T& w, const T& g, T& m, T& v) {
          T d = g;
          if constexpr (decay == Decay::gradient) d += added * w;
          if constexpr (decay == Decay::values) w *= kept;
          m = flushed(m * keep1 + share1 * d);
          v = flushed(v * keep2 + share2 * d * d, least);
          w -= size * m / (sqrt(v) + epsilon);
        },
        values.data(), gradients.data(), m_.data(), v_.data());
  }

 private:
  double beta1_, beta2_, epsilon_, weight_decay_;
  std::vector<T> m_, v_;
};

}  // namespace detail

/// Adam; weight decay, if any, as part of the gradient.
template <Real T>
class Adam : public detail::AdamBase<T> {
 public:
  explicit Adam(const AdamOptions& options = {}) : detail::AdamBase<T>("Adam", options) {}

  void step(std::span<T> values, std::span<const T> gradients) {
    using Base = detail::AdamBase<T>;
    if (this->weight_decay() != 0) {
      Base::template step<detail::Decay::gradient>(values, gradients);
    } else {
      Base::template step<detail::Decay::none>(values, gradients);
    }
  }
};

/// Adam with the weight decay decoupled from the gradient.
template <Real T>
class AdamW : public detail::AdamBase<T> {
 public:
  explicit AdamW(const AdamWOptions& options = {}) : detail::AdamBase<T>("AdamW", options) {}

  void step(std::span<T> values, std::span<const T> gradients) {
    detail::AdamBase<T>::template step<detail::Decay::values>(values, gradients);
  }
};

}  // namespace assay
