#pragma once
// Statistical tests of samplers, each with the probability of so large a deviation under what the
// sampler promises: exact, or an upper bound that holds for every number of samples.

#include <Eigen/Core>
#include <cstdint>
#include <functional>

namespace assay::verify::statistics {

using Column = Eigen::ArrayXd;
using Cdf = std::function<double(double)>;

/// A test rejects below this, so that a campaign with up to `most_tests` of them, whatever they
/// have in common, rejects a right sampler with a probability of 1e-6 at most; 10 000 campaigns in
/// a row do with one of 1e-2 at most.
inline constexpr double level = 5e-9;
inline constexpr int most_tests = 200;

double normal_cdf(double x);
double chi_squared_2_cdf(double x);
/// Of a standard normal number: P(|X| >= |x|).
double two_sided(double x);

/// Kolmogorov and Smirnov, by the bound 2 e^(-2 n D^2) on the probability (Dvoretzky, Kiefer,
/// Wolfowitz; Massart 1990), which holds for every n.
double kolmogorov_smirnov(Column x, const Cdf& cdf);
/// Of standard normal numbers: their sum is normal, that of their squares of chi^2_n, exactly.
double mean_test(const Column& x);
double variance_test(const Column& x);
/// Of two columns of independent standard normal numbers: with r = ab / |a||b|,
/// r sqrt((n - 1) / (1 - r^2)) is of Student's t_(n-1), exactly.
double covariance_test(const Column& a, const Column& b);
/// Of the number of successes in n independent trials of probability p: twice the smaller tail of
/// the binomial distribution.
double count_test(std::uint64_t successes, std::uint64_t n, double p);

/// A function of a standard normal number; its mean and variance by quadrature.
using OfNormal = std::function<double(double)>;
struct Moments {
  double mean, variance;
};
Moments moments(const OfNormal& g);
/// Of the mean of n values g(e): an upper bound on the probability of so large a deviation from the
/// mean of g, by Chernoff: both sides of inf_t (E e^(t (g - mean)) / e^(t d))^n, the expectation
/// over |e| <= 9, and the probability of any e beyond. g may grow as any power: no central limit is
/// appealed to.
double mean_of_function_test(double mean, std::uint64_t n, const OfNormal& g);

// --- power ---------------------------------------------------------------------------------------

/// The largest distance of two distribution functions that kolmogorov_smirnov() lets pass.
double critical_distance(std::uint64_t n);
/// An upper bound on the probability that it lets samples pass whose distribution function is
/// `distance` away somewhere: the empirical one would have to be off by the rest.
double missed_by_kolmogorov_smirnov(double distance, std::uint64_t n);
/// The distance from which on that probability is at most 1e-6.
double detected_distance(std::uint64_t n);
/// The largest |f - g| on a fine grid over [lo, hi]: a lower bound on the distance.
double distance(const Cdf& f, const Cdf& g, double lo, double hi);
/// The same of variance_test() and normal samples of standard deviation `scale`.
double missed_by_variance(double scale, std::uint64_t n);

}  // namespace assay::verify::statistics
