// The checks: wrong rules are caught, right ones are not, and vacuous runs are not passes.

#include <gtest/gtest.h>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "check.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

Options quietly(std::uint64_t cases) { return {.cases = cases, .seed = 42, .out = ""}; }

const CheckResult* find(const Report& r, std::string_view check, std::string_view scalar) {
  for (const CheckResult& c : r.checks) {
    if (c.check == check && c.scalar == scalar) return &c;
  }
  return nullptr;
}

TEST(Check, TheLibrarysSigmoidIsWithinItsClaim) {
  const Report r = check(sigmoid.op, quietly(200));
  EXPECT_TRUE(r.ok()) << r.message();
  const CheckResult* d = find(r, "derivative", "double");
  ASSERT_NE(d, nullptr);
  EXPECT_EQ(d->cases, 200U);
  EXPECT_GT(d->elements, 200U);
  ASSERT_TRUE(d->worst_derivative);
  EXPECT_GT(d->worst_derivative->ulp, 0.5) << "an exact result would be suspicious";
  EXPECT_LE(d->worst_derivative->ulp, 4);
}

struct CancellingSigmoid {
  static constexpr auto name = "cancelling_sigmoid";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return Sigmoid::f(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    return y * (T(1) - y);
  }
};

TEST(Check, DerivativeThatCancelsInTheTailFailsWithTheWholeMessage) {
  const Report r = check<Map<CancellingSigmoid>>(quietly(100));
  EXPECT_EQ(r.verdict(), Verdict::wrong);
  const CheckResult* d = find(r, "derivative", "double");
  ASSERT_NE(d, nullptr);
  ASSERT_EQ(d->failures.size(), 1U);
  const std::string& text = d->failures.front().message;
  for (const char* part :
       {"cancelling_sigmoid<double>: backward disagrees with", "(case ", "shrunk ", "x [",
        "upstream [", "backward ", "reference ", "+- ", "envelope units", "claimed 8"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(d->failures.front().inputs.front().values.size(), 1U) << "not shrunk to one number";
  const CheckResult* exact_arithmetic = find(r, "adjoint", "high");
  ASSERT_NE(exact_arithmetic, nullptr);
  EXPECT_EQ(exact_arithmetic->verdict, Verdict::correct) << "the formula itself is right";
}

struct KinkOfAnotherValue {
  static constexpr auto name = "kink_of_another_value";
  static constexpr auto domain = on(all_reals).kink(0, 0.5);
  template <Field T>
  static T f(const T& x) {
    return Relu::f(x);
  }
  template <Field T>
  static T df(const T& x, const T& y) {
    return Relu::df(x, y);
  }
};
struct KinkOutside {
  static constexpr auto name = "kink_outside";
  static constexpr auto domain = on(all_reals).except(0);
  template <Field T>
  static T f(const T& x) {
    return Relu::f(x);
  }
  template <Field T>
  static T df(const T& x, const T& y) {
    return x == T(0) ? T(-1) : Relu::df(x, y);
  }
};

TEST(Check, ConventionAtAKinkMustBeTheDeclaredOne) {
  const Report r = check<Map<KinkOfAnotherValue>>(quietly(50));
  const CheckResult* k = find(r, "kinks", "double");
  ASSERT_NE(k, nullptr);
  EXPECT_EQ(k->verdict, Verdict::wrong);
  EXPECT_NE(r.message().find("declared"), std::string::npos) << r.message();
}

TEST(Check, DerivativeAtAnExceptionMustLieBetweenTheOneSidedOnes) {
  const Report r = check<Map<KinkOutside>>(quietly(50));
  const CheckResult* k = find(r, "kinks", "float");
  ASSERT_NE(k, nullptr);
  EXPECT_EQ(k->verdict, Verdict::wrong);
  EXPECT_NE(r.message().find("one-sided"), std::string::npos) << r.message();
}

struct HiddenKink {
  static constexpr auto name = "hidden_kink";
  static constexpr auto domain = on(all_reals);
  template <Field T>
  static T f(const T& x) {
    return Relu::f(x);
  }
  template <Field T>
  static T df(const T& x, const T& y) {
    return Relu::df(x, y);
  }
};

TEST(Check, AnUndeclaredKinkFailsAndIsLocated) {
  const std::string folder = ::testing::TempDir() + "assay-hidden-kink";
  const Report r = check<Map<HiddenKink>>({.cases = 30, .seed = 42, .out = folder});
  const CheckResult* s = find(r, "smoothness", "high");
  ASSERT_NE(s, nullptr);
  EXPECT_EQ(s->verdict, Verdict::wrong);
  EXPECT_NE(r.message().find("undeclared kink"), std::string::npos) << r.message();
}

struct WrongShape {
  static constexpr auto name = "wrong_shape";
  static Shape shape(Shape a) { return {a.cols, a.rows}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a) {
    return a.transpose();
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {dy};
  }
};

TEST(Check, GradientOfAnotherShapeIsNamed) {
  const Report r = check<WrongShape>(quietly(50));
  EXPECT_EQ(r.verdict(), Verdict::wrong);
  EXPECT_NE(r.message().find("its gradient is"), std::string::npos) << r.message();
}

struct Throws {
  static constexpr auto name = "throws";
  static Shape shape(Shape a) { return a; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a) {
    if (a.size() == 0) throw std::runtime_error("no elements here");
    return a;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {dy};
  }
};

TEST(Check, ARuleThatThrowsOnLegalShapesFails) {
  const Report r = check<Throws>(quietly(200));
  EXPECT_EQ(r.verdict(), Verdict::wrong);
  EXPECT_NE(r.message().find("no elements here"), std::string::npos) << r.message();
}

TEST(Check, ZeroCasesAreRefused) {
  EXPECT_THROW(static_cast<void>(check(sigmoid.op, quietly(0))), std::invalid_argument);
}

TEST(Check, ACheckWithoutCasesIsNoPass) {
  Check c =
      checks_of(std::make_shared<const Operation>(make_operation(sigmoid.op)), {.cases = 1})[0];
  c.cases = 0;
  CheckResult r = run_cases(c, 1, 0, 1);
  conclude(c, r);
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_EQ(Report{{r}}.verdict(), Verdict::inconclusive);
}

TEST(Check, MergingShardsGivesTheWholeRun) {
  const auto op = std::make_shared<const Operation>(make_operation(bce_with_logits.op));
  for (const Check& c : checks_of(op, {.cases = 60})) {
    const CheckResult whole = run_cases(c, 7, 0, 1);
    CheckResult merged = c.blank;
    if (c.whole) continue;
    for (std::uint64_t lane : {2U, 0U, 1U}) merge(merged, run_cases(c, 7, lane, 3));
    EXPECT_EQ(merged.cases, whole.cases) << c.blank.id();
    EXPECT_EQ(merged.elements, whole.elements) << c.blank.id();
    EXPECT_EQ(merged.counts, whole.counts) << c.blank.id();
    ASSERT_EQ(merged.worst_derivative.has_value(), whole.worst_derivative.has_value());
    if (whole.worst_derivative) {
      EXPECT_EQ(merged.worst_derivative->ulp, whole.worst_derivative->ulp);
      EXPECT_EQ(merged.worst_derivative->at_case, whole.worst_derivative->at_case);
      EXPECT_EQ(merged.worst_derivative->x, whole.worst_derivative->x);
    }
  }
}

TEST(Generate, CasesAreTheSameForTheSameSeedAndCoverTheClasses) {
  const Operation op = make_operation(mul.op);
  std::map<std::string, std::uint64_t> counts;
  for (std::uint64_t n = 0; n < 400; ++n) {
    const std::uint64_t seed = case_seed(42, "mul/double/derivative", n);
    const Case a = generate(op, double_format, seed), b = generate(op, double_format, seed);
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(shape_of(a.inputs[k]), shape_of(b.inputs[k]));
      ASSERT_TRUE((a.inputs[k].array() == b.inputs[k].array()).all());
    }
    classify(op, double_format, a, counts);
  }
  for (const char* what : {"size 0", "size 1", "broadcast", "subnormal input"}) {
    EXPECT_GE(counts[what], 8U) << what;
  }
}

TEST(Generate, ValuesStayInTheDomainAndReachItsEdges) {
  const Operation op = make_operation(bce_with_logits.op);
  int zero = 0, one = 0, inside = 0;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    const double t = generate_value(op, 1, float_format, case_seed(1, "t", n));
    ASSERT_GE(t, 0);
    ASSERT_LE(t, 1);
    ASSERT_EQ(t, static_cast<double>(static_cast<float>(t)));
    zero += t == 0 ? 1 : 0;
    one += t == 1 ? 1 : 0;
    inside += t > 0 && t < 1 ? 1 : 0;
  }
  EXPECT_GT(zero, 50);
  EXPECT_GT(one, 50);
  EXPECT_GT(inside, 500);
}

}  // namespace
