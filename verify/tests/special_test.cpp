// The error function, the normal distribution and the activations made of them.

#include "assay/special.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "assay/ops/erf.hpp"
#include "assay/ops/erfc.hpp"
#include "assay/ops/gelu.hpp"
#include "assay/ops/gelu_tanh.hpp"
#include "assay/ops/mish.hpp"
#include "assay/ops/silu.hpp"
#include "assay/random.hpp"
#include "assay/verify/big.hpp"
#include "assay/wide.hpp"

namespace {

using assay::Dual;
using assay::Erf;
using assay::Erfc;
using assay::Gelu;
using assay::GeluTanh;
using assay::Map;
using assay::Mat;
using assay::Mish;
using assay::Silu;
using assay::verify::Big;
using assay::verify::WithContext;
namespace fn = assay::fn;

/// |x - truth| in ulps of T at the truth.
template <class T>
double ulps(T x, const Big& truth) {
  using L = std::numeric_limits<T>;
  const long exponent = std::max(truth.exponent(), long{L::min_exponent - 1});
  return abs(ldexp(Big(x) - truth, L::digits - 1 - exponent)).to_double();
}

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

Big tail(const Big& x) { return erfc(x / sqrt(Big(2))) / Big(2); }
Big density(const Big& x) { return exp(-(x * x) / Big(2)) / sqrt(Big(2) * Big::pi()); }

template <class T>
class Special : public testing::Test {
 protected:
  static constexpr T inf = std::numeric_limits<T>::infinity();
  static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  static constexpr T least = std::numeric_limits<T>::denorm_min();
  static constexpr T most = std::numeric_limits<T>::max();

  template <class Rule>
  static T slope(T x) {
    return Rule::df(x, Rule::f(x));
  }
  template <class Rule>
  static void is_an_activation() {
    SCOPED_TRACE(Rule::name);
    for (T x : {most, inf}) {
      EXPECT_EQ(Rule::f(x), x);
      EXPECT_EQ(slope<Rule>(x), T(1));
      EXPECT_TRUE(same_bits(Rule::f(-x), T(-0.0)));
      EXPECT_TRUE(same_bits(slope<Rule>(-x), T(-0.0)));
    }
    EXPECT_TRUE(same_bits(Rule::f(T(0)), T(0)));
    EXPECT_TRUE(same_bits(Rule::f(T(-0.0)), T(-0.0)));
    EXPECT_EQ(slope<Rule>(T(-0.0)), slope<Rule>(T(0)));
    EXPECT_EQ(slope<Rule>(least), slope<Rule>(T(0)));
    EXPECT_EQ(slope<Rule>(-least), slope<Rule>(T(0)));
    EXPECT_TRUE(std::isnan(Rule::f(nan)) && std::isnan(slope<Rule>(nan)));
  }
  /// A loop over whole blocks and a remainder, and the function alone.
  template <class Rule>
  static void is_the_same_alone() {
    SCOPED_TRACE(Rule::name);
    assay::Random random(7);
    Mat<T> x(1000, 1), dy(1000, 1);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const double size = std::ldexp(1.0, static_cast<int>(random.below(24)) - 14);
      x(i) = static_cast<T>(random.normal() * size);
      dy(i) = static_cast<T>(random.normal());
    }
    x(3) = inf, x(70) = -inf, x(71) = nan, x(999) = least;
    const Map<Rule> map;
    const Mat<T> y = map.forward(x), dx = map.backward(dy, x, y)[0];
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(same_bits(y(i), Rule::f(x(i)))) << x(i);
      ASSERT_TRUE(same_bits(dx(i), T(dy(i) * Rule::df(x(i), y(i))))) << x(i);
    }
  }
};
using Builtin = testing::Types<float, double>;
TYPED_TEST_SUITE(Special, Builtin, );

TYPED_TEST(Special, ActivationsHaveTheirLimitsAndKeepTheSignOfZero) {
  this->template is_an_activation<Gelu>();
  this->template is_an_activation<GeluTanh>();
  this->template is_an_activation<Silu>();
  this->template is_an_activation<Mish>();
  using T = TypeParam;
  EXPECT_EQ(Gelu::df(T(0), T(0)), T(1) / T(2));
  EXPECT_EQ(GeluTanh::df(T(0), T(0)), T(1) / T(2));
  EXPECT_EQ(Silu::df(T(0), T(0)), T(1) / T(2));
  EXPECT_EQ(Mish::df(T(0), T(0)), T(3) / T(5));
}

TYPED_TEST(Special, TheErrorFunctionHasItsLimitsAndSymmetries) {
  using T = TypeParam;
  for (T x : {this->most, this->inf}) {
    EXPECT_EQ(fn::erf(x), T(1));
    EXPECT_EQ(fn::erf(-x), T(-1));
    EXPECT_TRUE(same_bits(fn::erfc(x), T(0)));
    EXPECT_EQ(fn::erfc(-x), T(2));
    EXPECT_TRUE(same_bits(Erf::df(x, T(1)), T(0)) && same_bits(Erf::df(-x, T(-1)), T(0)));
    EXPECT_TRUE(same_bits(Erfc::df(x, T(0)), T(-0.0)));
  }
  EXPECT_TRUE(same_bits(fn::erf(T(-0.0)), T(-0.0)) && same_bits(fn::erf(T(0)), T(0)));
  EXPECT_EQ(fn::erf(this->least), this->least);
  for (T x : {T(0), T(-0.0), this->least, -this->least}) EXPECT_EQ(fn::erfc(x), T(1));
  EXPECT_TRUE(std::isnan(fn::erf(this->nan)) && std::isnan(fn::erfc(this->nan)));
  EXPECT_TRUE(std::isnan(Erf::df(this->nan, this->nan)));
  for (T x = T(1) / T(64); x < T(30); x += T(1) / T(64)) {
    ASSERT_EQ(fn::erf(-x), -fn::erf(x));
    ASSERT_EQ(fn::erfc(-x), T(2) - fn::erfc(x));
    ASSERT_TRUE(x < T(1) / T(2) || fn::erf(x) == T(1) - fn::erfc(x)) << x;
  }
}

TYPED_TEST(Special, TheErrorFunctionIsMonotone) {
  using T = TypeParam;
  const T step = T(1) / T(1024);
  for (T x = T(-30); x < T(30); x += step) {
    const T a = fn::erf(x), b = fn::erf(x + step), c = fn::erfc(x), d = fn::erfc(x + step);
    ASSERT_LE(a, b) << x;
    ASSERT_GE(c, d) << x;
    ASSERT_TRUE(a < b || std::abs(x) > T(3)) << x;
    ASSERT_TRUE(c > d || x < T(-3) || d < 100 * this->least) << x;
  }
}

TYPED_TEST(Special, AlmostNothingHappensAtTheBranchPoints) {
  using T = TypeParam;
  const WithContext precision(300);
  const Big two_over_root = Big(2) / sqrt(Big::pi());
  for (T at : {T(0.5), T(1), T(3), T(0.75), T(0), std::sqrt(T(2))}) {
    for (T x : {std::nextafter(at, T(-9)), at, std::nextafter(at, T(9))}) {
      for (T s : {x, T(-x)}) {
        const Big b(s), e = exp(b);
        const Big t = ((1 + e) * (1 + e) - 1) / ((1 + e) * (1 + e) + 1);
        EXPECT_LE(ulps(fn::erf(s), erf(b)), 2) << s;
        EXPECT_LE(ulps(fn::erfc(s), erfc(b)), 3) << s;
        EXPECT_LE(ulps(Erf::df(s, T(0)), Big(two_over_root * exp(-(b * b)))), 2) << s;
        EXPECT_LE(ulps(Gelu::f(s), Big(b * tail(-b))), 4) << s;
        EXPECT_LE(ulps(Silu::f(s), Big(b * e / (1 + e))), 4) << s;
        EXPECT_LE(ulps(Mish::f(s), Big(b * t)), 4) << s;
        const Big slope = t + b * (1 - t * t) * e / (1 + e);
        if (s < T(-0.5)) continue;  // beside the zero of the derivative
        EXPECT_LE(ulps(Mish::df(s, T(0)), slope), 4) << s;
      }
    }
  }
}

TYPED_TEST(Special, AProductWithAGaussianLosesNothingOnTheWay) {
  using T = TypeParam;
  using L = std::numeric_limits<T>;
  const WithContext precision(120);
  assay::Random random(11);
  const double spread = L::max_exponent - 1, widest = std::sqrt(2.9 * spread);
  for (int i = 0; i < 3000; ++i) {
    const double size = random.uniform(-1, 1) * spread;
    const T a = static_cast<T>(random.normal()) * std::exp2(static_cast<T>(size));
    const T x = static_cast<T>(random.uniform(-1, 1) * widest);
    if (!std::isfinite(a)) continue;
    const Big b(x), half = Big(a) * exp(-(b * b) / 2), whole = Big(a) * exp(-(b * b));
    ASSERT_LE(ulps(fn::mul_gauss(a, x), half), 1.7) << a << ' ' << x;
    ASSERT_LE(ulps(fn::mul_exp_minus_square(a, x), whole), 1.7) << a << ' ' << x;
    const T z = std::abs(x), c = -a * z;
    if (i % 50 != 0 || z < T(1) || !std::isfinite(c)) continue;  // slow; crosses zero
    const Big sum = Big(a) * tail(z) + Big(c) * density(z);
    ASSERT_LE(ulps(fn::mul_normal(a, c, z), sum), 4) << a << ' ' << x;
  }
}

TYPED_TEST(Special, AProductWithAGaussianKnowsZeroAndInfinity) {
  using T = TypeParam;
  for (T x : {T(0), T(-3), T(50), this->most}) {
    EXPECT_TRUE(same_bits(fn::mul_gauss(T(-0.0), x), T(-0.0)));
    EXPECT_TRUE(same_bits(fn::mul_exp_minus_square(T(0), x), T(0)));
    EXPECT_EQ(fn::mul_gauss(-this->inf, x), -this->inf);
  }
  EXPECT_TRUE(same_bits(fn::mul_gauss(this->most, this->inf), T(0)));
  EXPECT_TRUE(same_bits(fn::mul_gauss(T(-0.0), -this->inf), T(-0.0)));
  EXPECT_TRUE(std::isnan(fn::mul_gauss(this->inf, this->inf)));
  EXPECT_TRUE(std::isnan(fn::mul_gauss(T(0), this->nan)));
  EXPECT_TRUE(std::isnan(fn::mul_gauss(this->nan, T(0))));
  EXPECT_EQ(fn::mul_gauss(T(3), T(0)), T(3));
  EXPECT_EQ(fn::mul_normal(T(1), T(0), T(0)), T(1) / T(2));
  EXPECT_TRUE(same_bits(fn::mul_normal(this->inf, -this->inf, this->inf), T(-0.0)));
}

TYPED_TEST(Special, AloneAndInALoopTheBitsAreTheSame) {
  this->template is_the_same_alone<Erf>();
  this->template is_the_same_alone<Erfc>();
  this->template is_the_same_alone<Gelu>();
  this->template is_the_same_alone<GeluTanh>();
  this->template is_the_same_alone<Silu>();
  this->template is_the_same_alone<Mish>();
}

// --- values rounded from MPFR at 1400 bits -------------------------------------------------------

template <class T>
struct Row {
  T x, y, dx;
};

template <class Rule, class T>
void expect_rows(std::initializer_list<Row<T>> rows) {
  for (const Row<T>& r : rows) {
    EXPECT_LE(ulps(Rule::f(r.x), Big(r.y)), 4) << Rule::name << ' ' << r.x;
    EXPECT_LE(ulps(Rule::df(r.x, r.y), Big(r.dx)), 4) << Rule::name << ' ' << r.x;
  }
}

TEST(SpecialTail, KeepsAllItsBitsDownToTheLastSubnormal) {
  expect_rows<Erf, double>(
      {{0x1p-1, 0x1.0a7ef5c18edd2p-1, 0x1.c1efca49a5011p-1},
       {0x1p+1, 0x1.fd9ae142795e3p-1, 0x1.529b9e8cf9a1ep-6},
       {0x1.8p+2, 0x1p+0, 0x1.2dc119095729fp-52},
       {0x1.a8p+4, 0x1p+0, 0x1.078003d294269p-1013},
       {0x1.b333333333333p+4, 0x1p+0, 0x0.000000000007p-1022},
       {0x0.0000000000001p-1022, 0x0.0000000000001p-1022, 0x1.20dd750429b6dp+0}});
  expect_rows<Erfc, double>(
      {{0x1p-1, 0x1.eb02147ce245cp-2, -0x1.c1efca49a5011p-1},
       {0x1p+1, 0x1.328f5ec350e67p-8, -0x1.529b9e8cf9a1ep-6},
       {0x1.8p+2, 0x1.8cf81557d20b6p-56, -0x1.2dc119095729fp-52},
       {0x1.a8p+4, 0x1.3df6725a60cf5p-1019, -0x1.078003d294269p-1013},
       {0x1.b333333333333p+4, 0x0.0000000000002p-1022, -0x0.000000000007p-1022},
       {-0x1p-60, 0x1p+0, -0x1.20dd750429b6dp+0}});
  expect_rows<Gelu, double>(
      {{-0x1.4p+0, -0x1.0e76a2bb4a19ap-3, -0x1.f66bfdfc23dcap-4},
       {-0x1.8p+1, -0x1.096697b244861p-8, -0x1.876f5a0927b12p-7},
       {-0x1.4p+3, -0x1.7079362639d51p-74, -0x1.cc81080c0cc8cp-71},
       {-0x1.ep+4, -0x1.601c52358b95dp-651, -0x1.4a1a57f2ee1c3p-646},
       {-0x1.3333333333333p+5, -0x0.0000000000201p-1022, -0x0.0000000004cf7p-1022},
       {0x1p+3, 0x1.ffffffffffffap+2, 0x1.00000000000b3p+0}});
  expect_rows<GeluTanh, double>({{-0x1.4p+0, -0x1.0eebdb1fc3513p-3, -0x1.f5bad598360cdp-4},
                                 {-0x1.4p+2, -0x1.ec28d40db8458p-23, -0x1.9f192fc6d4e9dp-20},
                                 {-0x1.ep+3, -0x1.eb41c83768019p-379, -0x1.7d715082475c8p-373},
                                 {-0x1.5p+4, -0x1.9c99db33e694cp-998, -0x1.354a9aa7289bap-991},
                                 {-0x1.58p+4, -0x0.0000000000039p-1022, -0x0.000000000167ep-1022},
                                 {0x1.4p+2, 0x1.3fffff09eb96p+2, 0x1.000019f192fc7p+0}});
  expect_rows<Silu, double>({{-0x1.4p+4, -0x1.621a7eaac634ap-25, -0x1.5065f84930c36p-25},
                             {-0x1.5ep+9, -0x1.7aa3cdf7f304ep-1001, -0x1.7a19549f753b5p-1001},
                             {-0x1.72p+9, -0x0.000000000f512p-1022, -0x0.000000000f4bdp-1022},
                             {-0x1.77p+9, -0x0.0000000000003p-1022, -0x0.0000000000003p-1022},
                             {0x1.4p+5, 0x1.4p+5, 0x1.0000000000001p+0}});
  expect_rows<Mish, double>({{-0x1.4p+4, -0x1.621a7eb0e5925p-25, -0x1.5065f85521208p-25},
                             {-0x1.5ep+9, -0x1.7aa3cdf7f304ep-1001, -0x1.7a19549f753b5p-1001},
                             {-0x1.72p+9, -0x0.000000000f512p-1022, -0x0.000000000f4bdp-1022},
                             {-0x1.77p+9, -0x0.0000000000003p-1022, -0x0.0000000000003p-1022},
                             {0x1.4p+5, 0x1.4p+5, 0x1p+0},
                             {-0x1.8p-1, -0x1.1b216e3145753p-2, 0x1.49351013584ap-3}});
  expect_rows<Erfc, float>({{0x1.3p+3F, 0x1.a448p-135F, -0x1.f5d1cp-131F}});
  expect_rows<Erf, float>({{0x1.3p+3F, 0x1p+0F, 0x1.f5d1cp-131F}});
  expect_rows<Gelu, float>({{-0x1.bp+3F, -0x1.263ep-133F, -0x1.f080cp-130F}});
  expect_rows<GeluTanh, float>(
      {{-0x1.4p+3F, -0x1.47c8fep-123F, -0x1.d53014p-119F}, {-0x1.6p+3F, -0x0p+0F, -0x0p+0F}});
  expect_rows<Silu, float>({{-0x1.9p+6F, -0x1.4bep-138F, -0x1.488p-138F}});
  expect_rows<Mish, float>({{-0x1.9p+6F, -0x1.4bep-138F, -0x1.488p-138F}});
}

// --- what is usually written instead -------------------------------------------------------------

/// Units in the last place that a formula is off, and that the rule is.
struct Naive {
  const char* what;
  double got, rule;
  Big truth;
};

TEST(SpecialNaive, UsualFormulasAreOffByAllTheirBits) {
  const WithContext precision(200);
  const double a = -10, b = -720, c = -740, root = std::sqrt(2.0);
  const double sigmoid_b = 1 / (1 + std::exp(-b));
  const double u = 0.7978845608028654 * (a + 0.044715 * a * a * a);
  const double gelu_slope = (1 + std::erf(a / root)) / 2 + a * std::exp(-a * a / 2) * 0.3989422804;
  const Big eb = exp(Big(b)), ec = exp(Big(c)), z(10);
  const std::vector<Naive> all = {
      {"1 - erf(6)", 1 - std::erf(6.0), fn::erfc(6.0), erfc(Big(6))},
      {"x (1 + erf(x / sqrt 2)) / 2", a * (1 + std::erf(a / root)) / 2, Gelu::f(a), -z * tail(z)},
      {"P(x) + x p(x)", gelu_slope, Gelu::df(a, a), tail(z) - z * density(z)},
      {"x (1 + tanh u) / 2", a * (1 + std::tanh(u)) / 2, GeluTanh::f(a),
       Big("-0x1.47c8fd5284fe98ep-123")},
      {"x s(x)", b * sigmoid_b, Silu::f(b), Big(b) * eb / (1 + eb)},
      {"s (1 + x (1 - s))", sigmoid_b * (1 + b * (1 - sigmoid_b)), Silu::df(b, b),
       eb * (1 + eb + Big(b)) / ((1 + eb) * (1 + eb))},
      {"x tanh(log1p(e^x))", c * std::tanh(std::log1p(std::exp(c))), Mish::f(c), Big(c) * ec},
  };
  for (const Naive& n : all) {
    EXPECT_LE(ulps(n.rule, n.truth), 4) << n.what;
    EXPECT_GE(ulps(n.got, n.truth), 100) << n.what;
  }
}

TEST(SpecialNaive, ARoundedSquareCostsHundredsOfUlps) {
  const WithContext precision(300);
  double worst = 0;
  for (double x = 20; x < 26; x += 1.0 / 113) {
    worst = std::max(worst, ulps(std::exp(-x * x), Big(exp(-(Big(x) * Big(x))))));
    ASSERT_LE(ulps(fn::mul_exp_minus_square(1.0, x), Big(exp(-(Big(x) * Big(x))))), 1.5) << x;
  }
  EXPECT_GT(worst, 100);
}

// --- other scalars -------------------------------------------------------------------------------

TEST(SpecialScalars, TheSecondDerivativeOfGeluIsAsExactAsTheFirst) {
  const WithContext precision(300);
  for (double x : {-30.0, -10.0, -3.0, -0.5, 0.25, 2.0, 20.0}) {
    const Dual<double> d = Gelu::df(Dual<double>(x, 1), Dual<double>(0));
    EXPECT_LE(ulps(d.d, Big(density(Big(x)) * (2 - Big(x) * Big(x)))), 6) << x;
    EXPECT_EQ(d.v, Gelu::df(x, 0.0));
  }
}

TEST(SpecialScalars, WideOnesCarryAllTheirDigits) {
  using assay::Dec50;
  const WithContext precision(400);
  const Dec50 x = Dec50(-37) / 8;
  const auto close = [](const Dec50& got, const Big& truth) {
    return abs(Big(got.str(60, std::ios::scientific)) / truth - 1) < Big("1e-46");
  };
  const Big b = Big(-37) / 8, z = -b;
  EXPECT_TRUE(close(Gelu::f(x), Big(b * tail(z))));
  EXPECT_TRUE(close(Gelu::df(x, Dec50(0)), Big(tail(z) - z * density(z))));
  EXPECT_TRUE(close(Silu::f(x), Big(b / (1 + exp(z)))));
  EXPECT_TRUE(close(Erfc::f(x), erfc(b)));
  EXPECT_TRUE(close(Erf::df(x, Dec50(0)), Big(2 / sqrt(Big::pi()) * exp(-(b * b)))));
  EXPECT_TRUE(close(fn::mul_gauss(Dec50(3), x), Big(3 * exp(-(b * b) / 2))));
}

}  // namespace
