#pragma once
// Layers that normalise: LayerNorm over each row, BatchNorm1d over each column of a batch.

#include <optional>

#include "assay/nn/layers.hpp"
#include "assay/ops/batch_norm.hpp"
#include "assay/ops/batch_norm_eval.hpp"
#include "assay/ops/layer_norm.hpp"

namespace assay::nn {

struct LayerNormOptions {
  double eps = 1e-5;
};

/// Each row: y = (x - mean) / sqrt(variance + eps) weight + bias        weight and bias are 1 x n
template <class T>
class LayerNorm : public Module<T> {
 public:
  Parameter<T> weight, bias;  ///< one and zero at first

  explicit LayerNorm(Eigen::Index features, const LayerNormOptions& options = {})
      : eps_(options.eps) {
    detail::require_features("nn::LayerNorm", features, features);
    static_cast<void>(assay::detail::checked_eps("nn::LayerNorm", options.eps));
    weight = Parameter<T>(Mat<T>::Constant(1, features, T(1)));
    bias = Parameter<T>(Mat<T>::Constant(1, features, T(0)));
  }

  Var<T> forward(const Var<T>& x) override {
    Graph<T>& g = x.graph();
    return layer_norm(x, g.parameter(weight), g.parameter(bias), {.eps = eps_});
  }

 protected:
  std::vector<NamedParameter<T>> own_parameters() override {
    return {{"weight", &weight, Stored::vector}, {"bias", &bias, Stored::vector}};
  }

 private:
  double eps_;
};

struct BatchNormOptions {
  double eps = 1e-5;
  /// The share of a new batch in the running averages; nothing: all batches count alike.
  std::optional<double> momentum = 0.1;
};

/// In training each column: y = (x - mean) / sqrt(variance + eps) weight + bias, mean and variance
/// those of the batch (the variance over its rows); the running averages move towards them (there
/// the variance is over one row less). In evaluation mean and variance are the running averages.
template <class T>
class BatchNorm1d : public Module<T> {
 public:
  Parameter<T> weight, bias;         ///< one and zero at first
  Mat<T> running_mean, running_var;  ///< zero and one at first
  std::int64_t num_batches_tracked = 0;

  explicit BatchNorm1d(Eigen::Index features, const BatchNormOptions& options = {})
      : options_(options) {
    detail::require_features("nn::BatchNorm1d", features, features);
    static_cast<void>(assay::detail::checked_eps("nn::BatchNorm1d", options.eps));
    const double momentum = options.momentum.value_or(0);
    require_value(momentum >= 0 && momentum <= 1, "nn::BatchNorm1d", "momentum", momentum,
                  "it must lie in [0, 1]");
    running_var = Mat<T>::Constant(1, features, T(1));
    running_mean = Mat<T>::Constant(1, features, T(0));
    weight = Parameter<T>(running_var);
    bias = Parameter<T>(running_mean);
  }

  Var<T> forward(const Var<T>& x) override {
    Graph<T>& g = x.graph();
    const Var<T> gain = g.parameter(weight), offset = g.parameter(bias);
    if (!this->training()) {
      return batch_norm_eval(x, gain, offset, running_mean, running_var, {.eps = options_.eps});
    }
    const Var<T> y = batch_norm(x, gain, offset, {.eps = options_.eps});
    track(batch_statistics(x.value()));
    return y;
  }

 protected:
  std::vector<NamedParameter<T>> own_parameters() override {
    return {{"weight", &weight, Stored::vector}, {"bias", &bias, Stored::vector}};
  }
  std::vector<NamedBuffer<T>> own_buffers() override {
    return {{"running_mean", &running_mean},
            {"running_var", &running_var},
            {"num_batches_tracked", &num_batches_tracked}};
  }

 private:
  void track(const BatchStatistics<T>& batch) {
    using W = std::conditional_t<std::is_same_v<T, float>, double, T>;
    ++num_batches_tracked;
    const W share =
        options_.momentum ? W(*options_.momentum) : W(1) / count<W>(num_batches_tracked);
    const auto move = [&](const T& old, const T& now) {
      return T(share * W(now) + (W(1) - share) * W(old));
    };
    running_mean = running_mean.binaryExpr(batch.mean, move).eval();
    running_var = running_var.binaryExpr(batch.variance, move).eval();
  }

  BatchNormOptions options_;
};

}  // namespace assay::nn
