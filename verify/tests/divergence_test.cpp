// Divergences: conventions, limits, and errors for what is no distribution.

#include "assay/divergence.hpp"
#include "testing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace assay {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::initializer_list<double>;
Mat<double> row(Numbers x) { return Mat<double>{x}; }
double discrete(Numbers p, Numbers q) { return kl_discrete(row(p), row(q)); }
std::string error(Numbers p, Numbers q) {
  return message_of<std::exception>([&] { return discrete(p, q); });
}
Mat<double> number(double x) { return Mat<double>::Constant(1, 1, x); }

TEST(Divergence, ZeroTimesItsLogarithmIsZero) {
  EXPECT_DOUBLE_EQ(discrete({1, 0}, {0.5, 0.5}), std::log(2.0));
  EXPECT_EQ(discrete({0.5, 0.5}, {1, 0}), inf);
  EXPECT_EQ(discrete({1, 0}, {1, 0}), 0);
}

TEST(Divergence, NearTheMinimumItDoesNotCancel) {
  const double d = 0x1p-30;  // (d^2 / 0.5 + d^2 / 0.5) / 2
  EXPECT_DOUBLE_EQ(discrete({0.5 + d, 0.5 - d}, {0.5, 0.5}), 2 * d * d);
  EXPECT_NEAR(kl_normal_diagonal(number(0), number(1 + d), number(0), number(1)) / (d * d / 4), 1,
              1e-8);
}

TEST(Divergence, SmallAndLargeProbabilitiesStayFinite) {
  const double tiny = 0x1p-1074;
  EXPECT_DOUBLE_EQ(discrete({tiny, 1}, {0.5, 0.5}), std::log(2.0));
  EXPECT_DOUBLE_EQ(discrete({0.5, 0.5}, {tiny, 1}),
                   0.5 * (std::log(0.5) + 1074 * std::log(2.0)) + 0.5 * std::log(0.5));
}

TEST(Divergence, WhatIsNoDistributionIsAnError) {
  const Numbers half{0.5, 0.5};
  EXPECT_EQ(error({0.5, 0.4}, half),
            "kl_discrete: the sum of p is 0.9; a distribution must sum to 1");
  EXPECT_EQ(error(half, {0.5, 0.75}),
            "kl_discrete: the sum of q is 1.25; a distribution must sum to 1");
  EXPECT_EQ(error({1.5, -0.5}, half),
            "kl_discrete: p(0, 1) is -0.5; a probability must not be negative");
  EXPECT_EQ(error(half, {nan, 1}),
            "kl_discrete: q(0, 0) is nan; a probability must not be negative");
  EXPECT_EQ(error(half, {inf, 0}),
            "kl_discrete: the sum of q is inf; a distribution must sum to 1");
  EXPECT_EQ(error(half, {1}),
            "kl_discrete: p is 1x2 and q is 1x1; they must be of one shape and not empty");
  EXPECT_EQ(message_of<std::exception>([] { return kl_discrete(Mat<double>(), Mat<double>()); }),
            "kl_discrete: p is 0x0 and q is 0x0; they must be of one shape and not empty");
}

TEST(Divergence, RoundedProbabilitiesAreADistribution) {
  const Mat<double> tenth = Mat<double>::Constant(1, 10, 0.1);  // their sum is 1 - 2^-53
  EXPECT_EQ(kl_discrete(tenth, tenth), 0);
  const Mat<float> seventh = Mat<float>::Constant(7, 1, 1.0F / 7);
  EXPECT_EQ(kl_discrete(seventh, seventh), 0);
}

TEST(Divergence, AVarianceMayBeZeroAndNotNegative) {
  const auto kl = [](double m0, double v0, double m1, double v1) {
    return kl_normal_diagonal(number(m0), number(v0), number(m1), number(v1));
  };
  EXPECT_EQ(kl(1, 0, 1, 0), 0);
  EXPECT_EQ(kl(1, 0, 2, 0), inf);
  EXPECT_EQ(kl(1, 0, 1, 1), inf);
  EXPECT_EQ(kl(1, 1, 1, 0), inf);
  EXPECT_DOUBLE_EQ(kl(3, 1, 1, 4), (1 + 0.25 - 1 + std::log(4.0)) / 2);
  EXPECT_EQ(message_of<std::exception>([&] { return kl(0, 1, 0, -2); }),
            "kl_normal_diagonal: variance1(0, 0) is -2; a variance must not be negative");
  EXPECT_EQ(message_of<std::exception>([&] { return kl(0, nan, 0, 1); }),
            "kl_normal_diagonal: variance0(0, 0) is nan; a variance must not be negative");
}

TEST(Divergence, ACovarianceMustBePositiveDefinite) {
  const Mat<double> m = Mat<double>::Zero(2, 1), unit = Mat<double>::Identity(2, 2);
  const Mat<double> indefinite{{1, 2}, {2, 1}};
  EXPECT_EQ(message_of<std::exception>([&] { return kl_normal_full(m, unit, m, indefinite); }),
            "kl_normal_full: covariance1 must be positive definite (cholesky: a is 2x2 and pivot 2 "
            "of 2 is -3; (a + a')/2 must be positive definite)");
  EXPECT_EQ(message_of<std::exception>([&] { return kl_normal_full(m, unit, m, m); }),
            "kl_normal_full: mean0 is 2x1 and covariance0 is 2x2 and mean1 is 2x1 and covariance1 "
            "is 2x1; means must be d x 1 and covariances d x d");
  EXPECT_EQ(kl_normal_full(m, unit, m, unit)(0), 0);
}

TEST(Divergence, OfFullCovarianceItHasGradients) {
  Graph<double> graph;
  const Mat<double> unit = Mat<double>::Identity(2, 2);
  const Var<double> mean = graph.variable(Mat<double>{{1}, {-2}});
  const Var<double> s = graph.variable(Mat<double>{{2, 0}, {0, 4}});
  const Var<double> zero = graph.constant(Mat<double>::Zero(2, 1));
  graph.backward(kl_normal_full(mean, s, zero, graph.constant(unit)));
  EXPECT_EQ(mean.grad(), (Mat<double>{{1}, {-2}}));
  EXPECT_TRUE(s.grad().isApprox(Mat<double>{{0.25, 0}, {0, 0.375}}, 1e-15));  // (1 - S^-1) / 2
}

TEST(Divergence, ALabelIsHardAndTheConventionHasAName) {
  const double s = std::log(3.0);
  EXPECT_DOUBLE_EQ(label_kl_swapped(s, 1.0), std::log(4.0));
  EXPECT_DOUBLE_EQ(label_kl_swapped(s, 0.0), std::log(4.0 / 3));
  EXPECT_DOUBLE_EQ(label_kl(s, 1.0), std::log(4.0 / 3));
  EXPECT_DOUBLE_EQ(label_kl(s, 0.0), std::log(4.0));
  const Mat<double> logits{{s, s}}, labels{{1, 0}};
  EXPECT_EQ(label_kl_swapped(logits, labels), label_kl(Mat<double>(-logits), labels));
  const std::string soft = message_of<std::exception>([] { return label_kl(1.0, 0.25); });
  EXPECT_EQ(soft.find("label_kl: labels(0, 0) is 0.25; a label must be 0 or 1"), 0U) << soft;
}

}  // namespace
}  // namespace assay
