// Replays fixtures/torch/optimizers.json, what PyTorch 1.13 computed.
//
// Everything but Adam is done in PyTorch's order of operations and gives the same bits. Adam
// divides once where PyTorch divides twice: a step differs by up to 3 ulp of that step, hence after
// 20 steps a value by a few of its ulp, by more where it passes through zero: 8 at worst.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "assay/optim/adagrad.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/clip.hpp"
#include "assay/optim/lbfgs.hpp"
#include "assay/optim/rmsprop.hpp"
#include "assay/optim/schedule.hpp"
#include "assay/optim/sgd.hpp"
#include "testing.hpp"

namespace assay {
namespace {

using Json = nlohmann::json;

const Json& golden() {
  static const Json all = [] {
    const std::string path = "fixtures/torch/optimizers.json";
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    return Json::parse(file);
  }();
  return all;
}

template <class T>
T number(const Json& j) {
  return static_cast<T>(j.get<double>());
}
template <class T>
std::vector<T> numbers(const Json& j) {
  std::vector<T> all;
  for (const Json& x : j) all.push_back(number<T>(x));
  return all;
}

/// The distance in units in the last place of the expected number.
template <class T>
double ulps(T got, T expected) {
  if (got == expected) return 0;
  const T size = std::abs(expected);
  const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return std::abs(static_cast<double>(got) - static_cast<double>(expected)) /
         static_cast<double>(unit);
}
template <class T>
double ulps(const std::vector<T>& got, const std::vector<T>& expected) {
  if (got.size() != expected.size()) throw std::runtime_error("another number of numbers");
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double d = ulps(got[i], expected[i]);
    if (!(d <= worst)) worst = d;  // also a NaN
  }
  return worst;
}

/// set(options, "name", field, ...) sets the fields that the fixture names; a name without a field
/// is an error.
void set(const Json& rest) {
  if (!rest.empty()) throw std::runtime_error("an option without a field: " + rest.dump());
}
template <class Field, class... More>
void set(Json options, const char* name, Field& field, More&&... more) {
  if (options.contains(name)) field = options.at(name).get<Field>();
  options.erase(name);
  set(options, more...);
}

template <class T>
using Step = std::function<void(std::span<T>, std::span<const T>)>;

template <class T, class Optimizer>
Step<T> step_of(const Optimizer& optimizer) {
  return [o = optimizer](std::span<T> w, std::span<const T> g) mutable { o.step(w, g); };
}

template <class T, class Optimizer, class O>
Step<T> adam(const Json& options) {
  O o;
  set(options, "learning_rate", o.learning_rate, "beta1", o.beta1, "beta2", o.beta2, "epsilon",
      o.epsilon, "weight_decay", o.weight_decay);
  return step_of<T>(Optimizer(o));
}

template <class T>
Step<T> optimizer(const std::string& name, const Json& options) {
  if (name == "Adam") return adam<T, Adam<T>, AdamOptions>(options);
  if (name == "AdamW") return adam<T, AdamW<T>, AdamWOptions>(options);
  if (name == "SGD") {
    SGDOptions o;
    set(options, "learning_rate", o.learning_rate, "momentum", o.momentum, "dampening", o.dampening,
        "weight_decay", o.weight_decay, "nesterov", o.nesterov);
    return step_of<T>(SGD<T>(o));
  }
  if (name == "RMSprop") {
    RMSpropOptions o;
    set(options, "learning_rate", o.learning_rate, "alpha", o.alpha, "epsilon", o.epsilon,
        "weight_decay", o.weight_decay, "momentum", o.momentum, "centered", o.centered);
    return step_of<T>(RMSprop<T>(o));
  }
  if (name == "Adagrad") {
    AdagradOptions o;
    set(options, "learning_rate", o.learning_rate, "learning_rate_decay", o.learning_rate_decay,
        "weight_decay", o.weight_decay, "initial_accumulator", o.initial_accumulator, "epsilon",
        o.epsilon);
    return step_of<T>(Adagrad<T>(o));
  }
  throw std::runtime_error("no optimiser " + name);
}

/// The worst distance over all values of all steps.
template <class T>
double replay(const Json& run) {
  const Json& problem = golden().at("problem");
  const auto curvature = numbers<T>(problem.at("curvature"));
  const auto centre = numbers<T>(problem.at("centre"));
  auto w = numbers<T>(problem.at("start"));
  std::vector<T> g(w.size());
  const Step<T> step = optimizer<T>(run.at("optimizer"), run.at("options"));
  double worst = 0;
  for (const Json& values : run.at("values")) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      const T d = w[i] - centre[i];
      g[i] = (curvature[i] * d) * (1 + d * d);
    }
    step(w, g);
    worst = std::max(worst, ulps(w, numbers<T>(values)));
  }
  return worst;
}

TEST(Torch, TrajectoriesOfOptimizersAreTheSame) {
  std::map<std::string, int> seen;
  for (const Json& run : golden().at("trajectories")) {
    const std::string name = run.at("optimizer");
    ASSERT_EQ(run.at("values").size(), 20U);
    const double limit = name.starts_with("Adam") ? 16 : 0;
    const double worst = run.at("type") == "float" ? replay<float>(run) : replay<double>(run);
    EXPECT_LE(worst, limit) << "ulp: " << name << ' ' << run.at("options") << ' ' << run.at("type");
    ++seen[name];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{
                      {"SGD", 12}, {"Adam", 8}, {"AdamW", 4}, {"RMSprop", 12}, {"Adagrad", 8}}));
}

double rosenbrock_of_two(std::span<const double> w, std::span<double> g) {
  const double x = w[0], y = w[1], a = 1 - x, b = y - x * x;
  g[0] = -2 * a - 400 * (x * b);
  g[1] = 200 * b;
  return a * a + 100 * (b * b);
}

double quartic(std::span<const double> w, std::span<double> g) {
  static const auto curvature = numbers<double>(golden().at("problem").at("curvature"));
  static const auto centre = numbers<double>(golden().at("problem").at("centre"));
  double loss = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double a = curvature[i], u = w[i] - centre[i];
    loss += a * (u * u + u * u * u * u / 2) / 2;
    g[i] = (a * u) * (1 + u * u);
  }
  return loss;
}

TEST(Torch, TrajectoriesAndEvaluationsOfLBFGSAreTheSame) {
  std::size_t steps = 0;
  for (const Json& run : golden().at("lbfgs")) {
    LBFGSOptions o;
    set(run.at("options"), "learning_rate", o.learning_rate, "max_iterations", o.max_iterations,
        "history", o.history);
    LBFGS<double> lbfgs(o);
    const auto f = run.at("problem") == "quartic" ? quartic : rosenbrock_of_two;
    auto w = numbers<double>(run.at("start"));
    for (std::size_t i = 0; i < run.at("values").size(); ++i, ++steps) {
      const auto result = lbfgs.step(w, f);
      EXPECT_EQ(result.first_loss, run.at("first_losses").at(i)) << "step " << i;
      EXPECT_EQ(result.evaluations, run.at("evaluations").at(i)) << "step " << i;
      EXPECT_EQ(w, numbers<double>(run.at("values").at(i))) << "step " << i;
    }
  }
  EXPECT_EQ(steps, 45U);
}

/// PyTorch multiplies the last rate by a factor, here is a formula for each.
TEST(Torch, RatesOfSchedulesAgreeToAFewRoundings) {
  std::size_t rates = 0;
  for (const Json& run : golden().at("schedules")) {
    const Json& o = run.at("options");
    const std::string name = run.at("schedule");
    const auto period = o.contains("period") ? o.at("period").get<std::int64_t>() : 0;
    const Schedule s = name == "step_decay"          ? step_decay(period, o.at("gamma"))
                       : name == "exponential_decay" ? exponential_decay(o.at("gamma"))
                       : name == "cosine"            ? cosine(period, o.at("floor"))
                                          : linear_ramp(period, o.at("start"), o.at("end"));
    std::int64_t t = 0;
    for (const double rate : numbers<double>(run.at("rates"))) {
      EXPECT_LE(ulps(run.at("base").get<double>() * s(t), rate), 8) << run.at("schedule") << t;
      ++t;
      ++rates;
    }
  }
  EXPECT_EQ(rates, 120U);
}

/// The norm is summed in another order, of floats in double.
template <class T>
void expect_clipped(const Json& run) {
  auto g = numbers<T>(run.at("gradients"));
  if (run.at("clip") == "value") {
    clip_by_value<T>(g, run.at("limit"));
    EXPECT_EQ(g, numbers<T>(run.at("clipped"))) << run;
  } else {
    const T norm = clip_by_norm<T>(g, run.at("limit"));
    EXPECT_LE(ulps(norm, number<T>(run.at("norm"))), 2) << run;
    EXPECT_LE(ulps(g, numbers<T>(run.at("clipped"))), 2) << run;
  }
}

TEST(Torch, ClippedGradientsAreTheSame) {
  ASSERT_EQ(golden().at("clipping").size(), 40U);
  for (const Json& run : golden().at("clipping")) {
    run.at("type") == "float" ? expect_clipped<float>(run) : expect_clipped<double>(run);
  }
}

}  // namespace
}  // namespace assay
