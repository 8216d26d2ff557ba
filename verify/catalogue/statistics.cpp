#include "catalogue/statistics.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>
#include <vector>

namespace assay::verify::statistics {
namespace {

using Eigen::Index;

double both_sides(double below, double above) { return std::min(1.0, 2 * std::min(below, above)); }

/// The standard normal density on a grid over [-9, 9], times the distance of its points: sums of
/// smooth functions over it are integrals to the last digits.
constexpr int grid_points = 3601;
constexpr double grid_end = 9;
double grid_at(int i) { return grid_end * (2.0 * i / (grid_points - 1) - 1); }
double grid_weight(double e) {
  const double step = 2 * grid_end / (grid_points - 1);
  return step * std::exp(-e * e / 2) / std::sqrt(2 * std::numbers::pi);
}

/// log of the bound on one side: n (log E e^(t x) - t d), d > 0, at its least over t.
class OneSide {
 public:
  OneSide(const OfNormal& g, double mean, double sign) {
    for (int i = 0; i < grid_points; ++i) {
      const double e = grid_at(i);
      x_.push_back(sign * (g(e) - mean));
      w_.push_back(grid_weight(e));
    }
  }
  [[nodiscard]] double least(double d, double variance) const {
    // Convex in t; every t gives a bound, the golden section a good one.
    const double ratio = (std::sqrt(5.0) - 1) / 2;
    double lo = 0, hi = 4 * d / variance;
    double a = hi - ratio * (hi - lo), b = lo + ratio * (hi - lo);
    double at_a = bound(a, d), at_b = bound(b, d);
    for (int i = 0; i < 40; ++i) {
      if (at_a < at_b) {
        hi = b, b = a, at_b = at_a;
        at_a = bound(a = hi - ratio * (hi - lo), d);
      } else {
        lo = a, a = b, at_a = at_b;
        at_b = bound(b = lo + ratio * (hi - lo), d);
      }
    }
    return std::min({0.0, at_a, at_b});
  }

 private:
  [[nodiscard]] double bound(double t, double d) const {
    double excess = 0;  // E e^(t x) - 1
    for (std::size_t i = 0; i < x_.size(); ++i) excess += w_[i] * std::expm1(t * x_[i]);
    return std::log1p(excess) - t * d;
  }
  std::vector<double> x_, w_;
};

}  // namespace

double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
double chi_squared_2_cdf(double x) { return x > 0 ? -std::expm1(-x / 2) : 0; }
double two_sided(double x) { return std::erfc(std::abs(x) / std::sqrt(2.0)); }

double kolmogorov_smirnov(Column x, const Cdf& cdf) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double distance = 0;
  for (Index i = 0; i < x.size(); ++i) {
    const double f = cdf(x(i)), below = static_cast<double>(i) / n;
    distance = std::max({distance, f - below, below + 1 / n - f});
  }
  return std::min(1.0, 2 * std::exp(-2 * n * distance * distance));
}

double mean_test(const Column& x) {
  return two_sided(x.sum() / std::sqrt(static_cast<double>(x.size())));
}

double variance_test(const Column& x) {
  const double half_n = static_cast<double>(x.size()) / 2, half_sum = x.square().sum() / 2;
  return both_sides(boost::math::gamma_p(half_n, half_sum), boost::math::gamma_q(half_n, half_sum));
}

double covariance_test(const Column& a, const Column& b) {
  const double r2 = std::pow((a * b).sum(), 2) / (a.square().sum() * b.square().sum());
  const double half = static_cast<double>(a.size() - 1) / 2;
  return boost::math::ibeta(half, 0.5, std::clamp(1 - r2, 0.0, 1.0));
}

double count_test(std::uint64_t successes, std::uint64_t n, double p) {
  const auto k = static_cast<double>(successes), all = static_cast<double>(n);
  const double above = successes == 0 ? 1 : boost::math::ibeta(k, all - k + 1, p);   // P(X >= k)
  const double below = successes == n ? 1 : boost::math::ibetac(k + 1, all - k, p);  // P(X <= k)
  return both_sides(below, above);
}

Moments moments(const OfNormal& g) {
  Moments m{0, 0};
  for (int i = 0; i < grid_points; ++i) m.mean += grid_weight(grid_at(i)) * g(grid_at(i));
  for (int i = 0; i < grid_points; ++i) {
    m.variance += grid_weight(grid_at(i)) * std::pow(g(grid_at(i)) - m.mean, 2);
  }
  return m;
}

double mean_of_function_test(double mean, std::uint64_t n, const OfNormal& g) {
  const Moments known = moments(g);
  const double d = mean - known.mean, count = static_cast<double>(n);
  if (std::isnan(d)) return 0;
  const OneSide side(g, known.mean, d < 0 ? -1 : 1);
  const double one = std::exp(count * side.least(std::abs(d), known.variance));
  return std::min(1.0, 2 * (one + count * two_sided(grid_end)));
}

double critical_distance(std::uint64_t n) {
  return std::sqrt(std::log(2 / level) / (2 * static_cast<double>(n)));
}
double missed_by_kolmogorov_smirnov(double distance, std::uint64_t n) {
  const double rest = std::max(0.0, distance - critical_distance(n));
  return std::min(1.0, 2 * std::exp(-2 * static_cast<double>(n) * rest * rest));
}
double detected_distance(std::uint64_t n) {
  return critical_distance(n) + std::sqrt(std::log(2e6) / (2 * static_cast<double>(n)));
}

double distance(const Cdf& f, const Cdf& g, double lo, double hi) {
  constexpr int points = 20000;
  double largest = 0;
  for (int i = 0; i <= points; ++i) {
    const double x = lo + (hi - lo) * i / points;
    largest = std::max(largest, std::abs(f(x) - g(x)));
  }
  return largest;
}

double missed_by_variance(double scale, std::uint64_t n) {
  const double half_n = static_cast<double>(n) / 2, square = scale * scale;
  const double least = boost::math::gamma_p_inv(half_n, level / 2) / square;
  const double most = boost::math::gamma_q_inv(half_n, level / 2) / square;
  // The smaller of both differences loses nothing to 1.
  return std::max(
      0.0, std::min(boost::math::gamma_p(half_n, most), boost::math::gamma_q(half_n, least)));
}

}  // namespace assay::verify::statistics
