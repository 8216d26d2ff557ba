// Kinks, jumps and ties: undeclared ones are found, declared ones are held to their convention.

#include <gtest/gtest.h>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "line.hpp"
#include "one_check.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

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

}  // namespace
