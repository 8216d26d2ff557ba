// Claims 13 and 15: samples of Gaussians are what they should be, and what is nearly so is noticed;
// two estimators of a gradient agree. Each is a statistical test with a stated error rate.

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "assay/estimators.hpp"
#include "assay/random.hpp"
#include "assay/vae.hpp"
#include "claims.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;
using Column = Eigen::ArrayXd;

// --- tests, each with the probability of so large a deviation ------------------------------------

/// Of a standard normal number.
double two_sided(double x) { return std::erfc(std::abs(x) / std::sqrt(2.0)); }
double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
double chi_squared_2_cdf(double x) { return -std::expm1(-x / 2); }

/// Kolmogorov and Smirnov, by the bound 2 e^(-2 n D^2) on the probability (Dvoretzky, Kiefer,
/// Wolfowitz; Massart 1990), which holds for every n.
template <class Cdf>
double kolmogorov_smirnov(Column x, const Cdf& cdf) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double distance = 0;
  for (Index i = 0; i < x.size(); ++i) {
    const double f = cdf(x(i)), below = static_cast<double>(i) / n;
    distance = std::max({distance, f - below, below + 1 / n - f});
  }
  return std::min(1.0, 2 * std::exp(-2 * n * distance * distance));
}

/// The sum of n squares of standard normal numbers is of chi^2_n.
double variance_test(const Column& x) {
  const double half_n = static_cast<double>(x.size()) / 2, half_sum = x.square().sum() / 2;
  const double below = boost::math::gamma_p(half_n, half_sum);
  const double above = boost::math::gamma_q(half_n, half_sum);
  return std::min(1.0, 2 * std::min(below, above));
}

/// Of the correlation r about known means of independent normal numbers, sqrt(n) artanh r is
/// standard normal for large n.
double covariance_test(const Column& a, const Column& b) {
  const double r = (a * b).sum() / std::sqrt(a.square().sum() * b.square().sum());
  return two_sided(std::sqrt(static_cast<double>(a.size())) * std::atanh(std::clamp(r, -1.0, 1.0)));
}

struct Test {
  std::string name;
  double p;
};

/// Of samples, n x 2, brought to N(0, I) by the mean and the factor that they should have.
std::vector<Test> tests(const Mat<double>& u) {
  std::vector<Test> all;
  for (Index j = 0; j < 2; ++j) {
    const Column x = u.col(j).array();
    const std::string of = fmt::format(" of coordinate {}", j + 1);
    all.push_back({"Kolmogorov-Smirnov" + of, kolmogorov_smirnov(x, normal_cdf)});
    all.push_back({"mean" + of, two_sided(x.sum() / std::sqrt(static_cast<double>(x.size())))});
    all.push_back({"variance" + of, variance_test(x)});
  }
  all.push_back({"covariance", covariance_test(u.col(0).array(), u.col(1).array())});
  all.push_back({"Kolmogorov-Smirnov of the squared radius against chi^2_2",
                 kolmogorov_smirnov(u.rowwise().squaredNorm().array(), chi_squared_2_cdf)});
  return all;
}

// 8 tests of 4 samplers in 2 types, and the 6 of the impostor: below 1e-6 together.
constexpr double least_p = 1e-8;
constexpr Index samples = 20000;

void show(Trial& t, const std::string& name, double p, bool accepted) {
  const bool ok = (p >= least_p) == accepted;
  t.result().values.push_back({name, fmt::format("p {} {:g}", accepted ? ">=" : "<", least_p),
                               fmt::format("p = {:.3g}", p), std::nullopt, ok});
  require_that(t, ok, fmt::format("{}: {}", name, accepted ? "rejected" : "not rejected"),
               {{"p", fmt::format("{:.3g}", p)}});
}

// --- 13: samples ---------------------------------------------------------------------------------

/// Where the samples should be: the mean, and the lower triangle of a factor of the covariance.
struct Target {
  double mean[2], factor[3];  ///< l00, l10, l11
};
constexpr Target apart{{1, -2}, {0.5, 0, 3}}, tied{{-0.25, 4}, {2, -1.5, 0.75}};

template <class T>
Mat<double> standardised(const Mat<T>& z, const Target& to) {
  Mat<double> u = z.template cast<double>();
  for (Index i = 0; i < u.rows(); ++i) {
    const double a = (u(i, 0) - to.mean[0]) / to.factor[0];
    u(i, 1) = (u(i, 1) - to.mean[1] - to.factor[1] * a) / to.factor[2];
    u(i, 0) = a;
  }
  return u;
}

template <class T>
Mat<T> rows_of(std::initializer_list<double> row) {
  Mat<T> m(samples, static_cast<Index>(row.size()));
  Index j = 0;
  for (const double x : row) m.col(j++).setConstant(static_cast<T>(x));
  return m;
}

template <class T>
Mat<T> through_posterior(const Mat<T>& head, Covariance c, Random& random) {
  Graph<T> graph;
  return Posterior<T>(graph.constant(head), c, 2).sample(random).value();
}

template <class T>
void sampled(Trial& t, const Mat<T>& z, const Target& to) {
  for (const Test& test : tests(standardised(z, to))) show(t, test.name, test.p, true);
}

template <class T>
void by_deviation(Trial& t, const Format&) {
  Random random(t.seed("noise"));
  const Mat<T> noise = random.normal_matrix<T>({samples, 2});
  sampled<T>(t,
             reparameterize(rows_of<T>({apart.mean[0], apart.mean[1]}),
                            rows_of<T>({apart.factor[0], apart.factor[2]}), noise),
             apart);
}
template <class T>
void by_log_variance(Trial& t, const Format&) {
  Random random(t.seed("noise"));
  const double v0 = 2 * std::log(apart.factor[0]), v1 = 2 * std::log(apart.factor[2]);
  const Mat<T> head = rows_of<T>({apart.mean[0], apart.mean[1], v0, v1});
  sampled<T>(t, through_posterior<T>(head, Covariance::diagonal, random), apart);
}
template <class T>
void by_factor(Trial& t, const Format&) {
  Random random(t.seed("noise"));
  const Mat<T> head = rows_of<T>({tied.mean[0], tied.mean[1], std::log(tied.factor[0]),
                                  tied.factor[1], std::log(tied.factor[2])});
  sampled<T>(t, through_posterior<T>(head, Covariance::full, random), tied);
}
template <class T>
void of_identity(Trial& t, const Format&) {
  constexpr Target unit{{1, -2}, {1, 0, 1}};
  Random random(t.seed("noise"));
  const Mat<T> head = rows_of<T>({unit.mean[0], unit.mean[1]});
  sampled<T>(t, through_posterior<T>(head, Covariance::identity, random), unit);
}

/// What is like Gaussian noise, and what tells them apart.
Mat<double> uniform_noise(Random& random) {
  return random.uniform_matrix<double>({samples, 2}, -std::sqrt(3.0), std::sqrt(3.0));
}
Mat<double> signed_noise(Random& random) {
  Mat<double> e = random.normal_matrix<double>({samples, 2});
  for (Index i = 0; i < samples; ++i) e(i, 1) = random.below(2) == 0 ? e(i, 0) : -e(i, 0);
  return e;
}
Mat<double> shared_by_coordinates(Random& random) {
  return random.normal_matrix<double>({samples, 1}).replicate(1, 2);
}
Mat<double> shared_by_samples(Random& random) {
  return random.normal_matrix<double>({1, 2}).replicate(samples, 1);
}

std::vector<Test> tests_of(const Mat<double>& noise, bool squared_scale = false) {
  const auto scale = [&](double s) { return squared_scale ? s * s : s; };
  return tests(standardised<double>(
      reparameterize(rows_of<double>({apart.mean[0], apart.mean[1]}),
                     rows_of<double>({scale(apart.factor[0]), scale(apart.factor[2])}), noise),
      apart));
}
const Test& find(const std::vector<Test>& all, std::string_view part) {
  return *std::find_if(all.begin(), all.end(),
                       [&](const Test& x) { return x.name.find(part) != std::string::npos; });
}

void impostors(Trial& t) {
  Random random(t.seed("noise"));
  const auto rejects = [&](const char* what, const std::vector<Test>& all,
                           std::initializer_list<const char*> by) {
    for (const char* name : by) {
      const Test& test = find(all, name);
      show(t, fmt::format("{}: {}", what, test.name), test.p, false);
    }
    t.count(what);
  };
  rejects("uniform noise", tests_of(uniform_noise(random)),
          {"Smirnov of coordinate 1", "Smirnov of coordinate 2", "chi^2_2"});
  rejects("sigma^2 as scale", tests_of(random.normal_matrix<double>({samples, 2}), true),
          {"Smirnov of coordinate 1", "variance of coordinate 1", "variance of coordinate 2"});
  rejects("one noise for all coordinates", tests_of(shared_by_coordinates(random)),
          {"covariance", "chi^2_2"});
  rejects("one noise for all samples", tests_of(shared_by_samples(random)),
          {"Smirnov of coordinate 1", "Smirnov of coordinate 2", "chi^2_2"});
  const std::vector<Test> tied_signs = tests_of(signed_noise(random));
  rejects("(e, +-e)", tied_signs, {"chi^2_2"});
  for (const char* name :
       {"Smirnov of coordinate 1", "Smirnov of coordinate 2", "mean of coordinate 1",
        "mean of coordinate 2", "variance of coordinate 1", "variance of coordinate 2"}) {
    const Test& test = find(tied_signs, name);
    show(t, "(e, +-e): " + test.name, test.p, true);  // its coordinates are normal
  }
  // Uncorrelated, though the products e e vary thrice as much as those of independent numbers.
  const double p = find(tied_signs, "covariance").p;
  t.result().values.push_back(
      {"(e, +-e): covariance", "not tested", fmt::format("p = {:.3g}", p), std::nullopt, true});
}

// --- 15: estimators of d E[z^2] ------------------------------------------------------------------

/// 6.5 standard errors, which are known. Of a normal number p is 8e-11; the sums of 1e5 terms of
/// degree 4 at most are less than 100 times as likely there, and 16 of them are tested.
constexpr double most_errors = 6.5;
constexpr Index draws = 100000;

struct Moments {
  double mean, variance;  ///< of one sample's estimate, known
};

double errors(const Column& x, const Moments& m) {
  return (x.mean() - m.mean) / std::sqrt(m.variance / static_cast<double>(x.size()));
}

/// f(z) = z^2, z = mu + sigma e: E = mu^2 + sigma^2.
template <class T>
void estimators_agree(Trial& t, const Format&) {
  const double mu = t.number() == 0 ? 0.5 : -2, sigma = t.number() == 0 ? 1 : 0.5;
  t.input("mu", mu);
  t.input("sigma", sigma);
  const double m2 = mu * mu, s2 = sigma * sigma, m4s2 = m2 * m2 / s2;
  const Moments path_mu{2 * mu, 4 * s2}, path_sigma{2 * sigma, 4 * m2 + 8 * s2};
  const Moments score_mu{2 * mu, m4s2 + 14 * m2 + 15 * s2};
  const Moments score_sigma{2 * sigma, 2 * m4s2 + 60 * m2 + 74 * s2};
  Random random(t.seed("noise"));
  const Mat<T> m = one(static_cast<T>(mu)), s = one(static_cast<T>(sigma));
  const auto f = [](const Var<T>& z) { return square(z); };
  const Mat<T> e = random.normal_matrix<T>({draws, 1}), e2 = random.normal_matrix<T>({draws, 1});
  const SampleGradients<T> path = pathwise_gradients(f, m, s, e);
  const SampleGradients<T> score = score_function_gradients(f, m, s, e2);
  const SampleGradients<T> based = score_function_gradients(f, m, s, e2, static_cast<T>(m2 + s2));
  const auto column = [](const Mat<T>& x) {
    return Column(x.template cast<double>().col(0).array());
  };
  const auto judge_one = [&](const std::string& name, const Column& x, const Moments& known) {
    const double off = errors(x, known);
    const double variance = (x - x.mean()).square().mean();
    const bool unbiased = std::abs(off) <= most_errors;
    const bool as_known = std::abs(variance / known.variance - 1) < 0.5;
    t.result().values.push_back(
        {fmt::format("{} at mu = {:g}, sigma = {:g}", name, mu, sigma),
         fmt::format("{:g}, variance {:g}", known.mean, known.variance),
         fmt::format("{:.4g}, variance {:.4g}; {:.2f} standard errors off, p = {:.2g}", x.mean(),
                     variance, off, two_sided(off)),
         std::nullopt, unbiased && as_known});
    require_that(t, unbiased, name + " is biased", {{"standard errors", fmt::format("{:g}", off)}});
    require_that(t, as_known, name + " has another variance",
                 {{"variance", fmt::format("{:g}", variance)},
                  {"reference", fmt::format("{:g}", known.variance)}});
    return variance;
  };
  const double a = judge_one("pathwise d/dmu", column(path.mean), path_mu);
  const double b = judge_one("score-function d/dmu", column(score.mean), score_mu);
  const double c = judge_one("pathwise d/dsigma", column(path.deviation), path_sigma);
  const double d = judge_one("score-function d/dsigma", column(score.deviation), score_sigma);
  require_that(t, b > a && d > c, "the score-function estimator has not the higher variance");
  // A baseline takes away variance, and no more.
  const Column centred = column(based.mean);
  const double with_baseline = (centred - centred.mean()).square().mean();
  require_that(t, with_baseline < b, "the baseline does not lessen the variance");
  require_that(t, std::abs(errors(centred, {2 * mu, score_mu.variance})) <= most_errors,
               "the baseline biases");
  // What is wrong is seen: sigma forgotten in the score, the noise forgotten in the path.
  if (sigma != 1) {
    t.count("a score without sigma: noticed");
    require_that(t, std::abs(errors(column(score.mean) * sigma, score_mu)) > most_errors,
                 "a score without sigma is not noticed");
  }
  t.count("a path without noise: noticed");
  require_that(t, std::abs(errors(column(path.mean), path_sigma)) > most_errors,
               "a path without noise is not noticed");
}

}  // namespace

void add_sampling_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::string rate =
      "; 20000 samples, each test at 1e-8, all of claim 13 together at less than 1e-6";
  const auto in_each_format = [&](const Statement& s, std::uint64_t cases, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(fixed_check(s, f.name, cases, in_format(f, attempt)));
    }
  };
  const std::string blind = "deviations below some 2 per cent of the distribution function";
  in_each_format({"claim-13a-samples-by-deviation",
                  "z = mu + sigma eps is Gaussian: each coordinate by Kolmogorov-Smirnov, mean and "
                  "variance, both by covariance and the squared radius against chi^2_2" +
                      rate,
                  blind,
                  {}},
                 1,
                 [](auto type, Trial& t, const Format& f) { by_deviation<decltype(type)>(t, f); });
  in_each_format(
      {"claim-13b-samples-by-log-variance", "the same through e^(logvar/2)" + rate, blind, {}}, 1,
      [](auto type, Trial& t, const Format& f) { by_log_variance<decltype(type)>(t, f); });
  in_each_format({"claim-13c-samples-of-full-covariance",
                  "the same of z = mu + L eps, L^-1 (z - mu) tested" + rate,
                  blind,
                  {}},
                 1, [](auto type, Trial& t, const Format& f) { by_factor<decltype(type)>(t, f); });
  in_each_format(
      {"claim-13d-samples-of-unit-covariance", "the same of z = mu + eps" + rate, blind, {}}, 1,
      [](auto type, Trial& t, const Format& f) { of_identity<decltype(type)>(t, f); });
  checks.push_back(fixed_check(
      {"claim-13e-impostors-are-rejected",
       "uniform noise of unit variance, sigma^2 as scale, one noise for all coordinates or all "
       "samples are rejected, and (e, +-e) by the squared radius, though its coordinates are "
       "normal: moments alone do not show that samples are Gaussian" +
           rate,
       "other impostors",
       {"uniform noise", "sigma^2 as scale", "one noise for all coordinates",
        "one noise for all samples", "(e, +-e)"}},
      "double", 1, impostors));
  in_each_format(
      {"claim-15-estimators-agree",
       "d E[z^2] by the path and by the score function: both means within 6.5 standard "
       "errors of 2 mu and 2 sigma (error rate below 1e-6), variances as computed by "
       "hand, the score function's higher, a baseline harmless; 100000 samples",
       "other functions",
       {"a score without sigma: noticed", "a path without noise: noticed"}},
      2, [](auto type, Trial& t, const Format& f) { estimators_agree<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
