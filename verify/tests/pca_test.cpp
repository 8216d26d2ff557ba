#include "assay/pca.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "assay/random.hpp"

namespace assay {
namespace {

using Eigen::Index;
using M = Mat<double>;

M columns_in_units(Index rows, const std::vector<double>& deviations, std::uint64_t seed = 1) {
  M x = Random(seed).normal_matrix<double>({rows, static_cast<Index>(deviations.size())});
  for (Index j = 0; j < x.cols(); ++j) x.col(j) *= deviations[static_cast<std::size_t>(j)];
  return x;
}

/// What f throws, with the words of its message.
template <class Error, class F>
void expect_error(const F& f, const std::string& message) {
  try {
    f();
    ADD_FAILURE() << "no error; expected: " << message;
  } catch (const Error& e) {
    EXPECT_EQ(e.what(), message);
  }
}

constexpr std::array solvers{PCASolver::automatic, PCASolver::covariance, PCASolver::svd,
                             PCASolver::randomized};

TEST(Pca, ByHandOnFourPoints) {
  M x(4, 2);
  x << 3, 3, -1, -1, 2, 0, 0, 2;  // (1, 1) + 2 (1, 1), and (1, -1)
  for (const PCASolver solver : solvers) {
    const auto p = PCA<double>({.ddof = 0, .solver = solver}).fit(x);
    const double h = std::sqrt(0.5);
    EXPECT_NEAR(p.components()(0, 0), h, 1e-15);
    EXPECT_NEAR(p.components()(1, 0), h, 1e-15);
    EXPECT_NEAR(p.components()(0, 1), h, 1e-15) << "the first of two equal entries is positive";
    EXPECT_NEAR(p.components()(1, 1), -h, 1e-15);
    EXPECT_NEAR(p.explained_variance()(0), 4, 1e-14);
    EXPECT_NEAR(p.explained_variance()(1), 1, 1e-14);
    EXPECT_NEAR(p.explained_variance_ratio()(0), 0.8, 1e-15);
    EXPECT_NEAR(p.singular_values()(0), 4, 1e-14);
    EXPECT_NEAR(p.total_variance(), 5, 1e-14);
    EXPECT_EQ(p.mean(), Vec<double>::Ones(2));
    EXPECT_EQ(p.rank(), 2);
    EXPECT_EQ(p.determined(), 2);
    EXPECT_EQ(p.samples_seen(), 4);
  }
}

TEST(Pca, RowsAndColumnsAreTheSameData) {
  const M x = columns_in_units(40, {4, 3, 2, 1});
  for (const PCASolver solver : solvers) {
    auto rows = PCA<double>({.components = 3, .solver = solver});
    auto columns = PCA<double>({.samples = Samples::columns, .components = 3, .solver = solver});
    const M scores = rows.fit_transform(x), turned = columns.fit_transform(x.transpose());
    EXPECT_LE((rows.components() - columns.components()).norm(), 1e-14);
    EXPECT_LE((scores - turned.transpose()).norm(), 1e-13);
    EXPECT_LE(
        (rows.inverse_transform(scores) - columns.inverse_transform(turned).transpose()).norm(),
        1e-13);
  }
}

TEST(Pca, AllComponentsGiveTheDataBack) {
  const M x = columns_in_units(30, {4, 3, 2, 1}).array() + 100;
  for (const bool whiten : {false, true}) {
    auto p = PCA<double>({.whiten = whiten});
    EXPECT_LE((p.inverse_transform(p.fit_transform(x)) - x).cwiseAbs().maxCoeff(), 1e-12);
  }
}

TEST(Pca, WhitenedScoresHaveTheUnitMatrixAsCovariance) {
  const M x = columns_in_units(50, {100, 1, 0.01});
  const M s = PCA<double>({.whiten = true}).fit_transform(x);
  EXPECT_LE((s.transpose() * s / 49 - M::Identity(3, 3)).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(Pca, WithoutCentringTheSecondMomentsAboutZero) {
  M x(2, 2);
  x << 3, 4, 6, 8;
  const auto p = PCA<double>({.center = false, .ddof = 0, .components = 1}).fit(x);
  EXPECT_EQ(p.mean(), Vec<double>::Zero(2));
  EXPECT_NEAR(p.components()(0, 0), 0.6, 1e-15);
  EXPECT_NEAR(p.explained_variance()(0), 62.5, 1e-12);
  const auto one = PCA<double>({.center = false, .ddof = 0}).fit(x.topRows(1));
  EXPECT_NEAR(one.singular_values()(0), 5, 1e-14);
  EXPECT_EQ(one.rank(), 1);
}

TEST(Pca, TheShareOfVarianceTakesTheFewestComponents) {
  M x = M::Zero(8, 3);  // variances 16, 3, 1 of 20, exactly
  x.row(0) << 8, 0, 0, x.row(1) << -8, 0, 0;
  x(2, 1) = std::sqrt(12.0), x(3, 1) = -x(2, 1), x(4, 2) = 2, x(5, 2) = -2;
  const auto k = [&x](double share) {
    return PCA<double>({.ddof = 0, .variance_share = share}).fit(x).components().cols();
  };
  EXPECT_EQ(k(0.5), 1);
  EXPECT_EQ(k(0.8), 1);
  EXPECT_EQ(k(0.81), 2);
  EXPECT_EQ(k(0.95), 2);
  EXPECT_EQ(k(1), 3);
  M flat = M::Zero(8, 4);
  flat.leftCols(3) = x;
  const auto p = PCA<double>({.ddof = 0, .variance_share = 1.0}).fit(flat);
  EXPECT_EQ(p.components().cols(), p.rank()) << "all of the variance is no more than the rank";
}

TEST(Pca, TiesAreReported) {
  M x = M::Zero(6, 3);
  x(0, 0) = 2, x(1, 0) = -2, x(2, 1) = 1, x(3, 1) = -1, x(4, 2) = 1, x(5, 2) = -1;
  for (const PCASolver solver : solvers) {
    const auto determined = [&](Index k) {
      return PCA<double>({.components = k, .solver = solver}).fit(x).determined();
    };
    EXPECT_EQ(determined(1), 1) << to_string(solver);
    EXPECT_EQ(determined(2), 1) << "a tie with the component that is left out";
    EXPECT_EQ(determined(3), 1) << to_string(solver);
  }
}

TEST(Pca, BeyondTheRankNothingIsDetermined) {
  M x(2, 3);
  x << 5, 1, 1, 1, 5, -1;  // centred: (2, -2, 1) and its negative
  for (const PCASolver solver : solvers) {
    const auto p = PCA<double>({.components = 2, .solver = solver}).fit(x);
    EXPECT_EQ(p.rank(), 1) << to_string(solver);
    EXPECT_EQ(p.determined(), 1) << to_string(solver);
    EXPECT_NEAR(p.components()(0, 0), 2.0 / 3, 1e-15);
    EXPECT_LE((p.components().transpose() * p.components() - M::Identity(2, 2)).norm(), 1e-14);
    EXPECT_LE(p.explained_variance()(1), 1e-14 * p.explained_variance()(0));
  }
}

TEST(Pca, ConstantColumnsTakeNoPart) {
  M x = columns_in_units(1000, {3, 0, 1, 0});
  x.col(1).setConstant(0.1);
  x.col(3).setConstant(1e9 / 3);
  for (const PCASolver solver : solvers) {
    const auto p = PCA<double>({.components = 2, .solver = solver}).fit(x);
    EXPECT_EQ(p.rank(), 2) << to_string(solver);
    EXPECT_EQ(p.mean()(1), 0.1);
    EXPECT_EQ(p.mean()(3), 1e9 / 3);
    EXPECT_EQ(p.components()(1, 0), 0);
    EXPECT_EQ(p.components()(3, 0), 0);
  }
}

TEST(Pca, ConstantDataHaveRankZero) {
  const M x = M::Constant(5, 3, 0.1);
  for (const PCASolver solver : solvers) {
    const auto p = PCA<double>({.solver = solver}).fit(x);
    EXPECT_EQ(p.rank(), 0) << to_string(solver);
    EXPECT_EQ(p.determined(), 0);
    EXPECT_EQ(p.total_variance(), 0);
    EXPECT_EQ(p.explained_variance_ratio(), Vec<double>::Zero(3));
  }
  expect_error<std::domain_error>(
      [&] { PCA<double>({.variance_share = 0.5}).fit(x); },
      "PCA::fit: variance_share of constant data; x must have some variance");
}

TEST(Pca, OneFeature) {
  M x(3, 1);
  x << 1, 2, 6;
  const auto p = PCA<double>().fit(x);
  EXPECT_EQ(p.components()(0, 0), 1);
  EXPECT_EQ(p.explained_variance()(0), 7);
  EXPECT_EQ(p.determined(), 1);
}

TEST(Pca, TheSolverIsChosenAndSaysWhy) {
  const auto fit = [](const M& x, PCAOptions o = {}) { return PCA<double>(o).fit(x); };
  const auto flat = fit(columns_in_units(50, {3, 2, 1}));
  EXPECT_EQ(flat.solver(), PCASolver::covariance);
  EXPECT_NE(flat.reason().find("at most three digits"), std::string::npos) << flat.reason();
  const M steep = columns_in_units(50, {1, 1e-3, 1e-9});
  const auto all = fit(steep);
  EXPECT_EQ(all.solver(), PCASolver::svd);
  EXPECT_NE(all.reason().find("condition number is squared"), std::string::npos) << all.reason();
  EXPECT_EQ(all.rank(), 3);
  EXPECT_EQ(fit(steep, {.components = 1}).solver(), PCASolver::covariance);
  const auto wide = fit(columns_in_units(3, {3, 2, 1, 1}));
  EXPECT_EQ(wide.solver(), PCASolver::svd);
  EXPECT_NE(wide.reason().find("fewer samples (3) than features (4)"), std::string::npos);
  const auto named = fit(steep, {.components = 1, .solver = PCASolver::randomized});
  EXPECT_EQ(named.solver(), PCASolver::randomized);
  EXPECT_NE(named.reason().find("randomized was asked for"), std::string::npos);
}

TEST(Pca, LeadingComponentsOfManyFeaturesAreThoseOfAll) {
  M x = Random(3).normal_matrix<double>({600, 200});
  for (Index j = 0; j < 200; ++j) x.col(j) *= j < 5 ? 10.0 / static_cast<double>(1 + j) : 0.3;
  const auto few = PCA<double>({.components = 5, .solver = PCASolver::covariance}).fit(x);
  EXPECT_NE(few.reason().find("the leading"), std::string::npos) << few.reason();
  const auto all = PCA<double>({.solver = PCASolver::covariance}).fit(x);
  EXPECT_LE((few.components() - all.components().leftCols(5)).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_EQ(few.rank(), 200);
  EXPECT_EQ(few.determined(), 5);
  // Rank deficient: the rank is that of all variances.
  x.col(199) = x.col(0);
  EXPECT_EQ(PCA<double>({.components = 5, .solver = PCASolver::covariance}).fit(x).rank(), 199);
}

TEST(Pca, TheRandomizedSolverRepeatsWithItsSeed) {
  const M x = Random(3).normal_matrix<double>({80, 40});
  const auto fit = [&x](std::uint64_t seed) {
    return PCA<double>({.components = 3, .solver = PCASolver::randomized, .seed = seed}).fit(x);
  };
  EXPECT_EQ(fit(1).components(), fit(1).components());
  EXPECT_NE(fit(1).components(), fit(2).components()) << "noise has no gap: approximate";
}

TEST(Pca, FloatsAreRoundedOnceFromDouble) {
  const M x = columns_in_units(60, {1, 1e-2, 1e-4}).cast<float>().cast<double>();
  const auto wide = PCA<double>({.solver = PCASolver::svd}).fit(x);
  const auto narrow = PCA<float>({.solver = PCASolver::svd}).fit(x.cast<float>());
  EXPECT_EQ(narrow.components(), wide.components().cast<float>());
  EXPECT_EQ(narrow.explained_variance(), wide.explained_variance().cast<float>());
}

TEST(Pca, OptionsOutsideTheirRangeAreErrors) {
  using E = std::invalid_argument;
  expect_error<E>([] { PCA<double>({.components = 0}); },
                  "PCA: components is 0; it must be at least 1");
  expect_error<E>([] { PCA<double>({.variance_share = 1.5}); },
                  "PCA: variance_share is 1.5; it must be in (0, 1]");
  expect_error<E>([] { PCA<double>({.variance_share = 0.0}); },
                  "PCA: variance_share is 0; it must be in (0, 1]");
  expect_error<E>([] { PCA<double>({.ddof = -1}); }, "PCA: ddof is -1; it must not be negative");
  expect_error<E>([] { PCA<double>({.components = 1, .variance_share = 0.5}); },
                  "PCA: components and variance_share are both given; one of them says how many");
  EXPECT_THROW(PCA<double>({.variance_share = std::nan("")}), E);
  EXPECT_THROW(PCA<double>({.variance_share = 0.5, .solver = PCASolver::randomized}), E);
}

TEST(Pca, ShapesThatDoNotFitAreErrors) {
  const M x = M::Ones(2, 3);
  expect_error<ShapeError>([&] { PCA<double>().fit(x.topRows(1)); },
                           "PCA::fit: x is 1 samples of 3 features; a single sample has no "
                           "variance about its mean");
  expect_error<ShapeError>([&] { PCA<double>({.ddof = 2}).fit(x); },
                           "PCA::fit: x is 2 samples of 3 features; ddof is 2 and must be less "
                           "than the samples");
  expect_error<ShapeError>([&] { PCA<double>({.components = 3}).fit(x); },
                           "PCA::fit: x is 2 samples of 3 features; components is 3 and must not "
                           "exceed 2, the smaller of the two");
  EXPECT_THROW(PCA<double>().fit(M(0, 3)), ShapeError);
  EXPECT_THROW(PCA<double>().fit(M(3, 0)), ShapeError);
  const auto p = PCA<double>({.components = 1}).fit(x);
  EXPECT_THROW(static_cast<void>(p.transform(M::Ones(2, 2))), ShapeError);
  EXPECT_THROW(static_cast<void>(p.inverse_transform(M::Ones(2, 2))), ShapeError);
}

TEST(Pca, WhatIsNotFiniteIsAnErrorThatSaysWhere) {
  for (const PCASolver solver : solvers) {
    for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
      M x = columns_in_units(300, {2, 1, 1});
      auto p = PCA<double>({.components = 1, .solver = solver});
      p.fit(x);
      const M before = p.components();
      x(250, 1) = bad;
      std::string what = "(250, 1) is ";
      what += std::isnan(bad) ? "nan" : "inf";
      what += "; every number must be finite";
      expect_error<std::domain_error>([&] { p.fit(x); }, "PCA::fit: x" + what);
      EXPECT_EQ(p.components(), before) << "an error leaves the fit as it was";
      expect_error<std::domain_error>([&] { static_cast<void>(p.transform(x)); },
                                      "PCA::transform: x" + what);
    }
  }
}

TEST(Pca, VariancesBeyondTheRangeOfTheTypeAreErrors) {
  const M x = columns_in_units(20, {2, 1});
  for (const PCASolver solver : solvers) {
    auto p = PCA<double>({.solver = solver});
    expect_error<std::domain_error>([&] { p.fit(x * 1e200); },
                                    "PCA::fit: the variances of x overflow its type; scale x");
    expect_error<std::domain_error>([&] { p.fit(x * 1e-200); },
                                    "PCA::fit: the variances of x underflow its type; scale x");
  }
  EXPECT_THROW(PCA<float>().fit((x * 1e25).cast<float>()), std::domain_error);
  EXPECT_THROW(PCA<float>().fit((x * 1e-25).cast<float>()), std::domain_error);
}

TEST(Pca, WhiteningNeedsVariance) {
  M x = columns_in_units(20, {2, 1, 0});
  expect_error<std::domain_error>(
      [&] { PCA<double>({.whiten = true}).fit(x); },
      "PCA::fit: whiten, and component 2 of 3 has no variance (the rank is 2); only variances "
      "above 0 can be scaled to 1");
  EXPECT_EQ(PCA<double>({.components = 2, .whiten = true}).fit(x).rank(), 2);
}

TEST(Pca, NothingIsFittedBeforeFit) {
  const PCA<double> p;
  EXPECT_THROW(static_cast<void>(p.components()), std::logic_error);
  EXPECT_THROW(static_cast<void>(p.reason()), std::logic_error);
  EXPECT_THROW(static_cast<void>(p.transform(M::Ones(2, 2))), std::logic_error);
}

}  // namespace
}  // namespace assay
