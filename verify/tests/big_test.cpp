#include "assay/verify/big.hpp"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "assay/eigen_traits.hpp"

namespace assay::verify {
namespace {

static_assert(Real<Big> && Real<Dual<Big>> && Real<Dual<Dual<Big>>>);
static_assert(std::is_nothrow_move_constructible_v<Big> && std::is_nothrow_move_assignable_v<Big>);
static_assert(!std::is_convertible_v<Big, double> && std::is_convertible_v<double, Big>);

using Function = Big (*)(const Big&);
struct Named {
  const char* name;
  Function f;
};
const std::vector<Named>& functions() {
  static const std::vector<Named> all = {{"exp", [](const Big& x) { return exp(x); }},
                                         {"expm1", [](const Big& x) { return expm1(x); }},
                                         {"log", [](const Big& x) { return log(x); }},
                                         {"log1p", [](const Big& x) { return log1p(x); }},
                                         {"sqrt", [](const Big& x) { return sqrt(x); }},
                                         {"pow", [](const Big& x) { return pow(x, x); }},
                                         {"sin", [](const Big& x) { return sin(x); }},
                                         {"cos", [](const Big& x) { return cos(x); }},
                                         {"tan", [](const Big& x) { return tan(x); }},
                                         {"atan", [](const Big& x) { return atan(x); }},
                                         {"atan2", [](const Big& x) { return atan2(x, Big(3)); }},
                                         {"sinh", [](const Big& x) { return sinh(x); }},
                                         {"cosh", [](const Big& x) { return cosh(x); }},
                                         {"tanh", [](const Big& x) { return tanh(x); }},
                                         {"erf", [](const Big& x) { return erf(x); }},
                                         {"erfc", [](const Big& x) { return erfc(x); }},
                                         {"sum", [](const Big& x) { return x + 1e-40; }},
                                         {"difference", [](const Big& x) { return x - 1e-40; }},
                                         {"product", [](const Big& x) { return x * 0.1; }},
                                         {"quotient", [](const Big& x) { return x / 7; }}};
  return all;
}

TEST(Big, DirectedRoundingBracketsEveryFunction) {
  for (const Named& function : functions()) {
    const char* const name = function.name;
    for (const double x : {1e-20, 0.3, 0.7, 1.9, 12.34567, 37.5}) {
      const auto at = [&](mpfr_prec_t precision, mpfr_rnd_t rounding) {
        const WithContext guard(precision, rounding);
        return function.f(Big(x));
      };
      const Big truth = at(600, MPFR_RNDN);
      for (const mpfr_prec_t precision : {53, 113, 170, 256, 320}) {
        const Big below = at(precision, MPFR_RNDD);
        const Big above = at(precision, MPFR_RNDU);
        EXPECT_EQ(below.precision(), precision);
        EXPECT_LE(below, truth) << name << ' ' << x << ' ' << precision;
        EXPECT_LE(truth, above) << name << ' ' << x << ' ' << precision;
        const WithContext guard(600);
        EXPECT_LE((above - below).exponent(), truth.exponent() - precision + 3) << name << ' ' << x;
      }
    }
  }
}

TEST(Big, BuiltInNumbersAreTakenExactly) {
  const WithContext guard(24, MPFR_RNDU);  // too few bits for any of them: must not matter
  std::mt19937_64 bits(3);
  for (int i = 0; i < 5000; ++i) {
    const auto x = std::bit_cast<double>(i % 4 == 0 ? bits() >> 12 : bits());
    if (std::isnan(x)) continue;
    EXPECT_EQ((mpfr_cmp_d)(Big(x).mpfr(), x), 0) << x;
    EXPECT_EQ(Big(x).to_double(), x);
    const auto n = static_cast<std::int64_t>(bits()) >> (i % 64);
    EXPECT_EQ((mpfr_cmp_si)(Big(n).mpfr(), n), 0) << n;
    const auto u = bits() >> (i % 64);
    EXPECT_EQ((mpfr_cmp_ui)(Big(u).mpfr(), u), 0) << u;
    const auto l = static_cast<long double>(x) / 3;
    EXPECT_EQ(Big(l).to_long_double(), l);
  }
  for (const double x : {0.0, 5e-324, 0x1p-1022, 0x0.fffffffffffffp-1022, 1.0,
                         0x1.fffffffffffffp1023, std::numeric_limits<double>::infinity()}) {
    for (const double y : {x, -x}) {
      EXPECT_EQ(Big(y).to_double(), y);
      EXPECT_EQ(std::signbit(Big(y).to_double()), std::signbit(y));
    }
  }
  EXPECT_EQ(Big(INT64_MIN).str(), "-9223372036854775808");
  EXPECT_EQ(Big(UINT64_MAX).str(), "18446744073709551615");
  EXPECT_EQ(Big(false), 0);
  EXPECT_TRUE(isnan(Big(std::nan(""))));
  EXPECT_EQ(Big(0x1p-16445L).to_long_double(), 0x1p-16445L);
}

TEST(Big, ConversionsRoundOnceAlsoWhereTheResultIsSubnormal) {
  const WithContext guard(300);
  const Big trap = Big(1) + ldexp(Big(1), -24) + ldexp(Big(1), -60);
  EXPECT_EQ(trap.to_float(), 1 + 0x1p-23F);  // by way of double it would be 1
  EXPECT_EQ(static_cast<float>(static_cast<double>(trap)), 1.0F);
  const Big tiny = ldexp(Big(1), -150) + ldexp(Big(1), -230);
  EXPECT_EQ(tiny.to_float(), 0x1p-149F);
  EXPECT_EQ(ldexp(Big(1), -150).to_float(), 0.0F);
  EXPECT_EQ((ldexp(Big(1), -1075) + ldexp(Big(1), -1200)).to_double(), 5e-324);
  EXPECT_EQ(ldexp(Big(3), -1075).to_double(), 1e-323);
  EXPECT_EQ(ldexp(Big(1), -1075).to_double(MPFR_RNDU), 5e-324);
  EXPECT_EQ((Big(1) / 3).to_double(MPFR_RNDD), 1.0 / 3);
  EXPECT_EQ((Big(1) / 3).to_double(MPFR_RNDU), std::nextafter(1.0 / 3, 1.0));
  EXPECT_EQ(ldexp(Big(1), 1024).to_double(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(static_cast<long double>(Big(1) / 3), 1.0L / 3);
  EXPECT_EQ((ldexp(Big(1), -16446) + ldexp(Big(1), -16500)).to_long_double(), 0x1p-16445L);
}

TEST(Big, CopiesMovesAndSelfAssignmentKeepValueAndPrecision) {
  const auto root = [](mpfr_prec_t precision) {
    const WithContext guard(precision);
    return sqrt(Big(2));
  };
  const std::vector<mpfr_prec_t> sizes = {2, 53, 64, 65, 256, 257, 320, 1200};
  for (const mpfr_prec_t from : sizes) {
    for (const mpfr_prec_t to : sizes) {
      const Big original = root(from);
      Big x = root(to);
      x = original;
      EXPECT_EQ(x, original);
      EXPECT_EQ(x.precision(), from);
      const Big& alias = x;
      x = alias;
      EXPECT_EQ(x, original);
      Big y(std::move(x));
      EXPECT_EQ(y, original);
      x = root(to);  // a moved-from number may be assigned to
      EXPECT_EQ(x, root(to));
      x = std::move(y);
      EXPECT_EQ(x, original);
      EXPECT_EQ(x.precision(), from);
      using std::swap;
      Big z = root(to);
      swap(x, z);
      EXPECT_EQ(z, original);
      EXPECT_EQ(x, root(to));
      std::vector<Big> many(3, x);
      many.push_back(z);
      many.erase(many.begin());
      EXPECT_EQ(many.back(), original);
    }
  }
}

TEST(Big, CompoundAssignmentTakesTheCurrentPrecisionAndAllowsAliases) {
  Big x(1);
  {
    const WithContext guard(300);
    x /= 3;
    EXPECT_EQ(x.precision(), 300);
    EXPECT_EQ(x, Big(1) / 3);
  }
  const WithContext guard(100);
  x += 0;
  EXPECT_EQ(x.precision(), 100);
  const Big third = x;
  const Big& alias = x;
  x += alias;
  EXPECT_EQ(x, third * 2);
  x *= alias;
  EXPECT_EQ(x, third * 2 * (third * 2));
  x -= alias;
  EXPECT_EQ(x, 0);
}

TEST(Big, ExactOperationsKeepAllBitsInALowContext) {
  const double x = 0x1.123456789abcdp5;
  const WithContext guard(10, MPFR_RNDU);
  EXPECT_EQ(-Big(x), Big(-x));
  EXPECT_EQ(abs(Big(-x)), Big(x));
  EXPECT_EQ(+Big(x), Big(x));
  EXPECT_EQ(floor(Big(-0x1.ffffffffffffp40)), Big(std::floor(-0x1.ffffffffffffp40)));
  EXPECT_EQ(ldexp(Big(x), -2000).exponent(), 5 - 2000);
}

TEST(Big, AContextLastsForItsScopeOnly) {
  const Context before = context();
  {
    const WithContext outer(200, MPFR_RNDU);
    {
      const WithContext inner(Context{500, MPFR_RNDD});
      EXPECT_EQ(Big::pi().precision(), 500);
      EXPECT_EQ(context().rounding, MPFR_RNDD);
    }
    EXPECT_EQ(Big::pi().precision(), 200);
    EXPECT_EQ(context().rounding, MPFR_RNDU);
  }
  EXPECT_EQ(context().precision, before.precision);
}

TEST(Big, EveryThreadHasItsOwnContextAndTheWholeExponentRange) {
  const WithContext guard(700);
  mpfr_prec_t precision = 0;
  long exponent = 0;
  std::thread([&] {
    const Big x = exp(Big(-1e15));
    precision = x.precision();
    exponent = x.exponent();
  }).join();
  EXPECT_EQ(precision, Context{}.precision);
  EXPECT_EQ(exponent, exp(Big(-1e15)).exponent());
  EXPECT_EQ(exponent, -1442695040888964);
}

TEST(Big, ExponentIsTheFloorOfTheLogarithm) {
  EXPECT_EQ(Big(1).exponent(), 0);
  EXPECT_EQ(Big(-0.75).exponent(), -1);
  EXPECT_EQ(Big(5e-324).exponent(), -1074);
  EXPECT_EQ(Big(8).exponent(), 3);
  EXPECT_EQ(Big(0.0).exponent(), Big::kZeroExponent);
  EXPECT_EQ(Big(std::numeric_limits<double>::infinity()).exponent(), Big::kNonFiniteExponent);
  EXPECT_EQ(Big(std::nan("")).exponent(), Big::kNonFiniteExponent);
}

TEST(Big, ComparisonsWithNaNAreFalse) {
  const Big nan(std::nan(""));
  EXPECT_FALSE(nan == nan);
  EXPECT_TRUE(nan != nan);
  EXPECT_FALSE(nan < 1 || nan > 1 || nan <= 1 || nan >= 1 || 1 < nan);
  EXPECT_TRUE(Big(1) < 2 && 2 > Big(1) && Big(1) <= 1.0 && Big(-0.0) == 0);
  EXPECT_TRUE(isfinite(Big(1)) && !isfinite(nan) && isinf(Big(1) / 0) && signbit(Big(-0.0)));
}

TEST(Big, AnArgumentTooLargeForReductionGivesNaNRatherThanExhaustingMemory) {
  const Big huge = ldexp(Big(1), 1L << 50);
  EXPECT_TRUE(isnan(sin(huge)) && isnan(cos(huge)) && isnan(tan(huge)));
  EXPECT_FALSE(isnan(sin(Big(1e308))));
  EXPECT_TRUE(isnan(sin(Big(1) / 0)));
}

TEST(Big, ReadsDecimalAndHexadecimalAndRefusesTheRest) {
  const WithContext guard(200);
  EXPECT_EQ(Big("0.1") * 10, 1);
  EXPECT_NE(Big("0.1"), Big(0.1));
  EXPECT_EQ(Big("0x1.8p-3"), Big(0.1875));
  EXPECT_EQ(Big("-1e-3") * -1000, 1);
  for (const char* text : {"", " 1", "1 ", "1,5", "abc", "1e", "0.1x"}) {
    EXPECT_THROW(Big{text}, std::invalid_argument) << '"' << text << '"';
  }
  const WithContext large(2000);
  EXPECT_THROW(Big("zero"), std::invalid_argument);
}

TEST(Big, PrintsWhatItCarries) {
  const WithContext guard(113);
  EXPECT_EQ((Big(1) / 3).str(5), "0.33333");
  EXPECT_EQ(Big(5.175555005801869e-17).str(16), "5.175555005801869e-17");
  std::ostringstream out;
  out << Big(8) << ' ' << Big(0.125) << ' ' << -Big(1) / 0;
  EXPECT_EQ(out.str(), "8 0.125 -inf");
  EXPECT_EQ(scalar_name<Dual<Big>>(), "dual<big>");
}

TEST(Big, NumericLimitsFollowTheContext) {
  using Limits = std::numeric_limits<Big>;
  const WithContext guard(200);
  EXPECT_TRUE(isinf(Limits::infinity()) && isnan(Limits::quiet_NaN()));
  EXPECT_EQ(Limits::epsilon().exponent(), -199);
  EXPECT_TRUE(isfinite((Limits::max)()) && (Limits::max)() > 1e300 && isinf((Limits::max)() * 2));
  EXPECT_TRUE(isinf(std::numeric_limits<Dual<Big>>::infinity().v));
}

TEST(Big, MixesWithBuiltInNumbers) {
  const WithContext guard(100);
  const Big x(3);
  EXPECT_EQ(2 * x + 0.5 - 1L, 5.5F);
  EXPECT_EQ(1 - x / 2, -0.5);
  EXPECT_EQ(pow(x, 3), 27);
  EXPECT_EQ(pow(x, -1), 1 / x);
  EXPECT_EQ(pow(Big(2), 0.5), sqrt(Big(2)));
}

template <class T>
class MatricesOf : public testing::Test {};
using Scalars = testing::Types<Big, Dual<Big>, Dual<Dual<Big>>>;
TYPED_TEST_SUITE(MatricesOf, Scalars);

TYPED_TEST(MatricesOf, BigAreOrdinaryEigenMatrices) {
  using T = TypeParam;
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  const WithContext guard(200);
  Matrix a(2, 2);
  a << T(1), T(2), T(3), T(4);
  const Matrix b = a.lazyProduct(a) + a.transpose() * 2 - Matrix::Identity(2, 2) * T(0.5);
  EXPECT_EQ(b(0, 0), 8.5);
  EXPECT_EQ(b(1, 0), 19);
  EXPECT_EQ((a.array() * a.array() / a.array()).sum(), 10);
  EXPECT_EQ(a.colwise().sum()(1), 6);
  EXPECT_EQ((-a).cwiseAbs().maxCoeff(), 4);
  EXPECT_EQ((a - Matrix::Constant(2, 2, T(9))).maxCoeff(), -5);
  EXPECT_TRUE(Eigen::NumTraits<T>::lowest() < -1e300 && T(1) + Eigen::NumTraits<T>::epsilon() > 1);
}

}  // namespace
}  // namespace assay::verify
