// The worked example 3(c)-(e): three steps of training a 2-2-1 network on XOR, once on scalar nodes
// and once on matrices.

#include <array>

#include "assay/graph.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/relu.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

constexpr std::array parameter_names{"neuron 1 w1", "neuron 1 w2", "neuron 1 bias",
                                     "neuron 2 w1", "neuron 2 w2", "neuron 2 bias",
                                     "output w1",   "output w2",   "output bias"};

template <class T>
struct Batch {
  std::vector<std::vector<T>> x;
  std::vector<T> y;
};

template <class T>
struct Pass {
  std::vector<T> logits;
  T loss;
};

/// 2-2-1, ReLU, one sample at a time on scalar nodes.
template <class T>
class ScalarXor {
 public:
  static constexpr const char* graph = " (scalar graph)";

  explicit ScalarXor(std::vector<T> p) : p_(std::move(p)), g_(p_.size(), T(0)) {}
  std::vector<T>& parameters() { return p_; }
  [[nodiscard]] std::vector<T> gradient() const { return g_; }

  Pass<T> sweep(const Batch<T>& b) {
    std::fill(g_.begin(), g_.end(), T(0));
    Tape<T> tape;
    std::vector<Scalar<T>> p;
    for (std::size_t i = 0; i < p_.size(); ++i) p.push_back(tape.parameter(p_[i], g_[i]));
    const auto neuron = [&](std::size_t at, const auto& a, const auto& c) {
      return p[at] * a + p[at + 1] * c + p[at + 2];
    };
    std::vector<T> logits;
    Scalar<T> total = tape.variable(T(0));
    for (std::size_t i = 0; i < b.x.size(); ++i) {
      const Scalar<T> h1 = relu(neuron(0, b.x[i][0], b.x[i][1]));
      const Scalar<T> h2 = relu(neuron(3, b.x[i][0], b.x[i][1]));
      const Scalar<T> z = neuron(6, h1, h2);
      logits.push_back(z.value());
      total = total + bce_with_logits(z, b.y[i]);
    }
    const Scalar<T> loss = total / count<T>(static_cast<Eigen::Index>(b.x.size()));
    tape.backward(loss);
    return {logits, loss.value()};
  }
  void step(const T& rate) { sgd_step(std::span<T>(p_), std::span<const T>(g_), rate); }

 private:
  std::vector<T> p_, g_;
};

/// The same with the whole batch in one matrix.
template <class T>
class MatrixXor {
 public:
  static constexpr const char* graph = " (matrix graph)";

  explicit MatrixXor(std::vector<T> p) : p_(std::move(p)) {}
  std::vector<T>& parameters() { return p_; }
  [[nodiscard]] std::vector<T> gradient() const {
    return {w_.grad(0, 0), w_.grad(1, 0), b_.grad(0), w_.grad(0, 1), w_.grad(1, 1),
            b_.grad(1),    v_.grad(0),    v_.grad(1), c_.grad(0)};
  }

  Pass<T> sweep(const Batch<T>& batch) {
    load();
    const auto n = static_cast<Eigen::Index>(batch.x.size());
    Mat<T> x(n, 2), y(n, 1);
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      x.row(i) << batch.x[k][0], batch.x[k][1];
      y(i) = batch.y[k];
    }
    Graph<T> g;
    const Var<T> hidden = relu(g.constant(x) * g.parameter(w_) + g.parameter(b_));
    const Var<T> logits = hidden * g.parameter(v_) + g.parameter(c_);
    const Var<T> loss = bce_with_logits_mean(logits, y);
    g.backward(loss);
    const Mat<T>& z = logits.value();
    return {std::vector<T>(z.data(), z.data() + z.size()), loss.value()(0)};
  }
  void step(const T& rate) {
    const Flat<T> flat({&w_, &b_, &v_, &c_});
    sgd_step(flat.values(), std::span<const T>(flat.grads()), rate);
    p_ = {w_.value(0, 0), w_.value(1, 0), b_.value(0), w_.value(0, 1), w_.value(1, 1),
          b_.value(1),    v_.value(0),    v_.value(1), c_.value(0)};
  }

 private:
  void load() {
    Mat<T> w(2, 2), b(1, 2), v(2, 1);
    w << p_[0], p_[3], p_[1], p_[4];
    b << p_[2], p_[5];
    v << p_[6], p_[7];
    w_ = Parameter<T>(w);
    b_ = Parameter<T>(b);
    v_ = Parameter<T>(v);
    c_ = Parameter<T>(Mat<T>::Constant(1, 1, p_[8]));
  }

  std::vector<T> p_;
  Parameter<T> w_, b_, v_, c_;
};

template <class Model, class T>
void xor_training(Replay<T>& r, const Json& f) {
  Batch<T> batch;
  for (const Json& sample : f.at("samples")) batch.x.push_back(r.inputs(sample));
  batch.y = r.inputs(f.at("labels"));
  const T rate = r.input(f.at("learning_rate"));
  Model m(r.inputs(f.at("initial")));

  const auto compare_all = [&](const std::string& name, const Json& expected,
                               const std::vector<T>& got, auto name_of) {
    if (expected.size() != got.size()) throw std::runtime_error(name + ": not as many as golden");
    for (std::size_t i = 0; i < got.size(); ++i) {
      r.compare(name + name_of(i) + Model::graph, expected.at(i), got[i]);
    }
  };
  const auto parameter = [](std::size_t i) { return std::string(parameter_names.at(i)); };
  const Json& losses = f.at("losses");
  for (std::size_t step = 0; step < losses.size(); ++step) {
    const Pass<T> pass = m.sweep(batch);
    r.compare("step " + std::to_string(step) + " loss" + Model::graph, losses.at(step), pass.loss);
    if (step == 0) {
      compare_all("step 0 logit ", f.at("logits_step0"), pass.logits,
                  [](std::size_t i) { return std::to_string(i); });
      compare_all("step 0 gradient ", f.at("gradient_step0"), m.gradient(), parameter);
    }
    if (step + 1 == losses.size()) break;
    m.step(rate);
    for (T& p : m.parameters()) p = r.rounded_here(p);
  }
  compare_all("after 3 steps ", f.at("parameters_after_3"), m.parameters(), parameter);
}

constexpr auto replay_xor = []<class T>(Replay<T>& r, const Json& f) {
  xor_training<ScalarXor<T>>(r, f);
  xor_training<MatrixXor<T>>(r, f);
};

}  // namespace

void add_xor_checks(std::vector<Check>& checks) {
  add_checks<Dec50>(checks, {"xor-2-2-1", Units::envelope, 4}, replay_xor);
}

}  // namespace assay::verify::golden
