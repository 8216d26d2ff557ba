#include "assay/scalar_graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "assay/ops.hpp"
#include "assay/rational.hpp"
#include "testing.hpp"

namespace assay {
namespace {

TEST(ScalarGraph, GradientsThroughASharedNodeAdd) {
  // L = (a b + c) (a b) at (2, -3, 10): the node a b = -6 is used twice.
  Tape<double> tape;
  const auto a = tape.variable(2), b = tape.variable(-3), c = tape.variable(10);
  const auto e = a * b;
  const auto loss = (e + c) * e;
  tape.backward(loss);
  EXPECT_EQ(loss.value(), -24);
  EXPECT_EQ(e.grad(), -2);  // e + c + e
  EXPECT_EQ(a.grad(), 6);
  EXPECT_EQ(b.grad(), -4);
  EXPECT_EQ(c.grad(), -6);
}

TEST(ScalarGraph, ANodeUsedTwiceByOneOperationCountsTwice) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto y = x * x + (x - x) + x / x;
  tape.backward(y);
  EXPECT_EQ(y.value(), 10);
  EXPECT_EQ(x.grad(), 6);
}

TEST(ScalarGraph, OperatorsAreTheFourOperations) {
  Tape<double> tape;
  const auto a = tape.variable(6), b = tape.variable(-4);
  struct Case {
    Scalar<double> y;
    double value, da, db;
  };
  for (const Case& c : {Case{a + b, 2, 1, 1}, Case{a - b, 10, 1, -1}, Case{a * b, -24, -4, 6},
                        Case{a / b, -1.5, -0.25, -0.375}, Case{-a, -6, -1, 0}}) {
    const double da = a.grad(), db = b.grad();
    tape.backward(c.y, retain);
    EXPECT_EQ(c.y.value(), c.value);
    EXPECT_EQ(a.grad() - da, c.da);
    EXPECT_EQ(b.grad() - db, c.db);
  }
}

TEST(ScalarGraph, NumbersAmongTheInputsAreConstants) {
  Tape<double> tape;
  const auto x = tape.variable(9);
  struct Case {
    Scalar<double> y;
    double value, dx;
  };
  for (const Case& c :
       {Case{2 * x, 18, 2}, Case{x * 2.0, 18, 2}, Case{x / 3, 3, 1.0 / 3},
        Case{3 / x, 1.0 / 3, -1.0 / 27}, Case{x + 1, 10, 1}, Case{1 - x, -8, -1},
        Case{x - 1.5F, 7.5, 1}, Case{pow(x, 2.0), 81, 18}, Case{pow(1, x), 1, 0},
        Case{squared_error(x, 7), 4, 4}, Case{bce_with_logits(0.0 * x, 1), std::log(2.0), 0}}) {
    const double before = x.grad();
    tape.backward(c.y, retain);
    EXPECT_DOUBLE_EQ(c.y.value(), c.value);
    EXPECT_NEAR(x.grad() - before, c.dx, 1e-14);
  }
}

TEST(ScalarGraph, AConstantTakesNoNode) {
  Tape<double> tape;
  const auto x = tape.variable(9);
  static_cast<void>(2 * x + 1);
  EXPECT_EQ(tape.size(), 3u);
}

TEST(ScalarGraph, ARetainedSweepAddsToTheLeavesAndReplacesInside) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto square_node = x * x;
  const auto y = 2 * square_node;
  tape.backward(y, retain);
  tape.backward(y, retain);
  EXPECT_EQ(x.grad(), 24);
  EXPECT_EQ(square_node.grad(), 2);
  EXPECT_EQ(y.grad(), 1);
}

TEST(ScalarGraph, ARetainedGraphCanGrow) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto y = x * x;
  tape.backward(y, retain);
  const auto z = y * x;
  tape.backward(z);
  EXPECT_EQ(x.grad(), 6 + 27);
}

TEST(ScalarGraph, SecondSweepOfAConsumedTapeIsAnError) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const auto y = x * x;
  tape.backward(y);
  EXPECT_NE(message_of<GraphError>([&] { tape.backward(y); }).find("already consumed"),
            std::string::npos);
  EXPECT_THROW(static_cast<void>(x * x), GraphError);
  EXPECT_THROW(tape.variable(1), GraphError);
  EXPECT_EQ(x.grad(), 6);  // what was computed can be read
  EXPECT_EQ(y.value(), 9);
}

TEST(ScalarGraph, TwoLossesAddInTwoSweepsOrInOne) {
  const auto losses = [](Tape<double>& tape, auto sweep) {
    const auto w = tape.variable(3);
    const auto shared = w * w;
    sweep(shared + 6 * w, 5 * shared);
    return w.grad();
  };
  Tape<double> apart, once;
  EXPECT_EQ(losses(apart,
                   [&](auto a, auto b) {
                     apart.backward(a, retain);
                     apart.backward(b);
                   }),
            42);
  EXPECT_EQ(losses(once, [&](auto a, auto b) { once.backward({a, b}); }), 42);
}

TEST(ScalarGraph, TheSameOutputTwiceCountsTwice) {
  Tape<double> tape;
  const auto x = tape.variable(5);
  const auto y = x * x;
  tape.backward({y, y, x});
  EXPECT_EQ(x.grad(), 21);
}

TEST(ScalarGraph, ALeafIsItsOwnGradient) {
  Tape<double> tape;
  const auto x = tape.variable(5);
  tape.backward(x);
  EXPECT_EQ(x.grad(), 1);
}

TEST(ScalarGraph, GradientsAreZeroBeforeASweepAndWhereNoneArrives) {
  Tape<double> tape;
  const auto x = tape.variable(5), unused = tape.variable(7);
  EXPECT_EQ(x.grad(), 0);
  const auto early = x * x, late = exp(early);
  tape.backward(early);
  EXPECT_EQ(unused.grad(), 0);
  EXPECT_EQ(late.grad(), 0);
}

TEST(ScalarGraph, ANodeOfAClearedTapeIsStale) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  tape.clear();
  const auto fresh = tape.variable(4);
  EXPECT_NE(message_of<GraphError>([&] { static_cast<void>(x.value()); }).find("cleared"),
            std::string::npos);
  EXPECT_THROW(static_cast<void>(x.grad()), GraphError);
  EXPECT_THROW(static_cast<void>(x * fresh), GraphError);
  EXPECT_THROW(static_cast<void>(fresh * x), GraphError);
  EXPECT_THROW(tape.backward(x), GraphError);
  EXPECT_EQ(fresh.value(), 4);
}

TEST(ScalarGraph, NodesOfAnotherTapeAreRejected) {
  Tape<double> one, other;
  const auto x = one.variable(3), y = other.variable(4);
  EXPECT_NE(message_of<GraphError>([&] { static_cast<void>(x * y); }).find("another tape"),
            std::string::npos);
  EXPECT_NE(message_of<GraphError>([&] { one.backward(y); }).find("another tape"),
            std::string::npos);
  EXPECT_NE(message_of<GraphError>([&] {
              one.backward({x, y});
            }).find("another tape"),
            std::string::npos);
  EXPECT_EQ(one.size(), 1u);  // nothing half-recorded
  one.backward(x * x);
  EXPECT_EQ(x.grad(), 6);
}

TEST(ScalarGraph, AnUnreachedNodeWithAnInfinitePartialGivesNoNaN) {
  Tape<double> tape;
  const auto x = tape.variable(0);
  const auto root = sqrt(x);  // d = +inf
  const auto y = x * 5;
  tape.backward(y, retain);
  EXPECT_EQ(x.grad(), 5);
  tape.backward(0 * root + y);  // reached with an adjoint of exactly 0
  EXPECT_EQ(x.grad(), 10);
}

TEST(ScalarGraph, AnInfinitePartialThatIsReachedIsKept) {
  Tape<double> tape;
  const auto x = tape.variable(0);
  tape.backward(sqrt(x));
  EXPECT_EQ(x.grad(), infinity);
}

TEST(ScalarGraph, AParameterAccumulatesInPlaceOverTapes) {
  double gradient = 100;
  Tape<double> tape;
  for (int sweep = 0; sweep < 3; ++sweep) {
    tape.clear();
    const auto w = tape.parameter(4, gradient);
    tape.backward(w * w + w);
    EXPECT_EQ(w.grad(), gradient);
  }
  EXPECT_EQ(gradient, 127);
}

TEST(ScalarGraph, OneParameterAtTwoLeavesReceivesBoth) {
  double gradient = 0;
  Tape<double> tape;
  const auto a = tape.parameter(4, gradient), b = tape.parameter(4, gradient);
  tape.backward(a * 2 + b * 3);
  EXPECT_EQ(gradient, 5);
}

TEST(ScalarGraph, AMillionNodesAreSweptAndReleasedWithoutRecursion) {
  constexpr int n = 1'000'000;
  double gradient = 0;
  {
    Tape<double> tape;
    const auto x = tape.parameter(1, gradient);
    auto y = x;
    for (int i = 0; i < n; ++i) y = y + x;
    EXPECT_EQ(tape.size(), n + 1u);
    EXPECT_EQ(y.value(), n + 1);
    tape.backward(y);
  }
  EXPECT_EQ(gradient, n + 1);
}

TEST(ScalarGraph, AClearedTapeIsEmptyAndIndexesFromZero) {
  Tape<double> tape;
  for (int round = 0; round < 3; ++round) {
    const auto x = tape.variable(2);
    EXPECT_EQ(x.index(), 0u);
    const auto y = x * x * x;
    EXPECT_EQ(tape.size(), 3u);
    tape.backward(y);
    EXPECT_EQ(x.grad(), 12);  // nothing left of the rounds before
    tape.clear();
    EXPECT_EQ(tape.size(), 0u);
  }
}

TEST(ScalarGraph, DualNumbersGiveTheSecondDerivative) {
  using D = Dual<double>;
  Tape<D> tape;
  const auto x = tape.variable(D(2, 1)), c = tape.variable(D(5, 0));
  const auto y = x * x * x + c * x;  // y' = 3x^2 + c, y'' = 6x, d2y/dc dx = 1
  tape.backward(y);
  EXPECT_EQ(y.value().v, 18);
  EXPECT_EQ(x.grad().v, 17);
  EXPECT_EQ(x.grad().d, 12);
  EXPECT_EQ(c.grad().v, 2);
  EXPECT_EQ(c.grad().d, 1);
}

TEST(ScalarGraph, ADualAdjointWhoseValueIsZeroStillCarriesTheSecondOrder) {
  using D = Dual<double>;
  Tape<D> tape;
  const auto x = tape.variable(D(0, 1));
  tape.backward(square(square(x)) + square(x));  // at 0 the first derivative is 0, the second 2
  EXPECT_EQ(x.grad().v, 0);
  EXPECT_EQ(x.grad().d, 2);
}

TEST(ScalarGraph, RationalsAreExact) {
  Tape<Q> tape;
  const auto a = tape.variable(Q(1, 3)), b = tape.variable(Q(2, 7));
  const auto y = (a + b) / (a - b) * 3;
  tape.backward(y);
  EXPECT_EQ(y.value(), Q(39));
  EXPECT_EQ(a.grad(), Q(-756));  // -6 b / (a - b)^2
  EXPECT_EQ(b.grad(), Q(882));   //  6 a / (a - b)^2
}

TEST(ScalarGraph, AFailedForwardRecordsNothing) {
  Tape<Q> tape;
  const auto a = tape.variable(Q(1)), zero = tape.variable(Q(0));
  EXPECT_THROW(static_cast<void>(a / zero), std::domain_error);
  EXPECT_EQ(tape.size(), 2u);
  tape.backward(a * zero);
  EXPECT_EQ(zero.grad(), Q(1));
}

TEST(ScalarGraph, ElementwiseRulesAreLiftedByTheirName) {
  Tape<double> tape;
  const auto x = tape.variable(0.5);
  const auto y =
      log(exp(x)) + sigmoid(x) + relu(-x) + abs(-x) + tanh(0 * x) + softplus(x) - softplus(x);
  tape.backward(y);
  EXPECT_DOUBLE_EQ(y.value(), 1 + sigmoid(0.5));
  EXPECT_DOUBLE_EQ(x.grad(), 2 + sigmoid(0.5) * sigmoid(-0.5));
}

}  // namespace
}  // namespace assay
