// The reference: bounds that hold where cheaper ones were fooled.

#include <gtest/gtest.h>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

#include "assay/ops.hpp"
#include "differences.hpp"
#include "reference.hpp"

namespace {

using namespace assay::verify;  // not assay: its exp would meet the one of <cmath>
using assay::Map, assay::Mat, assay::Real, assay::on, assay::open;

// The two counterexamples: between 2^40 and 2^90, at 113 bits, rounding up and down agree on them
// and both are wrong by up to 6e-6 of the value.
struct RootDifference {
  static constexpr auto name = "root_difference";
  static constexpr auto domain = on(open(0, std::numeric_limits<double>::infinity()));
  template <Real T>
  static T f(const T& x) {
    using std::sqrt;
    return sqrt(x + T(1)) - sqrt(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    using std::sqrt;
    const T a = sqrt(x + T(1)), b = sqrt(x);
    return T(-1) / (T(2) * a * b * (a + b));
  }
};
struct LogDifference {
  static constexpr auto name = "log_difference";
  static constexpr auto domain = on(open(0, std::numeric_limits<double>::infinity()));
  template <Real T>
  static T f(const T& x) {
    using std::log;
    return log(x + T(1)) - log(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    return T(-1) / (x * (x + T(1)));
  }
};

/// The true value of f at 3000 bits.
template <class Rule>
Big truth(double x) {
  const WithContext c(3000);
  return Rule::f(Big(x));
}
template <class Rule>
Big true_slope(double x) {
  const WithContext c(3000);
  return Rule::df(Big(x), Big(0));
}

template <class Rule>
void bound_holds() {
  const Operation op = make_operation<Map<Rule>>();
  int wide = 0;
  for (int e = 40; e <= 90; ++e) {
    for (int k = 0; k < 8; ++k) {
      const double x = std::ldexp(1.0 + k / 8.0 + 0x1p-52, e);
      const PointReference r = point_reference(op, double_format, std::span(&x, 1));
      ASSERT_TRUE(r.resolved) << x;
      const WithContext c(3000);
      EXPECT_LE(abs(r.y.value - truth<Rule>(x)), r.y.bound) << std::hexfloat << x;
      EXPECT_LE(abs(r.d[0].value - true_slope<Rule>(x)), r.d[0].bound) << std::hexfloat << x;
      wide += r.precision > first_precision ? 1 : 0;
    }
  }
  EXPECT_GT(wide, 0) << "113 bits cannot be enough for all of them";
}

TEST(Reference, BoundHoldsForADifferenceOfRoots) { bound_holds<RootDifference>(); }
TEST(Reference, BoundHoldsForADifferenceOfLogarithms) { bound_holds<LogDifference>(); }

TEST(Reference, BoundHoldsWhereAChangeOfSignHidesTheRounding) {
  // -3 (h + 8e281): rounding down, up and to more bits all agree that h is not there.
  const WithContext c(113);
  const Enclosure h(std::ldexp(1.0, -37));
  const Enclosure y = Enclosure(-3) * (h + Enclosure(8e281));
  EXPECT_GT(y.radius(), Big(0));
  const WithContext exact(2000);
  const Big true_y = Big(-3) * (Big(std::ldexp(1.0, -37)) + Big(8e281));
  EXPECT_LE(y.lo(), true_y);
  EXPECT_GE(y.hi(), true_y);
}

TEST(Reference, PrecisionRisesToWhatThePointNeeds) {
  const Operation sigmoid_op = make_operation(assay::sigmoid.op);
  for (const auto& [x, bits] : {std::pair{37.5, 400}, {-37.5, 400}, {700.0, 2200}, {0.5, 113}}) {
    const PointReference r = point_reference(sigmoid_op, double_format, std::span(&x, 1));
    EXPECT_TRUE(r.resolved);
    EXPECT_LE(r.precision, bits) << x;
    const WithContext c(3000);
    const Big e = exp(-abs(Big(x)));
    const Big truth = e / ((Big(1) + e) * (Big(1) + e));
    EXPECT_LE(abs(r.d[0].value - truth), r.d[0].bound) << x;
  }
}

TEST(Reference, OverflowBeyondEveryExponentIsInfinite) {
  const Operation op = make_operation(assay::exp.op);
  const double x = 1e300;
  const PointReference r = point_reference(op, double_format, std::span(&x, 1));
  EXPECT_TRUE(r.resolved);
  EXPECT_TRUE(overflows(double_format, r.y.value));
}

TEST(Enclosure, EveryFunctionEnclosesTheTrueValue) {
  struct Named {
    const char* name;
    Enclosure (*narrow)(const Enclosure&);
    Big (*wide)(const Big&);
  };
  const std::vector<Named> functions{
      {"exp", [](const Enclosure& x) { return exp(x); }, [](const Big& x) { return exp(x); }},
      {"expm1", [](const Enclosure& x) { return expm1(x); }, [](const Big& x) { return expm1(x); }},
      {"log", [](const Enclosure& x) { return log(x); }, [](const Big& x) { return log(x); }},
      {"log1p", [](const Enclosure& x) { return log1p(x); }, [](const Big& x) { return log1p(x); }},
      {"sqrt", [](const Enclosure& x) { return sqrt(x); }, [](const Big& x) { return sqrt(x); }},
      {"sin", [](const Enclosure& x) { return sin(x); }, [](const Big& x) { return sin(x); }},
      {"cos", [](const Enclosure& x) { return cos(x); }, [](const Big& x) { return cos(x); }},
      {"tan", [](const Enclosure& x) { return tan(x); }, [](const Big& x) { return tan(x); }},
      {"atan", [](const Enclosure& x) { return atan(x); }, [](const Big& x) { return atan(x); }},
      {"sinh", [](const Enclosure& x) { return sinh(x); }, [](const Big& x) { return sinh(x); }},
      {"cosh", [](const Enclosure& x) { return cosh(x); }, [](const Big& x) { return cosh(x); }},
      {"tanh", [](const Enclosure& x) { return tanh(x); }, [](const Big& x) { return tanh(x); }},
      {"erf", [](const Enclosure& x) { return erf(x); }, [](const Big& x) { return erf(x); }},
      {"erfc", [](const Enclosure& x) { return erfc(x); }, [](const Big& x) { return erfc(x); }},
      {"square", [](const Enclosure& x) { return x * x; }, [](const Big& x) { return x * x; }},
      {"reciprocal", [](const Enclosure& x) { return Enclosure(1) / x; },
       [](const Big& x) { return Big(1) / x; }},
      {"pow", [](const Enclosure& x) { return pow(x, Enclosure(2.5)); },
       [](const Big& x) { return pow(x, Big(2.5)); }},
      {"abs", [](const Enclosure& x) { return abs(x); }, [](const Big& x) { return abs(x); }},
  };
  for (const Named& f : functions) {
    for (double x : {0.001, 0.4, 1.0, 1.5, 3.25, 17.0}) {
      Enclosure wide;
      {
        const WithContext c(80);
        // A third is no point: an interval goes in.
        wide = f.narrow(Enclosure(x) * (Enclosure(1) / Enclosure(3)) * Enclosure(3));
      }
      const WithContext c(1500);
      const Big truth = f.wide(Big(x));
      EXPECT_LE(wide.lo(), truth) << f.name << " at " << x;
      EXPECT_GE(wide.hi(), truth) << f.name << " at " << x;
      EXPECT_LT(wide.radius(), ldexp(Big(1) + abs(truth), -60)) << f.name << " at " << x;
    }
  }
}

TEST(Enclosure, AComparisonThatTheBoundsDoNotDecideIsNoted) {
  const WithContext c(80);
  const Enclosure third = Enclosure(1) / Enclosure(3);
  Enclosure::undecided() = false;
  EXPECT_TRUE(third < Enclosure(1));
  EXPECT_FALSE(Enclosure::undecided());
  static_cast<void>(third * Enclosure(3) < Enclosure(1));
  EXPECT_TRUE(Enclosure::undecided());
  Enclosure::undecided() = false;
}

#ifdef __SSE2__
TEST(Process, FlushingSubnormalsToZeroIsNoticed) {
  EXPECT_NO_THROW(require_subnormals());
  const unsigned saved = _mm_getcsr();
  _mm_setcsr(saved | 0x8040U);  // what linking with -ffast-math sets: FTZ and DAZ
  EXPECT_THROW(require_subnormals(), std::runtime_error);
  _mm_setcsr(saved);
}
#endif

TEST(Differences, AgreeWithTheDerivativeFarOutAndBesideAnEdge) {
  struct Point {
    Operation op;
    double x, room;
    Big slope;
  };
  const WithContext wide(2000);
  const std::vector<Point> points{
      {make_operation(assay::log.op), 1e-300, 1e-300, Big(1) / Big(1e-300)},
      {make_operation(assay::log.op), 1e300, 1e300, Big(1) / Big(1e300)},
      {make_operation(assay::exp.op), -700, 1e9, exp(Big(-700))},
      {make_operation(assay::square.op), 5e-324, 1e9, Big(2) * Big(5e-324)},
  };
  for (const Point& p : points) {
    DifferencesSetup setup;
    setup.point_exponent = Big(p.x).exponent();
    setup.free_distance = p.room;
    setup.unit_exponent = [](const Big& slope) { return ulp_exponent(double_format, slope); };
    const Differences d = differences(
        [&](const Enclosure& t) {
          const Mat<Enclosure> x = Mat<Enclosure>::Constant(1, 1, Enclosure(p.x) + t);
          const std::array<assay::View<Enclosure>, 1> in{&x};
          return Enclosure(p.op.rule<Enclosure>().forward(in)(0, 0));
        },
        setup);
    ASSERT_TRUE(d.resolved) << p.op.name << " at " << p.x;
    EXPECT_LE(abs(d.slope.value - p.slope), d.slope.bound) << p.op.name << " at " << p.x;
  }
}

}  // namespace
