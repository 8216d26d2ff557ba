// Hints: each pattern is named where a wrong rule has it, and what is wrong otherwise gets none.

#include <gtest/gtest.h>

#include <set>

#include "assay/ops/matmul.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/softplus.hpp"
#include "assay/verify.hpp"

namespace hints {

using namespace assay;
using namespace assay::verify;

/// The hints of all failures of a rule's checks; "" for a failure without one.
template <class Op>
std::set<std::string> of(const Op& op = {}) {
  std::set<std::string> all;
  for (const CheckResult& c : check(op, {.cases = 60, .seed = 42, .out = ""}).checks) {
    for (const Failure& f : c.failures) {
      all.insert(f.hint);
      if (f.hint.empty()) continue;
      EXPECT_TRUE(f.message.ends_with("\n  hint       " + f.hint)) << f.message;
    }
  }
  EXPECT_FALSE(all.empty()) << "the rule must be caught";
  return all;
}

/// Every hint has this text in it, and there is one.
void expect_all(const std::set<std::string>& hints, std::string_view text) {
  for (const std::string& h : hints) EXPECT_NE(h.find(text), std::string::npos) << "hint: " << h;
}
void expect_some(const std::set<std::string>& hints, std::string_view text) {
  std::string all;
  bool found = false;
  for (const std::string& h : hints) {
    found = found || h.find(text) != std::string::npos;
    all += "[" + h + "]\n";
  }
  EXPECT_TRUE(found) << all;
}
void expect_none(const std::set<std::string>& hints) {
  for (const std::string& h : hints) EXPECT_EQ(h, "");
}

// --- elementwise rules ---------------------------------------------------------------------------

/// y = sin x, by a derivative that `Df` says.
template <class Df>
struct Sine {
  static constexpr auto name = "sine";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    using std::sin;
    return sin(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    return Df::of(x, y);
  }
};

struct Negative {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos;
    return -cos(x);
  }
};
struct Twice {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos;
    return T(2) * cos(x);
  }
};
struct Third {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos;
    return cos(x) / T(3);
  }
};
struct FloatConstant {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos;
    return cos(x) * (T(1) + T(1) / T(33554432));
  }
};
struct TimesInput {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos;
    return x * cos(x);
  }
};
struct Nothing {
  template <class T>
  static T of(const T&, const T&) {
    return T(0);
  }
};
struct Unrelated {
  template <class T>
  static T of(const T& x, const T&) {
    using std::cos, std::exp, std::abs;
    return cos(x) + T(1) / (T(7) + x * x);
  }
};

TEST(Hint, TheSign) { expect_all(of<Map<Sine<Negative>>>(), "the sign is wrong"); }
TEST(Hint, AFactorOfTwo) { expect_all(of<Map<Sine<Twice>>>(), "twice what it should be"); }
TEST(Hint, AnotherFactor) { expect_all(of<Map<Sine<Third>>>(), "the factor 1/3"); }
TEST(Hint, AFactorThatGoesWithTheInput) {
  expect_some(of<Map<Sine<TimesInput>>>(), "proportional to the input");
}
TEST(Hint, AGradientThatIsNotComputed) { expect_all(of<Map<Sine<Nothing>>>(), "0 everywhere"); }
TEST(Hint, AConstantRoundedToFloat) {
  expect_some(of<Map<Sine<FloatConstant>>>(), "rounded to float");
}
TEST(Hint, AnUnrelatedErrorGetsNone) { expect_none(of<Map<Sine<Unrelated>>>()); }

struct Textbook {
  static constexpr auto name = "textbook_sigmoid";
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
TEST(Hint, AZeroInTheTail) {
  const auto hints = of<Map<Textbook>>();
  expect_some(hints, "0 where the true gradient is");
  expect_all(hints, "1 - y");
}

/// The sign is missing far out.
struct FarOut {
  static constexpr auto name = "far_out";
  static constexpr auto domain = on(all_reals);
  template <Field T>
  static T f(const T& x) {
    return x * x;
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return x > T(20) ? -(x + x) : x + x;
  }
};
TEST(Hint, TheSignInAPartOfTheDomain) {
  expect_all(of<Map<FarOut>>(), "the sign is wrong in a part of the domain");
}

struct AtOnePoint {
  static constexpr auto name = "at_one_point";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return Softplus::f(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    return x == T(0) ? T(0) : Softplus::df(x, y);
  }
};
TEST(Hint, OnePoint) { expect_some(of<Map<AtOnePoint>>(), "at this very point only"); }

struct NotANumber {
  static constexpr auto name = "not_a_number";
  static constexpr auto domain = on(all_reals);
  template <Field T>
  static T f(const T& x) {
    return x * x * x;
  }
  template <Field T>
  static T df(const T& x, const T& y) {
    return T(3) * y / x;
  }
};
TEST(Hint, ANumberThatIsNone) { expect_some(of<Map<NotANumber>>(), "0/0, inf - inf or 0 * inf"); }

struct Exchanged {
  static constexpr auto name = "exchanged";
  static constexpr auto domain = on(all_reals, all_reals);
  template <Real T>
  static T f(const T& a, const T& b) {
    using std::sin;
    return a * sin(b);
  }
  template <Real T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    using std::cos, std::sin;
    return {a * cos(b), sin(b)};
  }
};
TEST(Hint, ExchangedDerivatives) { expect_some(of<Map<Exchanged>>(), "are the two exchanged?"); }

// --- matrix operations ---------------------------------------------------------------------------

/// Y = X + b, b a row.
struct Bias {
  static constexpr auto name = "bias";
  static Shape shape(Shape x, Shape b) {
    require(b == Shape{1, x.cols}, name, {{"x", x}, {"b", b}}, "b must be a row as wide as x");
    return x;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, const Mat<T>& b) {
    return x + b.replicate(x.rows(), 1);
  }
};
struct NoReduction : Bias {
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>&) {
    return {dy, dy};
  }
};
struct OneRow : Bias {
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>& b, const Mat<T>&) {
    Mat<T> db = Mat<T>::Constant(1, b.cols(), T(0));
    if (dy.rows() > 0) db = dy.row(0);
    return {dy, db};
  }
};
TEST(Hint, AMissingReduction) {
  const auto hints = of<NoReduction>();
  expect_some(hints, "a reduction is missing: the gradient of b is");
  expect_some(hints, "must be summed over the rows");
}
TEST(Hint, OneRepetitionOnly) { expect_some(of<OneRow>(), "over which b is repeated"); }

/// Y = X'
struct Turned {
  static constexpr auto name = "turned";
  static Shape shape(Shape x) { return {x.cols, x.rows}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x.transpose();
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {dy};
  }
};
TEST(Hint, ATransposition) { expect_some(of<Turned>(), "transposed"); }

/// The same where the shape does not tell: square matrices only.
struct TurnedSquare : Turned {
  static constexpr auto name = "turned_square";
  static Shape shape(Shape x) {
    require(x.rows == x.cols, name, {{"x", x}}, "x must be square");
    return x;
  }
};
TEST(Hint, ATranspositionOfSquares) { expect_some(of<TurnedSquare>(), "transposed"); }

/// y = sum of the squares, each row's over its columns.
struct MeanOfSquares {
  static constexpr auto name = "mean_of_squares";
  static Shape shape(Shape x) {
    require(x.size() > 0, name, {{"x", x}}, "x must hold elements");
    return {1, 1};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    T s(0);
    for (Eigen::Index i = 0; i < x.size(); ++i) s += x.data()[i] * x.data()[i];
    return Mat<T>::Constant(1, 1, s / count<T>(x.size()));
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {Mat<T>(x * (dy(0, 0) + dy(0, 0)))};
  }
};
TEST(Hint, AMeanThatIsNotDivided) {
  expect_some(of<MeanOfSquares>(), "multiplied by the number of elements");
}

/// Y = X o X
struct Squares {
  static constexpr auto name = "squares";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x.cwiseProduct(x);
  }
};
struct NoUpstream : Squares {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>&, const Mat<T>& x, const Mat<T>&) {
    return {Mat<T>(x + x)};
  }
};
TEST(Hint, AnUpstreamThatIsNotUsed) {
  expect_some(of<NoUpstream>(), "the upstream gradient is not used");
}

/// Y = A o B with the gradients exchanged.
struct ExchangedProduct {
  static constexpr auto name = "exchanged_product";
  static Shape shape(Shape a, Shape b) {
    require(a == b, name, {{"a", a}, {"b", b}}, "they must be of one shape");
    return a;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    return a.cwiseProduct(b);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>&) {
    return {Mat<T>(dy.cwiseProduct(a)), Mat<T>(dy.cwiseProduct(b))};
  }
};
TEST(Hint, ExchangedGradients) { expect_some(of<ExchangedProduct>(), "are the two exchanged?"); }

struct LastElement : Squares {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> g = dy.cwiseProduct(x + x);
    if (g.size() > 3) g(g.rows() - 1, g.cols() - 1) += T(1) + x(0, 0);
    return {g};
  }
};
TEST(Hint, OneElement) { expect_some(of<LastElement>(), "elements only that at row"); }

/// Adds up over calls, until the sum is so large that it swallows what is added; anew for a new
/// shape.
struct Accumulating : Squares {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    static Mat<T> buffer;
    if (shape_of(buffer) != shape_of(x)) buffer = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    buffer += dy.cwiseProduct(x + x);
    return {buffer};
  }
};
TEST(Hint, ABufferThatIsNotCleared) { expect_some(of<Accumulating>(), "a buffer is not cleared"); }

/// Returns the first result for ever.
struct Stale : Squares {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    static Mat<T> first;
    if (shape_of(first) != shape_of(x)) first = dy.cwiseProduct(x + x);
    return {first};
  }
};
TEST(Hint, AResultThatIsReturnedAgain) {
  expect_some(of<Stale>(), "an earlier call is returned again");
}

struct UnrelatedMatrix : Squares {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> g = dy.cwiseProduct(x + x);
    for (Eigen::Index i = 0; i < g.size(); ++i) {
      g.data()[i] += T(1) / (T(2) + x.data()[i] * x.data()[i]) - dy.data()[i] / T(5);
    }
    return {g};
  }
};
TEST(Hint, AnUnrelatedErrorOfAMatrixGetsNone) { expect_none(of<UnrelatedMatrix>()); }

TEST(Hint, ARightRuleHasNoFailureToHintAt) {
  const Report r = check(matmul.op, {.cases = 30, .seed = 42, .out = ""});
  EXPECT_TRUE(r.ok()) << r.message();
}

}  // namespace hints
