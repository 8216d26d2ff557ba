// Optimisers bound to models, and clipping of all their gradients.

#include "assay/optim/flat.hpp"

#include <gtest/gtest.h>

#include "assay/nn/layers.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/optim/sgd.hpp"

namespace assay {
namespace {

using M = Mat<double>;
using Net = nn::Sequential<double>;

TEST(Optimizer, StepsAllParametersOfAModel) {
  Random random(1);
  Net net{nn::Linear<double>(2, 2, random), nn::Linear<double>(2, 1, random)};
  Optimizer<double> sgd(net.parameters(), SGD<double>({.learning_rate = 0.5}));
  std::vector<M> before;
  for (Parameter<double>* p : net.parameters()) {
    before.emplace_back(p->value);
    p->grad.setConstant(2);
  }
  sgd.step();
  EXPECT_EQ(sgd.steps(), 1);
  EXPECT_EQ(sgd.learning_rate(), 0.5);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(M(net.parameters()[i]->value), M(before[i].array() - 1));
  }
  sgd.zero_grad();
  EXPECT_EQ(net.parameters()[0]->grad, M::Zero(2, 2));
}

TEST(Optimizer, LbfgsFindsLeastSquaresOfALinearModel) {
  Random random(3);
  nn::Linear<double> line(2, 1, random);
  const M x = random.normal_matrix<double>({20, 2}), y = x * M{{3}, {-2}} + M::Constant(20, 1, 7);
  const Flat<double> flat(line.parameters());
  LBFGS<double> lbfgs;
  Graph<double> graph;
  const auto loss = [&] {
    graph.clear();
    const auto l = squared_error_mean(line(graph.constant(x)), y);
    graph.backward(l);
    return l.value()(0);
  };
  for (int i = 0; i < 3; ++i) step(lbfgs, flat, loss);
  EXPECT_NEAR(line.weight.value(0), 3, 1e-5);
  EXPECT_NEAR(line.weight.value(1), -2, 1e-5);
  EXPECT_NEAR(line.bias.value(0), 7, 1e-5);

  const std::vector<double> found(flat.values().begin(), flat.values().end());
  int calls = 0;
  const auto throwing = [&]() -> double {
    if (++calls > 1) throw std::runtime_error("no more");
    flat.grads()[0] = 1;
    return 1;
  };
  LBFGS<double> fresh;
  EXPECT_THROW(step(fresh, flat, throwing), std::runtime_error);
  EXPECT_EQ(found, std::vector<double>(flat.values().begin(), flat.values().end()));
}

TEST(Optimizer, GradientsOfAModelAreClippedTogether) {
  Parameter<double> a(M::Zero(1, 1)), b(M::Zero(1, 2));
  const Flat<double> flat({&a, &b});
  a.grad = M{{3}};
  b.grad = M{{0, -4}};
  EXPECT_EQ(clip_by_norm(flat, 10), 5);
  EXPECT_EQ(a.grad(0), 3);
  EXPECT_EQ(clip_by_norm(flat, 1), 5);
  EXPECT_NEAR(a.grad(0), 0.6, 1e-6);
  EXPECT_NEAR(b.grad(1), -0.8, 1e-6);
  clip_by_value(flat, 0.5);
  EXPECT_EQ(a.grad(0), 0.5);
  EXPECT_EQ(b.grad(1), -0.5);
}

}  // namespace
}  // namespace assay
