#pragma once
// Optimisers and clipping for the parameters of a model.

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "assay/optim/clip.hpp"
#include "assay/optim/lbfgs.hpp"
#include "assay/optim/optimizer.hpp"
#include "assay/parameter.hpp"

namespace assay {

/// An optimiser of any kind, bound to parameters that outlive it:
/// Optimizer<float> optimizer(model.parameters(), Adam<float>({.learning_rate = 1e-2}));
template <Field T>
class Optimizer {
 public:
  template <class Kind>
  Optimizer(std::vector<Parameter<T>*> parameters, Kind kind)
      : flat_(std::move(parameters)), held_(std::make_unique<Held<Kind>>(std::move(kind))) {}

  void zero_grad() { flat_.zero_grad(); }
  void step() { held_->step(flat_.values(), flat_.grads()); }
  [[nodiscard]] double learning_rate() const { return held_->base().learning_rate(); }
  void set_learning_rate(double rate) { held_->base().set_learning_rate(rate); }
  [[nodiscard]] std::int64_t steps() const { return held_->base().steps(); }
  [[nodiscard]] const Flat<T>& flat() const { return flat_; }

 private:
  struct Interface {
    Interface() = default;
    Interface(const Interface&) = delete;
    Interface& operator=(const Interface&) = delete;
    virtual ~Interface() = default;
    virtual void step(std::span<T> values, std::span<const T> gradients) = 0;
    virtual detail::OptimizerBase& base() = 0;
  };
  template <class Kind>
  struct Held final : Interface {
    explicit Held(Kind k) : kind(std::move(k)) {}
    void step(std::span<T> values, std::span<const T> gradients) override {
      kind.step(values, gradients);
    }
    detail::OptimizerBase& base() override { return kind; }
    Kind kind;
  };

  Flat<T> flat_;
  std::unique_ptr<Interface> held_;
};

/// One call of L-BFGS. `T loss()` records and sweeps the model as its parameters are then, which
/// are those of a trial point; it need not zero gradients.
template <Real T, class F>
LBFGSResult<T> step(LBFGS<T>& optimizer, const Flat<T>& parameters, F&& loss) {
  const std::span<T> values = parameters.values(), grads = parameters.grads();
  std::vector<T> x(values.begin(), values.end());
  struct PutBack {  // also where the loss throws
    const std::vector<T>& from;
    std::span<T> to;
    ~PutBack() { std::copy(from.begin(), from.end(), to.begin()); }
  } const put_back{x, values};
  return optimizer.step(std::span<T>(x), [&](std::span<const T> at, std::span<T> gradient) {
    std::copy(at.begin(), at.end(), values.begin());
    parameters.zero_grad();
    const T y = loss();
    std::copy(grads.begin(), grads.end(), gradient.begin());
    return y;
  });
}

template <Field T>
void clip_by_value(const Flat<T>& parameters, double limit) {
  clip_by_value(parameters.grads(), limit);
}
template <Real T>
T clip_by_norm(const Flat<T>& parameters, double limit) {
  return clip_by_norm(parameters.grads(), limit);
}

}  // namespace assay
