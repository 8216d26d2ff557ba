#include "assay/optim/lbfgs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/random.hpp"
#include "testing.hpp"

namespace assay {
namespace {

template <class T>
T rosenbrock(std::span<const T> w, std::span<T> g) {
  T loss(0);
  for (T& x : g) x = T(0);
  for (std::size_t i = 0; i + 1 < w.size(); ++i) {
    const T a = T(1) - w[i], b = w[i + 1] - w[i] * w[i];
    loss += a * a + T(100) * b * b;
    g[i] += T(-2) * a - T(400) * w[i] * b;
    g[i + 1] += T(200) * b;
  }
  return loss;
}

TEST(LBFGS, FindsTheMinimumOfRosenbrocksFunction) {
  for (const std::size_t n : {2U, 10U, 50U}) {
    std::vector<double> x(n, -1.25);
    LBFGS<double> lbfgs({.max_iterations = 500, .tolerance_gradient = 1e-9, .tolerance_change = 0});
    const auto result = lbfgs.step(x, rosenbrock<double>);
    EXPECT_EQ(result.stop, LBFGSStop::gradient) << n;
    for (const double v : x) EXPECT_NEAR(v, 1, 1e-9) << n;
    EXPECT_LT(result.evaluations, 400) << n;
  }
}

TEST(LBFGS, RunsInFloat) {
  std::vector<float> x{-1.25F, 1};
  LBFGS<float> lbfgs({.max_iterations = 200});
  EXPECT_LT(lbfgs.step(x, rosenbrock<float>).loss, 1e-6F);
}

TEST(LBFGS, EachStepEndsLowerAndReportsWhatItDid) {
  std::vector<double> x{-1.25, 1, 0.5};
  LBFGS<double> lbfgs({.max_iterations = 3, .history = 2});
  double before = infinity;
  int calls = 0;
  const auto f = [&](std::span<const double> w, std::span<double> g) {
    ++calls;
    return rosenbrock(w, g);
  };
  for (int i = 0; i < 20; ++i) {
    calls = 0;
    const auto result = lbfgs.step(x, f);
    EXPECT_EQ(result.evaluations, calls);
    EXPECT_LE(result.iterations, 3);
    EXPECT_LE(result.loss, result.first_loss);
    EXPECT_LT(result.first_loss, before);
    std::vector<double> g(3);
    EXPECT_EQ(rosenbrock<double>(x, g), result.loss);
    before = result.first_loss;
  }
  EXPECT_EQ(lbfgs.steps(), 20);
}

TEST(LBFGS, StaysWhereTheGradientIsZeroAndOverNothing) {
  std::vector<double> x{1, 1}, none;
  LBFGS<double> lbfgs, other;
  const auto result = lbfgs.step(x, rosenbrock<double>);
  EXPECT_EQ(result.stop, LBFGSStop::gradient);
  EXPECT_EQ(result.evaluations, 1);
  EXPECT_EQ(x, (std::vector<double>{1, 1}));
  EXPECT_EQ(other.step(none, rosenbrock<double>).stop, LBFGSStop::gradient);
}

/// x - log x is +inf for x <= 0, where the first steps lead.
TEST(LBFGS, TurnsBackFromWhereTheLossIsNotFinite) {
  const auto barrier = [](std::span<const double> w, std::span<double> g) {
    g[0] = 50 - 1 / w[0];
    return w[0] > 0 ? 50 * w[0] - std::log(w[0]) : std::numeric_limits<double>::quiet_NaN();
  };
  for (const double start : {0.5, 10.0, 1e-3}) {
    std::vector<double> x{start};
    LBFGS<double> lbfgs({.max_iterations = 100, .max_evaluations = 1000});
    lbfgs.step(x, barrier);
    EXPECT_NEAR(x[0], 0.02, 1e-6) << start;
  }
}

TEST(LBFGS, ALossThatIsNotFiniteAtTheStartIsAnError) {
  for (const double bad : {infinity, std::numeric_limits<double>::quiet_NaN()}) {
    LBFGS<double> lbfgs;
    std::vector<double> x{1};
    const auto f = [&](std::span<const double>, std::span<double> g) { return g[0] = bad; };
    EXPECT_THROW(lbfgs.step(x, f), std::domain_error);
    EXPECT_EQ(x[0], 1);
  }
}

TEST(LBFGS, WhatTheFunctionThrowsLeavesTheLastPointReached) {
  std::vector<double> x{-1.25, 1};
  LBFGS<double> lbfgs;
  std::vector<std::vector<double>> seen;
  const auto f = [&](std::span<const double> w, std::span<double> g) {
    if (seen.size() == 7) throw std::runtime_error("interrupted");
    seen.emplace_back(w.begin(), w.end());
    return rosenbrock(w, g);
  };
  EXPECT_THROW(lbfgs.step(x, f), std::runtime_error);
  EXPECT_NE(std::find(seen.begin() + 1, seen.end(), x), seen.end());
  const auto result = lbfgs.step(x, rosenbrock<double>);
  EXPECT_LT(result.loss, result.first_loss);
}

TEST(LBFGS, AnUnboundedFunctionEnds) {
  std::vector<double> x{1};
  LBFGS<double> lbfgs({.max_iterations = 50});
  const auto f = [](std::span<const double> w, std::span<double> g) { return g[0] = -1, -w[0]; };
  const auto result = lbfgs.step(x, f);
  EXPECT_LT(result.loss, result.first_loss);
  EXPECT_LE(result.evaluations, 62 + 25);
}

TEST(LBFGS, IllegalOptionsAndAnotherNumberOfValuesAreErrors) {
  EXPECT_THROW(LBFGS<double>({.learning_rate = 0}), std::invalid_argument);
  EXPECT_THROW(LBFGS<double>({.max_iterations = 0}), std::invalid_argument);
  EXPECT_THROW(LBFGS<double>({.max_evaluations = -1}), std::invalid_argument);
  EXPECT_THROW(LBFGS<double>({.history = 0}), std::invalid_argument);
  EXPECT_THROW(LBFGS<double>({.tolerance_gradient = -1}), std::invalid_argument);
  EXPECT_THROW(LBFGS<double>({.tolerance_change = infinity}), std::invalid_argument);
  LBFGS<double> lbfgs;
  std::vector<double> x{1, 1};
  lbfgs.step(x, rosenbrock<double>);
  EXPECT_THROW(lbfgs.step(std::span(x).first(1), rosenbrock<double>), ShapeError);
}

/// Sums of waves and a parabola: many minima, steep and flat places.
TEST(LineSearch, EndsWhereBothWolfeConditionsHold) {
  Random random(3);
  int judged = 0;
  for (int run = 0; run < 500; ++run) {
    const double a = random.uniform(-3, 3), b = random.uniform(0.2, 6), c = random.uniform(0, 0.5),
                 start = random.uniform(-4, 4);
    const auto at_point = [&](double x) {
      return std::pair(a * std::sin(b * x) + c * x * x, a * b * std::cos(b * x) + 2 * c * x);
    };
    const double direction = at_point(start).second > 0 ? -1 : 1;
    const auto at = [&](double t) {
      const auto [loss, slope] = at_point(start + t * direction);
      return Trial<double>{t, loss, slope * direction, {slope}};
    };
    const Trial<double> origin = at(0);
    if (origin.slope > -1e-3 || c < 0.05) continue;
    ++judged;
    const detail::LineSearchLimits<double> limits{.narrowest = 0, .evaluations = 60};
    const Trial<double> end = detail::StrongWolfe<double, decltype(at)>(origin, 1, limits, at)
                                  .search(std::exp(random.uniform(-5, 5)));
    EXPECT_LE(end.loss, origin.loss + 1e-4 * end.t * origin.slope) << run;
    EXPECT_LE(std::abs(end.slope), -0.9 * origin.slope) << run;
  }
  EXPECT_GT(judged, 300);
}

}  // namespace
}  // namespace assay
