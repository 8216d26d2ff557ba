#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "assay/optim/adagrad.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/clip.hpp"
#include "assay/optim/rmsprop.hpp"
#include "assay/optim/schedule.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/random.hpp"
#include "assay/rational.hpp"
#include "testing.hpp"

namespace assay {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class Body>
void expect_invalid(const Body& body, const std::string& message) {
  try {
    body();
    FAIL() << "no error; expected " << message;
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(e.what(), message);
  }
}

template <class T>
using Step = std::function<void(std::span<T>, std::span<const T>)>;

/// Makes optimisers of every kind with every option, each with a name.
template <class T, class Visit>
void for_every_optimizer(const Visit& visit) {
  const auto with = [&](const std::string& name, auto optimizer) {
    visit(name, [optimizer] {
      return Step<T>(
          [o = optimizer](std::span<T> w, std::span<const T> g) mutable { o.step(w, g); });
    });
  };
  for (const double decay : {0.0, 0.125}) {
    const std::string suffix = decay == 0 ? "" : " with decay";
    with("SGD" + suffix, SGD<T>(SGDOptions{.weight_decay = decay}));
    with("SGD momentum" + suffix,
         SGD<T>(SGDOptions{.momentum = 0.9, .dampening = 0.5, .weight_decay = decay}));
    with("SGD Nesterov" + suffix,
         SGD<T>(SGDOptions{.momentum = 0.9, .weight_decay = decay, .nesterov = true}));
    with("Adam" + suffix, Adam<T>({.weight_decay = decay}));
    with("AdamW" + suffix, AdamW<T>({.weight_decay = decay}));
    for (const bool centered : {false, true}) {
      for (const double momentum : {0.0, 0.9}) {
        with("RMSprop" + suffix + (centered ? " centered" : "") + (momentum > 0 ? " momentum" : ""),
             RMSprop<T>({.weight_decay = decay, .momentum = momentum, .centered = centered}));
      }
    }
    with("Adagrad" + suffix, Adagrad<T>({.weight_decay = decay}));
  }
}

template <class T>
class EveryOptimizer : public ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(EveryOptimizer, Scalars);

/// 64 values go through a vector loop, the rest one by one.
TYPED_TEST(EveryOptimizer, TreatsAValueAmongOthersAsItTreatsItAlone) {
  using T = TypeParam;
  constexpr std::size_t n = 2 * 64 + 7;
  for_every_optimizer<T>([&](const std::string& name, const auto& make) {
    Random random(1);
    std::vector<T> w(n), g(n);
    for (T& x : w) x = static_cast<T>(random.normal());
    std::vector<T> alone = w;
    const Step<T> all = make();
    std::vector<Step<T>> each;
    for (std::size_t i = 0; i < n; ++i) each.push_back(make());
    for (int step = 0; step < 5; ++step) {
      for (std::size_t i = 0; i < n; ++i) {
        g[i] = static_cast<T>(random.normal());
        each[i]({&alone[i], 1}, {&g[i], 1});
      }
      all(w, g);
    }
    EXPECT_EQ(w, alone) << name;
  });
}

TYPED_TEST(EveryOptimizer, AGradientThatIsNotANumberSpoilsItsOwnValueOnly) {
  using T = TypeParam;
  for_every_optimizer<T>([&](const std::string& name, const auto& make) {
    std::vector<T> w(100, T(1)), g(100, T(2));
    g[17] = std::numeric_limits<T>::quiet_NaN();
    make()(w, g);
    for (std::size_t i = 0; i < w.size(); ++i) {
      EXPECT_EQ(std::isnan(w[i]), i == 17) << name << ", value " << i;
    }
  });
}

TYPED_TEST(EveryOptimizer, StepsOverNothingAndNoOtherNumberOfValuesAfterwards) {
  using T = TypeParam;
  for_every_optimizer<T>([&](const std::string& name, const auto& make) {
    const Step<T> step = make();
    step({}, {});
    std::array<T, 2> w{1, 2};
    const std::array<T, 2> g{1, 1};
    EXPECT_THROW(step(w, g), ShapeError) << name;
    EXPECT_THROW(make()(w, std::span(g).first(1)), ShapeError) << name;
    EXPECT_EQ(w, (std::array<T, 2>{1, 2})) << name;
  });
}

TYPED_TEST(EveryOptimizer, DescendsAParabola) {
  using T = TypeParam;
  for_every_optimizer<T>([&](const std::string& name, const auto& make) {
    const Step<T> step = make();
    std::array<T, 1> w{2};
    for (int i = 0; i < 100; ++i) step(w, std::array<T, 1>{w[0]});
    EXPECT_LT(std::abs(w[0]), T(1.999)) << name;
  });
}

TYPED_TEST(EveryOptimizer, AveragesOfGradientsThatBecameZeroAreNotSubnormal) {
  using T = TypeParam;
  const std::array<T, 1> one{1}, zero{0};
  std::array<T, 1> w{0};
  Adam<T> adam({.beta1 = 0.5, .beta2 = 0.5});
  adam.step(w, one);
  for (int i = 0; i < 2000; ++i) {
    adam.step(w, zero);
    EXPECT_NE(std::fpclassify(adam.first_moments()[0]), FP_SUBNORMAL) << "step " << i;
    EXPECT_NE(std::fpclassify(adam.second_moments()[0]), FP_SUBNORMAL) << "step " << i;
  }
  EXPECT_EQ(adam.first_moments()[0], T(0));
  EXPECT_EQ(adam.second_moments()[0], T(0));
}

TYPED_TEST(EveryOptimizer, MomentumThatIsSubnormalMovesNothing) {
  using T = TypeParam;
  const T least = std::numeric_limits<T>::min();
  const auto rest_of = [&](auto optimizer) {
    std::array<T, 1> w{0};
    optimizer.step(w, std::array<T, 1>{4 * least});
    for (int i = 0; i < 10; ++i) optimizer.step(w, std::array<T, 1>{0});
    return w[0];
  };
  // 4 + 2 + 1, and nothing of the rest of the series
  EXPECT_EQ(rest_of(SGD<T>({.learning_rate = 1, .momentum = 0.5})), -7 * least);
  EXPECT_EQ(rest_of(RMSprop<T>({.learning_rate = 1, .epsilon = 1, .momentum = 0.5})), -7 * least);
}

/// With a small epsilon the root of a subnormal average counts.
TYPED_TEST(EveryOptimizer, ASubnormalSquareStaysWhereItsRootIsNotLostBesideEpsilon) {
  using T = TypeParam;
  using std::sqrt;
  const T g = sqrt(std::numeric_limits<T>::min());
  std::array<T, 1> w{0};
  RMSprop<T> optimizer({.learning_rate = 1, .alpha = 0.75, .epsilon = 0});
  optimizer.step(w, std::array<T, 1>{g});
  EXPECT_EQ(w[0], T(-2));
}

TEST(Optimizers, ErrorsNameTheOptimizerAndBothSizes) {
  Adam<double> adam;
  std::array<double, 3> w{};
  const std::array<double, 3> g{};
  expect_invalid([&] { adam.step(w, std::span(g).first(2)); },
                 "Adam: 3 values and 2 gradients; one gradient a value");
  EXPECT_EQ(adam.steps(), 0);
  adam.step(w, g);
  expect_invalid([&] { adam.step(std::span(w).first(2), std::span(g).first(2)); },
                 "Adam: 2 values after steps with 3; an optimiser serves one set of values");
  EXPECT_EQ(adam.steps(), 1);
}

TEST(Optimizers, IllegalOptionsAreErrorsThatNameThem) {
  expect_invalid([] { Adam<double>({.beta1 = 1}); }, "Adam: beta1 is 1; it must lie in [0, 1)");
  expect_invalid([] { AdamW<float>({.beta2 = -0.5}); },
                 "AdamW: beta2 is -0.5; it must lie in [0, 1)");
  expect_invalid([] { Adam<double>({.learning_rate = nan}); },
                 "Adam: learning_rate is nan; it must be finite and not negative");
  expect_invalid([] { RMSprop<double>({.alpha = 1.5}); },
                 "RMSprop: alpha is 1.5; it must lie in [0, 1)");
  expect_invalid([] { Adagrad<double>({.epsilon = -1e-300}); },
                 "Adagrad: epsilon is -1e-300; it must be finite and not negative");
  expect_invalid([] { SGD<double>(SGDOptions{.weight_decay = infinity}); },
                 "SGD: weight_decay is inf; it must be finite and not negative");
  expect_invalid([] { SGD<double>(SGDOptions{.nesterov = true}); },
                 "SGD: momentum is 0; with nesterov it must be positive");
  expect_invalid(
      [] { SGD<double>(SGDOptions{.momentum = 0.5, .dampening = 0.25, .nesterov = true}); },
      "SGD: dampening is 0.25; with nesterov it must be 0");
  Adagrad<double> adagrad;
  expect_invalid([&] { adagrad.set_learning_rate(-1); },
                 "Adagrad: learning_rate is -1; it must be finite and not negative");
  EXPECT_EQ(adagrad.learning_rate(), 0.01);
}

TEST(Optimizers, MomentumIsExactInRationals) {
  SGD<Q> sgd(SGDOptions{.learning_rate = 0.5, .momentum = 0.25, .dampening = 0.5});
  std::array<Q, 1> w{Q(1, 3)};
  sgd.step(w, std::array<Q, 1>{Q(2, 7)});  // b = 2/7
  EXPECT_EQ(w[0], Q(1, 3) - Q(1, 7));
  sgd.step(w, std::array<Q, 1>{Q(1, 5)});  // b = 1/4 2/7 + 1/2 1/5
  EXPECT_EQ(w[0], Q(1, 3) - Q(1, 7) - Q(1, 2) * (Q(1, 14) + Q(1, 10)));

  SGD<Q> nesterov(
      SGDOptions{.learning_rate = 0.5, .momentum = 0.25, .weight_decay = 0.125, .nesterov = true});
  w = {Q(8, 3)};
  nesterov.step(w, std::array<Q, 1>{Q(1, 3)});  // g' = 2/3 = b
  EXPECT_EQ(w[0], Q(8, 3) - Q(1, 2) * (Q(2, 3) + Q(1, 6)));
}

/// (m / c1) / sqrt(v / c2) = g / |g| after one step.
TEST(Optimizers, TheFirstStepOfAdamHasTheLengthOfTheRateWhateverTheScale) {
  Adam<double> adam({.learning_rate = 0.25, .epsilon = 0});
  std::array<double, 3> w{};
  adam.step(w, std::array<double, 3>{1e-30, -1e30, 3});
  EXPECT_DOUBLE_EQ(w[0], -0.25);
  EXPECT_DOUBLE_EQ(w[1], 0.25);
  EXPECT_DOUBLE_EQ(w[2], -0.25);
}

TEST(Optimizers, DecoupledDecayShrinksWhatHasNoGradient) {
  AdamW<double> adamw({.learning_rate = 0.5, .weight_decay = 0.5});
  Adam<double> adam({.learning_rate = 0.5});
  std::array<double, 2> w{8, -8}, kept = w;
  for (int i = 0; i < 2; ++i) {
    adamw.step(w, std::array<double, 2>{});
    adam.step(kept, std::array<double, 2>{});
  }
  EXPECT_EQ(w, (std::array<double, 2>{4.5, -4.5}));  // 8 (1 - 1/4)^2
  EXPECT_EQ(kept, (std::array<double, 2>{8, -8}));
}

TEST(Optimizers, ACenteredRootOfAConstantGradientIsNotNaN) {
  for (const double g : {0.1, 1.0, 3.7, 1e-20, 1e20}) {
    RMSprop<double> rmsprop({.alpha = 0.5, .centered = true});
    std::array<double, 1> w{0};
    for (int i = 0; i < 200; ++i) rmsprop.step(w, std::array<double, 1>{g});
    EXPECT_TRUE(std::isfinite(w[0])) << g;
    EXPECT_LT(w[0], 0) << g;
  }
}

TEST(Optimizers, ARateSetBetweenStepsCountsFromTheNextStepOn) {
  SGD<double> sgd(SGDOptions{.learning_rate = 1});
  const Schedule halves = exponential_decay(0.5);
  std::array<double, 1> w{0};
  for (int i = 0; i < 3; ++i) {
    sgd.set_learning_rate(halves(sgd.steps()));
    sgd.step(w, std::array<double, 1>{-1});
  }
  EXPECT_EQ(w[0], 1.75);
}

TEST(Clip, ByValueKeepsWhatIsInsideAndNaN) {
  std::vector<double> g{-3, -2, -0.0, 1, 2, 3, infinity, -infinity, nan};
  clip_by_value<double>(g, 2);
  EXPECT_EQ(std::vector<double>(g.begin(), g.end() - 1),
            (std::vector<double>{-2, -2, -0.0, 1, 2, 2, 2, -2}));
  EXPECT_TRUE(std::isnan(g.back()));
  EXPECT_TRUE(std::signbit(g[2]));
  expect_invalid([&] { clip_by_value<double>(g, -1); },
                 "clip_by_value: limit is -1; it must be finite and not negative");
}

TEST(Clip, ByNormReturnsTheNormAndShortensWhatIsLonger) {
  std::array<double, 2> g{3, -4};
  EXPECT_EQ(clip_by_norm<double>(g, 10), 5);
  EXPECT_EQ(g, (std::array<double, 2>{3, -4}));
  EXPECT_EQ(clip_by_norm<double>(g, 1), 5);
  EXPECT_NEAR(g[0], 0.6, 1e-6);
  EXPECT_NEAR(g[1], -0.8, 1e-6);
  EXPECT_EQ(clip_by_norm<double>({}, 1), 0);
  std::array<double, 3> zeros{};
  EXPECT_EQ(clip_by_norm<double>(zeros, 0), 0);
}

TEST(Clip, NormsWhoseSquaresOverflowOrUnderflow) {
  std::array<double, 2> large{3e300, -4e300}, small{3e-310, 4e-310}, most{1.7e308, 1.7e308};
  EXPECT_DOUBLE_EQ(clip_by_norm<double>(large, 1), 5e300);
  EXPECT_DOUBLE_EQ(large[0], 0.6);
  EXPECT_DOUBLE_EQ(large[1], -0.8);
  EXPECT_NEAR(clip_by_norm<double>(small, 1), 5e-310, 5e-324);
  EXPECT_EQ(small[0], 3e-310);
  EXPECT_EQ(clip_by_norm<double>(most, 1), infinity);  // it is no double
  EXPECT_DOUBLE_EQ(most[0], std::sqrt(0.5));
  std::array<float, 2> f{3e38F, 3e-45F};
  EXPECT_EQ(clip_by_norm<float>(f, 1), 3e38F);
  EXPECT_FLOAT_EQ(f[0], 1);
}

TEST(Clip, ANormThatIsNotFiniteIsAnErrorAndTheGradientsStay) {
  for (const double bad : {nan, infinity, -infinity}) {
    std::vector<double> g{1, 2, bad};
    try {
      clip_by_norm<double>(g, 0.5);
      FAIL() << "no error";
    } catch (const std::domain_error& e) {
      EXPECT_STREQ(e.what(),
                   "clip_by_norm: gradient 2 of 3 is not finite; a direction without length "
                   "cannot be shortened");
    }
    EXPECT_EQ(g[0], 1);
    EXPECT_EQ(g[1], 2);
  }
}

TEST(Schedules, AreTheirFormulas) {
  const auto values = [](const Schedule& s, std::initializer_list<std::int64_t> steps) {
    std::vector<double> all;
    for (const std::int64_t t : steps) all.push_back(s(t));
    return all;
  };
  using Values = std::vector<double>;
  EXPECT_EQ(values(step_decay(3, 0.5), {0, 2, 3, 5, 6}), (Values{1, 1, 0.5, 0.5, 0.25}));
  EXPECT_EQ(values(exponential_decay(0.5), {0, 1, 3}), (Values{1, 0.5, 0.125}));
  EXPECT_EQ(values(warm_up(4, 0.5), {0, 2, 4, 100}), (Values{0.5, 0.75, 1, 1}));
  EXPECT_EQ(values(linear_ramp(2, 1, 0), {0, 1, 2, 3}), (Values{1, 0.5, 0, 0}));
  const Schedule c = cosine(10, 0.5);
  EXPECT_EQ(c(0), 1);
  EXPECT_DOUBLE_EQ(c(5), 0.75);
  EXPECT_DOUBLE_EQ(c(10), 0.5);
  EXPECT_DOUBLE_EQ(c(13), c(7));  // and up again
  EXPECT_EQ(c(20'000'000'000), 1);
}

TEST(Schedules, MultiplyAndFollowOneAnother) {
  const Schedule s = warm_up(2, 0) * exponential_decay(0.5);
  EXPECT_EQ(s(0), 0);
  EXPECT_EQ(s(1), 0.25);
  EXPECT_EQ(s(3), 0.125);
  const Schedule q = sequence(linear_ramp(2, 0, 1), 2, step_decay(1, 0.5));
  EXPECT_EQ(q(1), 0.5);
  EXPECT_EQ(q(2), 1);
  EXPECT_EQ(q(3), 0.5);
  const Schedule own([](std::int64_t t) { return 1 / (1 + static_cast<double>(t)); });
  EXPECT_EQ((own * own)(1), 0.25);
}

TEST(Schedules, IllegalPeriodsFactorsAndStepsAreErrors) {
  expect_invalid([] { static_cast<void>(step_decay(0)); },
                 "step_decay: period is 0; it must be positive");
  expect_invalid([] { static_cast<void>(exponential_decay(-0.5)); },
                 "exponential_decay: gamma is -0.5; it must be finite and not negative");
  expect_invalid([] { static_cast<void>(cosine(-3)); },
                 "cosine: period is -3; it must be positive");
  expect_invalid([] { static_cast<void>(warm_up(5)(-1)); },
                 "Schedule: steps is -1; it must not be negative");
}

}  // namespace
}  // namespace assay
