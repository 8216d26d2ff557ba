// Enclosures in two doubles against those in MPFR, which are far narrower.

#include "assay/verify/enclosure.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <optional>
#include <random>
#include <vector>

#include "two_functions.hpp"

namespace {

using namespace assay::verify;

constexpr mpfr_prec_t sharp_precision = 2600;

/// Every other one with an exponent of ordinary size, the rest of any, subnormal ones among them.
double any_double(std::mt19937_64& bits) {
  const std::uint64_t r = bits();
  const auto x = std::bit_cast<double>(bits());
  if (r % 8 == 0) return static_cast<double>(static_cast<int>(r >> 8) % 9 - 4);
  if (r % 16 == 1) return std::ldexp(1.0, static_cast<int>((r >> 8) % 920) - 460);
  const int spread = r % 2 == 0 ? 40 : (r % 4 == 1 ? 470 : 1100);
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);
  if (!std::isfinite(fraction)) return 0;
  return std::ldexp(fraction, exponent % spread);
}

void expect_encloses(const Enclosure& wide, const Enclosure& sharp, const std::string& what) {
  if (isnan(wide.lo()) || isnan(wide.hi())) return;  // says nothing, hence nothing wrong
  EXPECT_LE(wide.lo(), sharp.hi()) << what;
  EXPECT_GE(wide.hi(), sharp.lo()) << what;
}

template <class F>
Enclosure in(mpfr_prec_t precision, F f) {
  const WithContext c(precision);
  return f();
}

/// A number both in two doubles and sharply.
struct Pair {
  Enclosure wide, sharp;
};

template <class F, class... X>
Pair applied(F f, const X&... x) {
  return {in(two_doubles_precision, [&] { return Enclosure(f(x.wide...)); }),
          in(sharp_precision, [&] { return Enclosure(f(x.sharp...)); })};
}

/// Some steps of arithmetic from random numbers: neither points nor powers of two.
Pair random_pair(std::mt19937_64& bits) {
  const double a = any_double(bits), b = any_double(bits), c = any_double(bits);
  Pair x{a, a};
  if (bits() % 2 == 0) x = applied([](auto& p, auto& q) { return p + q; }, x, Pair{b, b});
  if (bits() % 2 == 0) x = applied([](auto& p, auto& q) { return p * q; }, x, Pair{c, c});
  if (bits() % 4 == 0) x = applied([](auto& p) { return p / Enclosure(3); }, x);
  return x;
}

TEST(TwoDoubles, SumsAndProductsOfDoublesAreExact) {
  std::mt19937_64 bits(1);
  const WithContext c(sharp_precision);
  for (int i = 0; i < 20000; ++i) {
    const double a = any_double(bits), b = any_double(bits);
    if (!two::in_range(a) || !two::in_range(b)) continue;
    const two::Exact s = two::two_sum(a, b), p = two::two_product(a, b);
    ASSERT_EQ(Big(s.value) + Big(s.error), Big(a) + Big(b)) << a << ' ' << b;
    ASSERT_EQ(Big(p.value) + Big(p.error), Big(a) * Big(b)) << a << ' ' << b;
  }
}

TEST(Enclosure, ArithmeticInTwoDoublesEnclosesTheTrueValue) {
  std::mt19937_64 bits(2);
  int narrow = 0;
  for (int i = 0; i < 6000; ++i) {
    const Pair x = random_pair(bits), y = random_pair(bits);
    const auto check = [&](const char* what, const Pair& r) {
      expect_encloses(r.wide, r.sharp, what);
      narrow += r.wide.two_doubles() ? 1 : 0;
    };
    check("sum", applied([](auto& a, auto& b) { return a + b; }, x, y));
    check("difference", applied([](auto& a, auto& b) { return a - b; }, x, y));
    check("product", applied([](auto& a, auto& b) { return a * b; }, x, y));
    // By a point 0 it is the pole that built-in types give, whose sign is that of the 0.
    if (!is_zero(y.sharp.lo()) || !is_zero(y.sharp.hi()))
      check("quotient", applied([](auto& a, auto& b) { return a / b; }, x, y));
    check("root", applied([](auto& a) { return sqrt(abs(a)); }, x));
    // What cancels nearly, or wholly.
    const Pair z = applied([](auto& a) { return a / Enclosure(3) * Enclosure(3); }, x);
    check("cancelled", applied([](auto& a, auto& b) { return a - b; }, x, z));
    check("cancelled root",
          applied([](auto& a) { return sqrt(abs(a)) * sqrt(abs(a)) - abs(a); }, x));
  }
  EXPECT_GT(narrow, 15000) << "most of these must stay in two doubles";
}

TEST(Enclosure, FunctionsInTwoDoublesEncloseTheTrueValue) {
  using Function = std::function<Enclosure(const Enclosure&)>;
  const std::vector<std::pair<const char*, Function>> functions{
      {"exp", [](auto& x) { return exp(x); }},
      {"expm1", [](auto& x) { return expm1(x); }},
      {"log", [](auto& x) { return log(abs(x)); }},
      {"log1p", [](auto& x) { return log1p(x); }},
      {"sqrt", [](auto& x) { return sqrt(x); }},
      {"atan", [](auto& x) { return atan(x); }},
      {"sinh", [](auto& x) { return sinh(x); }},
      {"cosh", [](auto& x) { return cosh(x); }},
      {"tanh", [](auto& x) { return tanh(x); }},
      {"erf", [](auto& x) { return erf(x); }},
      {"erfc", [](auto& x) { return erfc(x); }},
      {"sin", [](auto& x) { return sin(x); }},
      {"cos", [](auto& x) { return cos(x); }},
      {"floor", [](auto& x) { return floor(x); }},
      {"pow", [](auto& x) { return pow(x, Enclosure(3)); }},
      {"pow", [](auto& x) { return pow(abs(x), x); }},
      {"atan2", [](auto& x) { return atan2(x, Enclosure(0.3) - x); }},
  };
  std::mt19937_64 bits(3);
  for (int i = 0; i < 150; ++i) {
    // Moderate arguments: the sharp side of exp(1e300) takes its time.
    const double size = std::ldexp(1.0, static_cast<int>(bits() % 24) - 15);
    const double a = size * (static_cast<double>(bits() >> 11) * 0x1p-52 - 1);
    Pair x{a, a};
    if (i % 3 == 1) x = applied([](auto& p) { return p / Enclosure(3); }, x);
    // As wide as a double, so that slopes matter.
    if (i % 3 == 2) {
      const double r = std::ldexp(std::abs(a), -static_cast<int>(bits() % 50) - 3);
      x.wide = Enclosure(TwoDoubles{a, 0, r});
      x.sharp = Enclosure(a) + Enclosure(i % 2 == 0 ? r : -r);
    }
    for (const auto& [name, f] : functions) {
      const Pair y = applied(f, x);
      expect_encloses(y.wide, y.sharp, name);
      if (i % 3 != 0 || !y.wide.two_doubles()) continue;
      EXPECT_LE(y.wide.two_doubles()->radius, std::ldexp(std::abs(y.wide.two_doubles()->hi), -88))
          << name << " at " << a;
    }
  }
}

TEST(TwoDoubles, FunctionsWithoutMpfrEncloseTheTrueValue) {
  using Function = std::optional<TwoDoubles> (*)(const TwoDoubles&);
  using Sharp = Enclosure (*)(const Enclosure&);
  struct Named {
    const char* name;
    Function narrow;
    Sharp sharp;
  };
  const std::vector<Named> functions{
      {"exp", two::exp, [](const Enclosure& x) { return exp(x); }},
      {"expm1", two::expm1, [](const Enclosure& x) { return expm1(x); }},
      {"log", two::log, [](const Enclosure& x) { return log(x); }},
      {"log1p", two::log1p, [](const Enclosure& x) { return log1p(x); }},
      {"tanh", two::tanh, [](const Enclosure& x) { return tanh(x); }},
      {"sinh", two::sinh, [](const Enclosure& x) { return sinh(x); }},
      {"cosh", two::cosh, [](const Enclosure& x) { return cosh(x); }},
  };
  std::mt19937_64 bits(5);
  const auto random = [&](int lowest, int highest) {
    const int exponent =
        lowest + static_cast<int>(bits() % static_cast<unsigned>(highest - lowest));
    const double m = static_cast<double>(bits() >> 11) * 0x1p-53 + 0.5;
    return std::ldexp(bits() % 2 == 0 ? m : -m, exponent);
  };
  for (const auto& [name, narrow, sharp] : functions) {
    int given = 0;
    for (int i = 0; i < 3000; ++i) {
      double hi = i % 3 == 0 ? random(-300, 10) : random(-12, 9);
      // Where the arguments are reduced differently, too.
      if (i % 7 == 0) hi = std::nearbyint(hi * 256) / 256;
      if (i % 11 == 0) hi = std::nearbyint(hi) * 0x1.62e42fefa39efp-1;
      const double lo = i % 2 == 0 ? 0 : std::ldexp(hi, -54) * random(-30, 0);
      const auto y = narrow({hi, lo, 0});
      if (!y) continue;
      ++given;
      const WithContext c(1200);
      const Enclosure truth = sharp(Enclosure(hi) + Enclosure(lo));
      const Big off = abs(truth.middle() - Big(y->hi) - Big(y->lo)) + truth.radius();
      EXPECT_LE(off, Big(y->radius)) << name << " at " << hi << " + " << lo;
      EXPECT_LE(y->radius, std::abs(y->hi) * 0x1p-95) << name << " at " << hi;
    }
    EXPECT_GT(given, 700) << name;
  }
}

TEST(Enclosure, ComparisonsInTwoDoublesAreThoseOfTheTrueValues) {
  std::mt19937_64 bits(4);
  int undecided = 0, decided = 0;
  for (int i = 0; i < 20000; ++i) {
    const Pair x = random_pair(bits);
    const Pair y = i % 4 == 0 ? applied([](auto& a) { return a / Enclosure(3) * Enclosure(3); }, x)
                   : i % 4 == 1 ? x
                                : random_pair(bits);
    Enclosure::undecided() = false;
    const bool less = x.wide < y.wide, equal = x.wide == y.wide;
    if (std::exchange(Enclosure::undecided(), false)) {
      ++undecided;
      continue;
    }
    ++decided;
    EXPECT_EQ(less, x.sharp < y.sharp) << x.wide << ' ' << y.wide;
    EXPECT_EQ(equal, x.sharp == y.sharp) << x.wide << ' ' << y.wide;
  }
  Enclosure::undecided() = false;
  EXPECT_GT(undecided, 1000);
  EXPECT_GT(decided, 10000);
}

TEST(Enclosure, WhatIsExactStaysAPoint) {
  const WithContext c(two_doubles_precision);
  EXPECT_TRUE((Enclosure(0.1) + Enclosure(1e-20)).is_point());
  EXPECT_TRUE((Enclosure(0.1) * Enclosure(0.3)).is_point());
  EXPECT_TRUE((Enclosure(6) / Enclosure(3)).is_point());
  EXPECT_TRUE(sqrt(Enclosure(9)).is_point());
  EXPECT_TRUE(exp(Enclosure(0)).is_point());
  EXPECT_FALSE((Enclosure(1) / Enclosure(3)).is_point());
  const Enclosure nothing = Enclosure(0) * (Enclosure(1) / Enclosure(3));
  EXPECT_TRUE(nothing.is_point());
  EXPECT_EQ(nothing.hi(), Big(0));
}

TEST(Enclosure, TwoDoublesGiveWayWhereTheyEnd) {
  const WithContext c(two_doubles_precision);
  // (1e-160 / 3)^2 is off by 5e-4 in plain two-double arithmetic.
  const Enclosure third = Enclosure(1e-160) / Enclosure(3), square = third * third;
  const Big truth = in(sharp_precision, [] {
                      const Enclosure t = Enclosure(1e-160) / Enclosure(3);
                      return t * t;
                    }).middle();
  EXPECT_LE(square.lo(), truth);
  EXPECT_GE(square.hi(), truth);
  EXPECT_LT(square.radius().exponent(), truth.exponent() - 90);
  for (double x : {-740.0, -680.0, 700.0, -20000.0}) {
    const Enclosure y = exp(Enclosure(x));
    const Enclosure sharp = in(sharp_precision, [&] { return exp(Enclosure(x)); });
    expect_encloses(y, sharp, "exp");
    EXPECT_LT(y.radius().exponent(), sharp.middle().exponent() - 90) << x;
  }
  EXPECT_EQ((Enclosure(1e300) * Enclosure(1e300)).lo(), (Big(1e300) * Big(1e300)));
  EXPECT_TRUE(isinf((Enclosure(1) / Enclosure(0)).hi()));
  EXPECT_TRUE(isnan(Enclosure(std::nan("")).lo()));
}

TEST(Enclosure, TheRootOfAMagnitudeIsANumberToTheEndsOfTheExponents) {
  for (const mpfr_prec_t p : {100, 113, 300}) {
    const WithContext c(p);
    const Big least = ldexp(Big(1), mpfr_get_emin() - 1);
    for (const Big& x : {least, Big::highest(), ldexp(Big::highest(), -1), -least, -Big::highest(),
                         Big(0), Big(1), Big::infinity()}) {
      for (const Enclosure& e :
           {Enclosure(x), Enclosure(x) + Enclosure(least), Enclosure(x) - Enclosure(least),
            Enclosure(x) * Enclosure(0.3), Enclosure(x) * Enclosure(3)}) {
        const Enclosure root = sqrt(abs(e));
        EXPECT_FALSE(isnan(root.lo()) || isnan(root.hi())) << e << ' ' << root;
        EXPECT_LE(root.lo(), root.hi()) << e;
        EXPECT_FALSE(isnan(e.middle())) << e;
      }
    }
  }
}

}  // namespace
