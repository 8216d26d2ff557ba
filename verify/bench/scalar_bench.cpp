// The scalar graph against hand-written loops and, where installed, ADOL-C. Before anything is
// timed, all must agree on the value and the gradient of each workload.

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "bench.hpp"
#include "scalar_workloads.hpp"

namespace assay::bench {
namespace {

constexpr double tolerance = 1e-12;

/// The largest deviation from the first contender of the same workload, relative to the largest
/// number of the same kind (a gradient element near zero is what larger terms left of each other).
double deviation(const Outcome& got, const Outcome& expected) {
  if (got.gradient.size() != expected.gradient.size()) return INFINITY;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < got.gradient.size(); ++i) {
    largest = std::max(largest, std::abs(expected.gradient[i]));
    // Written so that a NaN stays.
    const double d = std::abs(got.gradient[i] - expected.gradient[i]);
    if (!(d <= difference)) difference = d;
  }
  const double of_value = std::abs(got.value - expected.value) / std::abs(expected.value);
  const double of_gradient = difference / largest;
  return of_value <= of_gradient ? of_gradient : of_value;
}

std::vector<Contender> contenders(double learning_rate) {
  std::vector<Contender> all;
  add_hand_written(all, learning_rate);
  add_assay(all, learning_rate);
#ifdef ASSAY_BENCH_ADOLC
  add_adolc(all, learning_rate);
#endif
  std::stable_sort(all.begin(), all.end(),
                   [](const Contender& a, const Contender& b) { return a.workload < b.workload; });
  return all;
}

/// Three steps, at a learning rate at which the second and third show the first.
void require_agreement() {
  constexpr double learning_rate = 0.1;
  std::vector<Contender> all = contenders(learning_rate);
  for (int step = 1; step <= 3; ++step) {
    Contender* reference = nullptr;
    Outcome expected{};
    for (Contender& c : all) {
      const Outcome got = c.step();
      if (!reference || reference->workload != c.workload) {
        reference = &c;
        expected = got;
      }
      const double d = deviation(got, expected);
      if (d <= tolerance) continue;
      std::ostringstream text;
      text << c.workload << '/' << c.name << " deviates by " << d << " from " << reference->name
           << " in step " << step;
      throw std::runtime_error(text.str());
    }
  }
}

int compare(int argc, char** argv) {
  require_agreement();
  // So low that the network stays the same however often its step is repeated.
  std::vector<Contender> contending = contenders(0x1p-40);
  std::vector<Timed> all;
  for (Contender& c : contending) {
    all.push_back({c.workload, c.name, [&c] {
                     volatile double value = c.step().value;  // must be computed
                     static_cast<void>(value);
                   }});
  }
  return run(argc, argv, all);
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::guarded("scalar_bench", assay::bench::compare, argc, argv);
}
