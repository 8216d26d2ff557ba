#include "assay/verify/function.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

#include "case.hpp"

namespace assay::verify {
namespace {

struct Quotient {
  double value, bound;
};

/// Differences at h, h/2, h/4, ... extrapolated as Ridders does; the bound is the smallest
/// disagreement between neighbours in the table plus the rounding noise of the values over h.
Quotient ridders(const std::function<double(double)>& phi, double scale) {
  constexpr int rows = 8;
  const double epsilon = std::numeric_limits<double>::epsilon();
  std::array<std::array<double, rows>, rows> table{};
  Quotient best{0, std::numeric_limits<double>::infinity()};
  double h = scale;
  for (int i = 0; i < rows; ++i, h /= 2) {
    const double up = phi(h), down = phi(-h);
    table[i][0] = (up - down) / (2 * h);
    const double noise = 4 * epsilon * (std::abs(up) + std::abs(down)) / (2 * h);
    double weight = 1;
    for (int j = 1; j <= i; ++j) {
      weight *= 4;
      table[i][j] = (weight * table[i][j - 1] - table[i - 1][j - 1]) / (weight - 1);
      const double bound = std::max(std::abs(table[i][j] - table[i][j - 1]),
                                    std::abs(table[i][j] - table[i - 1][j - 1])) +
                           2 * noise;
      if (bound < best.bound) best = {table[i][j], bound};
    }
  }
  return best;
}

std::uint64_t bytes_hash(const Matrices& m) {
  std::uint64_t h = 0;
  for (const Mat<double>& x : m) {
    for (double v : x.reshaped()) h = case_seed(h, "bytes", std::bit_cast<std::uint64_t>(v));
  }
  return h;
}

void fail(CheckResult& r, std::string message) {
  r.verdict = Verdict::wrong;
  if (!r.failures.empty()) return;
  Failure f;
  f.operation = r.subject;
  f.scalar = r.scalar;
  f.check = r.check;
  f.message = std::move(message);
  r.failures.push_back(std::move(f));
}

}  // namespace

FunctionReport check_function(
    const std::function<Mat<double>(const Matrices&)>& f,
    const std::function<Matrices(const Matrices&, const Mat<double>&)>& vjp, const Matrices& inputs,
    const FunctionOptions& options) {
  FunctionReport report;
  CheckResult& r = report.result;
  r.subject = "function";
  r.scalar = "double";
  r.check = "differences";
  r.about = "the vector-Jacobian product against differences in double, extrapolated";
  r.blind = "a wrong forward; errors below the detection limit";
  r.units = "detection limits";
  r.claimed_derivative = options.limits;

  const std::uint64_t before = bytes_hash(inputs);
  const Mat<double> y = f(inputs);
  Mat<double> dy(y.rows(), y.cols());
  std::uint64_t state = options.seed;
  for (double& v : dy.reshaped()) {
    state = case_seed(state, "upstream", 1);
    v = (static_cast<double>(state % 63) - 31) / 8;
  }
  const Matrices g = vjp(inputs, dy);
  if (bytes_hash(inputs) != before) fail(r, "function<double>: an input is modified");
  if (g.size() != inputs.size()) {
    fail(r, fmt::format("function<double>: vjp returns {} gradients for {} inputs", g.size(),
                        inputs.size()));
    return report;
  }
  double largest = 0, worst_bound = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (shape_of(g[k]) != shape_of(inputs[k])) {
      fail(r, fmt::format("function<double>: the gradient of input {} is {}, the input is {}", k,
                          to_string(shape_of(g[k])), to_string(shape_of(inputs[k]))));
      return report;
    }
    for (Eigen::Index i = 0; i < inputs[k].size(); ++i) {
      Matrices moved = inputs;
      double& x = moved[k].data()[i];
      const double at = x;
      const auto phi = [&](double t) {
        x = at + t;
        return dy.cwiseProduct(f(moved)).sum();
      };
      // A power of two, so that at + h differs from at by h exactly, or nearly so.
      const double scale = std::exp2(std::floor(std::log2(std::max(std::abs(at), 1e-3))) - 3);
      const Quotient q = ridders(phi, scale);
      const double got = g[k].data()[i];
      ++r.elements;
      largest = std::max(largest, std::abs(q.value));
      worst_bound = std::max(worst_bound, q.bound);
      const double error = std::abs(got - q.value);
      if (error <= options.limits * q.bound) continue;
      fail(r, fmt::format("function<double>: backward disagrees with finite differences\n"
                          "  backward   {}   (gradient of input {} at row {}, column {})\n"
                          "  reference  {}  +- {:.1e}        (relative error {:.1e})",
                          got, k, i % inputs[k].rows(), i / inputs[k].rows(), q.value, q.bound,
                          error / std::max(std::abs(q.value), std::abs(got))));
    }
  }
  r.cases = 1;
  if (r.elements == 0) throw std::invalid_argument("check_function: inputs hold no elements");
  report.detection_limit = options.limits * worst_bound / (largest > 0 ? largest : 1);
  if (r.verdict == Verdict::correct && !(report.detection_limit < 1)) {
    r.verdict = Verdict::inconclusive;
    r.reason = "the differences are as uncertain as the gradient is large";
  }
  return report;
}

std::string FunctionReport::message() const {
  if (!result.failures.empty()) {
    return fmt::format("{}\n  detection limit {:.1e}", result.failures.front().message,
                       detection_limit);
  }
  if (!ok()) return "function<double>: inconclusive: " + result.reason;
  return fmt::format(
      "function<double>: {} gradient elements agree; relative errors below {:.1e} cannot be seen",
      result.elements, detection_limit);
}

}  // namespace assay::verify
