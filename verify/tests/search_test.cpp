// Branches, dense points and generators: both sides of every branch are judged, narrow windows are
// found, and cases lie where faults hide.

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "families.hpp"
#include "generators.hpp"
#include "one_check.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

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
