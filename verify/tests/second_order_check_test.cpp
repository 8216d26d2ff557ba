// The check of second derivatives: wrong ones are caught although the first are right.

#include <gtest/gtest.h>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "check.hpp"
#include "second_order.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

/// Right in every plain number; a dual number comes out at rest.
struct SlopeAtRest {
  static constexpr auto name = "slope_at_rest";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return Exp::f(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    if constexpr (is_dual<T>) return T(y.v);
    return y;
  }
};

/// softplus with |x| in its slope, whose dual number is at rest at 0.
struct AbsInSlope {
  static constexpr auto name = "abs_in_slope";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return Softplus::f(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T e = fn::exp(T(-fn::abs(x)));
    return (x < T(0) ? e : T(1)) / (T(1) + e);
  }
};

/// Y = A B with the gradient of B at rest: one of the two mixed derivatives is missing.
struct UnsymmetricProduct {
  static constexpr auto name = "unsymmetric_product";
  static Shape shape(Shape a, Shape b) { return MatMul::shape(a, b); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    return matmul(a, b);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>&) {
    Mat<T> at_rest = a;
    if constexpr (is_dual<T>) {
      for (T& x : at_rest.reshaped()) x = T(x.v);
    }
    return {matmul(dy, Mat<T>(b.transpose())), matmul(Mat<T>(at_rest.transpose()), dy)};
  }
};

CheckResult run_high(const Operation& op, std::uint64_t cases) {
  for (const Check& c : checks_of(std::make_shared<const Operation>(op), {.cases = cases})) {
    if (c.blank.check != "second-order") continue;
    CheckResult r = run_cases(c, 42, 0, 1);
    conclude(c, r);
    return r;
  }
  throw std::runtime_error("no check of second order");
}

std::uint64_t count(const CheckResult& r, const std::string& what) {
  const auto found = r.counts.find(what);
  return found == r.counts.end() ? 0 : found->second;
}

/// Cases of a strict look until one fails.
std::optional<Problem> first_problem(const Operation& op, std::uint64_t cases, CheckResult& r) {
  for (std::uint64_t n = 0; n < cases; ++n) {
    const std::uint64_t seed = case_seed(42, op.name, n);
    const Case c = second_order_case(op, n, seed);
    if (auto p = examine_second_order_strictly({op, double_format, c, n, seed, &r})) return p;
  }
  return std::nullopt;
}

TEST(SecondOrderCheck, SlopeWhoseDualNumberIsAtRestIsCaught) {
  const CheckResult r = run_high(make_operation(Map<SlopeAtRest>{}), 300);
  ASSERT_EQ(r.verdict, Verdict::wrong);
  EXPECT_NE(r.failures[0].message.find("second differences of the forward"), std::string::npos)
      << r.failures[0].message;
  EXPECT_NE(r.failures[0].message.find("H v"), std::string::npos) << r.failures[0].message;
}

TEST(SecondOrderCheck, SecondDerivativeWrongAtZeroAloneIsCaughtAndOfAUsersRuleNoted) {
  const Operation op = make_operation(Map<AbsInSlope>{});
  CheckResult strict;
  EXPECT_TRUE(first_problem(op, 40, strict));
  const CheckResult r = run_high(op, 1000);
  EXPECT_EQ(r.verdict, Verdict::correct) << "a rule promises first derivatives";
  EXPECT_GT(count(r, "wrong at a branch"), 0U);
  ASSERT_EQ(r.notes.size(), 1U);
}

TEST(SecondOrderCheck, AHessianThatIsNotSymmetricIsCaught) {
  const CheckResult r = run_high(make_operation(UnsymmetricProduct{}), 300);
  EXPECT_EQ(r.verdict, Verdict::wrong);
}

TEST(SecondOrderCheck, RightRulesPassAtZerosToo) {
  for (const Operation& op :
       {make_operation(softplus.op), make_operation(norm.op), make_operation(prod.op)}) {
    CheckResult r;
    const auto p = first_problem(op, 40, r);
    EXPECT_FALSE(p) << op.name << ": " << p->quantity << " " << p->got << " for " << p->reference;
    EXPECT_GE(r.elements, 30U) << op.name;
  }
}

TEST(SecondOrderCheck, WhereTheSecondDerivativeJumpsNothingIsJudged) {
  const Operation op = make_operation(elu.op);
  CheckResult r;
  EXPECT_FALSE(first_problem(op, 40, r));
  EXPECT_GT(count(r, "where the second derivative jumps"), 0U);
  EXPECT_GE(r.elements, 20U);
}

TEST(SecondOrderCheck, AtAKinkOfTheFirstDerivativeNothingIsJudged) {
  const Operation op = make_operation(relu.op);
  CheckResult r;
  EXPECT_FALSE(first_problem(op, 40, r));
  EXPECT_GT(count(r, "at an exceptional point"), 0U);
  EXPECT_GE(r.elements, 20U);
}

}  // namespace
