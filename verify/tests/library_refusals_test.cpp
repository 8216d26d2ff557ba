// What the library refuses, argument by argument, where the larger tests refuse one of several.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/autoencoder.hpp"
#include "assay/divergence.hpp"
#include "assay/estimators.hpp"
#include "assay/line.hpp"
#include "assay/nn/normalisation.hpp"
#include "assay/ops.hpp"
#include "assay/optim/lbfgs.hpp"
#include "assay/pca.hpp"
#include "assay/random.hpp"
#include "assay/scalar_graph.hpp"
#include "assay/subspace.hpp"
#include "assay/train.hpp"
#include "assay/vae.hpp"

namespace assay {
namespace {

using M = Mat<double>;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(Refusals, OptionsOfOperationsOutsideOfTheirRange) {
  for (const double eps : {0.0, -1.0, 2.0, nan}) {
    EXPECT_THROW(BatchNormEval{.eps = eps}, std::invalid_argument) << eps;
    EXPECT_THROW(LayerNorm{.eps = eps}, std::invalid_argument) << eps;
  }
  for (const double weight : {-1.0, 0x1p101, nan}) {
    EXPECT_THROW(BceWithLogitsWeighted{.pos_weight = weight}, std::invalid_argument) << weight;
  }
  for (const double delta : {0.0, -1.0, inf, nan}) {
    EXPECT_THROW(Huber{.delta = delta}, std::invalid_argument) << delta;
  }
  for (const double momentum : {-0.5, 1.5, nan}) {
    EXPECT_THROW(nn::BatchNorm1d<double>(2, {.momentum = momentum}), std::invalid_argument)
        << momentum;
  }
  const M logits = M::Zero(1, 2);
  for (const double smoothing : {-0.5, 1.0, nan}) {
    EXPECT_THROW(cross_entropy(logits, Labels{0}, {.smoothing = smoothing}), std::invalid_argument)
        << smoothing;
  }
}

TEST(Refusals, LabelsThatDoNotFitAnIndex) {
  const std::vector<std::uint64_t> labels{1, std::numeric_limits<std::uint64_t>::max()};
  try {
    static_cast<void>(cross_entropy(M(M::Zero(2, 2)), labels));
    FAIL() << "no error";
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("labels[1] is 18446744073709551615"), std::string::npos)
        << e.what();
  }
}

TEST(Refusals, ClassesThatAreNotWholeNumbers) {
  const M logits = M::Zero(1, 2);
  for (const double label : {0.5, 0x1p53, -0x1p60, inf, nan}) {
    EXPECT_THROW(static_cast<void>(accuracy(logits, M(M::Constant(1, 1, label)))),
                 std::invalid_argument)
        << label;
  }
}

TEST(Refusals, EachShapeOfADivergence) {
  const M one = M::Ones(2, 1), row = M::Ones(1, 2), square = M::Identity(2, 2);
  EXPECT_THROW(kl_normal_diagonal(one, row, one, one), ShapeError);
  EXPECT_THROW(kl_normal_diagonal(one, one, row, one), ShapeError);
  EXPECT_THROW(kl_normal_diagonal(one, one, one, row), ShapeError);
  EXPECT_THROW(kl_normal_full(row, square, row, square), ShapeError);
  EXPECT_THROW(kl_normal_full(one, square, row, square), ShapeError);
  EXPECT_THROW(kl_normal_full(one, one, one, square), ShapeError);
  EXPECT_THROW(kl_normal_full(one, square, one, one), ShapeError);
  EXPECT_EQ(kl_normal_full(one, square, one, square)(0, 0), 0.0);
}

/// v0 / v1 leaves the range of double at both ends.
TEST(Divergence, OfVariancesWhoseRatioOverflowsOrUnderflows) {
  const M zero = M::Zero(1, 1), tiny = M::Constant(1, 1, 0x1p-1000),
          huge = M::Constant(1, 1, 0x1p1000);
  EXPECT_EQ(kl_normal_diagonal(zero, huge, zero, tiny), inf);
  // (0 - 1 + 2000 log 2) / 2
  EXPECT_NEAR(kl_normal_diagonal(zero, tiny, zero, huge), 1000 * std::log(2.0) - 0.5, 1e-12);
}

TEST(Refusals, EachShapeOfAnEstimator) {
  const auto f = [](const Var<double>& z) { return sum_rowwise(z); };
  const M row = M::Ones(1, 2), noise = M::Ones(3, 2);
  EXPECT_NO_THROW(pathwise_gradients(f, row, row, noise));
  EXPECT_THROW(pathwise_gradients(f, M(M::Ones(2, 2)), M(M::Ones(2, 2)), noise), ShapeError);
  EXPECT_THROW(pathwise_gradients(f, row, M(M::Ones(1, 3)), noise), ShapeError);
  EXPECT_THROW(pathwise_gradients(f, row, row, M(M::Ones(3, 1))), ShapeError);
  EXPECT_THROW(pathwise_gradients(f, row, row, M(0, 2)), ShapeError);
}

TEST(Refusals, EachShapeAndNumberOfAnElbo) {
  Graph<double> g;
  const auto x = g.variable(M::Constant(2, 2, 0.5)), wide = g.variable(M::Zero(2, 3));
  const auto none = g.variable(M(0, 2)), column = g.variable(M::Ones(2, 1));
  EXPECT_THROW(reconstruction_loss(wide, x, Reconstruction::mse), ShapeError);
  EXPECT_THROW(reconstruction_loss(none, none, Reconstruction::mse), ShapeError);
  for (const double variance : {0.0, -1.0, inf, nan}) {
    EXPECT_THROW(reconstruction_loss(x, x, Reconstruction::gaussian, variance),
                 std::invalid_argument)
        << variance;
  }
  for (const double element : {-0.5, 1.5, nan}) {
    const auto data = g.variable(M::Constant(2, 2, element));
    EXPECT_THROW(reconstruction_loss(x, data, Reconstruction::bce), std::invalid_argument)
        << element;
  }
  for (const double weight : {-1.0, inf, nan}) {
    EXPECT_THROW(negative_elbo(sum(x), column, weight), std::invalid_argument) << weight;
  }
  const auto columns = g.variable(M(2, 0));  // nothing to be refused
  EXPECT_EQ(reconstruction_loss(columns, columns, Reconstruction::bce).value()(0, 0), 0.0);
}

TEST(Refusals, EachShapeOfALineAndOfSubspaces) {
  const M u = (M(2, 1) << 1, 0).finished(), three = M::Ones(3, 1), two = M::Ones(2, 2);
  EXPECT_NO_THROW(Line<double>(u, u));
  EXPECT_THROW(Line<double>(two, u), ShapeError);
  EXPECT_THROW(Line<double>(u, two), ShapeError);
  EXPECT_THROW(Line<double>(three, u), ShapeError);
  EXPECT_THROW(Line<double>(M(0, 1), M(0, 1)), ShapeError);
  EXPECT_THROW(principal_angles(u, three), ShapeError);
  EXPECT_THROW(principal_angles(M(2, 0), u), ShapeError);
  EXPECT_THROW(principal_angles(u, M(2, 0)), ShapeError);
  EXPECT_THROW(align(two, three), ShapeError);
  EXPECT_THROW(align(M(2, 0), two), ShapeError);
  EXPECT_THROW(align(two, M(2, 0)), ShapeError);
}

TEST(Refusals, DataThatDoNotFitALinearAutoencoder) {
  Random random(1);
  LinearAutoencoder<double> model(3, 1, random);
  EXPECT_THROW(model.descend(M(0, 3)), ShapeError);
  EXPECT_THROW(model.descend(M(M::Ones(4, 2))), ShapeError);
}

TEST(Refusals, PartsOfParametersThatAreNotThere) {
  std::vector<double> w(4, 1), dw(4, 0);
  Tape<double> tape, other;
  const auto p = tape.parameters(w, dw);
  EXPECT_EQ(p.slice(4, 0).size(), 0U);
  EXPECT_THROW(static_cast<void>(p.slice(5, 0)), std::out_of_range);
  EXPECT_THROW(static_cast<void>(p.slice(2, 3)), std::out_of_range);
  EXPECT_THROW(static_cast<void>(p[4]), std::out_of_range);
  EXPECT_THROW(static_cast<void>(other.dot(p, std::span<const double>(w))), GraphError);
}

TEST(Refusals, AStartOfLbfgsWhoseLossOrGradientIsNotFinite) {
  for (const auto& [loss, slope] : {std::pair{nan, 1.0}, {inf, 1.0}, {1.0, nan}, {1.0, -inf}}) {
    LBFGS<double> optimizer{LBFGSOptions{}};
    std::vector<double> x{1};
    const auto f = [&, l = loss, d = slope](std::span<const double>, std::span<double> g) {
      g[0] = d;
      return l;
    };
    EXPECT_THROW(optimizer.step(std::span<double>(x), f), std::domain_error) << loss << slope;
    EXPECT_EQ(x[0], 1.0);
  }
}

TEST(Losses, OfNoRowsAreEmpty) {
  EXPECT_EQ(cross_entropy(M(0, 3), Labels{}, {.reduction = Reduction::none}).rows(), 0);
}

TEST(Losses, AWeightBelowOneKeepsWhatOverflowsWithoutIt) {
  const BceWithLogitsWeighted rule{.pos_weight = 0x1p-10};
  const double z = -0x1p1023;
  EXPECT_EQ(rule.f(z, 1.0), 0x1p1013);
  EXPECT_EQ(rule.df(z, 1.0, 0x1p1013)[0], -0x1p-10);
}

TEST(Clamp, WithoutOneOrBothBoundsHasOneKinkOrNone) {
  EXPECT_EQ(Clamp({-inf, inf}).domain.kink_count, 0U);
  EXPECT_EQ(Clamp({-inf, 1}).domain.kink_count, 1U);
  EXPECT_EQ(Clamp({0, inf}).domain.kink_count, 1U);
  EXPECT_EQ(Clamp({0, 1}).domain.kink_count, 2U);
}

TEST(Pca, AShareOfTheVarianceOfConstantsIsRefused) {
  PCA<double> pca({.variance_share = 1.0});
  EXPECT_THROW(pca.fit(M::Constant(5, 3, 2)), std::domain_error);
}

/// Leading eigenvectors are not to be told apart in as many products as are allowed: all are
/// computed then, and are the same as those of the svd.
TEST(Pca, OfPureNoiseFindsTheLeadingVariancesToo) {
  Random random(5);
  M x(400, 130);
  for (double& each : x.reshaped()) each = random.normal();
  PCA<double> few({.components = 2, .solver = PCASolver::covariance});
  PCA<double> all({.components = 2, .solver = PCASolver::svd});
  few.fit(x);
  all.fit(x);
  for (const Eigen::Index k : {0, 1}) {
    EXPECT_NEAR(few.explained_variance()(k), all.explained_variance()(k), 1e-13);
  }
}

}  // namespace
}  // namespace assay
