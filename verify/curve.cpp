// The V-curve: what a central difference in double is worth at each step, beside the error that the
// oracle's formula estimates. It shows why the oracle does not work in double.

#include <algorithm>
#include <cmath>

#include "families.hpp"
#include "generators.hpp"

namespace assay::verify {
namespace {

constexpr int longest_step = -1, shortest_step = -52;  // log2

/// Away from thresholds and the ends of the domain, so that all steps stay on one side.
std::optional<double> representative(const Operation& op, std::size_t k) {
  for (double x : {0.75, 1.6875, -0.8125, 2.625, 0.5, 0.03125}) {
    const bool inside = is_allowed(op, k, x - 1) && is_allowed(op, k, x + 1);
    const bool clear = std::none_of(op.kinks.begin(), op.kinks.end(), [&](const Kink& kink) {
      return kink.input == k && std::abs(kink.at - x) < 0.125;
    });
    if ((inside || op.inputs[k].exact) && clear && is_allowed(op, k, x)) return x;
  }
  for (double x : {0.75, 0.5, 1.5}) {
    if (is_allowed(op, k, x)) return x;
  }
  return std::nullopt;
}

double log2_of(const Big& x) {
  constexpr double least = -1074;
  if (x == Big(0)) return least;
  const long e = x.exponent();
  return std::max(least, std::log2(ldexp(x, -e).to_double()) + static_cast<double>(e));
}

/// The values of an elementwise rule in double about a point.
class Stencil {
 public:
  Stencil(const Operation& op, const std::vector<double>& x) : op_(op), at_(x[0]) {
    for (double v : x) in_.emplace_back(Mat<double>::Constant(1, 1, v));
  }
  double operator()(double step) {
    in_[0](0, 0) = at_ + step;
    return op_.in_double->forward(views(in_))(0, 0);
  }
  /// The central difference of a step that is a power of two.
  double slope(double h) {
    const double up = at_ + h, down = at_ - h;
    return ((*this)(h) - (*this)(-h)) / (up - down);
  }

 private:
  const Operation& op_;
  double at_;
  std::vector<Mat<double>> in_;
};

std::optional<StepError> step_error(const Operation& op, Stencil& f, const Big& slope, int e) {
  const double h = std::ldexp(1.0, e);
  const double near = f.slope(h), far = f.slope(2 * h);
  if (!std::isfinite(near) || !std::isfinite(far)) return std::nullopt;
  const double units = op.claimed && op.claimed->units == Units::ulp ? op.claimed->value : 1;
  const WithContext c(113);
  const Big noise = ldexp(Big(std::abs(f(h)) + std::abs(f(-h))) * Big(units), -53 - e - 1);
  const Big bound = abs(Big(near) - Big(far)) / Big(3) + noise;
  return StepError{static_cast<double>(e), log2_of(abs(Big(near) - slope)), log2_of(bound)};
}

}  // namespace

std::vector<StepError> difference_curve(const Operation& op) {
  std::vector<double> x;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const std::optional<double> at = representative(op, k);
    if (!at) return {};
    x.push_back(*at + (k == 0 || op.ties == Ties::none ? 0 : 0.3125));
  }
  std::vector<StepError> curve;
  const PointReference reference = point_reference(op, double_format, x);
  if (!reference.resolved) return {};
  Stencil f(op, x);
  for (int e = longest_step; e >= shortest_step; --e) {
    const double reach = std::ldexp(2.0, e);
    if (!is_allowed(op, 0, x[0] - reach) || !is_allowed(op, 0, x[0] + reach)) continue;
    if (const auto step = step_error(op, f, reference.d[0].value, e)) curve.push_back(*step);
  }
  return curve;
}

}  // namespace assay::verify
