// Claim 21, training: accuracy, parameter counts, batches, and the loop, which is repeated by hand.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "assay/nn/layers.hpp"
#include "assay/nn/scalar.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/train.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

std::string text(double x) { return fmt::format("{}", x); }

// --- 21i: accuracy -------------------------------------------------------------------------------

/// Logits of any size, among them zeros of both signs and their neighbours.
template <class T>
void logit_of_class_one(Trial& t, const Format& f) {
  using L = std::numeric_limits<T>;
  Random random(t.seed("numbers"));
  const auto n = static_cast<Index>(1 + random.below(20));
  constexpr std::array at_threshold{T(0), -T(0), L::denorm_min(), -L::denorm_min()};
  Mat<T> z(n, 1);
  Labels labels;
  Index right = 0;
  for (Index i = 0; i < n; ++i) {
    const bool near = random.below(2) == 0;
    z(i) = near ? at_threshold.at(random.below(4))
                : static_cast<T>(generate_value(logits(), 0, f, random()));
    if (near) t.count(z(i) == T(0) ? "logit 0" : z(i) > T(0) ? "just above 0" : "just below 0");
    labels.push_back(static_cast<Index>(random.below(2)));
    const Index expected = z(i) < T(0) ? 0 : 1;
    right += expected == labels.back() ? 1 : 0;
    const Index got = predicted_classes(z.topRows(i + 1)).back();
    require_that(t, got == expected, "the class of a logit is another",
                 {{"got", std::to_string(got)},
                  {"expected", std::to_string(expected)},
                  {"logit", both(f, static_cast<double>(z(i)))}});
  }
  const double expected = static_cast<double>(right) / static_cast<double>(n);
  const double got = accuracy(z, labels);
  require_that(t, got == expected, "the accuracy is not the share of rows that are right",
               {{"got", text(got)}, {"expected", text(expected)}});
  z(0) = L::quiet_NaN();
  for (const Index label : {0, 1}) {
    require_that(t, accuracy(z.topRows(1), Labels{label}) == 0, "a NaN counts as right");
  }
}

// --- 21j: how many numbers are learned -----------------------------------------------------------

void parameter_count(Trial& t) {
  Random random(t.seed("widths")), initial(1);
  std::vector<std::size_t> widths;
  const std::size_t n = t.number() % 4 == 0 ? 2 : 3 + random.below(3);
  for (std::size_t i = 0; i < n; ++i) widths.push_back(1 + random.below(9));
  t.count(widths.size() == 2 ? "one layer" : "layers");
  nn::Sequential<double> model;
  std::size_t expected = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    if (i > 0) model.add(relu);
    model.add(nn::Linear<double>(static_cast<Index>(widths[i]), static_cast<Index>(widths[i + 1]),
                                 initial));
    expected += widths[i] * widths[i + 1] + widths[i + 1];
  }
  Tape<double> tape;
  nn::scalar::Network<double> network(
      tape, widths, [](const auto& z) { return relu(z); }, initial);
  const Shown shown{{"expected", std::to_string(expected)}};
  require_that(t, static_cast<std::size_t>(model.parameter_count()) == expected,
               "a module counts another number of parameters", shown);
  require_that(t, network.parameter_count() == expected,
               "a network of scalar nodes counts another number of parameters", shown);
  require_that(t, Flat<double>(model.parameters()).values().size() == expected,
               "an optimiser gets another number of parameters", shown);
}

// --- 21k: batches --------------------------------------------------------------------------------

using Batches = std::vector<std::vector<Index>>;

std::vector<Index> joined(const Batches& all) {
  std::vector<Index> rows;
  for (const auto& b : all) rows.insert(rows.end(), b.begin(), b.end());
  return rows;
}

void seeded_batches(Trial& t) {
  Random draw(t.seed("sizes"));
  BatchOptions options{.size = static_cast<Index>(1 + draw.below(25))};
  const Index whole = options.size * (20 / options.size + static_cast<Index>(1 + draw.below(3)));
  const Index rows = t.number() % 4 == 0 ? whole : static_cast<Index>(20 + draw.below(60));
  t.count(rows % options.size == 0 ? "no rest" : "a rest");
  t.input("rows", static_cast<double>(rows));
  t.input("size", static_cast<double>(options.size));
  const auto epochs = [&](std::uint64_t seed) {
    Random random(seed);
    return std::array{batches(rows, options, random), batches(rows, options, random)};
  };
  const std::uint64_t seed = t.seed("batches");
  const auto first = epochs(seed);
  require_that(t, first == epochs(seed), "the same seed gives other batches");
  require_that(t, first != epochs(seed + 1), "another seed gives the same batches");
  require_that(t, first[0] != first[1], "the second epoch has the order of the first");
  std::vector<Index> all(static_cast<std::size_t>(rows));
  std::iota(all.begin(), all.end(), Index(0));
  for (const Batches& epoch : first) {
    std::vector<Index> order = joined(epoch);
    std::sort(order.begin(), order.end());
    require_that(t, order == all, "an epoch does not have every row once");
    for (std::size_t i = 0; i < epoch.size(); ++i) {
      const Index from = static_cast<Index>(i) * options.size;
      require_that(t, static_cast<Index>(epoch[i].size()) == std::min(options.size, rows - from),
                   "a batch has another size");
    }
  }
  options.drop_last = options.size <= rows;
  if (options.drop_last) {
    const Batches kept = epochs(seed)[0];
    require_that(t, static_cast<Index>(kept.size()) == rows / options.size,
                 "drop_last leaves another number of batches");
  }
  options = {.size = options.size, .sampling = Sampling::in_order};
  require_that(t, joined(epochs(seed)[0]) == all, "the rows in order are not in order");
}

// --- 21l: the loop -------------------------------------------------------------------------------

template <class T>
struct Run {
  std::vector<T> loss, parameters;
  std::vector<double> accuracy;

  friend bool operator==(const Run&, const Run&) = default;
};

template <class T>
class Experiment {
 public:
  explicit Experiment(Trial& t) : seed_(t.seed("training")) {
    Random random(t.seed("data"));
    const auto rows = static_cast<Index>(9 + random.below(20));
    data_.x = random.normal_matrix<T>({rows, 2});
    data_.y = Mat<T>(rows, 1);
    for (Index i = 0; i < rows; ++i) data_.y(i) = data_.x(i, 0) * data_.x(i, 1) >= T(0) ? 1 : 0;
  }

  [[nodiscard]] Run<T> with_fit(std::uint64_t seed_offset = 0) const {
    Random random(seed_ + seed_offset);
    nn::Sequential<T> model = fresh(random);
    Optimizer<T> optimizer = sgd(model);
    const History<T> h =
        fit(model, loss, optimizer, random, data_, {.epochs = epochs, .batch = {.size = size}});
    return {h.loss, values(model), h.accuracy};
  }

  /// The same, written out; with `is_sound` false the gradients of batches are never set to zero.
  [[nodiscard]] Run<T> by_hand(bool is_sound = true) const {
    Random random(seed_);
    nn::Sequential<T> model = fresh(random);
    Run<T> run;
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      const std::vector<Index> order = random.permutation(data_.rows());
      T total = T(0);
      double right = 0;
      for (Index from = 0; from < data_.rows(); from += size) {
        const Index n = std::min(size, data_.rows() - from);
        Mat<T> x(n, 2), y(n, 1);
        for (Index i = 0; i < n; ++i) {
          const Index row = order[static_cast<std::size_t>(from + i)];
          x.row(i) = data_.x.row(row);
          y(i) = data_.y(row);
        }
        Graph<T> graph;
        if (is_sound) model.zero_grad();
        const Var<T> z = model(graph.constant(x)), mean = loss(z, y);
        double right_here = 0;
        for (Index i = 0; i < n; ++i)
          right_here += (z.value()(i) >= T(0)) == (y(i) == T(1)) ? 1 : 0;
        total += mean.value()(0) * count<T>(n);
        right += right_here;
        graph.backward(mean);
        for (Parameter<T>* p : model.parameters()) p->value -= T(rate) * p->grad;
      }
      run.loss.push_back(total / count<T>(data_.rows()));
      run.accuracy.push_back(right / static_cast<double>(data_.rows()));
    }
    run.parameters = values(model);
    return run;
  }

  static constexpr std::size_t epochs = 3;

 private:
  static constexpr Index size = 4;
  static constexpr double rate = 0.25;
  static constexpr auto loss = [](const Var<T>& z, const Mat<T>& y) {
    return bce_with_logits_mean(z, y);
  };
  static nn::Sequential<T> fresh(Random& random) {
    return nn::Sequential<T>(nn::Linear<T>(2, 5, random), relu, nn::Neuron<T>(5, random));
  }
  static Optimizer<T> sgd(nn::Sequential<T>& model) {
    return Optimizer<T>(model.parameters(), SGD<T>({.learning_rate = rate}));
  }
  static std::vector<T> values(nn::Sequential<T>& model) {
    const Flat<T> flat(model.parameters());
    return {flat.values().begin(), flat.values().end()};
  }

  std::uint64_t seed_;
  Dataset<T> data_;
};

/// Accuracies are means of the batches' shares: 4 roundings and an addition a batch at most.
bool close(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double allowed = 64 * std::numeric_limits<double>::epsilon();
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return std::abs(x - y) <= allowed; });
}

constexpr const char* notices = "gradients that are never zeroed: noticed";

template <class T>
void training_repeats(Trial& t, const Format&) {
  const Experiment<T> experiment(t);
  const Run<T> run = experiment.with_fit(), hand = experiment.by_hand();
  require_that(t, run == experiment.with_fit(), "the same seed gives another training");
  require_that(t, run.parameters != experiment.with_fit(1).parameters,
               "another seed gives the same training");
  require_that(t, run.loss.size() == experiment.epochs && run.accuracy.size() == experiment.epochs,
               "there is not one loss and one accuracy an epoch");
  require_that(t, run.parameters == hand.parameters,
               "the loop written out ends with other parameters");
  require_that(t, run.loss == hand.loss, "the loop written out has other losses");
  require_that(t, close(run.accuracy, hand.accuracy), "the loop written out has other accuracies");
  if (run.parameters != experiment.by_hand(false).parameters) t.count(notices);
}

}  // namespace

void add_training_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t few = plan.cases / 20;
  const auto in_each_format = [&](const Statement& s, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, few, in_format(f, attempt)));
    }
  };
  in_each_format(
      {"claim-21i-accuracy",
       "a logit >= 0 is class 1, -0 included, one just below is class 0, NaN is neither; "
       "the accuracy is the share of rows that are right",
       "several logits a row",
       {"logit 0", "just above 0", "just below 0"}},
      [](auto type, Trial& t, const Format& f) { logit_of_class_one<decltype(type)>(t, f); });
  checks.push_back(random_check(
      {"claim-21j-parameter-count",
       "layers of random widths learn the sum of (inputs + 1) outputs, as modules, as scalar nodes "
       "and in an optimiser",
       "",
       {"one layer", "layers"}},
      "double", few, parameter_count));
  checks.push_back(
      random_check({"claim-21k-batches",
                    "an epoch has every row once, in batches of the size asked for; the same seed "
                    "gives the same batches, another seed and the next epoch others",
                    "sampling with replacement",
                    {"no rest", "a rest"}},
                   "double", few, seeded_batches));
  in_each_format(
      {"claim-21l-training-repeats",
       "three epochs of mini-batches: the same seed gives the same losses, accuracies "
       "and parameters, bit for bit, and so does the loop written out by hand",
       "other optimisers",
       {notices}},
      [](auto type, Trial& t, const Format& f) { training_repeats<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
