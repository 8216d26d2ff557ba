// Claim 15: two estimators of a gradient agree in mean. Each is tested against the known mean, with
// an error rate that holds whatever the distribution of the estimates.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/estimators.hpp"
#include "assay/ops/square.hpp"
#include "assay/random.hpp"
#include "catalogue/claims_sampling.hpp"

namespace assay::verify::claims {
namespace {

using namespace statistics;

constexpr Eigen::Index draws = 100000;

/// One sample's estimate, as a function of its noise.
struct Estimator {
  std::string name;
  OfNormal of_noise;
  Moments known;  ///< by hand
};

/// f(z) = z^2, z = mu + sigma e: E = mu^2 + sigma^2.
struct Estimators {
  double mu, sigma;
  Estimator path_mu, path_sigma, score_mu, score_sigma, with_baseline;
};

Estimators estimators(double mu, double sigma) {
  const double m2 = mu * mu, s2 = sigma * sigma, m4s2 = m2 * m2 / s2, baseline = m2 + s2;
  const auto z = [=](double e) { return mu + sigma * e; };
  return {
      mu,
      sigma,
      {"pathwise d/dmu", [=](double e) { return 2 * z(e); }, {2 * mu, 4 * s2}},
      {"pathwise d/dsigma", [=](double e) { return 2 * z(e) * e; }, {2 * sigma, 4 * m2 + 8 * s2}},
      {"score-function d/dmu",
       [=](double e) { return z(e) * z(e) * e / sigma; },
       {2 * mu, m4s2 + 14 * m2 + 15 * s2}},
      {"score-function d/dsigma",
       [=](double e) { return z(e) * z(e) * (e * e - 1) / sigma; },
       {2 * sigma, 2 * m4s2 + 60 * m2 + 74 * s2}},
      {"score-function d/dmu with the baseline E z^2",
       [=](double e) { return (z(e) * z(e) - baseline) * e / sigma; },
       {2 * mu, 10 * s2 + 8 * m2}}};
}

/// The estimates are what the formula makes of their noise, sample by sample.
template <class T>
void follows_its_formula(Trial& t, const Estimator& g, const Column& x, const Mat<T>& noise) {
  double off = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const double expected = g.of_noise(static_cast<double>(noise(i, 0)));
    off = std::max(off, std::abs(x(i) - expected) / (std::abs(expected) + 1));
  }
  require_that(t, off <= 64 * static_cast<double>(std::numeric_limits<T>::epsilon()),
               g.name + ": an estimate is not what its noise makes it",
               {{"off by", fmt::format("{:g}", off)}});
}

/// Whether the mean is the known one, to be accepted or rejected; the sampled variance is shown.
void judge_mean(Trial& t, const Estimators& all, const Estimator& g, const Column& x,
                bool accepted = true) {
  const auto n = static_cast<std::uint64_t>(x.size());
  const double p = mean_of_function_test(x.mean(), n, g.of_noise);
  const double off =
      (x.mean() - g.known.mean) / std::sqrt(g.known.variance / static_cast<double>(n));
  show(t,
       fmt::format("{} at mu = {:g}, sigma = {:g}: mean {:.4g} for {:g} ({:.2f} standard errors), "
                   "variance {:.4g} for {:g}",
                   g.name, all.mu, all.sigma, x.mean(), g.known.mean, off,
                   (x - x.mean()).square().mean(), g.known.variance),
       p, accepted);
}

template <class T>
Column column(const Mat<T>& x) {
  return x.template cast<double>().col(0).array();
}

template <class T>
void estimators_agree(Trial& t, const Format&) {
  const Estimators all = t.number() == 0 ? estimators(0.5, 1) : estimators(-2, 0.5);
  t.input("mu", all.mu);
  t.input("sigma", all.sigma);
  for (const Estimator* g :
       {&all.path_mu, &all.path_sigma, &all.score_mu, &all.score_sigma, &all.with_baseline}) {
    const Moments m = moments(g->of_noise);
    require_that(t,
                 std::abs(m.mean - g->known.mean) < 1e-9 &&
                     std::abs(m.variance / g->known.variance - 1) < 1e-9,
                 g->name + ": mean and variance are not those worked out by hand",
                 {{"mean", fmt::format("{:.12g}", m.mean)},
                  {"variance", fmt::format("{:.12g}", m.variance)}});
  }
  require_that(t,
               all.score_mu.known.variance > all.path_mu.known.variance &&
                   all.score_sigma.known.variance > all.path_sigma.known.variance,
               "the score-function estimator has not the higher variance");
  require_that(t, all.with_baseline.known.variance < all.score_mu.known.variance,
               "the baseline does not lessen the variance");

  Random random(t.seed("noise"));
  const Mat<T> m = one(static_cast<T>(all.mu)), s = one(static_cast<T>(all.sigma));
  const auto f = [](const Var<T>& z) { return square(z); };
  const Mat<T> e = random.normal_matrix<T>({draws, 1}), e2 = random.normal_matrix<T>({draws, 1});
  const SampleGradients<T> path = pathwise_gradients(f, m, s, e);
  const SampleGradients<T> score = score_function_gradients(f, m, s, e2);
  const SampleGradients<T> based = score_function_gradients(
      f, m, s, e2, static_cast<T>(all.mu * all.mu + all.sigma * all.sigma));
  const auto judge_one = [&](const Estimator& g, const Mat<T>& estimates, const Mat<T>& noise) {
    const Column x = column(estimates);
    follows_its_formula<T>(t, g, x, noise);
    judge_mean(t, all, g, x);
  };
  judge_one(all.path_mu, path.mean, e);
  judge_one(all.path_sigma, path.deviation, e);
  judge_one(all.score_mu, score.mean, e2);
  judge_one(all.score_sigma, score.deviation, e2);
  judge_one(all.with_baseline, based.mean, e2);
  // What is wrong is seen: sigma forgotten in the score, the noise forgotten in the path.
  if (all.sigma != 1) {
    t.count("a score without sigma: noticed");
    judge_mean(t, all, all.score_mu, column(score.mean) * all.sigma, false);
  }
  t.count("a path without noise: noticed");
  judge_mean(t, all, all.path_sigma, column(path.mean), false);
}

}  // namespace

void add_estimator_claims(std::vector<Check>& checks, const Plan& plan) {
  for (const Format& f : plan.formats) {
    checks.push_back(fixed_check(
        {"claim-15-estimators-agree",
         fmt::format(
             "d E[z^2] by the path and by the score function: each estimate is what its noise "
             "makes "
             "it, mean and variance by quadrature are those worked out by hand, the score "
             "function's variance is the higher, a baseline lessens it, and all sampled means are "
             "2 mu and 2 sigma; 100000 samples, each test at {:g} by Chernoff's bound, which holds "
             "for every distribution",
             level),
         "other functions",
         {"a score without sigma: noticed", "a path without noise: noticed"}},
        f.name, 2, in_format(f, [](auto type, Trial& t, const Format& format) {
          estimators_agree<decltype(type)>(t, format);
        })));
  }
}

}  // namespace assay::verify::claims
