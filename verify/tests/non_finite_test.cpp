// Infinities and NaN: wrong rules of the well-known kinds are caught, and no other scalar type
// differs from double.

#include <gtest/gtest.h>

#include <cmath>

#include "assay/ops.hpp"
#include "catalogue/non_finite.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

struct Found {
  std::string what;
  CheckResult result;
};

Found look(const Operation& op) {
  Found f;
  for (std::uint64_t n = 0; n < non_finite_cases(op); ++n) {
    Case shown;
    const auto p =
        examine_non_finite(op, double_format, n, case_seed(3, op.name, n), &f.result, shown);
    if (!p) continue;
    f.what = p->quantity + " " + p->got + " for " + p->reference + ": " + p->against;
    return f;
  }
  return f;
}

/// max(x, 0) by a comparison that NaN fails.
struct SwallowsNaN {
  static constexpr auto name = "swallows_nan";
  static constexpr auto domain = on(all_reals).kink(0, 0);
  template <Field T>
  static T f(const T& x) {
    return x > T(0) ? x : T(0);
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return x > T(0) ? T(1) : T(0);
  }
};
/// x s(x), -inf 0 at -inf.
struct NaiveSilu {
  static constexpr auto name = "naive_silu";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return x * Sigmoid::f(x);
  }
  template <Real T>
  static T df(const T& x, const T&) {
    const T s = Sigmoid::f(x);
    return s + x * s * Sigmoid::f(T(-x));
  }
};
/// The largest is not taken off: inf - inf where all are -inf; named like the right one, whose
/// conventions it must keep.
struct NaiveLogSumExp {
  static constexpr auto name = "logsumexp";
  static Shape shape(Shape) { return {1, 1}; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& p) {
    if (x.size() == 0) return Mat<T>::Constant(1, 1, T(0));
    T m = x(0), sum(0);
    for (const T& v : x.reshaped()) m = v > m ? v : m;
    p = x.unaryExpr([&](const T& v) { return fn::exp(T(v - m)); });
    for (const T& v : p.reshaped()) sum += v;
    p /= sum;
    return Mat<T>::Constant(1, 1, T(m + fn::log(sum)));
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&, const Mat<T>& p) {
    if (x.size() == 0) return {x};
    return {Mat<T>(p * dy(0, 0))};
  }
};
/// x - log sum e^x in so many words: -inf + inf where all are -inf. Named like the right one.
struct NaiveLogSoftmax {
  static constexpr auto name = "log_softmax";
  static Shape shape(Shape x) { return x; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& p) {
    const T total = NaiveLogSumExp::forward(x, p)(0, 0);
    return x.unaryExpr([&](const T& v) { return T(v - total); });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>& p) {
    T sum(0);
    for (const T& v : dy.reshaped()) sum += v;
    return {Mat<T>(dy - p * sum)};
  }
};
/// A choice by products: 0 NaN and 0 inf are NaN.
struct WhereByProducts {
  static constexpr auto name = "where";
  static Shape shape(Shape a, Shape b) { return Where{.mask = mask()}.shape(a, b); }
  static Mat<bool> mask() { return Mat<bool>{{true, false}, {true, true}}; }
  template <Field T>
  static Mat<T> taken() {
    return mask().unaryExpr([](bool b) { return b ? T(1) : T(0); });
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    const Mat<T> m = taken<T>();
    return a.cwiseProduct(m) + b.cwiseProduct(Mat<T>::Constant(2, 2, T(1)) - m);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>&) {
    const Mat<T> m = taken<T>();
    return {Mat<T>(dy.cwiseProduct(m)), Mat<T>(dy.cwiseProduct(Mat<T>::Constant(2, 2, T(1)) - m))};
  }
};
/// x / y, 0 / 0 at the tip.
struct NaiveNorm {
  static constexpr auto name = "norm";
  static constexpr auto domain = on(all_reals).kink(0, 0);
  static Shape shape(Shape) { return {1, 1}; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x) {
    using std::sqrt;
    T sum(0);
    for (const T& v : x.reshaped()) sum += v * v;
    return Mat<T>::Constant(1, 1, T(sqrt(sum)));
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    return {Mat<T>(x * (dy(0, 0) / y(0, 0)))};
  }
};
/// (p - t) / (p (1 - p)), 0 / 0 at p = t = 0 and 1.
struct NaiveBce {
  static constexpr auto name = "bce";
  static constexpr auto domain = Bce::domain;
  template <Real T>
  static T f(const T& p, const T& t) {
    return Bce::f(p, t);
  }
  template <Real T>
  static std::array<T, 2> df(const T& p, const T& t, const T& y) {
    return {(p - t) / (p * (T(1) - p)), Bce::df(p, t, y)[1]};
  }
};

TEST(NonFinite, NaNThatIsSwallowedIsCaught) {
  const std::string what = look(make_operation(Map<SwallowsNaN>{})).what;
  EXPECT_NE(what.find("for nan"), std::string::npos) << what;
}
TEST(NonFinite, InfinityTimesZeroIsCaught) {
  const std::string what = look(make_operation(Map<NaiveSilu>{})).what;
  EXPECT_NE(what.find("the limit"), std::string::npos) << what;
}
TEST(NonFinite, LogSumExpOfNothingButMinusInfinityIsCaught) {
  const std::string what = look(make_operation(NaiveLogSumExp{})).what;
  EXPECT_NE(what.find("as of equal numbers"), std::string::npos) << what;
}
TEST(NonFinite, LogSoftmaxOfNothingButMinusInfinityIsCaught) {
  const std::string what = look(make_operation(NaiveLogSoftmax{})).what;
  EXPECT_NE(what.find("as of equal numbers"), std::string::npos) << what;
}
TEST(NonFinite, TheBranchNotTakenLeakingIsCaught) {
  const std::string what = look(make_operation(WhereByProducts{})).what;
  EXPECT_NE(what.find("nan for"), std::string::npos) << what;
}
TEST(NonFinite, TheNormsSlopeAtZeroIsCaught) {
  const std::string what = look(make_operation(NaiveNorm{})).what;
  EXPECT_NE(what.find("tip of a cone"), std::string::npos) << what;
}
TEST(NonFinite, CrossEntropyAtProbabilityZeroIsCaught) {
  const std::string what = look(make_operation(Map<NaiveBce>{})).what;
  EXPECT_NE(what.find("0 log 0"), std::string::npos) << what;
}
TEST(NonFinite, RightRulesPassAndTheirLimitsAreFound) {
  for (const Operation& op :
       {make_operation(silu.op), make_operation(assay::sin.op), make_operation(assay::log.op)}) {
    const Found f = look(op);
    EXPECT_EQ(f.what, "") << op.name;
    const auto count = [&](const char* kind) { return f.result.counts.count(kind); };
    EXPECT_TRUE(count("infinite limit") + count("finite limit") + count("no limit: NaN") > 0);
    EXPECT_EQ(count("limit not resolved"), 0U) << op.name;
  }
}

}  // namespace
