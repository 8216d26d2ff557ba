// The workloads on the scalar graph, every number a node; and again with n-ary nodes.

#include <algorithm>
#include <cmath>
#include <memory>

#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/exp.hpp"
#include "assay/ops/log.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/sin.hpp"
#include "assay/ops/square.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/scalar_graph.hpp"
#include "scalar_workloads.hpp"

namespace assay::bench {

namespace {

using Node = Scalar<double>;

void take(std::vector<Node>& x, const Parameters<double>& parameters) {
  x.clear();
  for (std::size_t i = 0; i < parameters.size(); ++i) x.push_back(parameters[i]);
}

class GraphMlp {
 public:
  explicit GraphMlp(double learning_rate) : learning_rate_(learning_rate) {}

  Outcome operator()() {
    constexpr std::size_t h = Mlp::hidden;
    std::fill(g_.begin(), g_.end(), 0.0);
    tape_.clear();
    take(w_, parameters_);
    const Node *w1 = &w_[Mlp::first], *b1 = w1 + h * Mlp::inputs;
    const Node *w2 = &w_[Mlp::second], *b2 = w2 + h * h;
    const Node *w3 = &w_[Mlp::last], *b3 = w3 + h;
    std::vector<Node> a1(h, *b1), a2(h, *b1);
    Node total = *b1;
    for (std::size_t i = 0; i < Mlp::points; ++i) {
      const double* x = data_.x.data() + Mlp::inputs * i;
      for (std::size_t j = 0; j < h; ++j) {
        a1[j] = relu(b1[j] + w1[2 * j] * x[0] + w1[2 * j + 1] * x[1]);
      }
      Node logit = *b3;
      for (std::size_t j = 0; j < h; ++j) {
        Node z = b2[j];
        for (std::size_t k = 0; k < h; ++k) z = z + w2[h * j + k] * a1[k];
        a2[j] = relu(z);
        logit = logit + w3[j] * a2[j];
      }
      const Node loss = bce_with_logits(logit, data_.label[i]);
      total = i == 0 ? loss : total + loss;
    }
    const Node mean = total / double(Mlp::points);
    tape_.backward(mean);
    for (std::size_t i = 0; i < p_.size(); ++i) p_[i] -= learning_rate_ * g_[i];
    return {mean.value(), g_};
  }

 private:
  double learning_rate_;
  Mlp data_ = mlp();
  std::vector<double> p_ = data_.start, g_ = std::vector<double>(p_.size());
  Tape<double> tape_;
  Parameters<double> parameters_ = tape_.parameters(p_, g_);
  std::vector<Node> w_;
};

/// The same with a neuron's weighted sum as one node and the parameters bound once.
class GraphMlpDots {
 public:
  explicit GraphMlpDots(double learning_rate) : learning_rate_(learning_rate) {}

  Outcome operator()() {
    std::fill(g_.begin(), g_.end(), 0.0);
    tape_.clear();
    losses_.clear();
    for (std::size_t i = 0; i < Mlp::points; ++i) {
      const std::span<const double> x(data_.x.data() + Mlp::inputs * i, Mlp::inputs);
      layer(Mlp::first, x, z_);
      for (Node& z : z_) z = relu(z);
      layer(Mlp::second, std::span<const Node>(z_), a_);
      for (Node& a : a_) a = relu(a);
      layer(Mlp::last, std::span<const Node>(a_), logit_);
      losses_.push_back(bce_with_logits(logit_[0], data_.label[i]));
    }
    const Node mean = tape_.sum(losses_) / double(Mlp::points);
    tape_.backward(mean);
    for (std::size_t i = 0; i < p_.size(); ++i) p_[i] -= learning_rate_ * g_[i];
    return {mean.value(), g_};
  }

 private:
  template <class X>
  void layer(std::size_t at, std::span<const X> x, std::span<Node> y) {
    const std::size_t n = x.size() * y.size();
    tape_.linear(w_.slice(at, n), x, w_.slice(at + n, y.size()), y);
  }

  double learning_rate_;
  Mlp data_ = mlp();
  std::vector<double> p_ = data_.start, g_ = std::vector<double>(p_.size());
  Tape<double> tape_;
  Parameters<double> w_ = tape_.parameters(p_, g_);
  std::vector<Node> z_ = std::vector<Node>(Mlp::hidden, w_[0]), a_ = z_, losses_;
  std::vector<Node> logit_ = std::vector<Node>(1, w_[0]);
};

class GraphRosenbrock {
 public:
  Outcome operator()() {
    std::fill(g_.begin(), g_.end(), 0.0);
    tape_.clear();
    const Parameters<double>& x = parameters_;
    const auto term = [&](std::size_t i) {
      return 100 * square(x[i + 1] - square(x[i])) + square(1 - x[i]);
    };
    Node total = term(0);
    for (std::size_t i = 1; i + 1 < x.size(); ++i) total = total + term(i);
    tape_.backward(total);
    return {total.value(), g_};
  }

 private:
  std::vector<double> at_ = rosenbrock_point(), g_ = std::vector<double>(at_.size());
  Tape<double> tape_;
  Parameters<double> parameters_ = tape_.parameters(at_, g_);
};

class GraphChain {
 public:
  Outcome operator()() {
    g_ = 0;
    tape_.clear();
    const Node x = tape_.parameter(Chain::x, g_);
    const auto link = [&](const Node& y) { return log(tanh(assay::sin(exp(y))) + x); };
    Node y = link(x), total = y;
    for (std::size_t i = 1; i < Chain::links; ++i) {
      y = link(y);
      total = total + y;
    }
    tape_.backward(total);
    return {total.value(), {&g_, 1}};
  }

 private:
  Tape<double> tape_;
  double g_ = 0;
};

class GraphLse {
 public:
  Outcome operator()() {
    std::fill(g_.begin(), g_.end(), 0.0);
    tape_.clear();
    take(x_, parameters_);
    const double m = *std::max_element(at_.begin(), at_.end());
    Node sum = exp(x_[0] - m);
    for (std::size_t i = 1; i < x_.size(); ++i) sum = sum + exp(x_[i] - m);
    const Node y = m + log(sum);
    tape_.backward(y);
    return {y.value(), g_};
  }

 private:
  std::vector<double> at_ = lse_point(), g_ = std::vector<double>(at_.size());
  Tape<double> tape_;
  Parameters<double> parameters_ = tape_.parameters(at_, g_);
  std::vector<Node> x_;
};

/// The same with the sum, or all of it, as one node.
class GraphLseWide {
 public:
  explicit GraphLseWide(bool whole) : whole_(whole) {}

  Outcome operator()() {
    std::fill(g_.begin(), g_.end(), 0.0);
    tape_.clear();
    take(x_, parameters_);
    const Node y = whole_ ? tape_.log_sum_exp(x_) : log_of_sum();
    tape_.backward(y);
    return {y.value(), g_};
  }

 private:
  Node log_of_sum() {
    const double m = *std::max_element(at_.begin(), at_.end());
    for (Node& x : x_) x = exp(x - m);
    return m + log(tape_.sum(x_));
  }

  bool whole_;
  std::vector<double> at_ = lse_point(), g_ = std::vector<double>(at_.size());
  Tape<double> tape_;
  Parameters<double> parameters_ = tape_.parameters(at_, g_);
  std::vector<Node> x_;
};

class GraphHorner {
 public:
  Outcome operator()() {
    g_ = 0;
    tape_.clear();
    const Node x = tape_.parameter(Horner::x, g_);
    const std::vector<double>& c = data_.coefficients;
    Node y = c[0] * x + c[1];
    for (std::size_t i = 2; i < c.size(); ++i) y = y * x + c[i];
    tape_.backward(y);
    return {y.value(), {&g_, 1}};
  }

 private:
  Horner data_ = horner();
  Tape<double> tape_;
  double g_ = 0;
};

/// A tape is not copied, a std::function must be.
template <class Step>
Contender contender(const char* workload, const char* name, std::shared_ptr<Step> step) {
  return {workload, name, [step] { return (*step)(); }};
}

}  // namespace

void add_assay(std::vector<Contender>& all, double learning_rate) {
  all.push_back(contender("mlp", "assay", std::make_shared<GraphMlp>(learning_rate)));
  all.push_back(
      contender("mlp", "assay, dot nodes", std::make_shared<GraphMlpDots>(learning_rate)));
  all.push_back(contender("rosenbrock", "assay", std::make_shared<GraphRosenbrock>()));
  all.push_back(contender("chain", "assay", std::make_shared<GraphChain>()));
  all.push_back(contender("lse", "assay", std::make_shared<GraphLse>()));
  all.push_back(contender("lse", "assay, sum node", std::make_shared<GraphLseWide>(false)));
  all.push_back(contender("lse", "assay, one node", std::make_shared<GraphLseWide>(true)));
  all.push_back(contender("horner", "assay", std::make_shared<GraphHorner>()));
}

}  // namespace assay::bench
