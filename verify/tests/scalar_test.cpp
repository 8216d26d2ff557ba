#include "assay/scalar.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>
#include <string>
#include <vector>

#include "assay/verify/big.hpp"
#include "assay/wide.hpp"

namespace assay {
namespace {

using verify::Big;
using verify::WithContext;

template <class T>
inline constexpr bool dual_is_real = Real<T>&& Real<Dual<T>>&& Real<Dual<Dual<T>>>;
static_assert(dual_is_real<float> && dual_is_real<double> && dual_is_real<long double>);
static_assert(dual_is_real<Quad> && dual_is_real<Dec50> && dual_is_real<Dec100>);
static_assert(dual_is_real<Big>);
static_assert(!Field<int> && !Field<bool> && !Field<std::string>);
static_assert(is_dual<Dual<float>> && !is_dual<float>);
static_assert(std::same_as<plain_t<Dual<Dual<float>>>, float>);
static_assert(Dual<double>{3, 1} * Dual<double>{3, 1} == 9 && (2 * Dual<double>{3, 1}).d == 2);

/// |x - truth| in ulps of double at the truth.
double ulps(double x, const Big& truth) {
  const long exponent = std::max(truth.exponent(), -1022L);
  return (ldexp(Big(x) - truth, 52 - exponent)).to_double();
}

struct Rule {
  const char* name;
  Dual<double> (*f)(const Dual<double>&);
  Big (*derivative)(const Big&);
  std::vector<double> points;
};

const std::vector<double> kLine = {-40,  -19, -5.5, -1, -0.3, -1e-9, -1e-300, 1e-300,
                                   1e-9, 0.2, 0.9,  1,  3.3,  18,    25.7,    38};
const std::vector<double> kPositive = {1e-300, 1e-9, 0.2, 0.9, 1, 3.3, 38, 1e300};

const std::vector<Rule>& rules() {
  using D = Dual<double>;
  static const std::vector<Rule> all = {
      {"exp", [](const D& x) { return exp(x); }, [](const Big& x) { return exp(x); }, kLine},
      {"expm1", [](const D& x) { return expm1(x); }, [](const Big& x) { return exp(x); }, kLine},
      {"log", [](const D& x) { return log(x); }, [](const Big& x) { return 1 / x; }, kPositive},
      {"log1p",
       [](const D& x) { return log1p(x); },
       [](const Big& x) { return 1 / (1 + x); },
       {-0.9999999999, -0.5, -1e-9, 1e-300, 0.3, 12, 1e300}},
      {"sqrt", [](const D& x) { return sqrt(x); }, [](const Big& x) { return 1 / (2 * sqrt(x)); },
       kPositive},
      {"pow(x, 2.5)",
       [](const D& x) { return pow(x, 2.5); },
       [](const Big& x) { return 2.5 * pow(x, Big(1.5)); },
       {1e-100, 0.3, 1, 7, 1e100}},
      {"pow(1.5, x)", [](const D& x) { return pow(1.5, x); },
       [](const Big& x) { return pow(Big(1.5), x) * log(Big(1.5)); }, kLine},
      {"sin", [](const D& x) { return sin(x); }, [](const Big& x) { return cos(x); }, kLine},
      {"cos", [](const D& x) { return cos(x); }, [](const Big& x) { return -sin(x); }, kLine},
      {"tan", [](const D& x) { return tan(x); }, [](const Big& x) { return 1 / (cos(x) * cos(x)); },
       kLine},
      {"atan",
       [](const D& x) { return atan(x); },
       [](const Big& x) { return 1 / (1 + x * x); },
       {-1e160, -1e154, -7, -1, -1e-9, 0, 0.5, 1, 3, 1e100, 1e155}},
      {"atan2(x, 3)",
       [](const D& x) { return atan2(x, 3); },
       [](const Big& x) { return 3 / (9 + x * x); },
       {-1e150, -4, -3, -1e-9, 0, 0.5, 3, 1e150}},
      {"atan2(3, x)",
       [](const D& x) { return atan2(3, x); },
       [](const Big& x) { return -3 / (9 + x * x); },
       {-1e150, -4, -3, -1e-9, 0, 0.5, 3, 1e150}},
      {"sinh", [](const D& x) { return sinh(x); }, [](const Big& x) { return cosh(x); }, kLine},
      {"cosh", [](const D& x) { return cosh(x); }, [](const Big& x) { return sinh(x); }, kLine},
      {"tanh",
       [](const D& x) { return tanh(x); },
       [](const Big& x) { return 1 / (cosh(x) * cosh(x)); },
       {-360, -40, -19, -1, -1e-9, 0, 0.2, 3.3, 25.7, 300, 350}},
      {"erf",
       [](const D& x) { return erf(x); },
       [](const Big& x) { return 2 / sqrt(Big::pi()) * exp(-x * x); },
       {-26.3, -5.5, -1e-9, 0, 0.2, 0.9, 3.3, 11.7, 25.9}},
      {"erfc",
       [](const D& x) { return erfc(x); },
       [](const Big& x) { return -2 / sqrt(Big::pi()) * exp(-x * x); },
       {-26.3, -5.5, -1e-9, 0, 0.2, 0.9, 3.3, 11.7, 25.9}}};
  return all;
}

TEST(Dual, DerivativesAreWithinFourUlpOfTheClosedForms) {
  const WithContext guard(2000);
  for (const auto& [name, f, derivative, points] : rules()) {
    for (const double x : points) {
      const Dual<double> y = f({x, 1});
      EXPECT_LE(std::abs(ulps(y.d, derivative(Big(x)))), 4) << name << " at " << x << ": " << y.d;
      EXPECT_EQ(f({x, 0}).d, 0) << name << " at " << x;
      if (std::abs(y.d) < 1e-300) continue;  // a subnormal is not rounded like its double
      EXPECT_EQ(f({x, -2}).d, -2 * y.d) << name << " at " << x;
    }
  }
}

TEST(Dual, ArithmeticFollowsTheProductAndQuotientRules) {
  const Dual<double> x{3, 1};
  const Dual<double> y{-2, 5};
  const auto expect = [](const Dual<double>& actual, double v, double d) {
    EXPECT_EQ(actual.v, v);
    EXPECT_EQ(actual.d, d);
  };
  expect(x + y, 1, 6);
  expect(x - y, 5, -4);
  expect(x * y, -6, 13);
  expect(x / y, -1.5, -4.25);
  expect(-x, -3, -1);
  expect(+x, 3, 1);
  Dual<double> z = x;
  z += y;
  const Dual<double>& alias = z;
  z *= alias;
  z -= 4;
  z /= 2;
  expect(z, -1.5, 6);
  z /= alias;
  expect(z, 1, 0);
}

TEST(Dual, MixesWithEveryBuiltInNumber) {
  const Dual<float> x{2, 1};
  EXPECT_EQ((2 * x + 1L - 0.5 + 3.0F).v, 7.5F);
  EXPECT_EQ((2 * x + 1L - 0.5 + 3.0F).d, 2);
  EXPECT_EQ((1 / x).d, -0.25F);
  EXPECT_EQ((x / 4U).d, 0.25F);
  EXPECT_EQ((5 - x).d, -1);
  const Dual<Dual<double>> nested{Dual<double>{3, 1}, 1};
  EXPECT_EQ((2 * nested * 0.5 + Dual<double>(1) - 1.0F).v.v, 3);
  EXPECT_TRUE(nested > 2 && 4.0 > nested && nested == 3 && nested != Dual<double>(4));
}

TEST(Dual, AConstantFactorDoesNotTurnInfinityIntoNaN) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ((Dual<double>{inf, 1} * 2).d, 2);
  EXPECT_EQ((2 / Dual<double>{inf, 1}).d, 0);
  EXPECT_EQ((Dual<double>{inf, 3} / 2).d, 1.5);
}

TEST(Dual, ComparisonsLookAtValuesOnly) {
  EXPECT_TRUE((Dual<double>{1, 5}) == (Dual<double>{1, 7}));
  EXPECT_FALSE((Dual<double>{1, 5}) < (Dual<double>{1, 7}));
  EXPECT_TRUE((Dual<double>{1, 9}) < (Dual<double>{2, 0}));
  const Dual<double> nan{std::nan(""), 0};
  EXPECT_FALSE(nan < 1 || nan > 1 || nan == nan);
}

TEST(Dual, AbsHasSlopeZeroAtZeroByConvention) {
  EXPECT_EQ(abs(Dual<double>{-2, 3}).d, -3);
  EXPECT_EQ(abs(Dual<double>{2, 3}).d, 3);
  EXPECT_EQ(abs(Dual<double>{-0.0, 3}).d, 0);
  EXPECT_FALSE(std::signbit(abs(Dual<double>{-0.0, 3}).v));
  EXPECT_EQ(floor(Dual<double>{-1.5, 3}).v, -2);
  EXPECT_EQ(floor(Dual<double>{-1.5, 3}).d, 0);
}

TEST(Dual, PowersWithAConstantExponentWorkOnTheWholeLine) {
  EXPECT_EQ(pow(Dual<double>{-2, 1}, 3).d, 12);
  EXPECT_EQ(pow(Dual<double>{0, 1}, 2).d, 0);
  EXPECT_EQ(pow(Dual<double>{0, 1}, 1).d, 1);
  EXPECT_EQ(pow(Dual<double>{0, 1}, 0).v, 1);
  EXPECT_EQ(pow(Dual<double>{0, 1}, 0).d, 0);
  EXPECT_EQ(pow(0, Dual<double>{2, 1}).d, 0);
  EXPECT_EQ(pow(Dual<double>{0, 0}, Dual<double>{0, 0}).d, 0);
  EXPECT_EQ(pow(Dual<double>{2, 1}, Dual<double>{3, 1}).d, 12 + 8 * std::log(2.0));
}

TEST(Dual, TheRootOfAConstantZeroIsAConstant) {
  EXPECT_EQ(sqrt(Dual<double>(0)).d, 0);
  EXPECT_EQ(sqrt(Dual<double>{0, 1}).d, std::numeric_limits<double>::infinity());
}

Dual<Dual<Big>> second_order(const Big& x) { return {Dual<Big>{x, 1}, 1}; }

TEST(Dual, NestedDualsGiveSecondDerivatives) {
  const WithContext guard(300);
  const auto expect = [](const Dual<Dual<Big>>& y, const Big& truth, const char* name) {
    const Big error = y.d.d - truth;
    EXPECT_TRUE(error == 0 || error.exponent() < truth.exponent() - 280)
        << name << ": " << y.d.d.str(20) << ", not " << truth.str(20);
  };
  for (const double point : {-2.5, -0.1, 0.3, 1.7}) {
    const Big v(point);
    const auto x = second_order(v);
    const Big t = tanh(v);
    const Big sech2 = 1 / (cosh(v) * cosh(v));
    expect(x * x * x, 6 * v, "cube");
    expect(1 / x, 2 / (v * v * v), "reciprocal");
    expect(exp(x) * sin(x), 2 * exp(v) * cos(v), "exp sin");
    expect(tanh(x), -2 * t * sech2, "tanh");
    expect(tan(x), 2 * tan(v) / (cos(v) * cos(v)), "tan");
    expect(atan(x), -2 * v / ((1 + v * v) * (1 + v * v)), "atan");
    expect(atan2(x, 1), -2 * v / ((1 + v * v) * (1 + v * v)), "atan2");
    expect(erf(x), -4 * v / sqrt(Big::pi()) * exp(-v * v), "erf");
    expect(erfc(x), 4 * v / sqrt(Big::pi()) * exp(-v * v), "erfc");
    expect(pow(x, 3), 6 * v, "pow");
    expect(log1p(x * x), (2 - 2 * v * v) / ((1 + v * v) * (1 + v * v)), "log1p");
    expect(abs(x * x * x), 6 * abs(v), "abs");
    expect(sqrt(x * x + 1), 1 / pow(v * v + 1, Big(1.5)), "sqrt");
  }
  // At zero, where a value that is zero is not a constant.
  expect(pow(second_order(0), 2), 2, "square at 0");
  expect(pow(second_order(0), 1), 0, "identity at 0");
  expect(tanh(second_order(0)), 0, "tanh at 0");
  expect(sqrt(second_order(0) * second_order(0) + 1), 1, "sqrt at 0");
}

TEST(Dual, NumericLimitsAreThoseOfItsNumber) {
  using Limits = std::numeric_limits<Dual<Dual<float>>>;
  EXPECT_EQ(Limits::infinity().v.v, std::numeric_limits<float>::infinity());
  EXPECT_EQ(Limits::lowest().v.v, std::numeric_limits<float>::lowest());
  EXPECT_EQ(Limits::epsilon().d.v, 0);
  EXPECT_EQ(Limits::digits, 24);
}

TEST(Dual, PrintsItselfAndNamesItsType) {
  std::ostringstream out;
  out << Dual<double>{1.5, -2};
  EXPECT_EQ(out.str(), "(1.5, -2)");
  EXPECT_EQ(scalar_name<Dual<Dual<float>>>(), "dual<dual<float>>");
  EXPECT_EQ(scalar_name<long double>(), "long double");
  EXPECT_EQ(value_of(Dual<Dual<double>>(3)), 3.0);
  EXPECT_EQ(value_of(2.5), 2.5);
}

template <class T>
class Wide : public testing::Test {};
using WideTypes = testing::Types<Quad, Dec50, Dec100>;
TYPED_TEST_SUITE(Wide, WideTypes);

/// Error in ulps of T, relative to the truth's binade.
template <class T>
double wide_ulps(const T& x, const Big& truth) {
  const Big error =
      Big(x.str(std::numeric_limits<T>::max_digits10 + 20, std::ios::scientific)) - truth;
  return ldexp(error, std::numeric_limits<T>::digits - 1 - truth.exponent()).to_double();
}

TYPED_TEST(Wide, ElementaryFunctionsCarryAllTheirDigits) {
  using T = TypeParam;
  const WithContext guard(700);
  for (const int k : {-300, -20, -3, 1, 5, 31}) {
    const T x = T(k) / T(16);
    const Big b = Big(k) / 16;
    const T tiny = ldexp(T(k), -70);
    const Big small = ldexp(Big(k), -70);
    const auto expect = [&](const char* name, const T& value, const Big& truth) {
      // Boost reduces the argument of sin, cos, tan in the working precision.
      EXPECT_LE(std::abs(wide_ulps(value, truth)), std::abs(k) > 100 ? 200 : 16)
          << name << " at " << k << "/16";
    };
    expect("exp", exp(x), exp(b));
    expect("expm1", expm1(x), expm1(b));
    expect("expm1 near 0", expm1(tiny), expm1(small));
    expect("log1p near 0", log1p(tiny), log1p(small));
    expect("log", log(abs(x)), log(abs(b)));
    expect("sqrt", sqrt(abs(x)), sqrt(abs(b)));
    expect("pow", pow(abs(x), x), pow(abs(b), b));
    expect("sin", sin(x), sin(b));
    expect("cos", cos(x), cos(b));
    expect("tan", tan(x), tan(b));
    expect("atan", atan(x), atan(b));
    expect("atan2", atan2(x, T(3)), atan2(b, Big(3)));
    expect("sinh", sinh(x), sinh(b));
    expect("cosh", cosh(x), cosh(b));
    expect("tanh", tanh(x), tanh(b));
    expect("erf", erf(x), erf(b));
    expect("erfc", erfc(x), erfc(b));
    expect("tanh'", tanh(Dual<T>{x, 1}).d, 1 / (cosh(b) * cosh(b)));
  }
  EXPECT_EQ(T("0.1") * 10, 1);
  EXPECT_NE(T("0.1"), T(0.1));
}

TYPED_TEST(Wide, MatricesCompileAndLowestIsNegative) {
  using T = TypeParam;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix a(2, 2);
  a << T(1), T(2), T(3), T(4);
  const Matrix b = a.lazyProduct(a) * T(2) + a * 2 - a.cwiseAbs();
  EXPECT_EQ(b.sum(), 118);
  EXPECT_EQ((-a).maxCoeff(), -1);
  EXPECT_LT(Eigen::NumTraits<T>::lowest(), T(-1e300));
}

}  // namespace
}  // namespace assay
