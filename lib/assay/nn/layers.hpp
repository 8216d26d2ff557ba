#pragma once
// Layers: Linear, Sequential, and the elementwise activations.

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>

#include "assay/nn/init.hpp"
#include "assay/nn/module.hpp"
#include "assay/ops.hpp"

namespace assay::nn {

namespace detail {

inline void require_features(std::string_view layer, Eigen::Index in, Eigen::Index out) {
  if (in > 0 && out > 0) return;
  throw std::invalid_argument(std::string(layer) + ": in is " + std::to_string(in) +
                              " and out is " + std::to_string(out) + "; both must be positive");
}

}  // namespace detail

/// y = x W + b        W is in x out, b is 1 x out
template <class T>
class Linear : public Module<T> {
 public:
  Parameter<T> weight, bias;

  /// Both from U(-1/sqrt(in), 1/sqrt(in)), as the mainstream framework draws them.
  Linear(Eigen::Index in, Eigen::Index out, Random& random) : Linear(in, out) {
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    weight.value = init::uniform<T>({in, out}, random, -bound, bound);
    bias.value = init::uniform<T>({1, out}, random, -bound, bound);
  }
  /// All zero: to be loaded, or initialised by the caller.
  Linear(Eigen::Index in, Eigen::Index out) {
    detail::require_features("nn::Linear", in, out);
    weight = Parameter<T>(Mat<T>::Constant(in, out, T(0)));
    bias = Parameter<T>(Mat<T>::Constant(1, out, T(0)));
  }

  Var<T> forward(const Var<T>& x) override {
    Graph<T>& g = x.graph();
    return linear(x, g.parameter(weight), g.parameter(bias));
  }

 protected:
  std::vector<NamedParameter<T>> own_parameters() override {
    return {{"weight", &weight, Stored::transposed}, {"bias", &bias, Stored::vector}};
  }
};

/// A linear layer with one output.
template <class T>
class Neuron : public Linear<T> {
 public:
  Neuron(Eigen::Index in, Random& random) : Linear<T>(in, 1, random) {}
};

/// An operation without parameters, such as relu, tanh or sigmoid, as a module:
/// Activation<float>(relu).
template <class T>
class Activation : public Module<T> {
 public:
  template <class Op>
  requires(!std::is_base_of_v<Activation, std::decay_t<Op>>) explicit Activation(Op op)
      : apply_([op](const Var<T>& x) { return op(x); }) {}

  Var<T> forward(const Var<T>& x) override { return apply_(x); }

 private:
  std::function<Var<T>(const Var<T>&)> apply_;
};

/// One after the other; the modules are named 0, 1, 2 ...
template <class T>
class Sequential : public Module<T> {
 public:
  /// Modules, or operations without parameters: Sequential<float>{Linear<float>(...), relu, ...}.
  /// In braces: they are made from the first to the last, and so draw from a generator in that
  /// order; in parentheses the compiler chooses.
  template <class... M>
  requires(sizeof...(M) > 1 || (!std::is_base_of_v<Sequential, std::decay_t<M>> &&
                                ...)) explicit Sequential(M&&... modules) {
    (add(std::forward<M>(modules)), ...);
  }

  template <class M>
  Sequential& add(M&& module) {
    using Plain = std::decay_t<M>;
    if constexpr (std::is_base_of_v<Module<T>, Plain>) {
      static_assert(!std::is_lvalue_reference_v<M>, "a Sequential owns its modules: std::move it");
      modules_.push_back(std::make_unique<Plain>(std::forward<M>(module)));
    } else {
      modules_.push_back(std::make_unique<Activation<T>>(std::forward<M>(module)));
    }
    return *this;
  }

  [[nodiscard]] std::size_t size() const { return modules_.size(); }
  [[nodiscard]] Module<T>& operator[](std::size_t i) { return *modules_.at(i); }

  Var<T> forward(const Var<T>& x) override {
    Var<T> y = x;
    for (const auto& m : modules_) y = m->forward(y);
    return y;
  }

 protected:
  std::vector<typename Module<T>::Child> children() override {
    std::vector<typename Module<T>::Child> all;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      all.push_back({std::to_string(i), modules_[i].get()});
    }
    return all;
  }

 private:
  std::vector<std::unique_ptr<Module<T>>> modules_;
};

}  // namespace assay::nn
