// A variational auto-encoder of the handwritten digits, with a latent plane to look at.

#include "assay/vae.hpp"

#include <chrono>
#include <cstdio>
#include <iostream>
#include <limits>
#include <numeric>

#include "assay/ops/tanh.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/flat.hpp"
#include "assay/train/progress.hpp"
#include "handwritten_digits.hpp"
#include "plots.hpp"

namespace {

using namespace assay;
using examples::digit_pixels, examples::digit_side;
using Data = Dataset<float, Labels>;

struct Options {
  Eigen::Index hidden = 128, batch = 64;
  int epochs = 300;
  double learning_rate = 2e-3, kl_weight = 1, at_most = std::numeric_limits<double>::max();
  std::uint64_t seed = 1;
  std::string data = "fixtures/data/digits.csv.gz", out = "reports/out/experiments/vae.json";
};

constexpr Eigen::Index latent = 2;  // what can be drawn
constexpr Eigen::Index plane = 15;  // points a side of the latent plane

VAE<float> model_of(const Options& o, Random& random) {
  using Layer = nn::Linear<float>;
  const Eigen::Index half = (o.hidden + 1) / 2;
  nn::Sequential<float> encoder{Layer(digit_pixels, o.hidden, random), assay::tanh,
                                Layer(o.hidden, half, random), assay::tanh,
                                Layer(half, head_size(Covariance::diagonal, latent), random)};
  nn::Sequential<float> decoder{Layer(latent, half, random), assay::tanh,
                                Layer(half, o.hidden, random), assay::tanh,
                                Layer(o.hidden, digit_pixels, random)};
  return {std::move(encoder),
          std::move(decoder),
          {.latent = latent, .reconstruction = Reconstruction::bce}};
}

/// Minus the evidence lower bound and its two terms, in nats a digit.
using Losses = Eigen::Array3d;

Losses value_of(const NegativeElbo<float>& l) {
  return Eigen::Array3f(l.loss.value()(0), l.reconstruction.value()(0), l.divergence.value()(0))
      .cast<double>();
}

Losses train_epoch(VAE<float>& vae, Optimizer<float>& adam, Graph<float>& graph,
                   const Mat<float>& x, const Options& o, Random& random) {
  Losses sum = Losses::Zero();
  for (const auto& rows : batches(x.rows(), {.size = o.batch}, random)) {
    const Mat<float> batch = gather_rows(x, rows);
    graph.clear();
    adam.zero_grad();
    const NegativeElbo<float> l = vae.loss(graph.borrow(batch), random, o.kl_weight);
    sum += value_of(l) * static_cast<double>(batch.rows()) / static_cast<double>(x.rows());
    graph.backward(l.loss);
    adam.step();
  }
  return sum;
}

examples::Json plots_of(VAE<float>& vae, const Data& train, const Data& test, Random& random,
                        const std::vector<Losses>& history, const std::vector<Losses>& tested) {
  const auto part = [](const std::vector<Losses>& all, Eigen::Index which) {
    std::vector<double> values;
    for (const Losses& l : all) values.push_back(l[which]);
    return values;
  };
  std::vector<double> epoch(history.size());
  std::iota(epoch.begin(), epoch.end(), 1.0);
  const Data shown = test.at(examples::one_of_each(test.y));
  const auto columns = shown.rows();
  return {examples::images(
              "The latent plane, decoded",
              "digits that the decoder makes of a square of latent points, each of which "
              "stands for the same share of the prior",
              digit_side, plane, vae.decode_means(examples::normal_plane<float>(plane)), {}),
          examples::images("Samples from the prior", "digits decoded from standard normal noise",
                           digit_side, plane, vae.sample(6 * plane, random), {}),
          examples::images("Reconstructions",
                           "digits of the test set above, what is left of them below", digit_side,
                           columns, examples::stacked<float>({shown.x, vae.reconstruct(shown.x)}),
                           {}, "grey", {"original", "reconstruction"}),
          examples::scatter("The latent plane", "the mean of the posterior of each training digit",
                            "z1", "z2", vae.latent_means(train.x), train.y),
          examples::curve("Loss", "minus the evidence lower bound and its parts, in nats a digit",
                          {"epoch"}, epoch, {"nats"},
                          {{"training", part(history, 0)},
                           {"test", part(tested, 0)},
                           {"training, reconstruction", part(history, 1)},
                           {"training, divergence", part(history, 2)}})};
}

int run(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  Random random(o.seed);
  const auto [train, test] = examples::split(examples::read_digits<float>(o.data), random);
  VAE<float> vae = model_of(o, random);
  Optimizer<float> adam{vae.parameters(), Adam<float>({.learning_rate = o.learning_rate})};
  Graph<float> graph;
  std::vector<Losses> history, tested;
  ProgressLine progress(std::cout);
  for (int epoch = 1; epoch <= o.epochs; ++epoch) {
    // Down to nothing along a quarter of a cosine: the last epochs only settle.
    adam.set_learning_rate(o.learning_rate *
                           std::cos(std::acos(0.0) * (epoch - 1) / static_cast<double>(o.epochs)));
    history.push_back(train_epoch(vae, adam, graph, train.x, o, random));
    graph.clear();
    tested.push_back(value_of(vae.loss(graph.borrow(test.x), random, o.kl_weight)));
    progress(
        epoch, o.epochs,
        "loss " + std::to_string(history.back()[0]) + "  test " + std::to_string(tested.back()[0]));
  }
  progress.finish();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const Losses& last = tested.back();
  std::printf(
      "%.2f nats a digit of the test set: %.2f to reconstruct, %.2f of divergence; %.1f s\n",
      last[0], last[1], last[2], seconds.count());

  using examples::number;
  examples::write(
      o.out,
      {{"schema", 1},
       {"name", "vae"},
       {"about", "A variational auto-encoder of 8x8 handwritten digits with two latent numbers"},
       {"options",
        {{"hidden", o.hidden},
         {"epochs", o.epochs},
         {"batch", o.batch},
         {"learning_rate", o.learning_rate},
         {"kl_weight", o.kl_weight},
         {"seed", std::to_string(o.seed)}}},
       {"figures",
        {{"test_loss", number(last[0])},
         {"test_reconstruction", number(last[1])},
         {"test_divergence", number(last[2])},
         {"parameters", vae.parameter_count()},
         {"seconds", seconds.count()}}},
       {"epochs", examples::Json::object()},
       {"plots", plots_of(vae, train, test, random, history, tested)}});
  std::printf("%s\n", o.out.c_str());
  return last[0] <= o.at_most ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Trains a variational auto-encoder with two latent numbers on the digits.", "vae");
  const auto positive = CLI::Range(1, 1'000'000);
  app.add_option("--hidden", o.hidden, "Hidden neurons; beside them a layer of half as many")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--epochs", o.epochs, "Passes over the training data")
      ->check(positive)
      ->capture_default_str();
  app.add_option("--batch", o.batch, "Digits in a step")->check(positive)->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Of Adam")->capture_default_str();
  app.add_option("--kl-weight", o.kl_weight, "Of the divergence; 1: the evidence lower bound")
      ->capture_default_str();
  app.add_option("--seed", o.seed, "Of the split, the weights, the batches and the noise")
      ->capture_default_str();
  app.add_option("--data", o.data, "64 pixels and the class in a line")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--out", o.out, "Result file")->type_name("FILE")->capture_default_str();
  app.add_option("--at-most", o.at_most, "Test loss beyond which to fail");
  app.footer(
      "Exit codes: 0 done, 1 the loss is no number or too large, 2 wrong usage or an error.");
  return assay::examples::parse_and_run(app, argc, argv, [&o] { return run(o); });
}
