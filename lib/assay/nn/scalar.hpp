#pragma once
// Networks on the scalar graph: every number that occurs is a node, weights and inputs, products
// and sums.

#include <cmath>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/random.hpp"
#include "assay/scalar_graph.hpp"

namespace assay::nn::scalar {

/// y = b + w[0] x[0] + w[1] x[1] + ...
template <class T>
class Neuron {
 public:
  Neuron(const Parameters<T>& weights, const Parameters<T>& bias)
      : weights_(weights), bias_(bias) {}

  [[nodiscard]] std::size_t inputs() const { return weights_.size(); }
  /// Throws ShapeError.
  Scalar<T> operator()(std::span<const Scalar<T>> x) const {
    const auto as_column = [](std::size_t n) { return Shape{static_cast<Eigen::Index>(n), 1}; };
    require(x.size() == inputs(), "nn::scalar::Neuron",
            {{"x", as_column(x.size())}, {"weights", as_column(inputs())}},
            "there must be one input a weight");
    Scalar<T> y = bias_[0];
    for (std::size_t k = 0; k < x.size(); ++k) y = y + weights_[k] * x[k];
    return y;
  }

 private:
  Parameters<T> weights_, bias_;
};

/// Neurons with the same inputs; their weights lie neuron by neuron, then come the biases.
template <class T>
class Layer {
 public:
  Layer(const Parameters<T>& all, std::size_t in, std::size_t out) {
    for (std::size_t j = 0; j < out; ++j) {
      neurons_.emplace_back(all.slice(j * in, in), all.slice(out * in + j, 1));
    }
  }

  [[nodiscard]] const std::vector<Neuron<T>>& neurons() const { return neurons_; }
  std::vector<Scalar<T>> operator()(std::span<const Scalar<T>> x) const {
    std::vector<Scalar<T>> y;
    y.reserve(neurons_.size());
    for (const Neuron<T>& n : neurons_) y.push_back(n(x));
    return y;
  }

 private:
  std::vector<Neuron<T>> neurons_;
};

/// Layers, with an activation between them. Values and gradients lie flat, in the order of a
/// Sequential of Linear layers, and from one generator both get the same initial numbers.
template <class T>
class Network {
 public:
  using Activation = std::function<Scalar<T>(const Scalar<T>&)>;

  /// widths is inputs, hidden ..., outputs. The tape must be empty, outlive the network, and be
  /// cleared before each recording; clear() keeps the parameters. Throws std::invalid_argument.
  Network(Tape<T>& tape, std::vector<std::size_t> widths, Activation activation, Random& random)
      : widths_(checked(std::move(widths))), activation_(std::move(activation)) {
    std::size_t size = 0;
    for_layers([&](std::size_t in, std::size_t out) { size += (in + 1) * out; });
    values_.reserve(size);
    for_layers([&](std::size_t in, std::size_t out) {
      const double bound = 1 / std::sqrt(static_cast<double>(in));
      for (std::size_t k = 0; k < (in + 1) * out; ++k) {
        values_.push_back(T(random.uniform(-bound, bound)));
      }
    });
    grads_.assign(size, T(0));
    const Parameters<T> all = tape.parameters(values_, grads_);
    std::size_t from = 0;
    for_layers([&](std::size_t in, std::size_t out) {
      layers_.emplace_back(all.slice(from, (in + 1) * out), in, out);
      from += (in + 1) * out;
    });
  }
  Network(const Network&) = delete;  // the tape points to the numbers
  Network& operator=(const Network&) = delete;

  /// One node an output. Throws ShapeError.
  std::vector<Scalar<T>> operator()(std::span<const Scalar<T>> x) const {
    std::vector<Scalar<T>> y(x.begin(), x.end());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (i > 0) {
        for (Scalar<T>& v : y) v = activation_(v);
      }
      y = layers_[i](y);
    }
    return y;
  }

  [[nodiscard]] const std::vector<Layer<T>>& layers() const { return layers_; }
  [[nodiscard]] std::size_t parameter_count() const { return values_.size(); }
  [[nodiscard]] std::span<T> values() { return values_; }
  [[nodiscard]] std::span<T> grads() { return grads_; }
  void zero_grad() { std::fill(grads_.begin(), grads_.end(), T(0)); }

 private:
  static std::vector<std::size_t> checked(std::vector<std::size_t> widths) {
    if (widths.size() < 2 || std::find(widths.begin(), widths.end(), 0U) != widths.end()) {
      std::string given;
      for (const std::size_t w : widths) given += (given.empty() ? "" : ", ") + std::to_string(w);
      throw std::invalid_argument("nn::scalar::Network: widths is {" + given +
                                  "}; there must be two at least, all positive");
    }
    return widths;
  }
  template <class Body>
  void for_layers(Body body) const {
    for (std::size_t i = 0; i + 1 < widths_.size(); ++i) body(widths_[i], widths_[i + 1]);
  }

  std::vector<std::size_t> widths_;
  Activation activation_;
  std::vector<T> values_, grads_;
  std::vector<Layer<T>> layers_;
};

}  // namespace assay::nn::scalar
