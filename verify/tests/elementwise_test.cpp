// Elementwise rules: what they return at kinks, ties, poles, infinities, NaN and zeros, and in the
// tails where the textbook's formula fails. Expected values in hexadecimal are MPFR's, rounded.

#include <gtest/gtest.h>

#include <array>
#include <assay/gtest.hpp>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "assay/graph.hpp"
#include "assay/ops/atan.hpp"
#include "assay/ops/atan2.hpp"
#include "assay/ops/clamp.hpp"
#include "assay/ops/cos.hpp"
#include "assay/ops/cosh.hpp"
#include "assay/ops/elu.hpp"
#include "assay/ops/expm1.hpp"
#include "assay/ops/leaky_relu.hpp"
#include "assay/ops/log1p.hpp"
#include "assay/ops/maximum.hpp"
#include "assay/ops/minimum.hpp"
#include "assay/ops/reciprocal.hpp"
#include "assay/ops/sin.hpp"
#include "assay/ops/sinh.hpp"
#include "assay/ops/softsign.hpp"
#include "assay/ops/tan.hpp"
#include "assay/ops/where.hpp"
#include "assay/ops/xlogy.hpp"
#include "assay/rational.hpp"

namespace assay {

/// A rule with another derivative.
template <class Rule, auto d>
struct With : Rule {
  template <class... T>
  [[nodiscard]] auto df(const T&... x) const {
    return d(static_cast<const Rule&>(*this), x...);
  }
};

// The textbook's, each wrong somewhere.
constexpr auto minus_y_squared = [](auto&, auto&, auto& y) { return -(y * y); };
constexpr auto y_plus_1 = [](auto&, auto&, auto& y) { return y + 1; };
constexpr auto y_itself = [](auto&, auto&, auto& y) { return y; };
constexpr auto over_1_plus_square = [](auto&, auto& x, auto&) { return 1 / (1 + x * x); };
constexpr auto root_of_1_plus_square = [](auto&, auto&, auto& y) {
  return fn::sqrt(std::decay_t<decltype(y)>(1 + y * y));
};
constexpr auto over_sum_of_squares = []<class T>(auto&, const T& a, const T& b, const T&) {
  return std::array{T(b / (a * a + b * b)), T(-a / (a * a + b * b))};
};
constexpr auto y_plus_alpha = []<class T>(const Elu& r, const T& x, const T& y) {
  return x > T(0) ? T(1) : T(y + T(r.alpha));
};
// Other conventions than the declared ones.
constexpr auto tie_to_first = []<class T>(auto&, const T& a, const T& b, const T&) {
  return std::array{T(a >= b ? 1 : 0), T(a >= b ? 0 : 1)};
};
constexpr auto from_the_right = []<class T>(const LeakyRelu& r, const T& x, const T&) {
  return x >= T(0) ? T(1) : T(r.slope);
};
constexpr auto inside_only = []<class T>(const Clamp& r, const T& x, const T&) {
  return x > T(r.lo) && x < T(r.hi) ? T(1) : T(0);
};

namespace {

using verify::backward_matches;
using verify::Options;

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T tiny = std::numeric_limits<T>::denorm_min();
template <class T>
constexpr T largest = std::numeric_limits<T>::max();

template <class Rule, class T>
T slope(T x, const Rule& r = {}) {
  return r.df(x, r.f(x));
}
template <class Rule, class T>
std::array<T, 2> slope(T a, T b) {
  return Rule::df(a, b, Rule::f(a, b));
}

/// How many numbers lie between two of one sign.
template <class T>
std::uint64_t apart(T a, T b) {
  using Bits = fn::detail::Bits<T>;
  const auto i = std::bit_cast<Bits>(a), j = std::bit_cast<Bits>(b);
  return i > j ? i - j : j - i;
}

template <class T>
class Elementwise : public testing::Test {};
using Native = testing::Types<float, double>;
TYPED_TEST_SUITE(Elementwise, Native);

TYPED_TEST(Elementwise, ReciprocalHasPolesOfEachSignAtZero) {
  using T = TypeParam;
  EXPECT_EQ(Reciprocal::f(T(0)), inf<T>);
  EXPECT_EQ(Reciprocal::f(-T(0)), -inf<T>);
  EXPECT_EQ(slope<Reciprocal>(T(0)), -inf<T>);
  EXPECT_EQ(slope<Reciprocal>(-T(0)), -inf<T>);
  EXPECT_EQ(slope<Reciprocal>(inf<T>), 0);
  EXPECT_EQ(slope<Reciprocal>(tiny<T>), -inf<T>);
}

TYPED_TEST(Elementwise, Log1pAtMinusOneAndBelow) {
  using T = TypeParam;
  EXPECT_EQ(Log1p::f(T(-1)), -inf<T>);
  EXPECT_EQ(slope<Log1p>(T(-1)), inf<T>);
  EXPECT_TRUE(std::isnan(Log1p::f(std::nextafter(T(-1), T(-2)))));
  EXPECT_EQ(Log1p::f(inf<T>), inf<T>);
  EXPECT_EQ(slope<Log1p>(inf<T>), 0);
  EXPECT_EQ(slope<Log1p>(std::nextafter(T(-1), T(0))), T(2) / std::numeric_limits<T>::epsilon());
}

TYPED_TEST(Elementwise, OddRulesKeepSubnormalsAndTheSignOfZero) {
  using T = TypeParam;
  const auto kept = []<class... Rule>(T x) {
    return ((Rule::f(x) == x && std::signbit(Rule::f(x)) == std::signbit(x)) && ...) &&
           ((slope<Rule>(x) == T(1)) && ...);
  };
  for (const T x : {T(0), -T(0), tiny<T>, -tiny<T>, 3 * tiny<T>}) {
    EXPECT_TRUE((kept.template operator()<Expm1, Log1p, Sin, Tan, Atan, Sinh, Softsign>(x))) << x;
    EXPECT_EQ(Cosh::f(x), 1);
    EXPECT_EQ(slope<Cosh>(x), x);
    EXPECT_EQ(slope<Cos>(x), -x);
  }
}

TYPED_TEST(Elementwise, LimitsAtInfinity) {
  using T = TypeParam;
  EXPECT_EQ(Expm1::f(-inf<T>), -1);
  EXPECT_EQ(slope<Expm1>(-inf<T>), 0);
  EXPECT_EQ(Sinh::f(-inf<T>), -inf<T>);
  EXPECT_EQ(slope<Sinh>(-inf<T>), inf<T>);
  EXPECT_EQ(Softsign::f(inf<T>), 1);
  EXPECT_EQ(Softsign::f(-inf<T>), -1);
  EXPECT_EQ(Softsign::f(-largest<T>), -1);
  for (const T x : {inf<T>, -inf<T>}) {
    EXPECT_EQ(slope<Softsign>(x), 0);
    EXPECT_EQ(slope<Atan>(x), 0);
    EXPECT_TRUE(std::isnan(Sin::f(x)) && std::isnan(Cos::f(x)) && std::isnan(Tan::f(x)));
    EXPECT_TRUE(std::isnan(slope<Sin>(x)) && std::isnan(slope<Tan>(x)));
  }
}

TYPED_TEST(Elementwise, NaNComesThrough) {
  using T = TypeParam;
  const auto through = []<class... Rule>(T x) {
    return (std::isnan(Rule::f(x)) && ...) && (std::isnan(slope<Rule>(x)) && ...);
  };
  EXPECT_TRUE((through.template operator()<Reciprocal, Expm1, Log1p, Sin, Cos, Tan, Atan, Sinh,
                                           Cosh, Softsign>(nan<T>)));
  EXPECT_TRUE(std::isnan(LeakyRelu{}.f(nan<T>)));
  EXPECT_TRUE(std::isnan(Elu{}.f(nan<T>)) && std::isnan(slope<Elu>(nan<T>)));
  EXPECT_TRUE(std::isnan(Clamp(0, 1).f(nan<T>)) && std::isnan(Clamp(1, 1).f(nan<T>)));
  EXPECT_TRUE(std::isnan(Atan2::f(nan<T>, T(1))) && std::isnan(slope<Atan2>(T(1), nan<T>)[1]));
  EXPECT_TRUE(std::isnan(Xlogy::f(T(0), nan<T>)) && std::isnan(Xlogy::f(nan<T>, T(1))));
  for (const auto& [a, b] : {std::array{nan<T>, T(1)}, std::array{T(1), nan<T>}}) {
    EXPECT_TRUE(std::isnan(Maximum::f(a, b)) && std::isnan(Minimum::f(a, b)));
    EXPECT_EQ(slope<Maximum>(a, b), (std::array{T(0.5), T(0.5)}));
    EXPECT_EQ(slope<Minimum>(a, b), (std::array{T(0.5), T(0.5)}));
  }
}

TYPED_TEST(Elementwise, LeakyReluAndEluHaveTheLeftSlopeAtBothZeros) {
  using T = TypeParam;
  const LeakyRelu leaky{.slope = 0.25};
  const Elu elu{.alpha = 2};
  for (const T zero : {T(0), -T(0)}) {
    EXPECT_EQ(slope(zero, leaky), T(0.25));
    EXPECT_EQ(slope(zero, elu), 2);
    EXPECT_EQ(slope<Elu>(zero), 1);
    EXPECT_EQ(leaky.f(zero), 0);
    EXPECT_EQ(elu.f(zero), 0);
  }
  EXPECT_EQ(slope(tiny<T>, leaky), 1);
  EXPECT_EQ(slope(tiny<T>, elu), 1);
  EXPECT_EQ(leaky.f(T(-8)), -2);
  EXPECT_EQ(elu.f(-inf<T>), -2);
  EXPECT_EQ(slope(-inf<T>, elu), 0);
  EXPECT_EQ(LeakyRelu{}.f(T(-1)), T(-0.01));
  EXPECT_EQ(elu.domain.kink_count, 1u);
  EXPECT_EQ(Elu{}.domain.kink_count, 0u);
}

TYPED_TEST(Elementwise, ClampHasSlopeOneAtItsBoundsAndZeroBeyond) {
  using T = TypeParam;
  const Clamp clamp(-1, 3);
  for (const auto& [x, y, d] : {std::array<T, 3>{-1, -1, 1},
                                {std::nextafter(T(-1), T(-2)), -1, 0},
                                {std::nextafter(T(-1), T(0)), std::nextafter(T(-1), T(0)), 1},
                                {3, 3, 1},
                                {std::nextafter(T(3), T(4)), 3, 0},
                                {inf<T>, 3, 0},
                                {-inf<T>, -1, 0}}) {
    EXPECT_EQ(clamp.f(x), y) << x;
    EXPECT_EQ(slope(x, clamp), d) << x;
  }
  const Clamp constant(2, 2), below(-std::numeric_limits<double>::infinity(), 0);
  EXPECT_EQ(constant.f(T(2)), 2);
  EXPECT_EQ(slope(T(2), constant), 0);
  EXPECT_EQ(constant.domain.kink_count, 0u);
  EXPECT_EQ(below.f(-inf<T>), -inf<T>);
  EXPECT_EQ(slope(-largest<T>, below), 1);
  EXPECT_EQ(below.domain.kink_count, 1u);
}

TEST(Clamp, BoundsInTheWrongOrderOrNaNAreRefused) {
  EXPECT_THROW(Clamp(1, 0), std::invalid_argument);
  EXPECT_THROW(Clamp(nan<double>, 0), std::invalid_argument);
  try {
    static_cast<void>(Clamp(2, -1));
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string(e.what()), "clamp: lo is 2 and hi is -1; lo must not be above hi");
  }
}

TYPED_TEST(Elementwise, MaximumAndMinimumShareATie) {
  using T = TypeParam;
  using Pair = std::array<T, 2>;
  const T next = std::nextafter(T(1), T(2));
  for (const T x : {T(1), T(0), tiny<T>, -largest<T>, inf<T>, -inf<T>}) {
    EXPECT_EQ(Maximum::f(x, x), x);
    EXPECT_EQ(Minimum::f(x, x), x);
    EXPECT_EQ(slope<Maximum>(x, x), (Pair{T(0.5), T(0.5)}));
    EXPECT_EQ(slope<Minimum>(x, x), (Pair{T(0.5), T(0.5)}));
  }
  EXPECT_EQ(slope<Maximum>(T(0), -T(0)), (Pair{T(0.5), T(0.5)}));
  EXPECT_EQ(slope<Maximum>(T(1), next), (Pair{0, 1}));
  EXPECT_EQ(slope<Minimum>(T(1), next), (Pair{1, 0}));
  EXPECT_EQ(Maximum::f(-inf<T>, inf<T>), inf<T>);
  EXPECT_EQ(Minimum::f(-inf<T>, inf<T>), -inf<T>);
}

TEST(Maximum, ADualTieMovesByTheMean) {
  const Dual<double> a(2, 3), b(2, 5);
  EXPECT_EQ(Maximum::f(a, b).d, 4);
  EXPECT_EQ(Minimum::f(a, b).d, 4);
  EXPECT_EQ(Maximum::f(Rational(1, 3), Rational(1, 3)), Rational(1, 3));
}

TYPED_TEST(Elementwise, Atan2AtTheOriginTheAxesTheCutAndInfinity) {
  using T = TypeParam;
  using Pair = std::array<T, 2>;
  for (const T a : {T(0), -T(0)}) {
    EXPECT_EQ(slope<Atan2>(a, T(0)), (Pair{0, 0}));
    EXPECT_EQ(slope<Atan2>(a, T(-2)), (Pair{T(-0.5), 0}));  // the same on both sides of the cut
    EXPECT_EQ(slope<Atan2>(a, T(4)), (Pair{T(0.25), 0}));
  }
  EXPECT_EQ(Atan2::f(-T(0), T(-1)), -Atan2::f(T(0), T(-1)));
  EXPECT_EQ(slope<Atan2>(T(4), T(0)), (Pair{0, T(-0.25)}));
  EXPECT_EQ(slope<Atan2>(T(-4), T(0)), (Pair{0, T(0.25)}));
  for (const T b : {T(0), T(-3), tiny<T>, inf<T>, -inf<T>}) {
    EXPECT_EQ(slope<Atan2>(inf<T>, b), (Pair{0, 0}));
    EXPECT_EQ(slope<Atan2>(b, -inf<T>), (Pair{0, 0}));
  }
}

TYPED_TEST(Elementwise, XlogyIsZeroAtZeroAndHasPolesElsewhere) {
  using T = TypeParam;
  using Pair = std::array<T, 2>;
  for (const T a : {T(0), -T(0)}) {
    for (const T b : {T(0), -T(0), T(-1), T(1), inf<T>}) EXPECT_EQ(Xlogy::f(a, b), 0) << b;
    EXPECT_EQ(slope<Xlogy>(a, T(0)), (Pair{0, 0}));
    EXPECT_EQ(slope<Xlogy>(a, T(-1)), (Pair{0, 0}));
    EXPECT_EQ(slope<Xlogy>(a, T(1)), (Pair{0, 0}));
    EXPECT_EQ(slope<Xlogy>(a, tiny<T>), (Pair{fn::log(tiny<T>), 0}));
  }
  EXPECT_EQ(Xlogy::f(T(2), T(0)), -inf<T>);
  EXPECT_EQ(slope<Xlogy>(T(2), T(0)), (Pair{-inf<T>, inf<T>}));
  EXPECT_EQ(Xlogy::f(T(-2), inf<T>), -inf<T>);
  EXPECT_TRUE(std::isnan(Xlogy::f(T(2), T(-1))));
}

TEST(Where, TheBranchNotTakenLeaksNeitherIntoTheValueNorIntoAGradient) {
  const Mat<bool> mask{{true, false, true}};
  const Mat<double> a{{1, nan<double>, 3}}, b{{inf<double>, 5, nan<double>}};
  const Mat<double> dy{{7, inf<double>, nan<double>}};
  EXPECT_EQ(where(mask, a, b), (Mat<double>{{1, 5, 3}}));
  const Where op{.mask = mask};
  const Grads<double, 2> g = op.backward(dy, a, b, op.forward(a, b));
  EXPECT_EQ(g[0].leftCols(2), (Mat<double>{{7, 0}}));
  EXPECT_TRUE(std::isnan(g[0](0, 2)));
  EXPECT_EQ(g[1], (Mat<double>{{0, inf<double>, 0}}));
}

TEST(Where, TakesAnyExpressionForAMaskAndRefusesAnotherShape) {
  const Mat<float> a{{1, -2}, {-3, 4}}, b{{5, 6}, {7, 8}};
  EXPECT_EQ(where(a.array() > 0, a, b), (Mat<float>{{1, 6}, {7, 4}}));
  EXPECT_EQ(where(Mat<bool>(0, 3), Mat<float>(0, 3), Mat<float>(0, 3)).rows(), 0);
  EXPECT_THROW(static_cast<void>(where(Mat<bool>{{true, false}}, a, b)), ShapeError);
}

TEST(Elementwise, ABroadcastTieSharesAndSums) {
  const Map<Maximum> op{};
  const Mat<double> a{{1}, {2}}, b{{1, 2, 0}};
  const Mat<double> y = op.forward(a, b);
  EXPECT_EQ(y, (Mat<double>{{1, 2, 1}, {2, 2, 2}}));
  const Grads<double, 2> g = op.backward(Mat<double>{{1, 2, 4}, {8, 16, 32}}, a, b, y);
  EXPECT_EQ(g[0], (Mat<double>{{0.5 + 4}, {8 + 8 + 32}}));
  EXPECT_EQ(g[1], (Mat<double>{{0.5, 2 + 8, 0}}));
}

TYPED_TEST(Elementwise, SizesZeroAndOneWorkWithAttributesToo) {
  using T = TypeParam;
  const Call<Map<LeakyRelu>> leaky{{{.slope = 0.5}}};
  const Call<Map<Clamp>> unit{{Clamp(0, 1)}};
  EXPECT_EQ(leaky(Mat<T>(0, 3)).cols(), 3);
  EXPECT_EQ(leaky(T(-4)), -2);
  EXPECT_EQ(unit(Mat<T>{{T(7)}}), Mat<T>{{T(1)}});
  const Mat<T> none(3, 0);
  const Grads<T, 1> g = unit.op.backward(none, none, unit(none));
  EXPECT_EQ(shape_of(g[0]), (Shape{3, 0}));
  EXPECT_EQ(atan2(Mat<T>(0, 2), Mat<T>(1, 2)).size(), 0);
}

template <class T>
void expect_near(T got, T expected) {
  EXPECT_LE(apart(got, expected), 3u) << got << " instead of " << expected;
}
template <class T>
void expect_atan2(T a, T b, T da, T db) {
  expect_near(slope<Atan2>(a, b)[0], da);
  expect_near(slope<Atan2>(a, b)[1], db);
}

TEST(Elementwise, TailsInFloatAgreeWithMpfr) {
  expect_near(slope<Atan>(1e20F), 0x1.16c2p-133F);  // x^2 is infinite
  expect_near(slope<Softsign>(-1e20F), 0x1.16c2p-133F);
  expect_near(slope<Reciprocal>(1e20F), -0x1.16c2p-133F);
  expect_near(slope<Reciprocal>(1e-19F), -0x1.2ced34p+126F);
  expect_near(slope<Expm1>(-100.0F), 0x1.bp-145F);                    // y + 1 is 0
  expect_near(slope<Sinh>(89.2F), 0x1.9c8a76p+127F);                  // e^x is infinite
  expect_near(Sinh::f(1e-5F), 0x1.4f8b58p-17F);                       // e^x - e^-x cancels
  expect_near(slope(-150.0F, Elu{.alpha = 1e30F}), 0x1.3131ep-117F);  // e^x is 0
  expect_near(slope<Sin>(1e22F), 0x1.5badeep-1F);
  expect_atan2(1e-30F, 1e-30F, 0x1.93e594p+98F, -0x1.93e594p+98F);  // both squares are 0
  expect_atan2(1e30F, -2e30F, -0x1.039d66p-101F, -0x1.039d66p-102F);
  expect_atan2(0x1p-127F, 0x1p-127F, 0x1p+126F, -0x1p+126F);
  expect_atan2(largest<float>, largest<float>, 0x1p-129F, -0x1p-129F);
  expect_atan2(0x1.cp-147F, 0x1.0624dep-10F, 0x1.f3fffep+9F, -0x1.ab3efcp-127F);
}

TEST(Elementwise, TailsInDoubleAgreeWithMpfr) {
  expect_near(slope<Atan>(1e155), 0x0.012688b70e62bp-1022);
  expect_near(slope<Reciprocal>(1e-154), -0x1.1ccf385ebc8ap+1023);
  expect_near(slope<Expm1>(-740.0), 0x0.0000000000055p-1022);
  expect_near(slope<Sinh>(710.25), 0x1.987d23750ae26p+1023);
  expect_near(slope(-1390.0, Elu{.alpha = 1e300}), 0x1.2cbab37761b47p-1009);
  expect_near(slope<Tan>(0x1.921fb54442d18p+0), 0x1.a4cb0f6ad7946p+107);
  expect_near(slope<Sin>(1e22), 0x1.0be2cef01c8f4p-1);
  expect_near(Xlogy::f(3.0, 0x1.0000000000001p+0), 0x1.7ffffffffffffp-51);
  expect_atan2(1e-200, 1e-200, 0x1.4e718d7d7625ap+663, -0x1.4e718d7d7625ap+663);
  expect_atan2(1e200, -2e200, -0x1.39874ddd8c623p-666, -0x1.39874ddd8c623p-667);
  expect_atan2(largest<double>, largest<double>, 0x1p-1025, -0x1p-1025);
  expect_atan2(1e-322, 1e-3, 0x1.f4p+9, -0x0.0000001312dp-1022);
}

const Options kFew{.cases = 60, .seed = 42, .out = ""};

TEST(Elementwise, AttributesOtherThanTheDefaultsAreRight) {
  EXPECT_TRUE(backward_matches(Map<LeakyRelu>{{.slope = -0.3}}, kFew));
  EXPECT_TRUE(backward_matches(Map<Elu>{{.alpha = 1.7}}, kFew));
  EXPECT_TRUE(backward_matches(Map<Clamp>{Clamp(0.3, 6)}, kFew));
  EXPECT_TRUE(backward_matches(Map<Clamp>{Clamp(2, 2)}, kFew));
  EXPECT_TRUE(backward_matches(Where{.mask = Mat<bool>{{true, false}, {true, true}}}, kFew));
}

TEST(Elementwise, TextbookBackwardsAreCaught) {
  EXPECT_FALSE((backward_matches<Map<With<Reciprocal, minus_y_squared>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Expm1, y_plus_1>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Sin, y_itself>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Atan, over_1_plus_square>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Sinh, root_of_1_plus_square>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Atan2, over_sum_of_squares>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Elu, y_plus_alpha>>>(kFew)));
}

TEST(Elementwise, AnotherConventionThanTheDeclaredOneIsCaught) {
  EXPECT_FALSE((backward_matches<Map<With<Maximum, tie_to_first>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<LeakyRelu, from_the_right>>>(kFew)));
  EXPECT_FALSE((backward_matches<Map<With<Clamp, inside_only>>>(kFew)));
}

}  // namespace
}  // namespace assay
