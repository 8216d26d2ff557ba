#include "scalar_workloads.hpp"

#include <cmath>

#include "assay/random.hpp"

namespace assay::bench {
namespace {

std::vector<double> normal(Random& random, std::size_t n, double deviation) {
  std::vector<double> x(n);
  for (double& v : x) v = deviation * random.normal();
  return x;
}

}  // namespace

Mlp mlp() {
  Random random(1);
  Mlp m;
  m.x = normal(random, Mlp::points * Mlp::inputs, 1);
  for (std::size_t i = 0; i < Mlp::points; ++i) {
    m.label.push_back(m.x[2 * i] * m.x[2 * i + 1] > 0 ? 1 : 0);
  }
  m.start = normal(random, Mlp::parameters, 0.5);
  return m;
}

std::vector<double> rosenbrock_point() {
  Random random(2);
  return normal(random, 1000, 1);
}

std::vector<double> lse_point() {
  Random random(3);
  return normal(random, 1000, 3);
}

Horner horner() {
  Random random(4);
  return {normal(random, 1'000'000, 1)};
}

}  // namespace assay::bench
