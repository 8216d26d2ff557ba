#include "assay/optim/sgd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "assay/ops.hpp"
#include "assay/rational.hpp"
#include "testing.hpp"

namespace assay {
namespace {

TEST(Sgd, AStepSubtractsTheRateTimesTheGradient) {
  std::array<double, 3> w{1, -2, 0};
  const std::array<double, 3> g{4, 8, -1};
  sgd_step<double>(w, g, 0.25);
  EXPECT_EQ(w, (std::array<double, 3>{0, -4, 0.25}));
}

TEST(Sgd, AStepOverNothingDoesNothing) {
  sgd_step<double>({}, {}, 0.25);
  SGD<double> none({}, 1.0);
  none.step();
  none.zero_grad();
}

TEST(Sgd, OneGradientAValueOrAnError) {
  std::array<double, 3> w{1, 2, 3};
  const std::array<double, 2> g{1, 1};
  try {
    sgd_step<double>(w, g, 1.0);
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "sgd_step: 3 values and 2 gradients; one gradient a value");
  }
  EXPECT_EQ(w, (std::array<double, 3>{1, 2, 3}));
}

TEST(Sgd, ParametersMovedIntoOnePieceOfMemoryAreStillTheOnesBound) {
  Parameter<double> a(Mat<double>::Ones(2, 2)), b(Mat<double>::Ones(1, 3));
  SGD<double> optimizer({&a, &b}, 0.5);
  const Flat<double> flat({&a, &b});
  std::fill(flat.grads().begin(), flat.grads().end(), 4.0);
  optimizer.step();
  EXPECT_EQ(a.value, Mat<double>::Constant(2, 2, -1));
  EXPECT_EQ(b.value, Mat<double>::Constant(1, 3, -1));
}

TEST(Sgd, StepsMoveEveryParameterAndKeepItsGradient) {
  Parameter<double> a(Mat<double>::Constant(2, 3, 5)), b(Mat<double>::Constant(1, 1, 7));
  a.grad.setConstant(2);
  b.grad.setConstant(-4);
  SGD<double> optimizer({&a, &b}, 0.5);
  optimizer.step();
  EXPECT_EQ(a.value, Mat<double>::Constant(2, 3, 4));
  EXPECT_EQ(b.value(0, 0), 9);
  EXPECT_EQ(a.grad, Mat<double>::Constant(2, 3, 2));
  optimizer.zero_grad();
  EXPECT_EQ(a.grad, Mat<double>::Zero(2, 3));
  EXPECT_EQ(b.grad, Mat<double>::Zero(1, 1));
  optimizer.step();
  EXPECT_EQ(b.value(0, 0), 9);
}

TEST(Sgd, StepsAreExactInRationals) {
  std::array<Q, 1> w{Q(1, 3)};
  const std::array<Q, 1> g{Q(2, 7)};
  sgd_step<Q>(w, g, Q(1, 2));
  EXPECT_EQ(w[0], Q(4, 21));
}

/// y = 2 x + 1 at x = -1, 0, 1. The mean squared error separates: by hand, with rate 1/4, the
/// slope's error shrinks by 1 - 1/4 * 2 * 2/3 = 2/3 a step and the intercept's by 1 - 1/4 * 2 =
/// 1/2.
TEST(Sgd, ALinearRegressionConvergesAsComputedByHand) {
  Mat<Q> x(3, 1), t(3, 1);
  x << Q(-1), Q(0), Q(1);
  t << Q(-1), Q(1), Q(3);
  Parameter<Q> slope(Mat<Q>::Constant(1, 1, Q(0))), intercept(Mat<Q>::Constant(1, 1, Q(0)));
  SGD<Q> optimizer({&slope, &intercept}, Q(1, 4));
  Graph<Q> graph;
  Q slope_error(-2), intercept_error(-1);
  for (int step = 0; step < 8; ++step) {
    optimizer.zero_grad();
    graph.clear();
    const auto loss =
        squared_error_mean(x * graph.parameter(slope) + graph.parameter(intercept), t);
    EXPECT_EQ(loss.value()(0, 0),
              slope_error * slope_error * Q(2, 3) + intercept_error * intercept_error);
    graph.backward(loss);
    optimizer.step();
    slope_error *= Q(2, 3);
    intercept_error *= Q(1, 2);
    EXPECT_EQ(slope.value(0, 0), 2 + slope_error);
    EXPECT_EQ(intercept.value(0, 0), 1 + intercept_error);
  }
}

}  // namespace
}  // namespace assay
