// PCA against the linear auto-encoder on the handwritten digits: the same subspace, by descent.

#include <chrono>
#include <cstdio>
#include <iostream>

#include "assay/autoencoder.hpp"
#include "assay/pca.hpp"
#include "assay/subspace.hpp"
#include "assay/train/progress.hpp"
#include "handwritten_digits.hpp"
#include "plots.hpp"

namespace {

using namespace assay;
using M = Mat<double>;
using Autoencoder = LinearAutoencoder<double>;
using examples::digit_side, examples::Series;

struct Options {
  Eigen::Index components = 5;
  std::size_t steps = 1500;
  std::uint64_t seed = 1;
  std::string data = "fixtures/data/digits.csv.gz", out = "reports/out/experiments/pca-ae.json";
};

/// How a descent went, at steps that grow by about a twelfth.
struct Course {
  std::vector<double> step, loss, angle;
  Descent<double> end;
};

/// Of what it reconstructs into: the decoder's rows, which untied weights learn as tied ones do.
double largest_angle(const Autoencoder& ae, const M& components) {
  return principal_angles(M(ae.decoder_weights().transpose()), components).maxCoeff();
}

Course descend(Autoencoder& ae, const M& x, const M& components, const Options& o) {
  Course c;
  std::size_t next = 0;
  ProgressLine progress(std::cout);
  const auto watch = [&](std::size_t step, double loss) {
    if (step < next && step != o.steps) return;
    next = std::max(step + 1, step * 13 / 12);
    c.step.push_back(static_cast<double>(step + 1));
    c.loss.push_back(loss);
    c.angle.push_back(largest_angle(ae, components));
    progress(static_cast<std::int64_t>(step), static_cast<std::int64_t>(o.steps),
             (ae.tied() ? "tied    loss " : "untied  loss ") + std::to_string(loss));
  };
  c.end = ae.descend(x, {.learning_rate = {},
                         .max_steps = o.steps,
                         .tolerance = 0,  // all the steps, so that both courses have one x axis
                         .watch = watch});
  return c;
}

examples::Json plots_of(const M& x, const M& pixels, const Labels& labels, const PCA<double>& pca,
                        const Autoencoder& tied, const Course& a, const Course& b, double optimum) {
  const M scores = pca.transform(pixels), codes = tied.encode(x);
  const M turned = procrustes(codes, scores).map;
  const auto shown = examples::one_of_each(labels);
  const auto columns = static_cast<Eigen::Index>(shown.size());
  const M mean = pca.mean().transpose();
  const auto with_mean = [&](const M& centred) { return M(centred + mean.replicate(columns, 1)); };
  const M some = gather_rows(x, shown), directions = tied.encoder.value * turned;
  std::vector<double> excess_tied, excess_untied;
  for (const double l : a.loss) excess_tied.push_back((l - optimum) / optimum);
  for (const double l : b.loss) excess_untied.push_back((l - optimum) / optimum);
  const std::vector<double> flat(a.step.size(), optimum);
  const examples::PlotAxis steps{"step", true};
  return {
      examples::curve("Loss", "of the auto-encoders, and the least that any projection leaves",
                      steps, a.step, {"squared error a digit"},
                      {{"tied", a.loss}, {"untied", b.loss}, {"PCA", flat, {}, true}}),
      examples::curve("Largest principal angle",
                      "between the auto-encoder's subspace and that of PCA", steps, a.step,
                      {"radians", true}, {{"tied", a.angle}, {"untied", b.angle}}),
      examples::curve("Loss beyond the optimum", "relative to what PCA leaves", steps, a.step,
                      {"share", true}, {{"tied", excess_tied}, {"untied", excess_untied}}),
      examples::scatter("PCA", "the digits by their scores on the first two components",
                        "component 1", "component 2", scores, labels),
      examples::scatter("Tied auto-encoder, turned onto PCA",
                        "the digits by their codes after the rotation that brings these nearest to "
                        "the scores",
                        "component 1", "component 2", codes * turned, labels),
      examples::images(
          "Components",
          "directions in the space of pixels; positive is one colour, "
          "negative the other",
          digit_side, pca.components().cols(),
          examples::stacked<double>({pca.components().transpose(), directions.transpose(),
                                     tied.encoder.value.transpose()}),
          {-0.4, 0.4}, "diverging", {"PCA", "auto-encoder, turned", "auto-encoder, as trained"}),
      examples::images("Reconstructions", "the first digit of each class and what is left of it",
                       digit_side, columns,
                       examples::stacked<double>({with_mean(some),
                                                  pca.inverse_transform(gather_rows(scores, shown)),
                                                  with_mean(tied.reconstruct(some))}),
                       {}, "grey", {"original", "PCA", "auto-encoder"})};
}

int run(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  const Dataset<double, Labels> digits = examples::read_digits<double>(o.data);
  const M x = digits.x.rowwise() - digits.x.colwise().mean();
  PCAOptions options;
  options.components = o.components;
  options.ddof = 0;
  const PCA<double> pca = PCA<double>(options).fit(digits.x);
  const double optimum = pca.total_variance() - pca.explained_variance().sum();

  Random random(o.seed);
  Autoencoder tied(x.cols(), o.components, random);
  Autoencoder untied(x.cols(), o.components, random, Decoder::untied);
  const Course a = descend(tied, x, pca.components(), o);
  const Course b = descend(untied, x, pca.components(), o);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  const M w = tied.encoder.value, v = untied.encoder.value, scores = pca.transform(digits.x);
  const M unit = M::Identity(w.cols(), w.cols());
  const auto misfit = [&](const M& codes) { return align(codes, scores).error / scores.norm(); };
  const double tied_misfit = misfit(tied.encode(x)), untied_misfit = misfit(untied.encode(x));
  const double tied_turn = (w.transpose() * w - unit).norm();
  const double untied_turn = (v.transpose() * v - unit).norm();
  std::printf("%-28s %12s %12s\n", "", "tied", "untied");
  const auto line = [](const char* what, double t, double u) {
    std::printf("%-28s %12.3g %12.3g\n", what, t, u);
  };
  line("loss beyond PCA's, relative", a.loss.back() / optimum - 1, b.loss.back() / optimum - 1);
  line("largest principal angle", a.angle.back(), b.angle.back());
  line("codes onto scores, misfit", tied_misfit, untied_misfit);
  line("|W'W - I|", tied_turn, untied_turn);
  std::printf("%zu steps each, %.1f s\n", o.steps, seconds.count());

  using examples::number;
  examples::write(
      o.out,
      {{"schema", 1},
       {"name", "pca-ae"},
       {"about", "Linear auto-encoders with " + std::to_string(o.components) +
                     " codes, tied and untied, descend to the subspace of PCA on the handwritten "
                     "digits"},
       {"options",
        {{"components", o.components}, {"steps", o.steps}, {"seed", std::to_string(o.seed)}}},
       {"figures",
        {{"optimum", number(optimum)},
         {"explained", number(pca.explained_variance_ratio().sum())},
         {"tied_angle", number(a.angle.back())},
         {"untied_angle", number(b.angle.back())},
         {"tied_misfit", number(tied_misfit)},
         {"untied_misfit", number(untied_misfit)},
         {"tied_not_orthonormal", number(tied_turn)},
         {"untied_not_orthonormal", number(untied_turn)},
         {"seconds", seconds.count()}}},
       {"epochs", examples::Json::object()},
       {"plots", plots_of(x, digits.x, digits.y, pca, tied, a, b, optimum)}});
  std::printf("%s\n", o.out.c_str());
  return a.loss.back() <= optimum * (1 + 1e-3) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Trains linear auto-encoders on the digits until their subspace is that of PCA.",
               "pca-ae");
  app.add_option("--components", o.components, "Codes, and components of PCA")
      ->check(CLI::Range(2, 64))
      ->capture_default_str();
  app.add_option("--steps", o.steps, "Of gradient descent, each on all digits")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", o.seed, "Of the initial weights")->capture_default_str();
  app.add_option("--data", o.data, "64 pixels and the class in a line")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--out", o.out, "Result file")->type_name("FILE")->capture_default_str();
  app.footer(
      "Exit codes: 0 the tied one is within 0.1 % of PCA's loss, 1 not, 2 wrong usage or an "
      "error.");
  return assay::examples::parse_and_run(app, argc, argv, [&o] { return run(o); });
}
