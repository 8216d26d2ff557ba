// The tests of samplers: their error rates and their power, by calculation and by repetition.

#include "catalogue/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "assay/random.hpp"

namespace {

using namespace assay::verify::statistics;
using assay::Random;

constexpr std::array names{"Kolmogorov-Smirnov", "mean", "variance", "covariance", "radius"};

/// Every test of n pairs of standard normal numbers.
std::array<double, 5> all_tests(const Eigen::MatrixXd& u) {
  return {kolmogorov_smirnov(u.col(0).array(), normal_cdf), mean_test(u.col(0).array()),
          variance_test(u.col(1).array()), covariance_test(u.col(0).array(), u.col(1).array()),
          kolmogorov_smirnov(u.rowwise().squaredNorm().array(), chi_squared_2_cdf)};
}

TEST(Statistics, FamilyOfAllSamplerTestsErrsLessThanOnceInAMillion) {
  EXPECT_LE(level * most_tests, 1e-6);
  EXPECT_LE(10'000 * level * most_tests, 0.0101) << "10 000 repeats";
}

TEST(Statistics, TenThousandRepeatsGiveNoFalseAlarm) {
  Random random(20240607);
  std::array<int, 5> below_1_percent{};
  double least = 1;
  constexpr int repeats = 10'000;
  for (int i = 0; i < repeats; ++i) {
    const auto p = all_tests(random.normal_matrix<double>({100, 2}));
    for (std::size_t k = 0; k < p.size(); ++k) {
      least = std::min(least, p[k]);
      below_1_percent[k] += p[k] < 0.01 ? 1 : 0;
    }
  }
  EXPECT_GT(least, level) << "a false alarm";
  // At 1 per cent the alarms can be counted: no test has more than its share, and those that are
  // exact have it: 100 of 10 000, with 5 standard deviations of room.
  for (std::size_t k = 0; k < names.size(); ++k) {
    EXPECT_LE(below_1_percent[k], 150) << names[k];
    const bool exact = k > 0 && k < 4;
    EXPECT_GE(below_1_percent[k], exact ? 50 : 0) << names[k];
  }
}

TEST(Statistics, ChernoffsBoundIsOneForThinAndForHeavyTails) {
  Random random(7);
  const std::array<OfNormal, 3> functions{[](double e) { return 2 * e; },
                                          [](double e) { return (1 + e) * (1 + e) * e; },
                                          [](double e) { return e * e * (e * e - 1); }};
  for (const OfNormal& g : functions) {
    int below_1_percent = 0;
    for (int i = 0; i < 400; ++i) {
      double sum = 0;
      for (int j = 0; j < 100; ++j) sum += g(random.normal());
      below_1_percent += mean_of_function_test(sum / 100, 100, g) < 0.01 ? 1 : 0;
    }
    EXPECT_LE(below_1_percent, 14) << "4 expected at most";
  }
}

TEST(Statistics, ChernoffsBoundIsCloseToTheExactOneOfANormalMean) {
  const OfNormal twice = [](double e) { return 2 * e; };
  constexpr std::uint64_t n = 100'000;
  for (const double errors : {2.0, 4.0, 6.5}) {
    const double p = mean_of_function_test(errors * 2 / std::sqrt(1e5), n, twice);
    EXPECT_GE(p, two_sided(errors));
    EXPECT_LE(p, 2.01 * std::exp(-errors * errors / 2));
  }
  EXPECT_EQ(mean_of_function_test(0, n, twice), 1);
  EXPECT_EQ(mean_of_function_test(std::nan(""), n, twice), 0);
}

TEST(Statistics, MomentsAreThoseWorkedOutByHand) {
  const Moments m = moments([](double e) { return e * e * e * e; });
  EXPECT_NEAR(m.mean, 3, 1e-12);
  EXPECT_NEAR(m.variance, 105 - 9, 1e-9);
}

TEST(Statistics, CountsAreJudgedByTheBinomialDistribution) {
  EXPECT_NEAR(count_test(0, 10, 0.5), 2 * std::pow(0.5, 10), 1e-15);
  EXPECT_NEAR(count_test(10, 10, 0.5), 2 * std::pow(0.5, 10), 1e-15);
  EXPECT_EQ(count_test(5, 10, 0.5), 1);
  EXPECT_NEAR(count_test(1, 3, 0.25), 1, 1e-12);
  EXPECT_NEAR(count_test(3, 3, 0.25), 2 * std::pow(0.25, 3), 1e-15);
}

TEST(Statistics, PowerIsWhatRepeatedSamplesShow) {
  // A shift of the mean, so that about half of the samples are rejected by distance.
  constexpr std::uint64_t n = 400;
  const double critical = critical_distance(n);
  Random random(11);
  for (const double shift : {0.3, 0.9}) {
    const double off =
        distance([shift](double x) { return normal_cdf(x - shift); }, normal_cdf, -8, 8);
    EXPECT_NEAR(off, 2 * normal_cdf(shift / 2) - 1, 1e-6);
    int missed = 0;
    for (int i = 0; i < 200; ++i) {
      const Column x = random.normal_matrix<double>({n, 1}, shift).col(0).array();
      missed += kolmogorov_smirnov(x, normal_cdf) >= level ? 1 : 0;
    }
    EXPECT_LE(missed, 200 * missed_by_kolmogorov_smirnov(off, n) + 1) << shift;
    EXPECT_EQ(missed_by_kolmogorov_smirnov(off, n) < 0.01, off > critical + 0.1) << shift;
  }
  EXPECT_NEAR(missed_by_kolmogorov_smirnov(detected_distance(n), n), 1e-6, 1e-12);
}

TEST(Statistics, PowerOfTheVarianceTestIsWhatRepeatedSamplesShow) {
  constexpr std::uint64_t n = 200;
  Random random(13);
  int missed = 0;
  for (int i = 0; i < 400; ++i) {
    missed += variance_test(1.3 * random.normal_matrix<double>({n, 1}).col(0).array()) >= level;
  }
  EXPECT_NEAR(missed / 400.0, missed_by_variance(1.3, n), 0.13);
  EXPECT_LT(missed_by_variance(0.5, 20000), 1e-100);
  EXPECT_GT(missed_by_variance(1, n), 0.999);
}

}  // namespace
