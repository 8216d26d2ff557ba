// Batches, accuracy and the training loop.

#include "assay/train.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>
#include <string>

#include "assay/nn.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/sgd.hpp"
#include "testing.hpp"

namespace assay {
namespace {

using M = Mat<double>;
using Indices = std::vector<Eigen::Index>;
using Net = nn::Sequential<double>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// --- batches -------------------------------------------------------------------------------------

TEST(Batches, CoverEveryRowOnce) {
  Random random(1);
  for (const Eigen::Index rows : {1, 7, 32, 33, 100}) {
    for (const Sampling sampling : {Sampling::without_replacement, Sampling::in_order}) {
      Indices seen;
      for (const Indices& b : batches(rows, {.size = 8, .sampling = sampling}, random)) {
        EXPECT_TRUE(b.size() == 8 || seen.size() + b.size() == static_cast<std::size_t>(rows));
        seen.insert(seen.end(), b.begin(), b.end());
      }
      if (sampling == Sampling::without_replacement) std::sort(seen.begin(), seen.end());
      ASSERT_EQ(seen.size(), static_cast<std::size_t>(rows));
      for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], static_cast<int>(i));
    }
  }
}

TEST(Batches, DropAShortLastBatchIfToldTo) {
  Random random(1);
  EXPECT_EQ(batches(17, {.size = 8}, random).back().size(), 1u);
  EXPECT_EQ(batches(17, {.size = 8, .drop_last = true}, random).size(), 2u);
  EXPECT_EQ(batches(16, {.size = 8, .drop_last = true}, random).size(), 2u);
  EXPECT_EQ(batches(3, {.size = 8}, random).size(), 1u);
}

TEST(Batches, WithReplacementEveryRowIsDrawnAlike) {
  Random random(11);
  constexpr int rows = 20, epochs = 500;
  std::vector<double> drawn(rows, 0);
  int with_all = 0;
  for (int e = 0; e < epochs; ++e) {
    std::set<Eigen::Index> seen;
    for (const Indices& b :
         batches(rows, {.size = 6, .sampling = Sampling::with_replacement}, random)) {
      for (const Eigen::Index i : b) {
        ++drawn.at(static_cast<std::size_t>(i));
        seen.insert(i);
      }
    }
    with_all += seen.size() == rows ? 1 : 0;
  }
  double chi_square = 0;
  for (const double d : drawn) chi_square += (d - epochs) * (d - epochs) / epochs;
  EXPECT_LT(chi_square, 60.5);  // 19 degrees of freedom: exceeded once in 4e-6
  EXPECT_EQ(with_all, 0);       // 20! / 20^20 = 2e-8
}

TEST(Batches, DependOnTheSeedAlone) {
  Random one(4), same(4), other(5);
  const auto first = batches(50, {}, one);
  EXPECT_EQ(first, batches(50, {}, same));
  EXPECT_NE(first, batches(50, {}, other));
  EXPECT_NE(first, batches(50, {}, one));  // the next epoch
}

TEST(Batches, ThatWouldBeNoneAreErrors) {
  using Error = std::invalid_argument;
  Random random(1);
  EXPECT_EQ(message_of<Error>([&] { batches(0, {}, random); }),
            "batches: rows is 0; there must be one at least");
  EXPECT_EQ(message_of<Error>([&] { batches(5, {.size = 0}, random); }),
            "batches: size is 0; it must be positive");
  EXPECT_EQ(message_of<Error>([&] { batches(5, {.size = 6, .drop_last = true}, random); }),
            "batches: size is 6; with drop_last it must not exceed the number of rows, 5");
}

TEST(Dataset, TakesRowsByIndexAndMindsLengths) {
  const Dataset<double, Labels> d{M{{1, 2}, {3, 4}, {5, 6}}, {7, 8, 9}};
  const auto part = d.at({2, 0, 2});
  EXPECT_EQ(part.x, (M{{5, 6}, {1, 2}, {5, 6}}));
  EXPECT_EQ(part.y, (Labels{9, 7, 9}));
  EXPECT_THROW(static_cast<void>(d.at({3})), ShapeError);
  const Dataset<double> unequal{M::Ones(3, 2), M::Ones(2, 1)};
  EXPECT_EQ(message_of<ShapeError>([&] { static_cast<void>(unequal.at({0})); }),
            "Dataset::at: x is 3x2 and y is 2x1; both need as many rows");
}

// --- accuracy ------------------------------------------------------------------------------------

TEST(Accuracy, OneLogitIsClass1FromZeroOn) {
  EXPECT_EQ(predicted_classes(M{{-1e-300}, {-0.0}, {0}, {5}, {kNaN}}), (Labels{0, 1, 1, 1, -1}));
  EXPECT_EQ(accuracy(M{{-1}, {0}, {1}, {-2}}, M{{0}, {1}, {0}, {0}}), 0.75);
  EXPECT_EQ(accuracy(M{{-1}, {0}}, Labels{1, 1}), 0.5);
}

TEST(Accuracy, SeveralLogitsGiveTheFirstOfTheLargest) {
  const M z{{1, 3, 3}, {2, 2, 2}, {-3, -2, -1}, {9, kNaN, 1}, {-HUGE_VAL, -HUGE_VAL, 0}};
  EXPECT_EQ(predicted_classes(z), (Labels{1, 0, 2, -1, 2}));
  EXPECT_EQ(accuracy(z, Labels{1, 0, 0, 0, 2}), 0.6);
  EXPECT_EQ(accuracy(z.topRows(2), M{{0.2, 0.5, 0.3}, {0, 1, 0}}), 0.5);  // soft targets
  EXPECT_EQ(accuracy(z.topRows(2), M{{1}, {2}}), 0.5);
}

TEST(Accuracy, UnfitLabelsAreErrors) {
  const M z = M::Ones(2, 3);
  EXPECT_THROW(accuracy(z, Labels{0}), ShapeError);
  EXPECT_THROW(accuracy(z, Labels{0, 3}), ShapeError);
  EXPECT_THROW(accuracy(z, Labels{0, -1}), ShapeError);
  EXPECT_THROW(accuracy(z, M::Ones(2, 2)), ShapeError);
  EXPECT_THROW(accuracy(M(0, 3), Labels{}), ShapeError);
  EXPECT_THROW(accuracy(M(2, 0), Labels{0, 0}), ShapeError);
  EXPECT_THROW(accuracy(M::Ones(2, 1), Labels{0, 2}), ShapeError);
  EXPECT_EQ(message_of<std::invalid_argument>([&] {
              accuracy(z, M{{1}, {0.5}});
            }),
            "accuracy: labels(1, 0) is 0.5; a class must be a whole number");
}

// --- the loop ------------------------------------------------------------------------------------

const auto kCrossEntropy = [](const auto& z, const Labels& y) { return cross_entropy(z, y); };

/// Two classes on either side of a circle.
Dataset<double, Labels> circle(Eigen::Index n, std::uint64_t seed) {
  Random random(seed);
  Dataset<double, Labels> d{random.normal_matrix<double>({n, 2}), {}};
  for (Eigen::Index i = 0; i < n; ++i) d.y.push_back(d.x.row(i).squaredNorm() > 1.4 ? 1 : 0);
  return d;
}

Net small(Random& random) {
  return Net{nn::Linear<double>(2, 8, random), nn::BatchNorm1d<double>(8), tanh,
             nn::Linear<double>(8, 2, random)};
}

struct Trained {
  std::vector<double> values;
  M running_mean;
  History<double> history;
  double rate = 0;
};

Trained trained(const FitOptions& options, std::uint64_t seed = 1, double rate = 0.05) {
  Random random(seed);
  Net net = small(random);
  Optimizer<double> adam(net.parameters(), Adam<double>({.learning_rate = rate}));
  Trained t;
  t.history = fit(net, kCrossEntropy, adam, random, circle(60, 2), circle(40, 3), options);
  t.values.assign(adam.flat().values().begin(), adam.flat().values().end());
  t.running_mean = dynamic_cast<nn::BatchNorm1d<double>&>(net[1]).running_mean;
  t.rate = adam.learning_rate();
  return t;
}

double halved(std::int64_t steps) { return steps < 10 ? 1 : 0.5; }

TEST(Fit, IsTheLoopThatOneWouldWriteBitForBit) {
  const FitOptions options{
      .epochs = 4, .batch = {.size = 16}, .clip_value = 0.2, .clip_norm = 0.3, .schedule = halved};
  const Trained by_fit = trained(options);

  Random random(1);
  Net net = small(random);
  const Flat<double> flat(net.parameters());
  Adam<double> adam({.learning_rate = 0.05});
  const auto train = circle(60, 2), validation = circle(40, 3);
  Graph<double> graph;
  History<double> by_hand;
  for (int epoch = 0; epoch < 4; ++epoch) {
    double loss_sum = 0, right_sum = 0;
    net.train();
    for (const Indices& indices : batches(60, {.size = 16}, random)) {
      const auto batch = train.at(indices);
      const auto n = static_cast<double>(indices.size());
      graph.clear();
      flat.zero_grad();
      const auto z = net(graph.constant(batch.x));
      const auto loss = cross_entropy(z, batch.y);
      loss_sum += loss.value()(0) * n;
      right_sum += accuracy(z.value(), batch.y) * n;
      graph.backward(loss);
      clip_by_value(flat.grads(), 0.2);
      clip_by_norm(flat.grads(), 0.3);
      adam.set_learning_rate(0.05 * halved(adam.steps()));
      adam.step(flat.values(), flat.grads());
    }
    by_hand.loss.push_back(loss_sum / 60);
    by_hand.accuracy.push_back(right_sum / 60);
    net.eval();
    graph.clear();
    const auto z = net(graph.constant(validation.x));
    by_hand.validation_loss.push_back(cross_entropy(z, validation.y).value()(0) * 40 / 40);
    by_hand.validation_accuracy.push_back(accuracy(z.value(), validation.y));
  }
  const auto& v = by_hand.validation_loss;
  by_hand.best_epoch = static_cast<std::size_t>(std::min_element(v.begin(), v.end()) - v.begin());
  EXPECT_EQ(by_fit.history, by_hand);
  EXPECT_EQ(by_fit.values, std::vector<double>(flat.values().begin(), flat.values().end()));
  EXPECT_EQ(by_fit.rate, 0.05);
}

TEST(Fit, LearnsAndTheSameSeedGivesTheSameWeights) {
  const FitOptions options{.epochs = 40, .batch = {.size = 16}};
  const Trained one = trained(options), same = trained(options), other = trained(options, 2);
  EXPECT_EQ(one.values, same.values);
  EXPECT_EQ(one.history, same.history);
  EXPECT_NE(one.values, other.values);
  EXPECT_LT(one.history.loss.back(), one.history.loss.front() / 2);
  EXPECT_GE(one.history.accuracy.back(), 0.9);
  EXPECT_EQ(one.history.validation_accuracy.size(), 40u);
}

TEST(Fit, EarlyStoppingStopsAndRestoresTheBestModel) {
  // A rate so high that the validation loss soon rises.
  FitOptions options{.epochs = 200, .batch = {.size = 60}, .early_stopping = EarlyStopping{}};
  options.early_stopping->patience = 4;
  const Trained stopped = trained(options, 1, 2);
  const History<double>& h = stopped.history;
  ASSERT_TRUE(h.stopped_early && h.best_epoch);
  EXPECT_EQ(h.loss.size(), *h.best_epoch + 1 + 4);
  const auto& v = h.validation_loss;
  EXPECT_EQ(std::min_element(v.begin(), v.end()) - v.begin(),
            static_cast<std::ptrdiff_t>(*h.best_epoch));

  const Trained best = trained({.epochs = *h.best_epoch + 1, .batch = {.size = 60}}, 1, 2);
  EXPECT_EQ(stopped.values, best.values);
  EXPECT_EQ(stopped.running_mean, best.running_mean);

  options.early_stopping->restore_best = false;
  const Trained last = trained(options, 1, 2);
  EXPECT_EQ(last.history, h);
  EXPECT_EQ(last.values, trained({.epochs = h.loss.size(), .batch = {.size = 60}}, 1, 2).values);
  EXPECT_NE(last.values, best.values);

  options.early_stopping->min_improvement = 1e9;  // the first epoch alone counts as one
  EXPECT_EQ(trained(options, 1, 2).history.loss.size(), 1u + 4);
}

TEST(Fit, ALossThatIsNoNumberNeverImproves) {
  Random random(1);
  Net net{nn::Linear<double>(2, 1, random)};
  Optimizer<double> sgd(net.parameters(), SGD<double>({}));
  const Dataset<double> d{M::Constant(4, 2, kNaN), M::Ones(4, 1)};
  const auto h =
      fit(net, squared_error_mean, sgd, random, d, d,
          {.epochs = 50, .accuracy = false, .early_stopping = EarlyStopping{.patience = 3}});
  EXPECT_EQ(h.loss.size(), 3u);
  EXPECT_TRUE(h.stopped_early);
  EXPECT_FALSE(h.best_epoch);
  EXPECT_TRUE(h.accuracy.empty() && h.validation_accuracy.empty());
}

TEST(Fit, UnfitDataAndOptionsAreErrorsBeforeTheFirstStep) {
  Random random(1);
  Net net = small(random);
  Optimizer<double> sgd(net.parameters(), SGD<double>({}));
  const auto good = circle(8, 1);
  const Dataset<double, Labels> empty{M(0, 2), {}}, unequal{M::Ones(3, 2), {0, 1}};
  const auto run = [&](const auto& train, const FitOptions& options) {
    fit(net, kCrossEntropy, sgd, random, train, options);
  };
  EXPECT_EQ(message_of<ShapeError>([&] { run(empty, {}); }),
            "fit: training data: x is 0x2; there must be one row at least");
  EXPECT_EQ(message_of<ShapeError>([&] { run(unequal, {}); }),
            "fit: training data: x is 3x2 and y is 2x1; both need as many rows");
  EXPECT_THROW(fit(net, kCrossEntropy, sgd, random, good, empty), ShapeError);
  EXPECT_THROW(run(good, {.batch = {.size = 0}}), std::invalid_argument);
  EXPECT_THROW(run(good, {.early_stopping = EarlyStopping{}}), std::invalid_argument);
  EXPECT_EQ(sgd.steps(), 0);
}

TEST(Evaluate, MeansOverRowsAndLeavesTheModelAsItWas) {
  Random random(1);
  Net net = small(random);
  auto& norm = dynamic_cast<nn::BatchNorm1d<double>&>(net[1]);
  const auto data = circle(10, 5);
  const auto whole = evaluate(net, kCrossEntropy, data);
  const auto parts = evaluate(net, kCrossEntropy, data, true, 4);  // 4, 4 and 2 rows
  EXPECT_DOUBLE_EQ(parts.loss, whole.loss);
  EXPECT_DOUBLE_EQ(parts.accuracy, whole.accuracy);
  EXPECT_TRUE(net.training() && norm.training());
  EXPECT_EQ(norm.num_batches_tracked, 0);
}

TEST(ProgressLine, IsOneLineOnATerminalAndTenElsewhere) {
  std::ostringstream plain, terminal;
  trained({.epochs = 30, .progress = &plain});
  const std::string text = plain.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.rfind("10 %  0 s  epoch 3  loss ", 0), 0u) << text;
  EXPECT_NE(text.find("\n100 %"), std::string::npos) << text;
  {
    ProgressLine line(terminal, true);
    for (int i = 1; i <= 1000; ++i) line(i, 1000, "working");
  }
  const std::string once = terminal.str();
  EXPECT_EQ(std::count(once.begin(), once.end(), '\n'), 1);
  EXPECT_EQ(once.back(), '\n');
  EXPECT_NE(once.find("\r\033[K[########################] 100 %  0 s  working"), std::string::npos);
}

TEST(Training, MemoryDoesNotGrowOver100000Steps) {
  Random random(1);
  Net net{nn::Linear<double>(2, 2, random), tanh, nn::Linear<double>(2, 1, random)};
  Optimizer<double> adam(net.parameters(), Adam<double>({.learning_rate = 1e-3}));
  const M x{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, y{{0}, {1}, {1}, {0}};
  Graph<double> graph;
  const auto steps = [&](int n) {
    for (int i = 0; i < n; ++i) {
      graph.clear();
      adam.zero_grad();
      graph.backward(bce_with_logits_mean(net(graph.constant(x)), y));
      adam.step();
    }
    return mallinfo2().uordblks;
  };
  const auto before = steps(10);
  EXPECT_LE(steps(100'000), before + 4096);
}

}  // namespace
}  // namespace assay
