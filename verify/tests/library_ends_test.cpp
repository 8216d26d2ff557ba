// Where the larger tests of the library do not come to: its errors, and sizes at an end.

#include <gtest/gtest.h>

#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>

#include "assay/eigen_traits.hpp"
#include "assay/gemm.hpp"
#include "assay/graph.hpp"
#include "assay/ops.hpp"
#include "assay/parameter.hpp"
#include "assay/pca.hpp"
#include "assay/random.hpp"
#include "assay/rational.hpp"
#include "assay/train.hpp"

namespace assay {
namespace {

using M = Mat<double>;

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "no error";
}

TEST(Flat, ParametersKeepTheirValuesAndLieOneBehindTheOther) {
  Parameter<double> a(M::Constant(2, 2, 3)), b(M::Constant(1, 3, 5));
  const Flat<double> flat({&a, &b});
  ASSERT_EQ(flat.size(), 7U);
  EXPECT_EQ(flat.values().data(), a.value.data());
  EXPECT_EQ(b.value.data(), a.value.data() + 4);
  EXPECT_EQ(a.value, M::Constant(2, 2, 3));
  EXPECT_EQ(b.value, M::Constant(1, 3, 5));
  a.grad.setConstant(7);
  flat.zero_grad();
  EXPECT_EQ(a.grad, M::Zero(2, 2));
}

TEST(Flat, ParametersThatLieTogetherStayWhereTheyAre) {
  Parameter<double> a(M::Constant(2, 2, 3)), b(M::Constant(1, 3, 5));
  const Flat<double> first({&a, &b});
  const Flat<double> second({&a, &b});
  EXPECT_EQ(first.values().data(), second.values().data());
  EXPECT_EQ(second.size(), 7U);
}

TEST(Flat, AParameterGivenTwiceIsRefused) {
  Parameter<double> a(M::Constant(1, 1, 3));
  EXPECT_EQ(message_of([&] {
              const Flat<double> flat({&a, &a});
            }),
            "Flat: a parameter is given twice; each must be there once");
}

TEST(Flat, ParametersThatWereMovedSinceAreAnError) {
  Parameter<double> a(M::Constant(1, 1, 3)), b(M::Constant(1, 1, 5));
  const Flat<double> first({&a, &b});
  const Flat<double> second({&b, &a});
  EXPECT_NO_THROW(static_cast<void>(second.values()));
  EXPECT_NE(message_of([&] {
              static_cast<void>(first.grads());
            }).find("moved into another piece of memory"),
            std::string::npos);
}

TEST(Flat, OfNothingIsEmpty) {
  const Flat<double> flat({});
  EXPECT_EQ(flat.size(), 0U);
  EXPECT_TRUE(flat.values().empty());
}

TEST(MatrixGraph, AForwardThatThrowsLeavesItAsItWas) {
  Graph<double> g;
  const auto x = g.variable(M::Constant(2, 2, 3));
  EXPECT_THROW(cholesky(x), std::domain_error);  // singular
  g.backward(sum(x * x));
  EXPECT_EQ(x.grad(), M::Constant(2, 2, 12));
}

TEST(Gemm, TransposesOfBothAreRead) {
  M a(6, 7), b(8, 6);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = static_cast<double>(i % 11 - 5);
  for (Eigen::Index i = 0; i < b.size(); ++i) b.data()[i] = static_cast<double>(i % 7 - 3);
  const M x = a.transpose(), y = b.transpose();
  EXPECT_EQ(detail::product(a.transpose(), b.transpose()), M(x.lazyProduct(y)));
  EXPECT_EQ(detail::product(a.transpose(), y), M(x.lazyProduct(y)));
  EXPECT_EQ(detail::product(x, b.transpose()), M(x.lazyProduct(y)));
}

/// Counts its calls and multiplies as the definition says.
int calls_of_plain_gemm = 0;
void plain_gemm(double* c, Eigen::Index stride, const Operand<double>& a, const Operand<double>& b,
                bool accumulate) {
  ++calls_of_plain_gemm;
  const auto at = [](const Operand<double>& o, Eigen::Index i, Eigen::Index j) {
    return o.transposed ? o.data[j + i * o.stride] : o.data[i + j * o.stride];
  };
  for (Eigen::Index j = 0; j < b.cols; ++j) {
    for (Eigen::Index i = 0; i < a.rows; ++i) {
      double sum = accumulate ? c[i + j * stride] : 0;
      for (Eigen::Index k = 0; k < a.cols; ++k) sum += at(a, i, k) * at(b, k, j);
      c[i + j * stride] = sum;
    }
  }
}

TEST(Gemm, AnotherLibrarysProductIsUsedWhereItIsGiven) {
  M a(3, 5), b(5, 2);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = static_cast<double>(i % 11 - 5);
  for (Eigen::Index i = 0; i < b.size(); ++i) b.data()[i] = static_cast<double>(i % 7 - 3);
  gemm<double> = plain_gemm;
  Graph<double> g;
  const auto x = g.variable(a), y = g.variable(b);
  g.backward(sum(matmul(x, y)));
  gemm<double> = nullptr;
  EXPECT_GE(calls_of_plain_gemm, 3);  // the value and two gradients
  EXPECT_EQ(x.grad(), M(M::Ones(3, 2).lazyProduct(b.transpose())));
  EXPECT_EQ(y.grad(), M(a.transpose().lazyProduct(M::Ones(3, 2))));
}

TEST(Random, BelowMoreThanHalfOfAllNumbersIsEvenToo) {
  Random random(3);
  const std::uint64_t n = (std::uint64_t{1} << 63) + 1;
  int upper = 0;
  for (int i = 0; i < 400; ++i) {
    const std::uint64_t x = random.below(n);
    ASSERT_LT(x, n);
    upper += x > n / 2;
  }
  EXPECT_NEAR(upper, 200, 60);  // six standard deviations
}

TEST(Random, BelowZeroThereIsNothing) {
  EXPECT_EQ(message_of([] { Random(1).below(0); }), "Random::below: n is 0; it must be positive");
}

TEST(Pca, KnowsItsOptions) {
  EXPECT_EQ(PCA<double>({.center = false, .components = 2}).options().components, 2);
  EXPECT_FALSE(PCA<double>({.center = false, .components = 2}).options().center);
}

TEST(Pca, ScoresThatAreNotFiniteAreRefused) {
  PCA<double> pca({.components = 1});
  pca.fit((M(3, 2) << 1, 2, 3, 5, 8, 13).finished());
  M scores(2, 1);
  scores << 1, std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(static_cast<void>(pca.inverse_transform(scores)), std::domain_error);
}

TEST(IncrementalPca, BatchesWithoutSamplesOrFeaturesAreRefused) {
  IncrementalPCA<double> pca;
  EXPECT_EQ(pca.memory(), 0U);
  EXPECT_THROW(pca.partial_fit(M(0, 3)), ShapeError);
  EXPECT_THROW(pca.partial_fit(M(3, 0)), ShapeError);
  EXPECT_EQ(pca.samples_seen(), 0);
}

TEST(IncrementalPca, MergesOnlyWithOneOfItsKind) {
  const auto merged = [](const PCAOptions& one, const PCAOptions& other) {
    IncrementalPCA<double> a(one), b(other);
    a.merge(b);
    return a.samples_seen();
  };
  const PCAOptions centred{}, about_zero{.center = false};
  const PCAOptions scatter{.solver = PCASolver::covariance};
  EXPECT_EQ(merged(centred, centred), 0);
  EXPECT_THROW(merged(centred, about_zero), std::invalid_argument);
  EXPECT_THROW(merged(centred, scatter), std::invalid_argument);
}

TEST(IncrementalPca, ConstantsThatDifferFromEachOtherVary) {
  for (const PCASolver solver : {PCASolver::svd, PCASolver::covariance}) {
    IncrementalPCA<double> a({.solver = solver}), b({.solver = solver});
    a.partial_fit(M::Constant(3, 2, 1));
    b.partial_fit(M::Constant(3, 2, 2));
    a.merge(b);
    const PCA<double> pca = a.result();
    EXPECT_EQ(a.samples_seen(), 6);
    // Each feature has the mean 3/2 and the variance 3/10, all of it along the diagonal.
    EXPECT_NEAR(pca.explained_variance()(0), 0.6, 1e-14);
  }
}

TEST(Rational, HasNoDigitsToRoundTo) {
  EXPECT_EQ(Eigen::NumTraits<Rational>::digits10(), 0);
  EXPECT_EQ(Eigen::NumTraits<Rational>::epsilon(), Rational(0));
}

TEST(Rational, CountsBeyondTheIntegersOfItsConstructor) {
  EXPECT_EQ(count<Rational>(Eigen::Index{1} << 40 | 3).numerator(), "1099511627779");
}

TEST(ProgressLine, OfNothingIsDone) {
  testing::internal::CaptureStdout();
  ProgressLine line(std::cout);
  line(0, 0, "nothing");
  line.finish();
  EXPECT_NE(testing::internal::GetCapturedStdout().find("100 %"), std::string::npos);
}

}  // namespace
}  // namespace assay
