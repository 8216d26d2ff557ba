#include "assay/rational.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "assay/eigen_traits.hpp"
#include "testing.hpp"

namespace assay {
namespace {

static_assert(Field<Rational> && !Real<Rational>);
static_assert(Field<Dual<Rational>> && !Real<Dual<Rational>>);
static_assert(!std::is_convertible_v<double, Rational> && !std::is_convertible_v<Rational, double>);

Rational power_of_two(int n) {
  Rational r(1);
  for (int i = 0; i < std::abs(n); ++i) r *= 2;
  return n < 0 ? 1 / r : r;
}

TEST(Rational, IsAlwaysReducedWithAPositiveDenominator) {
  EXPECT_EQ(Rational(6, -4).str(), "-3/2");
  EXPECT_EQ(Rational(-6, -4).str(), "3/2");
  EXPECT_EQ(Rational(0, -7).str(), "0");
  EXPECT_EQ((Rational(1, 6) + Rational(1, 3)).str(), "1/2");
  EXPECT_EQ((Rational(-4, 9) * Rational(3, 8)).str(), "-1/6");
  EXPECT_EQ((Rational(2, 3) / Rational(-4, 3)).str(), "-1/2");
}

TEST(Rational, AdditionIsExactBeyond64Bits) {
  Rational harmonic;
  for (int k = 1; k <= 60; ++k) harmonic += Rational(1, k);
  // Python: sum(Fraction(1, k) for k in range(1, 61))
  EXPECT_EQ(harmonic.str(), "15117092380124150817026911/3230237388259077233637600");
  for (int k = 60; k >= 1; --k) harmonic -= Rational(1, k);
  EXPECT_EQ(harmonic.str(), "0");
}

TEST(Rational, ProductsAreExactBeyond64Bits) {
  Rational factorial(1);
  for (int k = 1; k <= 30; ++k) factorial *= k;
  EXPECT_EQ(factorial.str(), "265252859812191058636308480000000");
  for (int k = 30; k >= 1; --k) factorial /= k;
  EXPECT_EQ(factorial, 1);
}

TEST(Rational, TheSmallFormHasNoSeamAtItsEnds) {
  const Rational max(INT64_MAX);
  const Rational min(INT64_MIN);
  EXPECT_EQ((max + 1).str(), "9223372036854775808");
  EXPECT_EQ(-min, max + 1);
  EXPECT_EQ(min + 1, -max);
  EXPECT_EQ(Rational(UINT64_MAX).str(), "18446744073709551615");
  EXPECT_EQ((max * max).str(), "85070591730234615847396907784232501249");
  EXPECT_EQ(max * max / max, max);
  EXPECT_EQ(max / max, 1);
  EXPECT_EQ((1 / max + 1 / max).str(), "2/9223372036854775807");
  EXPECT_EQ((max - 1) / max - 1, -1 / max);
  EXPECT_EQ(1 / (1 / min), min);
  EXPECT_LT(min, -max);
  EXPECT_LT(max, max + Rational(1, 2));
  EXPECT_GT(1 / max, 1 / (max + 1));
}

TEST(Rational, FieldIdentitiesHoldForRandomNumbersOfAllSizes) {
  std::mt19937_64 bits(7);
  const auto random = [&] {
    const auto num = static_cast<std::int64_t>(bits()) >> (bits() % 64);
    const auto den = (static_cast<std::int64_t>(bits()) >> (bits() % 64)) | 1;
    return Rational(num, den);
  };
  for (int i = 0; i < 2000; ++i) {
    const Rational a = random();
    const Rational b = random();
    const Rational c = random();
    EXPECT_EQ(a + b - b, a);
    EXPECT_EQ((a + b) * c, a * c + b * c);
    EXPECT_EQ(a * (b + c) - a * b, a * c);
    if (b != 0) {
      EXPECT_EQ(a / b * b, a);
    }
    EXPECT_EQ(a < b, a - b < 0);
    EXPECT_EQ(a <=> b, (a - b).sign() <=> 0);
    EXPECT_EQ(Rational(a.str()), a);
    EXPECT_EQ(abs(a), a < 0 ? -a : a);
  }
}

TEST(Rational, DivisionByZeroIsADomainErrorThatNamesIt) {
  EXPECT_EQ(message_of<std::domain_error>([] { Rational(3, 0); }),
            "rational: 3/0 has a zero denominator");
  EXPECT_EQ(message_of<std::domain_error>([] { return Rational(3, 5) / 0; }),
            "rational: 3/5 divided by zero");
  EXPECT_EQ(message_of<std::domain_error>([] { Rational("1/0"); }),
            "rational: 1/0 has a zero denominator");
  Rational x(2);
  EXPECT_THROW(x /= 0, std::domain_error);
  EXPECT_EQ(x, 2);
}

TEST(Rational, ReadsIntegersFractionsAndDecimalsExactly) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"3", "3"},       {"-3/5", "-3/5"},   {"+6/4", "3/2"},
      {"0.125", "1/8"}, {"1e-3", "1/1000"}, {"-2.5E2", "-250"},
      {"1e+2", "100"},  {".5", "1/2"},      {"5.", "5"},
      {"010", "10"},    {"-0", "0"},        {"0.1", "1/10"},
      {"00.10e1", "1"}, {"0/9", "0"},       {"1e20", "100000000000000000000"}};
  for (const auto& [text, value] : cases) EXPECT_EQ(Rational(text).str(), value) << text;
  EXPECT_NE(Rational("0.1"), Rational(0.1));
}

TEST(Rational, RefusesAnythingElseByName) {
  for (const char* text : {"",     "-",     "+",     ".",   "x",   "1x",      "1/",           "/2",
                           "1/-2", "1/2/3", "1.5/2", "1e",  "1e-", "e3",      "1.2.3",        " 1",
                           "1 ",   "--1",   "0x10",  "inf", "nan", "1e20001", "1e99999999999"}) {
    const std::string message = message_of<std::invalid_argument>([&] { Rational{text}; });
    EXPECT_NE(message.find("\"" + std::string(text) + "\" is not a number"), std::string::npos)
        << text << ": " << message;
  }
}

TEST(Rational, TakesTheExactBinaryValueOfAFloat) {
  EXPECT_EQ(Rational(0.1).str(), "3602879701896397/36028797018963968");
  EXPECT_EQ(Rational(0.1F).str(), "13421773/134217728");
  EXPECT_EQ(Rational(-0.75).str(), "-3/4");
  EXPECT_EQ(Rational(5e-324), power_of_two(-1074));
  EXPECT_EQ(Rational(0x1p1023), power_of_two(1023));
  EXPECT_EQ(Rational(0x1.8p63L).str(), "13835058055282163712");
  EXPECT_THROW(Rational{std::numeric_limits<double>::infinity()}, std::domain_error);
  EXPECT_THROW(Rational{std::nan("")}, std::domain_error);
}

TEST(Rational, ConversionToFloatingPointRoundTrips) {
  std::mt19937_64 bits(11);
  for (int i = 0; i < 1000; ++i) {
    const auto x = std::bit_cast<double>(bits() >> (i % 3 == 0 ? 12 : 0));
    if (!std::isfinite(x)) continue;
    EXPECT_EQ(Rational(x).to_double(), x);
    const auto y =
        std::bit_cast<float>(static_cast<std::uint32_t>(bits() >> (i % 3 == 0 ? 41 : 32)));
    if (std::isfinite(y)) {
      EXPECT_EQ(Rational(y).to_float(), y);
    }
    const auto z = static_cast<long double>(x) / 3;
    EXPECT_EQ(Rational(z).to_long_double(), z);
  }
}

TEST(Rational, ConversionToDoubleRoundsOnceToNearestEven) {
  const Rational one(1);
  const Rational ulp = power_of_two(-52);
  const Rational hair = power_of_two(-300);
  EXPECT_EQ((one + ulp / 2).to_double(), 1.0);
  EXPECT_EQ((one + ulp / 2 + hair).to_double(), 1 + 0x1p-52);
  EXPECT_EQ((one + ulp * 3 / 2).to_double(), 1 + 0x1p-51);
  EXPECT_EQ((one + ulp * 3 / 2 - hair).to_double(), 1 + 0x1p-52);
  EXPECT_EQ((-one - ulp / 2 - hair).to_double(), -1 - 0x1p-52);
  EXPECT_EQ(Rational(1, 3).to_double(), 1.0 / 3.0);
  EXPECT_EQ((power_of_two(53) + 1).to_double(), 0x1p53);
  EXPECT_EQ((power_of_two(53) + 3).to_double(), 0x1p53 + 4);
  EXPECT_EQ((one + power_of_two(-24) + power_of_two(-60)).to_float(), 1 + 0x1p-23F);
  EXPECT_EQ((one + power_of_two(-64)).to_long_double(), 1.0L);
  EXPECT_EQ((2 - power_of_two(-64)).to_long_double(), 2.0L);
}

TEST(Rational, ConversionToDoubleIsRightAtBothEndsOfTheRange) {
  const Rational least = power_of_two(-1074);
  const Rational hair = power_of_two(-2000);
  EXPECT_EQ((least / 2).to_double(), 0.0);
  EXPECT_EQ((least / 2 + hair).to_double(), 5e-324);
  EXPECT_EQ((least * 3 / 2).to_double(), 1e-323);
  EXPECT_EQ((least * 3 / 2 - hair).to_double(), 5e-324);
  EXPECT_EQ((power_of_two(-1022) - least / 2).to_double(), 0x1p-1022);
  const Rational beyond = power_of_two(1024) - power_of_two(970);
  EXPECT_EQ(beyond.to_double(), std::numeric_limits<double>::infinity());
  EXPECT_EQ((beyond - hair).to_double(), std::numeric_limits<double>::max());
  EXPECT_EQ((-power_of_two(5000)).to_double(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(power_of_two(-5000).to_double(), 0.0);
}

TEST(Rational, CopiesMovesAndSelfAssignmentKeepTheValue) {
  const Rational big = power_of_two(200) + 1;
  const Rational small(3, 7);
  for (const Rational& from : {big, small}) {
    for (const Rational& to : {big, small}) {
      Rational x(to);
      x = from;
      EXPECT_EQ(x, from);
      const Rational& alias = x;
      x = alias;
      EXPECT_EQ(x, from);
      Rational y(std::move(x));
      EXPECT_EQ(y, from);
      x = to;
      EXPECT_EQ(x, to);
      x = std::move(y);
      EXPECT_EQ(x, from);
      x -= alias;
      EXPECT_EQ(x, 0);
    }
  }
}

TEST(Rational, NumeratorDenominatorAndStreamAreDecimal) {
  const Rational x("-12345678901234567890123/2");
  EXPECT_EQ(x.numerator(), "-12345678901234567890123");
  EXPECT_EQ(x.denominator(), "2");
  std::ostringstream out;
  out << x << ' ' << Rational(4, 2);
  EXPECT_EQ(out.str(), "-12345678901234567890123/2 2");
  EXPECT_EQ(scalar_name<Rational>(), "rational");
}

TEST(Rational, MatricesAndDualsOfRationalsAreExact) {
  using Matrix = Eigen::Matrix<Rational, Eigen::Dynamic, Eigen::Dynamic>;
  Matrix a(2, 2);
  a << Rational(1, 2), Rational(1, 3), Rational(1, 5), Rational(1, 7);
  const Matrix square = a.lazyProduct(a);
  EXPECT_EQ(square(0, 0), Rational(19, 60));
  EXPECT_EQ((a + 2 * a.transpose()).sum(), Rational(247, 70));
  EXPECT_EQ(a.array().inverse().matrix().trace(), 9);

  const Dual<Rational> x{Rational(1, 3), 1};
  const Dual<Rational> y = x * x / 2 - 1 / x;
  EXPECT_EQ(y.d, Rational(28, 3));
}

}  // namespace
}  // namespace assay
