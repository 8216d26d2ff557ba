// Nodes of a scalar graph with many parents, and parameters that stay.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "assay/random.hpp"

#include "assay/ops/square.hpp"
#include "assay/rational.hpp"
#include "assay/scalar_graph.hpp"
#include "testing.hpp"

namespace assay {
namespace {

std::vector<Q> fractions(Random& random, std::size_t n) {
  std::vector<Q> x;
  for (std::size_t i = 0; i < n; ++i) x.push_back(Q(static_cast<int>(random.below(19)) - 9, 4));
  return x;
}

template <class T>
std::vector<Scalar<T>> variables(Tape<T>& tape, const std::vector<T>& x) {
  std::vector<Scalar<T>> v;
  for (const T& value : x) v.push_back(tape.variable(value));
  return v;
}

// --- rows ----------------------------------------------------------------------------------------

constexpr std::array<std::size_t, 8> kSizes{0, 1, 2, 7, 8, 9, 16, 21};

/// w . x + b of 3 dot(w, x, b), with dw, dx and db: by one node, or by products and sums.
struct DotGradients {
  Q value;
  std::vector<Q> dw, dx;
  Q db;
  bool operator==(const DotGradients&) const = default;
};

DotGradients by_pairs(const std::vector<Q>& w, const std::vector<Q>& x, const Q& b) {
  Tape<Q> tape;
  const auto vw = variables(tape, w), vx = variables(tape, x);
  const auto vb = tape.variable(b);
  Scalar<Q> y = vb;
  for (std::size_t i = 0; i < w.size(); ++i) y = y + vw[i] * vx[i];
  tape.backward(y * 3);
  DotGradients g{y.value(), {}, {}, vb.grad()};
  for (const auto& v : vw) g.dw.push_back(v.grad());
  for (const auto& v : vx) g.dx.push_back(v.grad());
  return g;
}

TEST(ScalarRows, ADotIsTheSumOfProductsWhateverItsRowsAre) {
  Random random(1);
  for (const std::size_t n : kSizes) {
    const std::vector<Q> w = fractions(random, n), x = fractions(random, n);
    const DotGradients expected = by_pairs(w, x, Q(5, 3));
    std::vector<Q> dw(n, Q(0));
    const auto with = [&](const auto& weights_of, const auto& inputs_of) {
      std::fill(dw.begin(), dw.end(), Q(0));
      Tape<Q> tape;
      const Parameters<Q> p = tape.parameters(w, dw);
      const auto weights = weights_of(tape, p);
      const auto inputs = inputs_of(tape);
      const auto bias = tape.variable(Q(5, 3));
      const Scalar<Q> y = tape.dot(weights, inputs, bias);
      tape.backward(y * 3);
      EXPECT_EQ(y.value(), expected.value) << n;
      EXPECT_EQ(bias.grad(), expected.db) << n;
      for (std::size_t i = 0; i < n; ++i) {
        if constexpr (requires { weights[0].grad(); }) {
          EXPECT_EQ(weights[i].grad(), expected.dw[i]) << n << ' ' << i;
        }
        if constexpr (requires { inputs[0].grad(); }) {
          EXPECT_EQ(inputs[i].grad(), expected.dx[i]) << n << ' ' << i;
        }
      }
    };
    const auto bound = [](Tape<Q>&, const Parameters<Q>& p) { return p; };
    const auto number_weights = [&](Tape<Q>&, const Parameters<Q>&) { return w; };
    const auto node_weights = [&](Tape<Q>& tape, const auto&) { return variables(tape, w); };
    const auto numbers = [&](Tape<Q>&) { return x; };
    const auto in_order = [&](Tape<Q>& tape) { return variables(tape, x); };
    const auto apart = [&](Tape<Q>& tape) {  // with other nodes between
      std::vector<Scalar<Q>> v;
      for (const Q& value : x) {
        v.push_back(tape.variable(value));
        static_cast<void>(v.back() * v.back());
      }
      return v;
    };
    with(bound, numbers);
    with(bound, in_order);
    with(bound, apart);
    with(number_weights, numbers);
    with(number_weights, in_order);
    with(number_weights, apart);
    with(node_weights, numbers);
    with(node_weights, in_order);
    with(node_weights, apart);
  }
}

TEST(ScalarRows, ALayerIsADotANeuron) {
  Random random(2);
  const std::size_t n = 9, m = 3;
  const std::vector<Q> p = fractions(random, n * m + m), at = fractions(random, n);
  const auto run = [&](bool whole, bool numbers) {
    std::vector<Q> g(p.size(), Q(0));
    Tape<Q> tape;
    const Parameters<Q> all = tape.parameters(p, g);
    const Parameters<Q> w = all.slice(0, n * m), b = all.slice(n * m, m);
    const auto x = variables(tape, at);
    std::vector<Scalar<Q>> y(m, x[0]);
    for (std::size_t j = 0; j < m; ++j) {
      if (!whole && !numbers) y[j] = tape.dot(w.slice(j * n, n), x, b[j]);
      if (!whole && numbers) y[j] = tape.dot(w.slice(j * n, n), at, b[j]);
    }
    if (whole && !numbers) tape.linear(w, x, b, y);
    if (whole && numbers) tape.linear(w, at, b, y);
    tape.backward(square(y[0]) + 2 * square(y[1]) - y[1] * y[2]);
    for (const auto& v : x) g.push_back(v.grad());
    for (const auto& v : y) g.push_back(v.value());
    return g;
  };
  EXPECT_EQ(run(true, false), run(false, false));
  EXPECT_EQ(run(true, true), run(false, true));
  EXPECT_NE(run(true, true), run(true, false));  // numbers have no gradient
}

TEST(ScalarRows, ASumOfNodesHasAllOnes) {
  Random random(3);
  for (const std::size_t n : kSizes) {
    const std::vector<Q> at = fractions(random, n);
    Tape<Q> tape;
    const auto x = variables(tape, at);
    const auto y = tape.sum(x);
    Q expected(0);
    for (const Q& v : at) expected += v;
    EXPECT_EQ(y.value(), expected);
    tape.backward(y * 7);
    for (const auto& v : x) EXPECT_EQ(v.grad(), Q(7));
  }
}

TEST(ScalarRows, ANodeTwiceInARowCountsTwice) {
  Tape<double> tape;
  const auto x = tape.variable(3);
  const std::vector<Scalar<double>> twice{x, x};
  tape.backward({tape.dot(twice, twice), tape.sum(twice)});
  EXPECT_EQ(x.grad(), 12 + 2);
}

TEST(ScalarRows, ADotIsSummedInEightLanesWhateverTheProcessor) {
  // Lane 0 has 2^53 - 2^53, the ones after them survive only because they are in lanes of their
  // own.
  std::vector<double> w(16, 1), x(16, 0);
  x[0] = 0x1p53;
  x[8] = -0x1p53;
  x[1] = x[9] = 1;
  Tape<double> tape;
  EXPECT_EQ(tape.dot(w, variables(tape, x)).value(), 2);
}

TEST(ScalarRows, LogSumExpIsExactWhereTheExponentialsLeaveTheRange) {
  Tape<double> tape;
  const auto x = variables<double>(tape, {1000, 1000, -1000, -infinity});
  const auto y = tape.log_sum_exp(x);
  EXPECT_DOUBLE_EQ(y.value(), 1000 + std::log(2.0));
  tape.backward(y * 4);
  EXPECT_EQ(x[0].grad(), 2);
  EXPECT_EQ(x[1].grad(), 2);
  EXPECT_EQ(x[2].grad(), 0);
  EXPECT_EQ(x[3].grad(), 0);
}

TEST(ScalarRows, LogSumExpOfInfinitiesIsInfiniteAndOfNaNIsNaN) {
  Tape<double> tape;
  const auto of = [&](const std::vector<double>& x) {
    return tape.log_sum_exp(variables(tape, x)).value();
  };
  EXPECT_EQ(of({-infinity, -infinity}), -infinity);
  EXPECT_EQ(of({1, infinity}), infinity);
  EXPECT_TRUE(std::isnan(of({1, std::nan(""), 2})));
  EXPECT_EQ(of({-3}), -3);
  EXPECT_THROW(of({}), ShapeError);
}

TEST(ScalarRows, DualNumbersPassThroughRows) {
  using D = Dual<double>;
  Tape<D> tape;
  const std::vector<Scalar<D>> x{tape.variable(D(2, 1)), tape.variable(D(5, 0))};
  tape.backward({tape.dot(x, x), tape.log_sum_exp(x)});  // along x[0]: 2 + s0 s1, -s0 s1
  const double s0 = 1 / (1 + std::exp(3.0)), s1 = 1 - s0;
  EXPECT_DOUBLE_EQ(x[0].grad().v, 4 + s0);
  EXPECT_DOUBLE_EQ(x[0].grad().d, 2 + s0 * s1);
  EXPECT_DOUBLE_EQ(x[1].grad().d, -s0 * s1);
}

TEST(ScalarRows, AnUnreachedDotWithAnInfinitePartialGivesNoNaN) {
  Tape<double> tape;
  const auto x = variables<double>(tape, {1, 2});
  static_cast<void>(tape.dot(std::vector<double>{infinity, 1}, x));
  tape.backward(x[0] * 5);
  EXPECT_EQ(x[0].grad(), 5);
}

TEST(ScalarRows, WhatDoesNotFitIsRefusedAndRecordsNothing) {
  Tape<double> tape, other;
  const auto x = variables<double>(tape, {1, 2, 3}), foreign = variables<double>(other, {1, 2, 3});
  std::vector<Scalar<double>> mixed{x[0], x[1], foreign[2]};
  const std::vector<double> two{1, 2}, three{1, 2, 3};
  EXPECT_EQ(message_of<ShapeError>([&] { tape.dot(two, x); }),
            "dot: weights is 2x1 and inputs is 3x1; there must be as many of both");
  EXPECT_THROW(tape.dot(three, foreign), GraphError);
  EXPECT_THROW(tape.dot(mixed, three), GraphError);
  EXPECT_THROW(tape.dot(three, x, foreign[0]), GraphError);
  EXPECT_THROW(tape.sum(mixed), GraphError);
  EXPECT_THROW(tape.log_sum_exp(mixed), GraphError);
  EXPECT_EQ(tape.size(), 3u);
  tape.backward(tape.dot(three, x));
  EXPECT_EQ(x[2].grad(), 3);
  EXPECT_NE(message_of<GraphError>([&] { tape.sum(x); }).find("consumed"), std::string::npos);
  tape.clear();
  EXPECT_NE(message_of<GraphError>([&] { tape.sum(x); }).find("cleared"), std::string::npos);
}

// --- parameters ----------------------------------------------------------------------------------

TEST(ScalarParameters, StayOverClearAndShowTheNumbersAsTheyAre) {
  std::vector<double> w{2, 3}, g{100, 200};
  Tape<double> tape;
  const Parameters<double> p = tape.parameters(w, g);
  const auto old = p[0];
  for (int step = 0; step < 3; ++step) {
    tape.clear();
    EXPECT_EQ(tape.size(), 2u);
    w[0] = step;
    tape.backward(p[0] * p[1] + p[0] * p[0]);
    EXPECT_EQ(p[0].grad(), g[0]);
  }
  EXPECT_EQ(g[0], 100 + 9 + 2 * (0 + 1 + 2));
  EXPECT_EQ(g[1], 200 + (0 + 1 + 2));
  EXPECT_THROW(static_cast<void>(old.value()), GraphError);
  tape.clear();
  EXPECT_THROW(static_cast<void>(old * p[1]), GraphError);
}

TEST(ScalarParameters, AddUpOverRetainedSweepsAndBesideOtherLeaves) {
  std::vector<double> w{2}, v{5}, gw{0}, gv{0};
  Tape<double> tape;
  const Parameters<double> a = tape.parameters(w, gw), b = tape.parameters(v, gv);
  const auto x = tape.variable(7);
  const auto y = a[0] * b[0] * x;
  tape.backward(y, retain);
  tape.backward(y);
  EXPECT_EQ(gw[0], 70);
  EXPECT_EQ(gv[0], 28);
  EXPECT_EQ(x.grad(), 20);
  EXPECT_EQ(y.grad(), 1);
}

TEST(ScalarParameters, AreRefusedLateOrWithOtherGradients) {
  std::vector<double> w{1, 2}, g{0, 0};
  Tape<double> tape;
  EXPECT_THROW(tape.parameters(w, std::span(g).first(1)), ShapeError);
  const Parameters<double> p = tape.parameters(w, g);
  EXPECT_THROW(static_cast<void>(p[2]), std::out_of_range);
  EXPECT_EQ(message_of<std::out_of_range>([&] { static_cast<void>(p.slice(1, 2)); }),
            "scalar graph: parameters 1 and on, 2 of them; there are 2");
  static_cast<void>(tape.variable(1));
  EXPECT_THROW(tape.parameters(w, g), GraphError);
  EXPECT_EQ(tape.size(), 3u);
}

}  // namespace
}  // namespace assay
