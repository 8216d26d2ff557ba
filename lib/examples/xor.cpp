// XOR on scalar nodes: a network whose every number is a node of the graph.

#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>

#include "assay/nn/scalar.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/train/accuracy.hpp"
#include "assay/train/progress.hpp"
#include "experiment.hpp"

namespace {

using namespace assay;
using Network = nn::scalar::Network<double>;

struct Options {
  std::size_t hidden = 2;
  int epochs = 2000;
  double learning_rate = 0.5, momentum = 0;
  std::uint64_t seed = 2;
  std::string activation = "tanh", out = "reports/out/experiments/xor.json";
};

const std::map<std::string, Network::Activation> activations{
    {"relu", assay::relu}, {"sigmoid", assay::sigmoid}, {"tanh", assay::tanh}};

constexpr std::array<std::array<double, 2>, 4> points{{{0, 0}, {0, 1}, {1, 0}, {1, 1}}};
constexpr std::array<double, 4> labels{0, 1, 1, 0};

struct Pass {
  double loss, accuracy;
  std::array<double, 4> logits;
  std::size_t nodes;
};

/// Records all four points anew and leaves the gradient of their mean loss in the network.
Pass sweep(Tape<double>& tape, Network& net) {
  Pass p{};
  tape.clear();
  net.zero_grad();
  Scalar<double> total = tape.variable(0);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::vector<Scalar<double>> x{tape.variable(points[i][0]), tape.variable(points[i][1])};
    const Scalar<double> logit = net(x).front();
    total = total + bce_with_logits(logit, labels[i]);
    p.logits[i] = logit.value();
  }
  const Scalar<double> loss = total / static_cast<double>(points.size());
  p.loss = loss.value();
  p.nodes = tape.size();
  p.accuracy = accuracy(Eigen::Map<const Eigen::Vector4d>(p.logits.data()),
                        Eigen::Map<const Eigen::Vector4d>(labels.data()));
  tape.backward(loss);
  return p;
}

int run(const Options& o) {
  const auto begin = std::chrono::steady_clock::now();
  Random random(o.seed);
  Tape<double> tape;
  Network net(tape, {2, o.hidden, 1}, activations.at(o.activation), random);
  SGD<double> sgd({.learning_rate = o.learning_rate, .momentum = o.momentum});

  std::vector<double> losses, accuracies;
  ProgressLine progress(std::cout);
  for (int epoch = 1; epoch <= o.epochs; ++epoch) {
    const Pass p = sweep(tape, net);
    sgd.step(net.values(), net.grads());
    losses.push_back(p.loss);
    accuracies.push_back(p.accuracy);
    progress(epoch, o.epochs, "loss " + std::to_string(p.loss));
  }
  progress.finish();
  const Pass last = sweep(tape, net);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;

  for (std::size_t i = 0; i < points.size(); ++i) {
    std::printf("%g xor %g = %d   (logit %+.3f)\n", points[i][0], points[i][1],
                last.logits[i] >= 0 ? 1 : 0, last.logits[i]);
  }
  std::printf("loss %.6f, %.0f %% right; %zu parameters, %zu nodes a step, %.2f s\n", last.loss,
              100 * last.accuracy, net.parameter_count(), last.nodes, seconds.count());

  using examples::number;
  examples::write(
      o.out,
      {{"schema", 1},
       {"name", "xor"},
       {"about", "A 2-" + std::to_string(o.hidden) +
                     "-1 network on XOR, every number a node of "
                     "the scalar graph; gradient descent on all four points"},
       {"options",
        {{"hidden", o.hidden},
         {"epochs", o.epochs},
         {"learning_rate", o.learning_rate},
         {"momentum", o.momentum},
         {"activation", o.activation},
         {"seed", std::to_string(o.seed)}}},
       {"figures",
        {{"loss", number(last.loss)},
         {"accuracy", number(last.accuracy)},
         {"parameters", net.parameter_count()},
         {"nodes", last.nodes},
         {"seconds", seconds.count()}}},
       {"epochs",
        {{"loss", examples::numbers(losses)}, {"accuracy", examples::numbers(accuracies)}}}});
  std::printf("%s\n", o.out.c_str());
  return last.accuracy == 1 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Trains a small network on XOR; every number is a node of the scalar graph.", "xor");
  app.add_option("--hidden", o.hidden, "Hidden neurons")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--epochs", o.epochs, "Steps, each on all four points")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--learning-rate", o.learning_rate, "Of gradient descent")->capture_default_str();
  app.add_option("--momentum", o.momentum, "0: none")->capture_default_str();
  app.add_option("--activation", o.activation, "Of the hidden neurons: relu, sigmoid or tanh")
      ->check(CLI::IsMember({"relu", "sigmoid", "tanh"}))
      ->capture_default_str();
  app.add_option("--seed", o.seed,
                 "Of the initial weights; with 2 hidden neurons not every start learns")
      ->capture_default_str();
  app.add_option("--out", o.out, "Result file")->type_name("FILE")->capture_default_str();
  app.footer("Exit codes: 0 all four points are right, 1 not, 2 wrong usage or an error.");
  return assay::examples::parse_and_run(app, argc, argv, [&o] { return run(o); });
}
