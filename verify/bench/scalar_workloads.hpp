#pragma once
// The workloads of the scalar graph, and who runs them: value and gradient in double, recorded anew
// each step.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace assay::bench {

/// What one step leaves behind; the gradient lives until the next step.
struct Outcome {
  double value;
  std::span<const double> gradient;
};

struct Contender {
  std::string workload, name;
  std::function<Outcome()> step;
};

/// Binary classification of points in the plane by a network inputs-hidden-hidden-1 with ReLU,
/// the mean BCE of logits over all points, one SGD step. Parameters, layer by layer: weights, row
/// by row (one row a neuron), then biases.
struct Mlp {
  static constexpr std::size_t points = 100, inputs = 2, hidden = 16;
  static constexpr std::size_t first = 0, second = first + hidden * (inputs + 1),
                               last = second + hidden * (hidden + 1),
                               parameters = last + hidden + 1;
  std::vector<double> x, label, start;  // x: point by point
};
Mlp mlp();

/// sum of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2
std::vector<double> rosenbrock_point();

/// y = log(tanh(sin(exp y)) + x), again and again from y = x; the value is the sum of all y: the
/// gradient passes through every node and dies nowhere.
struct Chain {
  static constexpr std::size_t nodes = 1'000'000, per_link = 6, links = nodes / per_link;
  static constexpr double x = 1.5;
};

/// log(sum of exp(x[i]))
std::vector<double> lse_point();

/// A polynomial of degree 10^6 by y = y x + c; its derivative at x.
struct Horner {
  static constexpr double x = 0.99999;
  std::vector<double> coefficients;
};
Horner horner();

void add_hand_written(std::vector<Contender>&, double learning_rate);
void add_assay(std::vector<Contender>&, double learning_rate);
#ifdef ASSAY_BENCH_ADOLC
void add_adolc(std::vector<Contender>&, double learning_rate);
#endif

}  // namespace assay::bench
