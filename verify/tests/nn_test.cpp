// Modules: what they are made of, and what they do in training and in evaluation.

#include "assay/nn.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/leaky_relu.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/optim/flat.hpp"
#include "assay/optim/sgd.hpp"
#include "testing.hpp"

namespace assay::nn {
namespace {

using M = Mat<double>;
using Names = std::vector<std::string>;

Sequential<double> deep(Random& random) {
  return Sequential<double>{Linear<double>(3, 4, random),
                            Sequential<double>{LayerNorm<double>(4), tanh, BatchNorm1d<double>(4)},
                            Dropout<double>(0.5, random), Linear<double>(4, 2, random)};
}

template <class All>
Names names(const All& all) {
  Names n;
  for (const auto& x : all) n.push_back(x.name);
  return n;
}

TEST(Module, ParametersHaveTheNamesOfStateDicts) {
  Random random(1);
  Sequential<double> net = deep(random);
  EXPECT_EQ(names(net.named_parameters()), (Names{"0.weight", "0.bias", "1.0.weight", "1.0.bias",
                                                  "1.2.weight", "1.2.bias", "3.weight", "3.bias"}));
  EXPECT_EQ(names(net.named_buffers()),
            (Names{"1.2.running_mean", "1.2.running_var", "1.2.num_batches_tracked"}));
  EXPECT_EQ(net.parameter_count(), 3 * 4 + 4 + 2 * 8 + 4 * 2 + 2);
  EXPECT_EQ(net.parameters().size(), 8u);
  EXPECT_EQ(Neuron<double>(3, random).parameter_count(), 4);
}

TEST(Module, TrainEvalAndZeroGradReachTheInnermost) {
  Random random(1);
  Sequential<double> net = deep(random);
  auto& inner = dynamic_cast<Sequential<double>&>(net[1])[2];
  EXPECT_TRUE(inner.training());
  net.eval();
  EXPECT_FALSE(net.training() || inner.training());
  net.train();
  EXPECT_TRUE(net.training() && inner.training());
  for (Parameter<double>* p : net.parameters()) p->grad.setConstant(3);
  net.zero_grad();
  for (const Parameter<double>* p : net.parameters()) EXPECT_EQ(p->grad.cwiseAbs().sum(), 0);
}

TEST(Module, TheSameSeedGivesTheSameWeightsAndAnotherSeedOthers) {
  const auto weights = [](std::uint64_t seed) {
    Random random(seed);
    return M(Linear<double>(5, 7, random).weight.value);
  };
  EXPECT_EQ(weights(3), weights(3));
  EXPECT_NE(weights(3), weights(4));
  const double bound = 1 / std::sqrt(5.0);
  EXPECT_LE(weights(3).cwiseAbs().maxCoeff(), bound);
  EXPECT_GT(weights(3).cwiseAbs().maxCoeff(), bound / 2);
}

TEST(Module, LayersWithoutFeaturesAndIllegalOptionsAreErrors) {
  using Error = std::invalid_argument;
  Random random(1);
  EXPECT_EQ(message_of<Error>([] { Linear<double>(0, 3); }),
            "nn::Linear: in is 0 and out is 3; both must be positive");
  EXPECT_THROW(LayerNorm<double>(0), Error);
  EXPECT_THROW(BatchNorm1d<double>(-1), Error);
  EXPECT_THROW(Embedding<double>(4, 0), Error);
  EXPECT_THROW(LayerNorm<double>(3, {.eps = 0}), Error);
  EXPECT_THROW(Dropout<double>(1, random), Error);
  EXPECT_THROW(Dropout<double>(std::nan(""), random), Error);
  EXPECT_EQ(message_of<Error>([] { BatchNorm1d<double>(3, {.momentum = 1.5}); }),
            "nn::BatchNorm1d: momentum is 1.5; it must lie in [0, 1]");
}

TEST(Initial, ValuesHaveTheDeviationsOfTheirFormulas) {
  Random random(5);
  const Shape s{200, 50};
  const auto deviation = [](const M& m) { return std::sqrt(m.cwiseAbs2().mean()); };
  const double xavier = std::sqrt(2.0 / 250), kaiming = std::sqrt(2.0 / 200);
  EXPECT_NEAR(deviation(init::xavier_normal<double>(s, random)), xavier, xavier / 25);
  EXPECT_NEAR(deviation(init::xavier_uniform<double>(s, random)), xavier, xavier / 25);
  EXPECT_NEAR(deviation(init::kaiming_normal<double>(s, random)), kaiming, kaiming / 25);
  EXPECT_NEAR(deviation(init::kaiming_uniform<double>(s, random)), kaiming, kaiming / 25);
  const double bound = std::sqrt(3.0) * kaiming;
  EXPECT_LE(init::kaiming_uniform<double>(s, random).cwiseAbs().maxCoeff(), bound);
}

TEST(Activation, OperationsWithAttributesAreModulesToo) {
  Sequential<double> net{Call<Map<LeakyRelu>>{{{.slope = 0.25}}}, tanh};
  Graph<double> g;
  EXPECT_EQ(net(g.constant(M{{-4, 2}})).value(), tanh(M{{-1, 2}}));
  EXPECT_EQ(net.parameter_count(), 0);
}

TEST(LayerNorm, NormalisesEachRow) {
  LayerNorm<double> layer(4);
  layer.weight.value = M{{1, 2, 1, 1}};
  layer.bias.value = M{{0, 0, 0, 5}};
  Graph<double> g;
  const M x{{1, 3, 1, 3}, {-2, 2, 2, -2}};
  const M y = layer(g.constant(x)).value();
  const double a = 1 / std::sqrt(1 + 1e-5), b = 2 / std::sqrt(4 + 1e-5);
  EXPECT_LT((y - M{{-a, 2 * a, -a, 5 + a}, {-b, 2 * b, b, 5 - b}}).cwiseAbs().maxCoeff(), 1e-15);
}

TEST(BatchNorm1d, RunningAveragesMoveAsInPyTorch) {
  BatchNorm1d<float> layer(2);
  Graph<float> g;
  const Mat<float> first{{1, 0}, {3, 4}}, second{{5, 1}, {5, 3}};  // variances 2, 8 and 0, 2
  layer(g.constant(first));
  const auto moved = [](double old, double now) {
    return static_cast<float>(0.1 * now + 0.9 * old);
  };
  Mat<float> mean{{moved(0, 2), moved(0, 2)}}, variance{{moved(1, 2), moved(1, 8)}};
  EXPECT_EQ(layer.running_mean, mean);
  EXPECT_EQ(layer.running_var, variance);
  layer(g.constant(second));
  mean = Mat<float>{{moved(mean(0), 5), moved(mean(1), 2)}};
  variance = Mat<float>{{moved(variance(0), 0), moved(variance(1), 2)}};
  EXPECT_EQ(layer.running_mean, mean);
  EXPECT_EQ(layer.running_var, variance);
  EXPECT_EQ(layer.num_batches_tracked, 2);
}

TEST(BatchNorm1d, WithoutMomentumAllBatchesCountAlike) {
  BatchNorm1d<double> layer(1, {.momentum = std::nullopt});
  Graph<double> g;
  for (const double centre : {3.0, 5.0, 13.0}) layer(g.constant(M{{centre - 1}, {centre + 1}}));
  EXPECT_DOUBLE_EQ(layer.running_mean(0), 7);
  EXPECT_DOUBLE_EQ(layer.running_var(0), 2);
}

TEST(BatchNorm1d, EvaluationUsesTheRunningAveragesAndKeepsThem) {
  BatchNorm1d<double> layer(2, {.eps = 0.25});
  layer.running_mean = M{{1, 2}};
  layer.running_var = M{{0.75, 3.75}};
  layer.weight.value = M{{2, 3}};
  layer.bias.value = M{{0, 1}};
  layer.eval();
  Graph<double> g;
  EXPECT_EQ(layer(g.constant(M{{4, 4}})).value(), (M{{6, 4}}));  // one row is enough
  EXPECT_EQ(layer.running_mean, (M{{1, 2}}));
  EXPECT_EQ(layer.running_var, (M{{0.75, 3.75}}));
  EXPECT_EQ(layer.num_batches_tracked, 0);
}

TEST(BatchNorm1d, ARefusedBatchLeavesTheAveragesAsTheyWere) {
  BatchNorm1d<double> layer(2);
  Graph<double> g;
  EXPECT_THROW(layer(g.constant(M::Ones(1, 2))), ShapeError);
  EXPECT_THROW(layer(g.constant(M::Ones(4, 3))), ShapeError);
  EXPECT_EQ(layer.running_mean, M::Zero(1, 2));
  EXPECT_EQ(layer.num_batches_tracked, 0);
}

TEST(Dropout, DropsTheShareThatItIsToldAndScalesTheRest) {
  Random random(7);
  constexpr Eigen::Index n = 20000;
  const double p = 0.25;
  Dropout<double> layer(p, random);
  Graph<double> g;
  const auto x = g.variable(M::Constant(n, 1, 3));
  const auto y = layer(x);
  const auto kept = static_cast<double>((y.value().array() == 3 / (1 - p)).count());
  EXPECT_EQ(kept + static_cast<double>((y.value().array() == 0).count()), n);
  EXPECT_NEAR(kept / n, 1 - p, 5 * std::sqrt(p * (1 - p) / n));
  EXPECT_NE(layer(x).value(), y.value());  // the next call drops others
  const M mask = y.value() / 3;
  g.backward(y, M(M::Constant(n, 1, 3)));
  EXPECT_EQ(x.grad(), M(mask * 3));
}

TEST(Dropout, IsTheIdentityInEvaluationAndDrawsNothing) {
  Random random(7), same(7);
  Dropout<double> layer(0.5, random);
  layer.eval();
  Graph<double> g;
  const auto x = g.variable(M::Ones(3, 2));
  EXPECT_EQ(layer(x).value(), x.value());
  EXPECT_EQ(g.size(), 1u);
  EXPECT_EQ(random(), same());
}

TEST(Embedding, AnIndexThatIsThereTwiceAddsItsGradients) {
  Random random(2);
  Embedding<double> table(4, 2, random);
  Graph<double> g;
  const auto y = table(g.constant(M{{1}, {3}, {1}}));
  EXPECT_EQ(M(y.value().row(2)), M(table.weight.value.row(1)));
  EXPECT_EQ(y.value(), table.lookup(g, {1, 3, 1}).value());
  g.backward(y, M{{1, 10}, {2, 20}, {4, 40}});
  EXPECT_EQ(M(table.weight.grad), (M{{0, 0}, {5, 50}, {0, 0}, {2, 20}}));
}

TEST(Embedding, WhatNamesNoRowIsAnError) {
  Embedding<double> table(4, 2);
  Graph<double> g;
  EXPECT_THROW(table(g.constant(M{{4}})), ShapeError);
  EXPECT_THROW(table(g.constant(M{{-1}})), ShapeError);
  EXPECT_THROW(table(g.constant(M{{1, 2}})), ShapeError);
  EXPECT_THROW(table(g.constant(M{{0}, {1e300}})), std::invalid_argument);
  EXPECT_EQ(message_of<std::invalid_argument>([&] {
              table(g.constant(M{{0}, {1.5}}));
            }),
            "nn::Embedding: x(1, 0) is 1.5; an index must be a whole number");
}

// --- networks of scalar nodes --------------------------------------------------------------------

const M kXor{{0, 0}, {0, 1}, {1, 0}, {1, 1}};
const M kLabels{{0}, {1}, {1}, {0}};

double ulp_of(double x) {
  const double a = std::abs(x);
  return std::nextafter(a, HUGE_VAL) - a;
}

TEST(ScalarNetwork, EveryNumberIsANode) {
  Random random(3);
  Tape<double> tape;
  const scalar::Network<double> net(tape, {2, 3, 1}, tanh, random);
  EXPECT_EQ(net.parameter_count(), 13u);
  EXPECT_EQ(tape.size(), 13u);
  const std::vector<Scalar<double>> x{tape.variable(1), tape.variable(2)};
  const auto y = net(x);
  ASSERT_EQ(y.size(), 1u);
  // 2 inputs; a product and a sum a weight; 3 activations
  EXPECT_EQ(tape.size(), 13u + 2 + 2 * (3 * 2 + 3) + 3);
  EXPECT_EQ(net.layers()[0].neurons().size(), 3u);
}

TEST(ScalarNetwork, FollowsTheMatrixGraphFor50StepsOfXor) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    Random one(seed), other(seed);
    Tape<double> tape;
    scalar::Network<double> nodes(tape, {2, 2, 1}, tanh, one);
    Sequential<double> net{Linear<double>(2, 2, other), tanh, Linear<double>(2, 1, other)};
    const Flat<double> flat(net.parameters());
    ASSERT_EQ(std::vector<double>(nodes.values().begin(), nodes.values().end()),
              std::vector<double>(flat.values().begin(), flat.values().end()));

    Graph<double> graph;
    for (int step = 0; step < 50; ++step) {
      graph.clear();
      flat.zero_grad();
      graph.backward(bce_with_logits_mean(net(graph.constant(kXor)), kLabels));
      sgd_step<double>(flat.values(), flat.grads(), 0.5);

      tape.clear();
      nodes.zero_grad();
      Scalar<double> total = tape.variable(0);
      for (Eigen::Index i = 0; i < 4; ++i) {
        const std::vector<Scalar<double>> x{tape.variable(kXor(i, 0)), tape.variable(kXor(i, 1))};
        total = total + bce_with_logits(nodes(x)[0], kLabels(i));
      }
      tape.backward(total / 4);
      sgd_step<double>(nodes.values(), nodes.grads(), 0.5);
    }
    // Fifty steps of rounding, each in two orders of summation: counted in ulp of the largest.
    const Eigen::Map<const M> expected(flat.values().data(), 9, 1),
        got(nodes.values().data(), 9, 1);
    const double unit = ulp_of(expected.cwiseAbs().maxCoeff());
    EXPECT_LE((got - expected).cwiseAbs().maxCoeff(), 8 * unit) << "seed " << seed;
  }
}

TEST(ScalarNetwork, WrongWidthsAreErrors) {
  Random random(3);
  Tape<double> tape;
  const auto make = [&](std::vector<std::size_t> widths) {
    scalar::Network<double>(tape, std::move(widths), tanh, random);
  };
  EXPECT_EQ(message_of<std::invalid_argument>([&] {
              make({2, 0, 1});
            }),
            "nn::scalar::Network: widths is {2, 0, 1}; there must be two at least, all positive");
  EXPECT_THROW(make({2}), std::invalid_argument);
  scalar::Network<double> net(tape, {2, 1}, tanh, random);
  const std::vector<Scalar<double>> x{tape.variable(1)};
  EXPECT_EQ(message_of<ShapeError>([&] { net(x); }),
            "nn::scalar::Neuron: x is 1x1 and weights is 2x1; there must be one input a weight");
}

}  // namespace
}  // namespace assay::nn
