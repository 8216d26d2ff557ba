#include "assay/graph.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>

#include "assay/ops.hpp"
#include "assay/rational.hpp"
#include "testing.hpp"

namespace assay {

/// y = s x: an operation with an attribute.
struct ScaledBy {
  static constexpr auto name = "scaled_by";
  double factor = 1;
  [[nodiscard]] Shape shape(Shape x) const { return x; }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x) const {
    return x * T(factor);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) const {
    return {Mat<T>(dy * T(factor))};
  }
};

/// y = x + b, whose backward forgets to sum the gradient of the row b.
struct UnsummedBias {
  static constexpr auto name = "unsummed_bias";
  static Shape shape(Shape x, Shape) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, const Mat<T>& b) {
    return x + b.replicate(x.rows(), 1);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&, const Mat<T>&) {
    return {dy, dy};
  }
};

namespace {

using M = Mat<double>;

M matrix(std::initializer_list<std::initializer_list<double>> rows) { return M(rows); }

TEST(MatrixGraph, GradientsThroughASharedInputAdd) {
  Graph<double> g;
  const M at = matrix({{1, 2}, {3, 4}});
  const auto x = g.variable(at);
  g.backward(sum(x * x));
  const M ones = M::Ones(2, 2);
  EXPECT_EQ(x.grad(), M(ones * at.transpose() + at.transpose() * ones));
}

TEST(MatrixGraph, AsteriskIsTheMatrixProductAndMulIsElementwise) {
  Graph<double> g;
  const auto a = g.variable(matrix({{1, 2}, {3, 4}})), b = g.variable(matrix({{5, 6}, {7, 8}}));
  EXPECT_EQ((a * b).value(), matrix({{19, 22}, {43, 50}}));
  EXPECT_EQ(mul(a, b).value(), matrix({{5, 12}, {21, 32}}));
  EXPECT_THROW(static_cast<void>(b * g.constant(M::Ones(3, 2))), ShapeError);
}

TEST(MatrixGraph, OperatorsMixNodesMatricesAndNumbers) {
  Graph<double> g;
  const M at = matrix({{1, 2}, {3, 4}}), m = matrix({{5, 6}, {7, 8}});
  const auto x = g.variable(at);
  const M ones = M::Ones(2, 2);
  struct Case {
    Var<double> y;
    M value, gradient;
  };
  for (const Case& c : {
           Case{x + m, at + m, ones},
           Case{m + x, at + m, ones},
           Case{x - m, at - m, ones},
           Case{m - x, m - at, -ones},
           Case{x * m, at * m, ones * m.transpose()},
           Case{m * x, m * at, m.transpose() * ones},
           Case{m.transpose() * x, m.transpose() * at, m * ones},
           Case{x * 2, at * 2, ones * 2},
           Case{0.5 * x, at / 2, ones / 2},
           Case{x / 4, at / 4, ones / 4},
           Case{x + 1, at + ones, ones},
           Case{1 - x, ones - at, -ones},
           Case{-x, -at, -ones},
           Case{add(m, x), at + m, ones},
           Case{x + m.row(0), at + m.row(0).replicate(2, 1), ones},
       }) {
    const M before = x.grad();
    g.backward(c.y, M(M::Ones(2, 2)), retain);
    EXPECT_EQ(c.y.value(), c.value);
    EXPECT_EQ(M(x.grad() - before), c.gradient);
  }
}

TEST(MatrixGraph, AConstantHasNoGradient) {
  Graph<double> g;
  const auto c = g.constant(matrix({{2, 3}})), x = g.variable(matrix({{4, 5}}));
  g.backward(sum(mul(c, x)));
  EXPECT_EQ(x.grad(), matrix({{2, 3}}));
  EXPECT_EQ(c.grad(), M::Zero(1, 2));
}

TEST(MatrixGraph, AParameterAddsToWhatItsGradientHolds) {
  Parameter<double> w(matrix({{1, 2}}));
  EXPECT_EQ(w.grad, M::Zero(1, 2));
  w.grad = matrix({{100, 200}});
  Graph<double> g;
  for (int sweep = 0; sweep < 2; ++sweep) {
    g.clear();
    const auto v = g.parameter(w);
    g.backward(sum(square(v)));
    EXPECT_EQ(v.grad(), w.grad);
  }
  EXPECT_EQ(w.grad, matrix({{104, 208}}));
  w.zero_grad();
  EXPECT_EQ(w.grad, M::Zero(1, 2));
}

TEST(MatrixGraph, RetainedSweepsAddToTheLeavesAndReplaceInside) {
  Graph<double> g;
  const auto x = g.variable(matrix({{3}}));
  const auto inner = square(x);
  const auto y = 2 * inner;
  for (int sweep = 1; sweep <= 3; ++sweep) {
    g.backward(y, sweep < 3 ? Graphs::retain : Graphs::consume);
    EXPECT_EQ(x.grad()(0, 0), 12 * sweep);
    EXPECT_EQ(inner.grad()(0, 0), 2);
  }
}

TEST(MatrixGraph, SecondSweepOfAConsumedGraphIsAnError) {
  Graph<double> g;
  const auto x = g.variable(matrix({{3}}));
  const auto y = square(x);
  g.backward(y);
  EXPECT_NE(message_of<GraphError>([&] { g.backward(y); }).find("already consumed"),
            std::string::npos);
  EXPECT_THROW(g.backward(y, M(M::Ones(1, 1))), GraphError);
  EXPECT_THROW(static_cast<void>(square(x)), GraphError);
  EXPECT_THROW(g.constant(M::Ones(1, 1)), GraphError);
  EXPECT_EQ(x.grad()(0, 0), 6);
}

TEST(MatrixGraph, TwoLossesAddInTwoSweepsOrInOne) {
  for (const bool at_once : {false, true}) {
    Graph<double> g;
    const auto w = g.variable(matrix({{3}}));
    const auto shared = square(w);
    const auto first_loss = shared + 6 * w, second_loss = 5 * shared;
    if (at_once) {
      g.backward({first_loss, second_loss});
    } else {
      g.backward(first_loss, retain);
      g.backward(second_loss);
    }
    EXPECT_EQ(w.grad()(0, 0), 42);
  }
}

TEST(MatrixGraph, AnOutputThatIsNot1x1NeedsAnUpstream) {
  Graph<double> g;
  const auto x = g.variable(matrix({{1, 2, 3}}));
  const auto y = square(x);
  EXPECT_EQ(message_of<ShapeError>([&] { g.backward(y); }),
            "backward: output is 1x3; it must be 1x1, or the upstream gradient must be given");
  EXPECT_EQ(message_of<ShapeError>([&] { g.backward(y, M(M::Ones(3, 1))); }),
            "backward: output is 1x3 and upstream is 3x1; they must be of one shape");
  g.backward(y, matrix({{1, 0, -2}}));
  EXPECT_EQ(x.grad(), matrix({{2, 0, -12}}));
}

TEST(MatrixGraph, ARefusedSweepChangesNoGradient) {
  Graph<double> g, other;
  Parameter<double> w(M::Ones(1, 1));
  const auto p = g.parameter(w), wide = g.variable(M::Ones(1, 2));
  const auto foreign = other.variable(M::Ones(1, 1));
  EXPECT_THROW(g.backward({p, wide}), ShapeError);
  EXPECT_THROW(g.backward({p, foreign}), GraphError);
  EXPECT_EQ(w.grad, M::Zero(1, 1));
  g.backward(p);
  EXPECT_EQ(w.grad, M::Ones(1, 1));
}

TEST(MatrixGraph, ANodeOfAClearedGraphIsStale) {
  Graph<double> g;
  const auto x = g.variable(M::Ones(2, 2));
  g.clear();
  const auto fresh = g.variable(M::Ones(2, 2));
  EXPECT_NE(message_of<GraphError>([&] { static_cast<void>(x.value()); }).find("cleared"),
            std::string::npos);
  EXPECT_THROW(static_cast<void>(x.grad()), GraphError);
  EXPECT_THROW(static_cast<void>(x + fresh), GraphError);
  EXPECT_THROW(static_cast<void>(fresh + x), GraphError);
  EXPECT_THROW(g.backward(x, M(M::Ones(2, 2))), GraphError);
}

TEST(MatrixGraph, NodesOfAnotherGraphAreRejected) {
  Graph<double> one, other;
  const auto x = one.variable(M::Ones(1, 1)), y = other.variable(M::Ones(1, 1));
  EXPECT_NE(message_of<GraphError>([&] { static_cast<void>(x + y); }).find("another graph"),
            std::string::npos);
  EXPECT_THROW(one.backward(y), GraphError);
  EXPECT_EQ(one.size(), 1u);
}

TEST(MatrixGraph, AnOperationsAttributesAreKeptAsTheyWere) {
  Graph<double> g;
  const auto x = g.variable(matrix({{1, 10}}));
  Call<ScaledBy> scale{{.factor = 3}};
  const auto y = scale(x);
  scale.op.factor = 5;
  const auto z = scale(x);
  g.backward(sum(y + z));
  EXPECT_EQ(y.value(), matrix({{3, 30}}));
  EXPECT_EQ(x.grad(), matrix({{8, 8}}));
}

TEST(MatrixGraph, ABroadcastInputReceivesTheSumOverItsRepetitions) {
  Graph<double> g;
  const auto x = g.variable(matrix({{1, 2, 3}, {4, 5, 6}}));
  const auto row = g.variable(matrix({{1, 2, 3}})), column = g.variable(matrix({{1}, {2}}));
  const auto number = g.variable(matrix({{7}}));
  const M dy = matrix({{1, -2, 3}, {-4, 5, 6}});
  g.backward(mul(x, row) + column - mul(number, x), dy);
  EXPECT_EQ(x.grad(), M(dy.cwiseProduct(matrix({{-6, -5, -4}, {-6, -5, -4}}))));
  EXPECT_EQ(row.grad(), matrix({{-15, 21, 45}}));
  EXPECT_EQ(column.grad(), matrix({{2}, {7}}));
  EXPECT_EQ(number.grad()(0, 0), -(1 - 4 + 9 - 16 + 25 + 36));
}

TEST(MatrixGraph, ARowAndAColumnBroadcastToAMatrix) {
  Graph<double> g;
  const auto row = g.variable(matrix({{1, 2, 3}})), column = g.variable(matrix({{10}, {20}}));
  const auto y = row + column;
  EXPECT_EQ(y.value(), matrix({{11, 12, 13}, {21, 22, 23}}));
  g.backward(sum(y));
  EXPECT_EQ(row.grad(), matrix({{2, 2, 2}}));
  EXPECT_EQ(column.grad(), matrix({{3}, {3}}));
}

TEST(MatrixGraph, EmptyMatricesPassThroughEverything) {
  for (const Shape s : {Shape{0, 0}, Shape{0, 3}, Shape{3, 0}}) {
    Graph<double> g;
    const auto x = g.variable(M(s.rows, s.cols)), bias = g.variable(M::Ones(1, s.cols));
    const auto y = transpose(sigmoid(x + bias) * M::Ones(s.cols, 2));
    EXPECT_EQ(y.shape(), (Shape{2, s.rows}));
    const auto total = sum(y) + sum(sum_rowwise(square(x)));
    g.backward(total);
    EXPECT_EQ(shape_of(x.grad()), s);
    EXPECT_EQ(bias.grad().sum() == 0, s.size() == 0);
    EXPECT_EQ(total.value()(0, 0), s.cols == 0 ? 0 : total.value()(0, 0));
  }
}

TEST(MatrixGraph, AProductOverAnEmptyExtentIsZero) {
  Graph<double> g;
  const auto a = g.variable(M(2, 0)), b = g.variable(M(0, 3));
  const auto y = a * b;
  EXPECT_EQ(y.value(), M::Zero(2, 3));
  g.backward(sum(y));
  EXPECT_EQ(shape_of(a.grad()), (Shape{2, 0}));
  EXPECT_EQ(shape_of(b.grad()), (Shape{0, 3}));
}

TEST(MatrixGraph, AMillionNodesAreSweptAndReleasedWithoutRecursion) {
  constexpr int n = 1'000'000;
  Parameter<double> w(M::Ones(1, 1));
  {
    Graph<double> g;
    const auto x = g.parameter(w);
    auto y = x;
    for (int i = 0; i < n; ++i) y = y + x;
    EXPECT_EQ(g.size(), n + 1u);
    EXPECT_EQ(y.value()(0, 0), n + 1);
    g.backward(y);
  }
  EXPECT_EQ(w.grad(0, 0), n + 1);
}

TEST(MatrixGraph, AClearedGraphRecordsOtherShapesAndKindsInTheSameNodes) {
  Graph<double> g;
  for (Eigen::Index n = 3; n > 0; --n) {
    Parameter<double> w(M::Ones(n, 2));
    const auto p = g.parameter(w);
    g.backward(sum(p * M::Ones(2, n)));
    EXPECT_EQ(w.grad, M::Constant(n, 2, static_cast<double>(n)));
    g.clear();
    EXPECT_EQ(g.size(), 0u);
    const auto x = g.variable(M::Ones(n, n)), c = g.constant(M::Ones(n, n));
    EXPECT_EQ(x.grad(), M::Zero(n, n));
    g.backward(sum(x * c));
    EXPECT_EQ(x.grad(), M::Constant(n, n, static_cast<double>(n)));
    EXPECT_EQ(w.grad, M::Constant(n, 2, static_cast<double>(n)));
    g.clear();
  }
}

TEST(MatrixGraph, DualNumbersGiveTheHessianVectorProduct) {
  // f = sum((X w)^2): Hessian 2 X'X, whatever w.
  using D = Dual<double>;
  const M x = matrix({{1, 2}, {-3, 1}, {0, 4}}), v = matrix({{5}, {-1}});
  Mat<D> w(2, 1);
  w << D(7, v(0)), D(-2, v(1));
  Graph<D> g;
  const auto node = g.variable(w);
  g.backward(sum(square(Mat<D>(x.cast<D>()) * node)));
  const M gradient = 2 * x.transpose() * x * matrix({{7}, {-2}});
  const M product = 2 * x.transpose() * x * v;
  for (Eigen::Index i = 0; i < 2; ++i) {
    EXPECT_EQ(node.grad()(i, 0).v, gradient(i));
    EXPECT_EQ(node.grad()(i, 0).d, product(i));
  }
}

TEST(MatrixGraph, RationalsAreExact) {
  Graph<Q> g;
  const auto a = g.variable(Mat<Q>({{Q(1, 3), Q(1, 7)}}));
  const auto b = g.variable(Mat<Q>({{Q(2)}, {Q(-5, 11)}}));
  const auto y = mean(a * b / 3);
  g.backward(y);
  EXPECT_EQ(y.value()(0, 0), Q(139, 693));
  EXPECT_EQ(a.grad(), Mat<Q>({{Q(2, 3), Q(-5, 33)}}));
  EXPECT_EQ(b.grad(), Mat<Q>({{Q(1, 9)}, {Q(1, 21)}}));
}

TEST(MatrixGraph, AGradientOfAnotherShapeIsAnErrorAndIsNotAdded) {
  Graph<double> g;
  const auto x = g.variable(M::Ones(3, 2)), b = g.variable(M::Ones(1, 2));
  const auto y = sum(Call<UnsummedBias>{}(x, b));
  const std::string text = message_of<ShapeError>([&] { g.backward(y); });
  EXPECT_NE(text.find("the input is 1x2 and its gradient is 3x2"), std::string::npos) << text;
  EXPECT_EQ(x.grad(), M::Zero(3, 2));
}

TEST(MatrixGraph, GradientsAreTheLeavesOwnCopies) {
  Graph<double> g;
  const auto x = g.variable(M::Ones(2, 2));
  M dy = M::Ones(2, 2);
  g.backward(x, dy, retain);
  dy.setConstant(9);
  M taken = x.grad();
  taken.setZero();
  EXPECT_EQ(x.grad(), M::Ones(2, 2));
}

}  // namespace
}  // namespace assay
