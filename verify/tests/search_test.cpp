// Kinks, jumps, ties and branches: undeclared ones are found, declared ones are held to their
// convention, and both sides of every branch are judged.

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "check.hpp"
#include "families.hpp"
#include "generators.hpp"
#include "line.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

/// One check of an operation alone.
CheckResult run_one(const Operation& op, std::string_view name, std::string_view scalar,
                    std::uint64_t cases = 100) {
  const auto shared = std::make_shared<const Operation>(op);
  for (const Check& c : checks_of(shared, {.cases = cases})) {
    if (c.blank.check != name || c.blank.scalar != scalar) continue;
    CheckResult r = run_cases(c, 42, 0, 1);
    conclude(c, r);
    return r;
  }
  ADD_FAILURE() << op.name << " has no check " << name << " in " << scalar;
  return {};
}

std::string message(const CheckResult& r) {
  return r.failures.empty() ? "" : r.failures.front().message;
}

#define EXPECT_FOUND(result, text)             \
  EXPECT_EQ((result).verdict, Verdict::wrong); \
  EXPECT_NE(message(result).find(text), std::string::npos) << message(result)

/// The largest of all, whichever comes first. Ties are not declared.
struct MaxPool {
  static constexpr auto name = "max_pool";
  static Shape shape(Shape x) {
    require(x.size() > 0, name, {{"x", x}}, "it must not be empty");
    return {1, 1};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return Mat<T>::Constant(1, 1, x.data()[best(x)]);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    dx.data()[best(x)] = dy(0, 0);
    return {std::move(dx)};
  }

 private:
  template <class T>
  static Eigen::Index best(const Mat<T>& x) {
    Eigen::Index at = 0;
    for (Eigen::Index i = 1; i < x.size(); ++i) {
      if (x.data()[i] > x.data()[at]) at = i;
    }
    return at;
  }
};
struct DeclaredMaxPool : MaxPool {
  static constexpr auto domain = on(all_reals).ties(first);
};

/// Two rows, the smaller above. Ties are not declared.
struct SortPairs {
  static constexpr auto name = "sort_pairs";
  static Shape shape(Shape x) {
    require(x.rows == 2, name, {{"x", x}}, "it must have two rows");
    return x;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return swapped(x, x);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {swapped(dy, x)};
  }

 private:
  template <class T>
  static Mat<T> swapped(Mat<T> m, const Mat<T>& by) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      if (by(0, j) > by(1, j)) std::swap(m(0, j), m(1, j));
    }
    return m;
  }
};

/// relu as a matrix operation; its kink is not declared.
struct ReluOfAll {
  static constexpr auto name = "relu_of_all";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x.unaryExpr([](const T& v) { return v > T(0) ? v : T(0); });
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {dy.binaryExpr(x, [](const T& g, const T& v) { return v > T(0) ? g : T(0); })};
  }
};

/// |x| without a comparison.
struct RootOfSquare {
  static constexpr auto name = "root_of_square";
  static Shape shape(Shape x) { return x; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x) {
    using std::sqrt;
    return x.unaryExpr([](const T& v) { return sqrt(T(v * v)); });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {dy.binaryExpr(x, [](const T& g, const T& v) { return v < T(0) ? T(-g) : g; })};
  }
};

/// A sum, or from 0.5 on one more.
struct Step {
  static constexpr auto name = "step";
  static Shape shape(Shape) { return {1, 1}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    T sum(0);
    for (const T& v : x.reshaped()) sum += v;
    return Mat<T>::Constant(1, 1, sum > T(1) / T(2) ? T(sum + T(1)) : sum);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {Mat<T>::Constant(x.rows(), x.cols(), dy(0, 0))};
  }
};

TEST(Smoothness, UndeclaredTiesOfMatrixOperationsAreFound) {
  EXPECT_FOUND(run_one(make_operation<MaxPool>(), "smoothness", "high"), "undeclared kink");
  EXPECT_FOUND(run_one(make_operation<SortPairs>(), "smoothness", "high"), "undeclared kink");
}

TEST(Smoothness, UndeclaredKinksAndJumpsOfMatrixOperationsAreFound) {
  EXPECT_FOUND(run_one(make_operation<ReluOfAll>(), "smoothness", "high"), "undeclared kink");
  EXPECT_FOUND(run_one(make_operation<RootOfSquare>(), "smoothness", "high"), "undeclared kink");
  EXPECT_FOUND(run_one(make_operation<Step>(), "smoothness", "high"), "undeclared jump");
}

TEST(Smoothness, DeclaredTiesAndSmoothMatrixOperationsPass) {
  for (const Operation& op :
       {make_operation<DeclaredMaxPool>(), make_operation(max_rowwise.op),
        make_operation(softmax_rowwise.op), make_operation(matmul.op), make_operation(norm.op)}) {
    const CheckResult r = run_one(op, "smoothness", "high");
    EXPECT_EQ(r.verdict, Verdict::correct) << message(r);
    EXPECT_GT(r.elements, 100U);
  }
}

/// Forward along a line that no line through random points could miss: its tip is at 0.
struct PlainNorm {
  static constexpr auto name = "plain_norm";
  static Shape shape(Shape) { return {1, 1}; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x) {
    using std::sqrt;
    T sum(0);
    for (const T& v : x.reshaped()) sum += v * v;
    return Mat<T>::Constant(1, 1, sqrt(sum));
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    if (y(0, 0) == T(0)) return {Mat<T>::Constant(x.rows(), x.cols(), T(0))};
    return {Mat<T>(x * T(dy(0, 0) / y(0, 0)))};
  }
};

TEST(Smoothness, ATipAtZeroIsFound) {
  EXPECT_FOUND(run_one(make_operation<PlainNorm>(), "smoothness", "high"), "undeclared kink");
}

/// tanh, its derivative wrong by one part in a thousand within a window of 1e-5.
struct WrongWindow {
  static constexpr auto name = "wrong_window";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    return Tanh::f(x);
  }
  template <Real T>
  static T df(const T& x, const T& y) {
    const T d = Tanh::df(x, y);
    const bool inside = x > T(17) / T(10) && x < T(170001) / T(100000);
    return inside ? T(d + d / T(1000)) : d;
  }
};

TEST(Branches, AWrongWindowIsFoundHoweverNarrow) {
  const Operation op = make_operation<Map<WrongWindow>>();
  EXPECT_FOUND(run_one(op, "branches", "double"), "backward disagrees with dual numbers");
  EXPECT_EQ(run_one(op, "branches", "float").verdict, Verdict::wrong);
  EXPECT_EQ(run_one(make_operation(assay::tanh.op), "branches", "double").verdict,
            Verdict::correct);
}

TEST(Branches, BoundariesAreLocatedToAdjacentNumbersAndNoted) {
  const CheckResult r = run_one(make_operation<Map<WrongWindow>>(), "smoothness", "high");
  EXPECT_EQ(r.verdict, Verdict::correct) << "a boundary of a branch is no fault of the forward";
  const auto noted = [&](std::string_view at) {
    return std::any_of(r.notes.begin(), r.notes.end(), [&](const std::string& n) {
      return n.find(at) != std::string::npos && n.starts_with("input 0: branches part between 0x");
    });
  };
  EXPECT_TRUE(noted("0x1.b333333333333p+0 and 0x1.b333333333334p+0"));
  EXPECT_TRUE(noted(hex(1.70001)));
}

TEST(Branches, AllAreFoundOnALineThroughMatrices) {
  const Operation op = make_operation<ReluOfAll>();
  Case c{{Mat<double>{{1, -2, 3}}}, Mat<double>::Constant(1, 3, 1.0)};
  verify::Line line = through(op, c, 7, 8);
  const Branches found = find_branches(op, line, 2000);
  EXPECT_TRUE(found.complete);
  std::size_t crossings = 0;
  for (Eigen::Index i = 0; i < 3; ++i) {
    const double t = -c.inputs[0](i) / line.direction[0](i);
    crossings += line.lo < t && t < line.hi ? 1 : 0;
    EXPECT_TRUE(std::any_of(found.boundaries.begin(), found.boundaries.end(),
                            [&](const Boundary& b) { return std::abs(b.below - t) < 1e-9; }) ||
                std::abs(t) > 8);
  }
  EXPECT_GE(crossings, 2U);
}

struct ThrowsInTheMiddle {
  static constexpr auto name = "throws_in_the_middle";
  static constexpr auto domain = on(all_reals);
  template <Field T>
  static T f(const T& x) {
    return x;
  }
  template <Field T>
  static T df(const T& x, const T&) {
    if (x > T(1) && x < T(2)) throw std::runtime_error("not between 1 and 2");
    return T(1);
  }
};

/// The rule of a working type, its gradient off by a factor where lo < x < hi. The oracles go on
/// with the rule as it is, so that no comparison tells where the window is.
template <class T>
class Windowed final : public Rule<T> {
 public:
  using Rule<T>::forward, Rule<T>::backward;
  using typename Rule<T>::Inputs;
  Windowed(std::shared_ptr<const Rule<T>> inner, double lo, double hi, double factor)
      : inner_(std::move(inner)), lo_(lo), hi_(hi), factor_(factor) {}
  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return inner_->shape(s); }
  [[nodiscard]] Mat<T> forward(Inputs x, Mat<T>& saved) const override {
    return inner_->forward(x, saved);
  }
  void backward(const Mat<T>& dy, Inputs x, const Mat<T>& y, const Mat<T>& saved,
                std::span<Sink<T>> dx) const override {
    std::vector<Mat<T>> g(x.size());
    inner_->backward(dy, x, y, saved, std::span(g));
    for (std::size_t k = 0; k < g.size(); ++k) {
      const auto at = x[0].map();
      for (Eigen::Index i = 0; i < g[k].size() && at.size() == g[k].size(); ++i) {
        const auto v = static_cast<double>(at.data()[i]);
        if (lo_ < v && v < hi_) g[k].data()[i] *= static_cast<T>(factor_);
      }
      if (dx[k].wanted()) dx[k].take(std::move(g[k]));
    }
  }

 private:
  std::shared_ptr<const Rule<T>> inner_;
  double lo_, hi_, factor_;
};

Operation with_window(Operation op, double lo, double hi, double factor) {
  op.in_float = std::make_shared<Windowed<float>>(op.in_float, lo, hi, factor);
  op.in_double = std::make_shared<Windowed<double>>(op.in_double, lo, hi, factor);
  return op;
}

TEST(Dense, AWindowOfOneThousandthIsFoundInEveryCampaign) {
  const Operation tanh_op = make_operation(assay::tanh.op);
  for (const double at : {-9.3, 0.123, 1.7}) {
    const Operation wrong = with_window(tanh_op, at, at + 1e-3, 1.00001);
    EXPECT_FOUND(run_one(wrong, "dense", "float"), "backward disagrees");
    EXPECT_FOUND(run_one(wrong, "dense", "double"), "backward disagrees");
  }
}

TEST(Dense, ANarrowerWindowAndASmallerErrorAreFoundInDouble) {
  const Operation tanh_op = make_operation(assay::tanh.op);
  for (const double at : {-2.2, 0.7, 1.7}) {
    EXPECT_FOUND(run_one(with_window(tanh_op, at, at + 2e-4, 1 + 1e-14), "dense", "double"),
                 "backward disagrees");
  }
  const Operation product = make_operation(mul.op);
  EXPECT_FOUND(run_one(with_window(product, 1.7, 1.701, -1), "dense", "double"),
               "backward disagrees");
}

TEST(Dense, RightRulesPassAndTheirWorstIsKept) {
  for (const Operation& op : {make_operation(assay::tanh.op), make_operation(bce_with_logits.op),
                              make_operation(clamp.op)}) {
    for (const char* scalar : {"float", "double"}) {
      const CheckResult r = run_one(op, "dense", scalar);
      EXPECT_EQ(r.verdict, Verdict::correct) << message(r);
      EXPECT_GT(r.counts.at("screened"), 50'000U) << op.name;
      ASSERT_TRUE(r.worst_derivative);
    }
  }
  const CheckResult r = run_one(make_operation(assay::tanh.op), "dense", "double");
  EXPECT_GT(r.worst_derivative->ulp, 2.2) << "random cases alone find as much";
}

TEST(Dense, ABackwardThatThrowsIsTheFailureThatItIs) {
  EXPECT_FOUND(run_one(make_operation<Map<ThrowsInTheMiddle>>(), "dense", "double"),
               "it throws: not between 1 and 2");
}

/// Bends at 0.3, which neither float nor double holds.
struct BendAtThirds {
  static constexpr auto name = "bend_at_three_tenths";
  static constexpr auto domain = on(all_reals).kink(0.3, 1);
  template <Field T>
  static T f(const T& x) {
    return x < T(3) / T(10) ? T(0) : T(x - T(3) / T(10));
  }
  template <Field T>
  static T df(const T& x, const T&) {
    return x < T(3) / T(10) ? T(0) : T(1);
  }
};
struct BendOutside : BendAtThirds {
  template <Field T>
  static T df(const T& x, const T&) {
    const T distance = x < T(3) / T(10) ? T(T(3) / T(10) - x) : T(x - T(3) / T(10));
    if (distance < T(1) / T(1 << 22)) return T(2);  // the neighbours in float, and more in double
    return x < T(3) / T(10) ? T(0) : T(1);
  }
};

TEST(Kinks, NumbersAboutAThresholdThatNoneHoldsMayTakeEitherSide) {
  for (const char* scalar : {"float", "double"}) {
    const CheckResult right = run_one(make_operation<Map<BendAtThirds>>(), "kinks", scalar);
    EXPECT_EQ(right.verdict, Verdict::correct) << message(right);
    EXPECT_FOUND(run_one(make_operation<Map<BendOutside>>(), "kinks", scalar), "one-sided");
  }
}

/// Gives a tie to the last instead of the first.
struct LastOfTied : DeclaredMaxPool {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    for (Eigen::Index i = x.size(); i-- > 0;) {
      if (x.data()[i] == y(0, 0)) {
        dx.data()[i] = dy(0, 0);
        break;
      }
    }
    return {std::move(dx)};
  }
};
/// Gives it to all of them.
struct AllOfTied : DeclaredMaxPool {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    return {x.unaryExpr([&](const T& v) { return v == y(0, 0) ? dy(0, 0) : T(0); })};
  }
};
struct SplitMaxPool : MaxPool {
  static constexpr auto domain = on(all_reals).ties(split);
};

TEST(Kinks, TiesOfMatrixOperationsAreHeldToWhatIsDeclared) {
  for (const char* scalar : {"float", "double"}) {
    const CheckResult right = run_one(make_operation<DeclaredMaxPool>(), "kinks", scalar);
    EXPECT_EQ(right.verdict, Verdict::correct) << message(right);
    EXPECT_GT(right.counts.at("at a tie that bends"), 2U);
    EXPECT_FOUND(run_one(make_operation<LastOfTied>(), "kinks", scalar), "the first of the tied");
    EXPECT_FOUND(run_one(make_operation<AllOfTied>(), "kinks", scalar), "the first of the tied");
    EXPECT_FOUND(run_one(make_operation<SplitMaxPool>(), "kinks", scalar), "an equal share");
  }
}

TEST(Kinks, DeclaredOnesOfTheLibrarysMatrixOperationsAreRight) {
  for (const Operation& op : {make_operation(max_rowwise.op), make_operation(min.op),
                              make_operation(norm_colwise.op), make_operation(l1_mean.op),
                              make_operation(Call<StandardDeviation<Axis::all>>{{.ddof = 1}}.op)}) {
    const CheckResult r = run_one(op, "kinks", "double");
    EXPECT_EQ(r.verdict, Verdict::correct) << message(r);
    EXPECT_GT(r.elements, 12U) << op.name;
  }
}

/// Throws from the second call on; returns another shape.
struct OtherShape {
  static constexpr auto name = "other_shape";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    return x;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {Mat<T>::Constant(dy.rows() + 1, dy.cols(), T(0))};
  }
};

TEST(Smoothness, ABackwardOfAnotherShapeIsTheFailureThatItIs) {
  EXPECT_FOUND(run_one(make_operation<OtherShape>(), "smoothness", "high"), "its gradient is");
  EXPECT_FOUND(run_one(make_operation<OtherShape>(), "branches", "double"), "its gradient is");
}

std::map<std::string, std::uint64_t> classes_of(const Operation& op, const Format& f) {
  std::map<std::string, std::uint64_t> counts;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    classify(op, f, generate(op, f, case_seed(42, op.name, n)), counts);
  }
  return counts;
}

TEST(Generate, TiesZerosThresholdsAndOverflowEdgesOccur) {
  for (const Format& f : {float_format, double_format}) {
    auto counts = classes_of(make_operation(maximum.op), f);
    for (const char* what : {"size 0", "size 1", "broadcast", "duplicate values", "a tie",
                             "several zeros in a line", "subnormal input", "at an overflow edge"}) {
      EXPECT_GE(counts[what], 20U) << what;
    }
    counts = classes_of(make_operation(max_rowwise.op), f);
    EXPECT_GE(counts["a tie"], 100U);
    EXPECT_GE(counts["several zeros in a line"], 40U);
    counts = classes_of(make_operation(norm.op), f);
    EXPECT_GE(counts["at a threshold"], 60U);
    EXPECT_GE(counts["several zeros in a line"], 40U);
    counts = classes_of(make_operation(relu.op), f);
    EXPECT_GE(counts["at a threshold"], 100U);
    EXPECT_GT(counts["within 2 ulp of a threshold"], counts["at a threshold"] + 50);
    counts = classes_of(make_operation(sigmoid.op), f);
    EXPECT_GE(counts["at an overflow edge"], 100U);
  }
}

TEST(Histogram, HoldsEveryDerivativeThatIsJudged) {
  const CheckResult r = run_one(make_operation(sigmoid.op), "derivative", "double", 200);
  std::uint64_t sum = 0;
  for (const auto& [quarter, n] : r.histogram) sum += n;
  EXPECT_EQ(sum, r.elements);
  ASSERT_TRUE(r.worst_derivative);
  EXPECT_EQ(r.histogram.rbegin()->first, static_cast<std::uint64_t>(r.worst_derivative->ulp * 4));
}

TEST(Curve, DifferencesInDoubleAreBestAtAMiddleStepAndWithinTheirBound) {
  const CheckResult r = run_one(make_operation(sigmoid.op), "differences", "double", 3);
  ASSERT_GT(r.curve.size(), 40U);
  const auto best =
      std::min_element(r.curve.begin(), r.curve.end(),
                       [](const StepError& a, const StepError& b) { return a.bound < b.bound; });
  EXPECT_GT(best->step, -26);
  EXPECT_LT(best->step, -10);
  EXPECT_LT(best->bound, -30);
  EXPECT_GT(best->bound, -45) << "better than double differences can be";
  for (const StepError& s : r.curve) EXPECT_LE(s.error, s.bound + 1) << "2^" << s.step;
  EXPECT_TRUE(run_one(make_operation(matmul.op), "differences", "double", 3).curve.empty());
}

}  // namespace
