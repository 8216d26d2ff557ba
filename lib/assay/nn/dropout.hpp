#pragma once

#include "assay/nn/module.hpp"
#include "assay/ops/dropout.hpp"

namespace assay::nn {

/// In training every element is dropped with probability p, and what is kept is divided by 1 - p;
/// in evaluation nothing happens. The generator must outlive the module.
template <class T>
class Dropout : public Module<T> {
 public:
  /// Throws std::invalid_argument unless 0 <= p < 1.
  Dropout(double p, Random& generator) : p_(p), generator_(&generator) {
    static_cast<void>(assay::Dropout::checked(p));
  }

  Var<T> forward(const Var<T>& x) override {
    return this->training() ? dropout(x, p_, *generator_) : x;
  }

 private:
  double p_;
  Random* generator_;
};

}  // namespace assay::nn
