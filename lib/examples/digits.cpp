// A network on the handwritten digits; when it is trained, the suite checks its gradient.

#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>

#include "assay/data/weights.hpp"
#include "assay/nn/layers.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/train.hpp"
#include "assay/verify.hpp"
#include "experiment.hpp"
#include "handwritten_digits.hpp"

namespace {

using namespace assay;
using Data = Dataset<double, Labels>;
using Net = nn::Sequential<double>;

constexpr Eigen::Index pixels = examples::digit_pixels, classes = examples::digit_classes;

struct Options {
  Eigen::Index hidden = 64, batch = 32;
  std::size_t epochs = 40;
  std::optional<double> learning_rate;
  std::uint64_t seed = 1;
  std::string optimizer = "adam", data = "fixtures/data/digits.csv.gz", weights,
              out = "reports/out/experiments/digits.json";
  double at_least = 0;
  bool check = true;
};

const auto cross_entropy_of = [](const auto& logits, const Labels& y) {
  return cross_entropy(logits, y);
};

Optimizer<double> optimizer_of(const Options& o, Net& net) {
  if (o.optimizer == "sgd") {
    const double rate = o.learning_rate.value_or(0.05);
    return {net.parameters(), SGD<double>({.learning_rate = rate, .momentum = 0.9})};
  }
  const double rate = o.learning_rate.value_or(2e-3);
  return {net.parameters(), AdamW<double>({.learning_rate = rate})};
}

/// The gradient of the loss of a few digits with respect to every weight, against differences.
verify::FunctionReport check_gradient(Net& net, const Data& digits) {
  const std::vector<Parameter<double>*> parameters = net.parameters();
  verify::Matrices weights;
  for (const Parameter<double>* p : parameters) weights.emplace_back(p->value);
  Graph<double> graph;
  const auto loss_at = [&](const verify::Matrices& w) {
    for (std::size_t i = 0; i < w.size(); ++i) parameters[i]->value = w[i];
    graph.clear();
    return cross_entropy_of(net(graph.borrow(digits.x)), digits.y);
  };
  auto report =
      verify::check_function([&](const verify::Matrices& w) { return loss_at(w).value(); },
                             [&](const verify::Matrices& w, const Mat<double>& dy) {
                               net.zero_grad();
                               graph.backward(loss_at(w), dy);
                               verify::Matrices gradients;
                               for (const Parameter<double>* p : parameters)
                                 gradients.emplace_back(p->grad);
                               return gradients;
                             },
                             weights);
  static_cast<void>(loss_at(weights));  // puts them back
  return report;
}

int run(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  Random random(o.seed);
  const auto [train, test] = examples::split(examples::read_digits<double>(o.data), random);
  Net net{nn::Linear<double>(pixels, o.hidden, random), assay::tanh,
          nn::Linear<double>(o.hidden, classes, random)};
  Optimizer<double> optimizer = optimizer_of(o, net);
  // The test set is looked at, and nothing is chosen by it.
  const History<double> h =
      fit(net, cross_entropy_of, optimizer, random, train, test,
          {.epochs = o.epochs, .batch = {.size = o.batch}, .progress = &std::cout});
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const double accuracy = h.validation_accuracy.back();
  std::printf("%.2f %% of %td digits right; %td parameters, trained on %td digits in %.1f s\n",
              100 * accuracy, test.rows(), net.parameter_count(), train.rows(), seconds.count());
  if (!o.weights.empty()) data::save_weights(o.weights, net);

  examples::Json figures{{"test_accuracy", accuracy},
                         {"test_loss", examples::number(h.validation_loss.back())},
                         {"parameters", net.parameter_count()},
                         {"seconds", seconds.count()}};
  bool right = true;
  if (o.check) {
    const verify::FunctionReport report = check_gradient(net, test.at({0, 1, 2, 3, 4, 5, 6, 7}));
    right = report.ok();
    std::printf("%s\n", report.message().c_str());
    figures["gradient"] = right ? "correct" : "wrong";
    figures["gradient_elements"] = report.result.elements;
    figures["gradient_detection_limit"] = examples::number(report.detection_limit);
  }
  examples::write(o.out, {{"schema", 1},
                          {"name", "digits"},
                          {"about", "A 64-" + std::to_string(o.hidden) +
                                        "-10 network on 8x8 handwritten digits; four fifths to "
                                        "train, one fifth to test"},
                          {"options",
                           {{"hidden", o.hidden},
                            {"epochs", o.epochs},
                            {"batch", o.batch},
                            {"optimizer", o.optimizer},
                            {"learning_rate", optimizer.learning_rate()},
                            {"seed", std::to_string(o.seed)}}},
                          {"figures", figures},
                          {"epochs",
                           {{"loss", examples::numbers(h.loss)},
                            {"accuracy", examples::numbers(h.accuracy)},
                            {"test_loss", examples::numbers(h.validation_loss)},
                            {"test_accuracy", examples::numbers(h.validation_accuracy)}}}});
  std::printf("%s\n", o.out.c_str());
  return right && accuracy >= o.at_least ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Trains a network with one hidden layer on the handwritten digits.", "digits");
  app.add_option("--hidden", o.hidden, "Hidden neurons")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--epochs", o.epochs, "Passes over the training data")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--batch", o.batch, "Digits in a step")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--optimizer", o.optimizer, "adam (AdamW) or sgd (momentum 0.9)")
      ->check(CLI::IsMember({"adam", "sgd"}))
      ->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Default: 0.002 of adam, 0.05 of sgd");
  app.add_option("--seed", o.seed, "Of the split, the initial weights and the batches")
      ->capture_default_str();
  app.add_option("--data", o.data, "64 pixels and the class in a line, gzip or not")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_option("--weights", o.weights, "Where to save the weights, as safetensors")
      ->type_name("FILE");
  app.add_option("--out", o.out, "Result file")->type_name("FILE")->capture_default_str();
  app.add_option("--at-least", o.at_least, "Test accuracy below which to fail")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_flag("!--no-check", o.check, "Do not check the gradient of the trained network");
  app.footer(
      "Exit codes: 0 done, 1 the gradient is wrong or the accuracy too low, 2 wrong usage or an "
      "error.");
  return assay::examples::parse_and_run(app, argc, argv, [&o] { return run(o); });
}
