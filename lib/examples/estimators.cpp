// The gradient of E[z^2], z ~ N(mean, deviation^2), in the mean: by the path and by the score.

#include "assay/estimators.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>

#include "assay/ops/square.hpp"
#include "assay/random.hpp"
#include "assay/train/progress.hpp"
#include "plots.hpp"

namespace {

using namespace assay;
using M = Mat<double>;
using examples::Series;

struct Options {
  double mean = 1.5, deviation = 1;
  int doublings = 14, repeats = 400;
  std::uint64_t seed = 1;
  std::string out = "reports/out/experiments/estimators.json";
};

constexpr std::size_t kinds = 3;
constexpr std::array<const char*, kinds> names{"pathwise", "score function",
                                               "score function, baseline"};

/// The gradients in the mean, one for each sample, by each estimator from the same noise.
std::array<M, kinds> gradients(const Options& o, const M& noise) {
  const auto f = [](const Var<double>& z) { return square(z); };
  const M mean = M::Constant(1, 1, o.mean), deviation = M::Constant(1, 1, o.deviation);
  const double expected = o.mean * o.mean + o.deviation * o.deviation;  // of f(z): the baseline
  return {pathwise_gradients(f, mean, deviation, noise).mean,
          score_function_gradients(f, mean, deviation, noise).mean,
          score_function_gradients(f, mean, deviation, noise, expected).mean};
}

/// The variance of one sample's gradient, from the moments of a normal distribution.
std::array<double, kinds> exact_variances(const Options& o) {
  const double m = o.mean * o.mean, s = o.deviation * o.deviation;
  const auto score = [m, s](double b) {
    return (m * m + 18 * m * s + 15 * s * s - 2 * b * (m + 3 * s) + b * b) / s - 4 * m;
  };
  return {4 * s, score(0), score(m + s)};
}

double variance_of(const M& x) {
  return (x.array() - x.mean()).square().sum() / static_cast<double>(x.size() - 1);
}

int run(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  Random random(o.seed);
  const double truth = 2 * o.mean;
  const std::array<double, kinds> exact = exact_variances(o);
  std::vector<double> samples;
  std::array<Series, kinds> means, variances, predicted;
  for (std::size_t k = 0; k < kinds; ++k) {
    means[k].name = variances[k].name = names[k];
    predicted[k].name = std::string(names[k]) + ", exactly";
    predicted[k].dashed = true;
  }
  // Of each number of samples many estimates: their mean and their variance.
  ProgressLine progress(std::cout);
  for (int d = 0; d <= o.doublings; ++d) {
    const Eigen::Index n = Eigen::Index(1) << d;
    std::array<M, kinds> estimates;
    estimates.fill(M(o.repeats, 1));
    for (int r = 0; r < o.repeats; ++r) {
      const std::array<M, kinds> g = gradients(o, random.normal_matrix<double>({n, 1}));
      for (std::size_t k = 0; k < kinds; ++k) estimates[k](r) = g[k].mean();
    }
    samples.push_back(static_cast<double>(n));
    for (std::size_t k = 0; k < kinds; ++k) {
      const double v = variance_of(estimates[k]);
      variances[k].values.push_back(v);
      predicted[k].values.push_back(exact[k] / static_cast<double>(n));
      means[k].values.push_back(estimates[k].mean());
      means[k].error.push_back(2 * std::sqrt(v / o.repeats));
    }
    progress(d, o.doublings, std::to_string(n) + " samples");
  }
  progress.finish();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  bool agree = true;
  examples::Json figures{{"gradient", truth}};
  for (std::size_t k = 0; k < kinds; ++k) {
    const double mean = means[k].values.back(), deviation = means[k].error.back() / 2;
    const double off = std::abs(mean - truth) / deviation;
    agree = agree && off < 5;
    std::printf(
        "%-26s %.5f +- %.5f  (%.1f deviations off %g)  variance of a sample %.2f, exactly %g\n",
        names[k], mean, deviation, off, truth, variances[k].values.back() * samples.back(),
        exact[k]);
    figures[names[k]] = examples::number(mean);
    figures[std::string(names[k]) + ", variance of a sample"] = exact[k];
  }
  figures["variance_ratio"] = exact[1] / exact[0];
  figures["seconds"] = seconds.count();

  Series line{"true gradient", std::vector<double>(samples.size(), truth), {}, true};
  const examples::PlotAxis horizontal{"samples in an estimate", true};
  examples::write(
      o.out,
      {{"schema", 1},
       {"name", "estimators"},
       {"about", "The gradient of E[z^2] in the mean of a normal z, by the path and by the score"},
       {"options",
        {{"mean", o.mean},
         {"deviation", o.deviation},
         {"doublings", o.doublings},
         {"repeats", o.repeats},
         {"seed", std::to_string(o.seed)}}},
       {"figures", figures},
       {"epochs", examples::Json::object()},
       {"plots",
        {examples::curve(
             "Variance of the estimate",
             "over " + std::to_string(o.repeats) +
                 " estimates; dashed what the moments of a normal distribution give",
             horizontal, samples, {"variance", true},
             {variances[0], variances[1], variances[2], predicted[0], predicted[1], predicted[2]}),
         examples::curve("Mean of the estimates",
                         "bars: two standard errors; both are unbiased, so all bars should touch "
                         "the true gradient, but one in twenty",
                         horizontal, samples, {"gradient"},
                         {means[0], means[1], means[2], line})}}});
  std::printf("%s\n", o.out.c_str());
  return agree ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Compares the pathwise with the score-function estimator of a gradient.",
               "estimators");
  const auto positive = CLI::Range(1e-3, 1e3);
  app.add_option("--mean", o.mean, "Of z")->check(CLI::Range(-1e3, 1e3))->capture_default_str();
  app.add_option("--deviation", o.deviation, "Of z")->check(positive)->capture_default_str();
  app.add_option("--doublings", o.doublings, "1, 2, 4, ... 2^DOUBLINGS samples in an estimate")
      ->check(CLI::Range(1, 24))
      ->capture_default_str();
  app.add_option("--repeats", o.repeats, "Estimates of each size")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "Of the noise")->capture_default_str();
  app.add_option("--out", o.out, "Result file")->type_name("FILE")->capture_default_str();
  app.footer(
      "Exit codes: 0 the means are the true gradient within 5 of their deviations, 1 not, 2 "
      "wrong usage or an error.");
  return assay::examples::parse_and_run(app, argc, argv, [&o] { return run(o); });
}
