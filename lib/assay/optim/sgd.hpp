#pragma once
// Plain gradient descent.

#include <span>
#include <vector>

#include "assay/graph.hpp"

namespace assay {

/// w -= learning_rate * g, number by number.
template <class T>
void sgd_step(std::span<T> values, std::span<const T> gradients, const T& learning_rate) {
  if (values.size() != gradients.size()) {
    throw ShapeError("sgd_step: " + std::to_string(values.size()) + " values and " +
                     std::to_string(gradients.size()) + " gradients; one gradient a value");
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= learning_rate * gradients[i];
}

/// Plain gradient descent over parameters that outlive it.
template <class T>
class SGD {
 public:
  SGD(std::vector<Parameter<T>*> parameters, const T& learning_rate)
      : parameters_(std::move(parameters)), learning_rate_(learning_rate) {}

  void step() {
    for (Parameter<T>* p : parameters_) {
      sgd_step(std::span<T>(p->value.data(), static_cast<std::size_t>(p->value.size())),
               std::span<const T>(p->grad.data(), static_cast<std::size_t>(p->grad.size())),
               learning_rate_);
    }
  }
  void zero_grad() {
    for (Parameter<T>* p : parameters_) p->zero_grad();
  }

 private:
  std::vector<Parameter<T>*> parameters_;
  T learning_rate_;
};

}  // namespace assay
