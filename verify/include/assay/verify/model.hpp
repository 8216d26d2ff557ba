#pragma once
// Whole models: the gradient of a loss with respect to all parameters of a module.

#include <concepts>
#include <memory>
#include <type_traits>

#include "assay/nn/module.hpp"
#include "assay/verify/function.hpp"
#include "assay/verify/point.hpp"

namespace assay::verify {

struct ModelOptions {
  std::string name = "model";  ///< as messages call it
  std::uint64_t seed = 42;
  std::uint64_t draws = 4;  ///< random directions
  double limit = 8;         ///< envelope units, as of PointOptions
};

namespace detail {

template <class M>
decltype(auto) module_of(M& m) {
  if constexpr (requires { m.named_parameters(); }) {
    return (m);
  } else {
    return (*m);
  }
}

/// loss(output), loss(output, batch[1]) ...
template <class T, class Loss>
Var<T> loss_of(const Loss& loss, const Var<T>& output, const std::vector<Mat<T>>& batch) {
  switch (batch.size()) {
    case 1:
      if constexpr (std::invocable<const Loss&, Var<T>>) return loss(output);
      break;
    case 2:
      if constexpr (std::invocable<const Loss&, Var<T>, Mat<T>>) return loss(output, batch[1]);
      break;
    case 3:
      if constexpr (std::invocable<const Loss&, Var<T>, Mat<T>, Mat<T>>) {
        return loss(output, batch[1], batch[2]);
      }
      break;
    default:
      break;
  }
  throw std::invalid_argument(
      "check_model: the loss takes another number of arguments than the output and the " +
      std::to_string(batch.size() - 1) + " matrices behind the first of the batch");
}

template <class T>
std::vector<Mat<T>> cast_all(const Matrices& batch) {
  std::vector<Mat<T>> all;
  for (const Mat<double>& m : batch) {
    all.push_back(m.unaryExpr([](double x) { return T(x); }));
  }
  return all;
}

/// The model in one scalar, with its parameters from numbers in double.
template <class T, class Make, class Loss>
class ModelIn {
 public:
  ModelIn(const Make& make, const Loss& loss, const Matrices& batch)
      : made_(make.template operator()<T>()), loss_(loss), batch_(cast_all<T>(batch)) {}

  [[nodiscard]] auto& module() { return module_of(made_); }

  /// Each parameter's elements, in the order of named_parameters(), as `value(n)`.
  template <class Value>
  void load(const Value& value) {
    std::size_t n = 0;
    for (Parameter<T>* p : module().parameters()) {
      for (Eigen::Index i = 0; i < p->value.size(); ++i) p->value.data()[i] = value(n++);
    }
  }
  T forward() {
    graph_.clear();
    return record().value()(0, 0);
  }
  /// Calls visit(n, gradient element).
  template <class Visit>
  void sweep(const Visit& visit) {
    module().zero_grad();
    graph_.clear();
    graph_.backward(record());
    std::size_t n = 0;
    for (Parameter<T>* p : module().parameters()) {
      for (Eigen::Index i = 0; i < p->grad.size(); ++i) visit(n++, p->grad.data()[i]);
    }
  }

 private:
  Var<T> record() {
    return loss_of<T>(loss_, module().forward(graph_.constant(batch_[0])), batch_);
  }

  decltype(std::declval<const Make&>().template operator()<T>()) made_;
  const Loss& loss_;
  std::vector<Mat<T>> batch_;
  Graph<T> graph_;
};

/// Names, shapes and values of a module's parameters. Throws std::invalid_argument if there are
/// none or if the batch cannot be used.
template <class Module>
std::vector<WholeGradient::Part> parts_of(Module& m, const Matrices& batch) {
  if (batch.empty()) throw std::invalid_argument("check_model: the batch is empty");
  std::vector<WholeGradient::Part> parts;
  for (const auto& p : m.named_parameters())
    parts.push_back({p.name, shape_of(p.parameter->value)});
  if (parts.empty()) throw std::invalid_argument("check_model: the module has no parameters");
  return parts;
}

}  // namespace detail

/// Checks the gradient of loss(module(batch[0]), batch[1], ...), a 1x1 node, with respect to every
/// parameter. `make` builds the module in any scalar, as `loss` takes nodes of any scalar:
///
///   const auto make = []<class T>() {
///     Random random(1);
///     return nn::Sequential<T>{nn::Linear<T>(4, 8, random), tanh, nn::Linear<T>(8, 1, random)};
///   };
///   const auto loss = [](const auto& y, const auto& target) { return mse(y, target); };
///   EXPECT_TRUE(matches(check_model(make, loss, {x, target})));
///
/// The parameters are those that make() gives in double, rounded to float where float is judged.
/// Checked as check_point checks: the backward of the whole graph in high precision against dual
/// numbers through its forward, and the gradients in float and double against it. A failure names
/// the parameter, as named_parameters() does, with row and column. A module that is not the same
/// function twice (dropout while training) is refused with std::invalid_argument.
template <class Make, class Loss>
requires requires(const Make& m) { m.template operator()<double>(); }
Report check_model(const Make& make, const Loss& loss, const Matrices& batch,
                   const ModelOptions& options = {}) {
  using detail::ModelIn;
  using In = WholeGradient::In;
  using Moving = Dual<Enclosure>;
  ModelIn<double, Make, Loss> first(make, loss, batch);
  WholeGradient g;
  g.name = options.name;
  g.kind = Kind::model;
  g.limit = options.limit;
  g.parts = detail::parts_of(first.module(), batch);
  std::vector<double> values;
  for (const Parameter<double>* p : first.module().parameters()) {
    g.longest = std::max({g.longest, p->value.rows(), p->value.cols()});
    for (const double x : p->value.reshaped()) values.push_back(x);
  }
  for (const Mat<double>& m : batch) g.longest = std::max({g.longest, m.rows(), m.cols()});
  if (first.forward() != first.forward()) {
    throw std::invalid_argument(
        "check_model: the loss is another number, or none, when it is computed again; does the "
        "module "
        "draw random numbers? call eval() in make");
  }
  const auto at = [values](In in, std::size_t n) {
    return in == In::float_ ? static_cast<double>(static_cast<float>(values[n])) : values[n];
  };
  // Data are exact; in float they are rounded first, as the parameters are.
  const auto batch_in = [batch](In in) {
    Matrices b = batch;
    for (Mat<double>& m : b) {
      if (in == In::float_) m = m.template cast<float>().template cast<double>().eval();
    }
    return b;
  };
  g.point = [at, n = values.size()](In in) {
    std::vector<double> p(n);
    for (std::size_t i = 0; i < n; ++i) p[i] = at(in, i);
    return p;
  };
  g.judged = [&make, &loss, batch_in, at, n = values.size()](In in) {
    std::vector<double> grads(n);
    const auto run = [&]<class T>(T) {
      ModelIn<T, Make, Loss> m(make, loss, batch_in(in));
      m.load([&](std::size_t i) { return static_cast<T>(at(in, i)); });
      m.sweep([&](std::size_t i, const T& x) { grads[i] = static_cast<double>(x); });
    };
    in == In::float_ ? run(float{}) : run(double{});
    return grads;
  };
  g.wide = [&make, &loss, batch_in, at](In in) {
    ModelIn<Enclosure, Make, Loss> m(make, loss, batch_in(in));
    m.load([&](std::size_t i) { return Enclosure(at(in, i)); });
    std::vector<Enclosure> grads;
    m.sweep([&](std::size_t, const Enclosure& x) { grads.push_back(x); });
    return grads;
  };
  g.slope = [&make, &loss, batch_in, at](In in, std::span<const double> v) {
    ModelIn<Moving, Make, Loss> m(make, loss, batch_in(in));
    m.load([&](std::size_t i) { return Moving(Enclosure(at(in, i)), Enclosure(v[i])); });
    return m.forward().d;
  };
  g.turned = [&make, &loss, batch_in, at](In in, std::span<const double> nudge) {
    ModelIn<Moving, Make, Loss> m(make, loss, batch_in(in));
    m.load([&](std::size_t i) { return Moving(Enclosure(at(in, i)), Enclosure(nudge[i])); });
    std::vector<Enclosure> change;
    m.sweep([&](std::size_t, const Moving& x) { change.push_back(x.d); });
    return change;
  };
  PointOptions o;
  o.seed = options.seed;
  o.draws = options.draws;
  return check_gradient(g, o);
}

/// The same of a module that exists in double only: differences in double, as check_function takes
/// them, with its detection limit. The module is left as it was, its gradients zero.
template <class Loss>
FunctionReport check_model(nn::Module<double>& module, const Loss& loss, const Matrices& batch,
                           FunctionOptions options = {}) {
  const std::vector<WholeGradient::Part> parts = detail::parts_of(module, batch);
  const std::vector<Parameter<double>*> parameters = module.parameters();
  Matrices values;
  options.input_names.clear();
  for (std::size_t k = 0; k < parts.size(); ++k) {
    values.emplace_back(parameters[k]->value);
    options.input_names.push_back(parts[k].name);
  }
  if (options.name == FunctionOptions{}.name) options.name = ModelOptions{}.name;
  Graph<double> graph;
  const auto record = [&](const Matrices& at) {
    for (std::size_t k = 0; k < at.size(); ++k) parameters[k]->value = at[k];
    graph.clear();
    return detail::loss_of<double>(loss, module.forward(graph.constant(batch[0])), batch);
  };
  const auto f = [&](const Matrices& at) { return Mat<double>(record(at).value()); };
  const auto vjp = [&](const Matrices& at, const Mat<double>& dy) {
    const Var<double> y = record(at);
    module.zero_grad();
    graph.backward(y, dy);
    Matrices g;
    for (const Parameter<double>* p : parameters) g.emplace_back(p->grad);
    return g;
  };
  FunctionReport report = check_function(f, vjp, values, options);
  for (std::size_t k = 0; k < values.size(); ++k) parameters[k]->value = values[k];
  module.zero_grad();
  return report;
}

}  // namespace assay::verify
