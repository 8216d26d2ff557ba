// What rules return at kinks, poles, zeros, infinities and NaN.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "assay/ops.hpp"

namespace assay {
namespace {

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

template <class Rule, class T>
T slope(T x) {
  return Rule::df(x, Rule::f(x));
}
template <class Rule, class T>
std::array<T, 2> slope(T a, T b) {
  return Rule::df(a, b, Rule::f(a, b));
}

template <class T>
class Convention : public testing::Test {};
using Native = testing::Types<float, double>;
TYPED_TEST_SUITE(Convention, Native);

TYPED_TEST(Convention, ReluAndAbsHaveSlopeZeroAtBothZeros) {
  using T = TypeParam;
  for (const T zero : {T(0), -T(0)}) {
    EXPECT_EQ(slope<Relu>(zero), 0);
    EXPECT_EQ(slope<Abs>(zero), 0);
    EXPECT_FALSE(std::signbit(Relu::f(zero)));
    EXPECT_FALSE(std::signbit(Abs::f(zero)));
  }
  EXPECT_EQ(slope<Relu>(std::numeric_limits<T>::denorm_min()), 1);
  EXPECT_EQ(slope<Abs>(-std::numeric_limits<T>::denorm_min()), -1);
}

TYPED_TEST(Convention, SqrtHasSlopePlusInfinityAtBothZeros) {
  using T = TypeParam;
  for (const T zero : {T(0), -T(0)}) {
    EXPECT_EQ(Sqrt::f(zero), 0);
    EXPECT_EQ(slope<Sqrt>(zero), inf<T>);
  }
}

TYPED_TEST(Convention, PowAtAndBelowTheBaseZero) {
  using T = TypeParam;
  using Pair = std::array<T, 2>;
  const auto slopes = [](T a, T b) { return slope<Pow>(a, b); };
  EXPECT_EQ(Pow::f(T(0), T(0)), 1);
  EXPECT_EQ(slopes(0, 0), (Pair{0, 0}));
  EXPECT_EQ(slopes(0, 2), (Pair{0, 0}));
  EXPECT_EQ(slopes(0, 1), (Pair{1, 0}));
  EXPECT_EQ(slopes(0, T(0.5)), (Pair{inf<T>, 0}));
  EXPECT_EQ(Pow::f(T(0), T(-1)), inf<T>);
  EXPECT_EQ(slopes(0, -1), (Pair{-inf<T>, -inf<T>}));
  EXPECT_EQ(slopes(-2, 3), (Pair{12, 0}));
  EXPECT_EQ(slopes(-2, 0), (Pair{0, 0}));
  EXPECT_TRUE(std::isnan(Pow::f(T(-2), T(0.5))));
  EXPECT_TRUE(std::isnan(slopes(-2, T(0.5))[0]));
  EXPECT_TRUE(std::isnan(slopes(nan<T>, 2)[0]));
  EXPECT_TRUE(std::isnan(slopes(nan<T>, 2)[1]));
}

TYPED_TEST(Convention, PowOfTheLargestExponentIsNoNaN) {
  using T = TypeParam;
  const T largest = std::numeric_limits<T>::max(), below = std::nextafter(T(1), T(0));
  EXPECT_EQ(slope<Pow>(below, largest), (std::array<T, 2>{0, 0}));
  EXPECT_EQ(slope<Pow>(T(1), largest), (std::array<T, 2>{largest, 0}));
}

TYPED_TEST(Convention, SaturatingRulesReachTheirLimitsAtInfinity) {
  using T = TypeParam;
  EXPECT_EQ(Sigmoid::f(inf<T>), 1);
  EXPECT_EQ(Sigmoid::f(-inf<T>), 0);
  EXPECT_EQ(Tanh::f(inf<T>), 1);
  EXPECT_EQ(Tanh::f(-inf<T>), -1);
  EXPECT_EQ(Softplus::f(inf<T>), inf<T>);
  EXPECT_EQ(Softplus::f(-inf<T>), 0);
  EXPECT_EQ(LogSigmoid::f(inf<T>), 0);
  EXPECT_EQ(LogSigmoid::f(-inf<T>), -inf<T>);
  for (const T x : {inf<T>, -inf<T>}) {
    EXPECT_EQ(slope<Sigmoid>(x), 0);
    EXPECT_EQ(slope<Tanh>(x), 0);
    EXPECT_EQ(slope<Softplus>(x), x > 0 ? 1 : 0);
    EXPECT_EQ(slope<LogSigmoid>(x), x > 0 ? 0 : 1);
  }
}

TYPED_TEST(Convention, NaNComesThrough) {
  using T = TypeParam;
  const auto through = []<class... Rule>(T x) {
    return (std::isnan(Rule::f(x)) && ...) && (std::isnan(slope<Rule>(x)) && ...);
  };
  EXPECT_TRUE(
      (through.template operator()<Sigmoid, Tanh, Softplus, LogSigmoid, Exp, Log, Sqrt, Square>(
          nan<T>)));
  EXPECT_TRUE(std::isnan(Relu::f(nan<T>)));
  EXPECT_TRUE(std::isnan(Abs::f(nan<T>)));
  EXPECT_TRUE(std::isnan(BceWithLogits::f(nan<T>, T(1))));
  EXPECT_TRUE(std::isnan(BceWithLogits::df(nan<T>, T(1), T(0))[0]));
  EXPECT_TRUE(std::isnan(Add::f(nan<T>, T(1))));
  EXPECT_TRUE(std::isnan(Mul::f(nan<T>, T(0))));
}

TYPED_TEST(Convention, ExpOverflowsToInfinityAndUnderflowsThroughTheSubnormals) {
  using T = TypeParam;
  using L = std::numeric_limits<T>;
  const bool is_float = std::is_same_v<T, float>;
  EXPECT_EQ(Exp::f(is_float ? T(89) : T(710)), inf<T>);
  EXPECT_LT(Exp::f(is_float ? T(88.5) : T(709.5)), inf<T>);
  EXPECT_EQ(Exp::f(is_float ? T(-103.5) : T(-745)), L::denorm_min());
  EXPECT_EQ(Exp::f(is_float ? T(-104.5) : T(-746)), 0);
  EXPECT_EQ(Exp::f(inf<T>), inf<T>);
  EXPECT_EQ(Exp::f(-inf<T>), 0);
  EXPECT_EQ(Exp::f(T(0)), 1);
  EXPECT_EQ(slope<Exp>(T(0)), 1);
}

TYPED_TEST(Convention, LogAtZeroAndBelow) {
  using T = TypeParam;
  EXPECT_EQ(Log::f(T(0)), -inf<T>);
  EXPECT_EQ(slope<Log>(T(0)), inf<T>);
  EXPECT_TRUE(std::isnan(Log::f(T(-1))));
  EXPECT_EQ(Log::f(inf<T>), inf<T>);
}

TYPED_TEST(Convention, BceWithLogitsIsExactInTheTails) {
  using T = TypeParam;
  const auto f = [](T z, T t) { return BceWithLogits::f(z, t); };
  const auto dz = [](T z, T t) { return slope<BceWithLogits>(z, t)[0]; };
  EXPECT_EQ(f(1000, 0), 1000);
  EXPECT_EQ(f(1000, 1), 0);
  EXPECT_EQ(f(-1000, 0), 0);
  EXPECT_EQ(f(-1000, 1), 1000);
  EXPECT_EQ(f(1000, T(0.25)), 750);
  EXPECT_EQ(dz(1000, 0), 1);
  EXPECT_EQ(dz(1000, 1), 0);
  EXPECT_EQ(dz(-1000, 0), 0);
  EXPECT_EQ(dz(-1000, 1), -1);
  EXPECT_EQ(dz(0, T(0.5)), 0);
  EXPECT_LT(dz(50, 1), 0);  // s(z) - 1 would be 0
  EXPECT_NEAR(dz(50, 1) / -std::exp(T(-50)), 1, 1e-6);
  EXPECT_EQ(f(inf<T>, 0), inf<T>);
  EXPECT_EQ(f(-inf<T>, 1), inf<T>);
  EXPECT_EQ(dz(inf<T>, 1), 0);
  EXPECT_EQ(dz(-inf<T>, 0), 0);
  EXPECT_EQ(dz(inf<T>, 0), 1);
  EXPECT_EQ(dz(-inf<T>, 1), -1);
}

TYPED_TEST(Convention, AnInfiniteLogitOfTheRightSignCostsNothing) {
  using T = TypeParam;
  const BceWithLogitsWeighted weighted{.pos_weight = 3};
  EXPECT_EQ(BceWithLogits::f(inf<T>, T(1)), 0);
  EXPECT_EQ(BceWithLogits::f(-inf<T>, T(0)), 0);
  EXPECT_EQ(BceWithLogits::f(inf<T>, T(0.5)), inf<T>);
  EXPECT_EQ(weighted.f(inf<T>, T(1)), 0);
  EXPECT_EQ(weighted.f(-inf<T>, T(0)), 0);
  EXPECT_EQ(weighted.f(-inf<T>, T(1)), inf<T>);
}

TYPED_TEST(Convention, PowAtInfinityHasTheLimits) {
  using T = TypeParam;
  using Pair = std::array<T, 2>;
  const auto slopes = [](T a, T b) { return slope<Pow>(a, b); };
  EXPECT_EQ(slopes(inf<T>, -2), (Pair{0, 0}));
  EXPECT_EQ(slopes(T(0.5), inf<T>), (Pair{0, 0}));
  EXPECT_EQ(slopes(T(2), -inf<T>), (Pair{0, 0}));
  EXPECT_EQ(slopes(T(0), inf<T>), (Pair{0, 0}));
  EXPECT_EQ(slopes(T(0.5), -inf<T>), (Pair{-inf<T>, -inf<T>}));
  EXPECT_TRUE(std::isnan(slopes(nan<T>, 0)[1])) << "1 whatever the base, but not its slope in b";
}

TEST(ConventionOfLongDouble, IsThatOfDoubleAtInfinity) {
  using T = long double;
  const auto expect_limits = []<class Rule>(T below, T above) {
    EXPECT_EQ(Rule::f(-inf<T>), 0) << Rule::name;
    EXPECT_EQ(Rule::f(inf<T>), inf<T>) << Rule::name;
    EXPECT_EQ(slope<Rule>(-inf<T>), below) << Rule::name;
    EXPECT_EQ(slope<Rule>(inf<T>), above) << Rule::name;
  };
  expect_limits.operator()<Gelu>(0, 1);
  expect_limits.operator()<GeluTanh>(0, 1);
  expect_limits.operator()<Silu>(0, 1);
  expect_limits.operator()<Mish>(0, 1);
  expect_limits.operator()<Softplus>(0, 1);
}

}  // namespace
}  // namespace assay
