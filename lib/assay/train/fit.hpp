#pragma once
// The training loop.

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <sstream>
#include <variant>

#include "assay/nn/module.hpp"
#include "assay/optim/flat.hpp"
#include "assay/train/accuracy.hpp"
#include "assay/train/batches.hpp"
#include "assay/train/progress.hpp"

namespace assay {

/// One number an epoch. Of training: over the batches as they came, before the step that each led
/// to. Of validation: after the epoch, in evaluation mode.
template <class T>
struct History {
  std::vector<T> loss, validation_loss;  ///< the mean over the rows
  std::vector<double> accuracy, validation_accuracy;
  std::optional<std::size_t> best_epoch;  ///< of the smallest validation loss, from 0
  bool stopped_early = false;

  friend bool operator==(const History&, const History&) = default;
};

struct EarlyStopping {
  std::size_t patience = 10;   ///< epochs without improvement after which training ends
  double min_improvement = 0;  ///< of the validation loss
  bool restore_best = true;    ///< whether the model ends as it was after the best epoch
};

struct FitOptions {
  std::size_t epochs = 10;
  BatchOptions batch{};
  bool accuracy = true;  ///< false where y holds no classes
  std::optional<double> clip_value{};
  std::optional<double> clip_norm{};  ///< after clip_value
  /// What to multiply the optimiser's rate by after so many steps: a Schedule, for instance.
  std::function<double(std::int64_t)> schedule{};
  std::optional<EarlyStopping> early_stopping{};
  std::ostream* progress = nullptr;  ///< where the progress line goes, if anywhere
};

/// All that a module learns, as it was.
template <class T>
class Snapshot {
 public:
  explicit Snapshot(nn::Module<T>& model) {
    for (const Parameter<T>* p : model.parameters()) values_.emplace_back(p->value);
    for (const nn::NamedBuffer<T>& b : model.named_buffers()) {
      std::visit([&](const auto* x) { buffers_.emplace_back(*x); }, b.buffer);
    }
  }
  void restore(nn::Module<T>& model) const {
    auto value = values_.begin();
    for (Parameter<T>* p : model.parameters()) p->value = *value++;
    auto buffer = buffers_.begin();
    for (const nn::NamedBuffer<T>& b : model.named_buffers()) {
      std::visit([&](auto* x) { *x = std::get<std::decay_t<decltype(*x)>>(*buffer); }, b.buffer);
      ++buffer;
    }
  }

 private:
  std::vector<Mat<T>> values_;
  std::vector<std::variant<Mat<T>, std::int64_t>> buffers_;
};

template <class T>
struct Evaluation {
  T loss = T(0);        ///< the mean over the rows
  double accuracy = 0;  ///< 0 if not asked for
};

namespace detail {

/// The mean over rows that come in batches.
template <class T>
class RunningMean {
 public:
  void add(const T& mean, Eigen::Index rows) {
    total_ += mean * count<T>(rows);
    rows_ += rows;
  }
  [[nodiscard]] T operator()() const { return total_ / count<T>(rows_); }

 private:
  T total_ = T(0);
  Eigen::Index rows_ = 0;
};

/// The loss and the accuracy of an epoch so far.
template <class T>
struct Meter {
  RunningMean<T> loss;
  RunningMean<double> accuracy;

  template <class Y>
  void add(const Var<T>& batch_loss, const Var<T>& y, const Y& labels, bool with_accuracy) {
    const Eigen::Index rows = y.shape().rows;
    loss.add(batch_loss.value()(0, 0), rows);
    if (with_accuracy) accuracy.add(assay::accuracy(y.value(), labels), rows);
  }
};

template <class T, class Y>
void require_data(std::string_view owner, const Dataset<T, Y>& data) {
  data.check(owner);
  require(data.rows() > 0, owner, {{"x", shape_of(data.x)}}, "there must be one row at least");
}

}  // namespace detail

/// Loss and accuracy of a model in evaluation mode; it is left in the mode in which it was. The
/// loss, a function of (prediction node, labels), is a mean over the rows. Throws ShapeError.
template <Real T, class Y, class F>
Evaluation<T> evaluate(nn::Module<T>& model, const F& loss, const Dataset<T, Y>& data,
                       bool with_accuracy = true, Eigen::Index batch_size = 1024) {
  detail::require_data("evaluate", data);
  struct Mode {
    nn::Module<T>& model;
    bool training;
    ~Mode() { model.train(training); }
  } const mode{model, model.training()};
  model.eval();
  Random unused(0);
  Graph<T> graph;
  detail::Meter<T> meter;
  for (const auto& indices :
       batches(data.rows(), {.size = batch_size, .sampling = Sampling::in_order}, unused)) {
    const Dataset<T, Y> batch = data.at(indices);
    graph.clear();
    const Var<T> y = model(graph.borrow(batch.x));
    meter.add(loss(y, batch.y), y, batch.y, with_accuracy);
  }
  return {meter.loss(), with_accuracy ? meter.accuracy() : 0};
}

/// Trains the model with its optimiser, which holds the parameters that shall move; the loss is as
/// for evaluate(). Batches come from `random` alone. The optimiser ends with the rate that it had.
/// Throws ShapeError or std::invalid_argument before the first step if data or options are unfit.
template <Real T, class Y, class F>
class Fit {
 public:
  Fit(nn::Module<T>& model, const F& loss, Optimizer<T>& optimizer, Random& random,
      const Dataset<T, Y>& train, const Dataset<T, Y>* validation, const FitOptions& options)
      : model_(model),
        loss_(loss),
        optimizer_(optimizer),
        random_(random),
        train_(train),
        validation_(validation),
        options_(options) {
    detail::require_data("fit: training data", train);
    if (validation != nullptr) detail::require_data("fit: validation data", *validation);
    if (options.early_stopping && validation == nullptr) {
      throw std::invalid_argument("fit: early_stopping is set; it needs validation data");
    }
  }

  History<T> run() {
    struct Rate {
      Optimizer<T>& optimizer;
      double base;
      ~Rate() { optimizer.set_learning_rate(base); }
    } const rate{optimizer_, optimizer_.learning_rate()};
    std::optional<ProgressLine> progress;
    if (options_.progress != nullptr) progress.emplace(*options_.progress);
    const std::size_t epochs = options_.epochs;
    for (std::size_t epoch = 0; epoch < epochs && !history_.stopped_early; ++epoch) {
      train_epoch(rate.base);
      if (validation_ != nullptr) validate(epoch);
      if (!progress) continue;
      const std::size_t done = history_.stopped_early ? epochs : epoch + 1;
      (*progress)(static_cast<std::int64_t>(done), static_cast<std::int64_t>(epochs), summary());
    }
    if (best_) best_->restore(model_);
    return std::move(history_);
  }

 private:
  void train_epoch(double base) {
    model_.train();
    detail::Meter<T> meter;
    for (const auto& indices : batches(train_.rows(), options_.batch, random_)) {
      const Dataset<T, Y> batch = train_.at(indices);
      graph_.clear();
      optimizer_.zero_grad();
      const Var<T> y = model_(graph_.borrow(batch.x));
      const Var<T> loss = loss_(y, batch.y);
      meter.add(loss, y, batch.y, options_.accuracy);
      graph_.backward(loss);
      if (options_.clip_value) clip_by_value(optimizer_.flat(), *options_.clip_value);
      if (options_.clip_norm) clip_by_norm(optimizer_.flat(), *options_.clip_norm);
      if (options_.schedule) {
        optimizer_.set_learning_rate(base * options_.schedule(optimizer_.steps()));
      }
      optimizer_.step();
    }
    history_.loss.push_back(meter.loss());
    if (options_.accuracy) history_.accuracy.push_back(meter.accuracy());
  }

  void validate(std::size_t epoch) {
    const auto now = evaluate(model_, loss_, *validation_, options_.accuracy);
    history_.validation_loss.push_back(now.loss);
    if (options_.accuracy) history_.validation_accuracy.push_back(now.accuracy);
    const EarlyStopping stopping = options_.early_stopping.value_or(EarlyStopping{});
    if (!history_.best_epoch ? now.loss == now.loss
                             : now.loss < history_.validation_loss[*history_.best_epoch] -
                                              T(stopping.min_improvement)) {
      history_.best_epoch = epoch;
      if (options_.early_stopping && stopping.restore_best) best_.emplace(model_);
    }
    const std::size_t since = history_.best_epoch ? epoch - *history_.best_epoch : epoch + 1;
    history_.stopped_early = options_.early_stopping && since >= stopping.patience;
  }

  [[nodiscard]] std::string summary() const {
    std::ostringstream text;
    text.precision(3);
    const auto put = [&](const char* what, const auto& numbers, double scale) {
      if (!numbers.empty()) text << what << static_cast<double>(numbers.back()) * scale;
    };
    text << "epoch " << history_.loss.size();
    put("  loss ", history_.loss, 1);
    put("  right % ", history_.accuracy, 100);
    put("  validation: loss ", history_.validation_loss, 1);
    put("  right % ", history_.validation_accuracy, 100);
    return text.str();
  }

  nn::Module<T>& model_;
  const F& loss_;
  Optimizer<T>& optimizer_;
  Random& random_;
  const Dataset<T, Y>& train_;
  const Dataset<T, Y>* validation_;
  const FitOptions& options_;
  Graph<T> graph_;
  History<T> history_;
  std::optional<Snapshot<T>> best_;
};

/// fit(model, loss, optimizer, random, train, options), or with validation data behind `train`.
template <Real T, class Y, class F>
History<T> fit(nn::Module<T>& model, const F& loss, Optimizer<T>& optimizer, Random& random,
               const Dataset<T, Y>& train, const FitOptions& options = {}) {
  return Fit<T, Y, F>(model, loss, optimizer, random, train, nullptr, options).run();
}
template <Real T, class Y, class F>
History<T> fit(nn::Module<T>& model, const F& loss, Optimizer<T>& optimizer, Random& random,
               const Dataset<T, Y>& train, const Dataset<T, Y>& validation,
               const FitOptions& options = {}) {
  return Fit<T, Y, F>(model, loss, optimizer, random, train, &validation, options).run();
}

}  // namespace assay
