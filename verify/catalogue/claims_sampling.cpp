// Claim 13: samples of Gaussians are what they should be, and what is nearly so is noticed. Each is
// a statistical test with a stated error rate and a stated power.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/ops/dropout.hpp"
#include "assay/random.hpp"
#include "assay/vae.hpp"
#include "catalogue/claims_sampling.hpp"

namespace assay::verify::claims {
namespace {

using namespace statistics;
using Eigen::Index;

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
    all.push_back({"mean" + of, mean_test(x)});
    all.push_back({"variance" + of, variance_test(x)});
  }
  all.push_back({"covariance", covariance_test(u.col(0).array(), u.col(1).array())});
  all.push_back({"Kolmogorov-Smirnov of the squared radius against chi^2_2",
                 kolmogorov_smirnov(u.rowwise().squaredNorm().array(), chi_squared_2_cdf)});
  return all;
}

constexpr Index samples = 20000;

}  // namespace

void show(Trial& t, const std::string& name, double p, bool accepted) {
  const bool ok = (p >= level) == accepted;
  t.result().values.push_back({name, fmt::format("p {} {:g}", accepted ? ">=" : "<", level),
                               fmt::format("p = {:.3g}", p), std::nullopt, ok});
  require_that(t, ok, fmt::format("{}: {}", name, accepted ? "rejected" : "not rejected"),
               {{"p", fmt::format("{:.3g}", p)}});
}

namespace {

// --- samples ------------------------------------------------------------------------------------

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

// --- power ---------------------------------------------------------------------------------------

/// How likely an impostor is to pass the tests that must reject it, by calculation.
void show_power(Trial& t, const std::string& impostor, const std::string& by, double missed) {
  const bool ok = missed <= 1e-6;
  t.result().values.push_back({fmt::format("{}: power of {}", impostor, by),
                               "missed with a probability of at most 1e-06",
                               fmt::format("at most {:.2g}", missed), std::nullopt, ok});
  require_that(t, ok, "a test has too little power", {{"missed", fmt::format("{:g}", missed)}});
}

void powers(Trial& t) {
  constexpr auto n = static_cast<std::uint64_t>(samples);
  const auto by_distance = [&](const char* impostor, const char* by, const Cdf& f, const Cdf& g) {
    show_power(t, impostor, by, missed_by_kolmogorov_smirnov(distance(f, g, -6, 20), n));
  };
  const double end = std::sqrt(3.0);
  by_distance(
      "uniform noise", "Kolmogorov-Smirnov of a coordinate",
      [end](double x) { return std::clamp((x + end) / (2 * end), 0.0, 1.0); }, normal_cdf);
  // Brought to unit variance with sigma, what was scaled by sigma^2 has the deviation sigma.
  for (const double sigma : {apart.factor[0], apart.factor[2]}) {
    const std::string name = fmt::format("sigma^2 as scale, sigma = {:g}", sigma);
    show_power(t, name, "variance", missed_by_variance(sigma, n));
    by_distance(
        name.c_str(), "Kolmogorov-Smirnov of a coordinate",
        [sigma](double x) { return normal_cdf(x / sigma); }, normal_cdf);
  }
  // The square of a number counted twice, instead of two numbers' squares.
  const auto twice = [](double x) { return x > 0 ? std::erf(std::sqrt(x) / 2) : 0; };
  for (const char* impostor : {"one noise for all coordinates", "(e, +-e)"}) {
    by_distance(impostor, "the squared radius against chi^2_2", twice, chi_squared_2_cdf);
  }
  // All samples are one number: the empirical function jumps from 0 to 1.
  show_power(t, "one noise for all samples", "Kolmogorov-Smirnov of a coordinate",
             critical_distance(n) < 0.5 ? 0 : 1);
  t.result().values.push_back({"least distance of distribution functions that is found",
                               "with a probability of 1 - 1e-06",
                               fmt::format("{:.3g}", detected_distance(n)), std::nullopt, true});
  t.count("power calculated");
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

// --- the source of the numbers -------------------------------------------------------------------

void generator(Trial& t) {
  constexpr std::uint64_t n = 20000;
  Random random(t.seed("numbers"));
  Column u(samples), before(samples - 1), after(samples - 1);
  for (double& x : u) x = random.uniform();
  const auto uniform_cdf = [](double x) { return std::clamp(x, 0.0, 1.0); };
  show(t, "uniform: Kolmogorov-Smirnov", kolmogorov_smirnov(u, uniform_cdf), true);
  const Mat<double> e = random.normal_matrix<double>({samples, 1});
  before = e.col(0).head(samples - 1).array();
  after = e.col(0).tail(samples - 1).array();
  show(t, "normal: each with the next: covariance", covariance_test(before, after), true);
  std::array<std::uint64_t, 7> below{};
  for (std::uint64_t i = 0; i < n; ++i) ++below.at(random.below(7));
  for (std::size_t k = 0; k < below.size(); ++k) {
    show(t, fmt::format("below 7: how often {}", k), count_test(below.at(k), n, 1.0 / 7), true);
  }
  std::array<std::uint64_t, 4> first{};
  for (std::uint64_t i = 0; i < n; ++i)
    ++first.at(static_cast<std::size_t>(random.permutation(4)[0]));
  for (std::size_t k = 0; k < first.size(); ++k) {
    show(t, fmt::format("permutation of 4: how often {} is first", k),
         count_test(first.at(k), n, 0.25), true);
  }
  const Mat<double> kept = dropout(Mat<double>(Mat<double>::Ones(samples, 1)), 0.3, random);
  show(t, "dropout at 0.3: how many are dropped",
       count_test(static_cast<std::uint64_t>((kept.array() == 0).count()), n, 0.3), true);
  // What is nearly right is not accepted.
  show(t, "a remainder of 16 numbers by 7, without rejection: how often 0",
       count_test(static_cast<std::uint64_t>(3 * n / 16), n, 1.0 / 7), false);
  t.count("a biased count");
}

}  // namespace

void add_sampling_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::string rate = fmt::format(
      "; 20000 samples, each test at {:g}, all tests of samplers together (at most {}) at 1e-6",
      level, most_tests);
  const auto in_each_format = [&](const Statement& s, std::uint64_t cases, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(fixed_check(s, f.name, cases, in_format(f, attempt)));
    }
  };
  const std::string blind = fmt::format(
      "distribution functions that differ by less than {:.2g}: then the power is below 1 - 1e-6",
      detected_distance(static_cast<std::uint64_t>(samples)));
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
       "normal: moments alone do not show that samples are Gaussian; how likely each is to pass is "
       "calculated" +
           rate,
       "other impostors",
       {"uniform noise", "sigma^2 as scale", "one noise for all coordinates",
        "one noise for all samples", "(e, +-e)", "power calculated"}},
      "double", 1, [](Trial& t) {
        impostors(t);
        powers(t);
      }));
  checks.push_back(fixed_check(
      {"claim-13f-the-generator-is-what-it-says",
       "uniform numbers, neighbouring normal ones, equally likely whole numbers, permutations and "
       "dropout" +
           rate,
       "long-range dependence",
       {"a biased count"}},
      "double", 1, generator));
  add_estimator_claims(checks, plan);
}

}  // namespace assay::verify::claims
