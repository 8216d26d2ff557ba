// fixtures/torch/training.json: 30 steps of training a small network, on matrices as users write it
// and on scalar nodes.

#include <fmt/format.h>

#include <cmath>

#include "assay/eigen_traits.hpp"
#include "assay/nn/layers.hpp"
#include "assay/nn/scalar.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/wide.hpp"
#include "golden_torch.hpp"

namespace assay::verify::torch {
namespace {

// Units. The envelope knows nothing of 1 - beta^t, which for beta = 0.999 loses 3 digits in double.
constexpr double our_limit = 8;
constexpr Eigen::Index features = 4, hidden = 8, classes = 3;

/// What both models train on, in double; the start side by side, column by column.
struct Task {
  Mat<double> x;
  Labels labels;
  std::vector<double> start;
  Task(const Json& file, const Format& f)
      : x(matrix(f, file.at("inputs"))), labels(file.at("labels").get<Labels>()) {
    for (const Json& p : file.at("start")) {
      const Mat<double> m = matrix(f, p);
      start.insert(start.end(), m.data(), m.data() + m.size());
    }
  }
};

/// nn::Sequential on the matrix graph.
template <class T>
class OnMatrices {
 public:
  explicit OnMatrices(const Task& t) : x_(t.x.cast<T>()), labels_(t.labels) {}

  T sweep() {
    flat_.zero_grad();
    graph_.clear();
    const Var<T> loss = cross_entropy(model_(graph_.constant(x_)), labels_);
    graph_.backward(loss);
    return loss.value()(0);
  }
  std::span<T> values() { return flat_.values(); }
  std::span<T> grads() { return flat_.grads(); }

 private:
  nn::Sequential<T> model_{nn::Linear<T>(features, hidden), tanh, nn::Linear<T>(hidden, classes)};
  Flat<T> flat_{model_.parameters()};
  Mat<T> x_;
  Labels labels_;
  Graph<T> graph_;
};

/// One sample at a time on scalar nodes.
template <class T>
class OnScalars {
 public:
  explicit OnScalars(const Task& t) : x_(t.x.cast<T>()), labels_(t.labels) {}

  T sweep() {
    network_.zero_grad();
    tape_.clear();
    Scalar<T> total = tape_.variable(T(0));
    for (Eigen::Index i = 0; i < x_.rows(); ++i) {
      std::vector<Scalar<T>> x;
      for (Eigen::Index j = 0; j < x_.cols(); ++j) x.push_back(tape_.variable(x_(i, j)));
      const std::vector<Scalar<T>> z = network_(x);
      Scalar<T> sum = tape_.variable(T(0));
      for (const Scalar<T>& logit : z) sum = sum + exp(logit);
      total = total + (log(sum) - z.at(static_cast<std::size_t>(labels_.at(size_of(i)))));
    }
    const Scalar<T> loss = total / count<T>(x_.rows());
    tape_.backward(loss);
    return loss.value();
  }
  std::span<T> values() { return network_.values(); }
  std::span<T> grads() { return network_.grads(); }

 private:
  static std::size_t size_of(Eigen::Index i) { return static_cast<std::size_t>(i); }

  Random random_{0};  // what it draws is replaced
  Tape<T> tape_;
  nn::scalar::Network<T> network_{
      tape_, {features, hidden, classes}, [](const Scalar<T>& x) { return tanh(x); }, random_};
  Mat<T> x_;
  Labels labels_;
};

/// The loss before each step, the first gradient and the parameters at the end, side by side.
template <class T, class Model, class Optimizer>
std::vector<T> run(Model& model, Optimizer optimizer, std::size_t steps) {
  std::vector<T> losses, gradient;
  for (std::size_t s = 0; s < steps; ++s) {
    losses.push_back(model.sweep());
    if (s == 0) gradient.assign(model.grads().begin(), model.grads().end());
    optimizer.step(model.values(), std::span<const T>(model.grads()));
  }
  losses.insert(losses.end(), gradient.begin(), gradient.end());
  losses.insert(losses.end(), model.values().begin(), model.values().end());
  return losses;
}

/// `moved`: the parameter that starts an ulp away, in dual numbers.
template <class T, class Model>
std::vector<T> train(const Task& t, const Json& j, const Format& f,
                     std::optional<std::size_t> moved = {}) {
  Model model(t);
  if (model.values().size() != t.start.size()) throw std::runtime_error("another network");
  for (std::size_t k = 0; k < t.start.size(); ++k) model.values()[k] = T(t.start[k]);
  if constexpr (is_dual<T>) {
    if (moved) model.values()[*moved].d = ulp_at(f, Big(t.start[*moved])).to_double();
  }
  const std::string name = j.at("optimizer");
  Attributes options(j.at("options"));
  const auto rate = options.get<double>("learning_rate");
  options.done();
  const std::size_t steps = j.at("losses").size();
  if (name == "SGD") return run<T>(model, SGD<T>({.learning_rate = rate}), steps);
  if (name == "Adam") return run<T>(model, Adam<T>({.learning_rate = rate}), steps);
  throw std::runtime_error("no optimiser " + name);
}

/// What the numbers of a run are called, and what PyTorch has for them.
struct Named {
  std::string group, name;
  double theirs;
};
std::vector<Named> named(const Json& j, const Format& f) {
  std::vector<Named> all;
  for (const Json& loss : j.at("losses")) {
    all.push_back({fmt::format("loss before step {}", all.size()), "", number(f, loss)});
  }
  constexpr std::array parameters{"W1", "b1", "W2", "b2"};
  for (const auto& [key, what] : {std::pair{"first_gradients", "first gradient of {}"},
                                  std::pair{"final", "{} at the end"}}) {
    for (std::size_t p = 0; p < j.at(key).size(); ++p) {
      const Mat<double> m = matrix(f, j.at(key).at(p));
      const std::string group = fmt::format(fmt::runtime(what), parameters.at(p));
      for (Eigen::Index i = 0; i < m.size(); ++i) {
        all.push_back({group, fmt::format("({}, {})", i % m.rows(), i / m.rows()), m.data()[i]});
      }
    }
  }
  return all;
}

Big to_big(const Dec50& x) { return Big(x.str(60)); }

template <class T, class Model>
void compare(const std::string& how, const Task& t, const Json& j, const Format& f,
             const std::vector<Dec50>& truth, const std::vector<double>& change, Record& record) {
  const WithContext context(256);
  const std::vector<T> ours = train<T, Model>(t, j, f);
  const std::vector<Named> theirs = named(j, f);
  if (ours.size() != theirs.size()) throw std::runtime_error("another number of numbers");
  std::vector<Compared> group;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    Compared c;
    c.name = theirs[i].group + theirs[i].name;
    c.ours = static_cast<double>(ours[i]);
    c.theirs = theirs[i].theirs;
    const Big reference = to_big(truth[i]);
    c.truth = {reference, Big(0), abs(reference)};
    c.our_unit = c.their_unit = std::max(ulp_at(f, reference), Big(change[i]));
    c.our_limit = our_limit;
    group.push_back(std::move(c));
    if (i + 1 < ours.size() && theirs[i + 1].group == theirs[i].group) continue;
    record.compare(how, group, !theirs[i].name.empty());
    group.clear();
  }
}

template <class T>
void replay_training(const Json& file, const Format& f, CheckResult& result) {
  Record record(f, result);
  const Task task(file, f);
  for (const Json& j : file.at("runs")) {
    if (j.at("type").get<std::string>() != f.name) continue;
    const auto truth = train<Dec50, OnMatrices<Dec50>>(task, j, f);
    std::vector<double> change(truth.size(), 0);
    for (std::size_t k = 0; k < task.start.size(); ++k) {
      using D = Dual<double>;
      const auto moved = train<D, OnMatrices<D>>(task, j, f, k);
      for (std::size_t i = 0; i < moved.size(); ++i) change[i] += std::abs(moved[i].d);
    }
    const std::string optimizer = j.at("optimizer");
    ++result.counts["runs"];
    compare<T, OnMatrices<T>>(optimizer + " on matrices", task, j, f, truth, change, record);
    compare<T, OnScalars<T>>(optimizer + " on scalars", task, j, f, truth, change, record);
  }
  record.finish();
}

}  // namespace

void add_training_checks(std::vector<Check>& checks) {
  const Source source{"torch-training", "training.json", fixtures::torch_training};
  const std::string about = fmt::format(
      "a 4-8-3 network, 30 steps of SGD and of Adam, on matrices and on scalar nodes: losses, "
      "first "
      "gradients and final parameters, against the same in 50 digits; ours within {} units, "
      "PyTorch's within {}, the larger of one ulp and what one ulp in every parameter at the start "
      "changes; ulp is our error, the line names PyTorch's",
      our_limit, their_limit);
  checks.push_back(replay(source, double_format, about, replay_training<double>));
  checks.push_back(replay(source, float_format, about, replay_training<float>));
}

}  // namespace assay::verify::torch
