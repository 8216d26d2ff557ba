#include "quotient.hpp"

#include <array>
#include <cmath>

#include "case.hpp"

namespace assay::verify {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr int rows = 12;

/// The entry of an extrapolation table that its neighbours contradict least. Errors of the first
/// column go with powers of h^order; h halves from row to row.
struct Extrapolated {
  double value = 0;
  double bound = infinite;
  double change = 0;  ///< the part of the bound that is disagreement, not rounding
};
Extrapolated extrapolate(std::span<const double> first, std::span<const double> noise, int order) {
  std::array<std::array<double, rows>, rows> table{};
  Extrapolated best;
  for (std::size_t i = 0; i < first.size(); ++i) {
    table[i][0] = first[i];
    double weight = 1;
    for (std::size_t j = 1; j <= i; ++j) {
      weight *= 1 << order;
      table[i][j] = (weight * table[i][j - 1] - table[i - 1][j - 1]) / (weight - 1);
      const double change = std::max(std::abs(table[i][j] - table[i][j - 1]),
                                     std::abs(table[i][j] - table[i - 1][j - 1]));
      const double bound = change + (order == 1 ? 4 : 2) * noise[i];
      if (bound < best.bound) best = {table[i][j], bound, change};
    }
  }
  return best;
}

/// Quotients that grow from step to step: a jump, or an infinite slope.
bool diverges(std::span<const double> first, const std::array<double, rows>& noise) {
  if (first.size() < 4) return false;
  for (std::size_t i = first.size() - 3; i < first.size(); ++i) {
    const double before = first[i - 1], now = first[i];
    const bool grows = (before < 0) == (now < 0) && std::abs(now) > 1.2 * std::abs(before);
    if (!grows || std::abs(now - before) <= 4 * noise.at(i)) return false;
  }
  return true;
}

/// f on both sides of the point, at one step.
struct Pair {
  double step;
  Matrices up_at, down_at;
  std::optional<Mat<double>> up, down;
};

Pair pair_at(const Kernel& kernel, const Moved& moved, double step) {
  Pair p{step, moved(step), moved(-step), {}, {}};
  p.up = kernel.value_at(p.up_at);
  p.down = kernel.value_at(p.down_at);
  return p;
}

/// Steps from the first at which f is finite on both sides; or on one, if on no other.
std::vector<Pair> pairs(const Kernel& kernel, const Moved& moved, double scale) {
  constexpr int tries = 40;
  for (const bool both : {true, false}) {
    double h = scale;
    for (int i = 0; i < tries; ++i, h /= 2) {
      Pair p = pair_at(kernel, moved, h);
      if (both ? !(p.up && p.down) : !(p.up || p.down)) continue;
      std::vector<Pair> all;
      all.push_back(std::move(p));
      while (all.size() < rows) {
        h /= 2;
        p = pair_at(kernel, moved, h);
        const Pair& first = all.front();
        if ((first.up && !p.up) || (first.down && !p.down)) break;  // finite farther out only
        all.push_back(std::move(p));
      }
      return all;
    }
  }
  return {};
}

/// Whether each output element moved at all.
Mat<bool> moved_outputs(const std::vector<Pair>& all, const Mat<double>& y) {
  Mat<bool> m = Mat<bool>::Constant(y.rows(), y.cols(), false);
  for (const Pair& p : all) {
    if (p.up) m = m.array() || (p.up->array() != y.array());
    if (p.down) m = m.array() || (p.down->array() != y.array());
  }
  return m;
}

/// <dy, a - b>, in more digits than the terms have.
double difference(const Mat<double>& dy, const Mat<double>& a, const Mat<double>& b) {
  long double sum = 0;
  for (Eigen::Index j = 0; j < dy.size(); ++j) {
    sum += static_cast<long double>(dy.data()[j]) *
           (static_cast<long double>(a.data()[j]) - static_cast<long double>(b.data()[j]));
  }
  return static_cast<double>(sum);
}

/// What the rounding of f may make of <dy, f> at one step: of outputs that move, and of those that
/// do not, of which the largest step shows how little they can.
struct Noise {
  double moving = 0, still = 0;
};
Noise noise_in(const Mat<double>& dy, const Mat<double>& noise, const Pair& p,
               const Mat<bool>& moved) {
  Noise n;
  for (Eigen::Index j = 0; j < dy.size(); ++j) {
    double largest = 0;
    if (p.up) largest = std::abs(p.up->data()[j]);
    if (p.down) largest = std::max(largest, std::abs(p.down->data()[j]));
    const double part = dy.data()[j] * std::max(noise.data()[j], 2 * epsilon * largest);
    (moved.data()[j] ? n.moving : n.still) += part * part;
  }
  // Rounding errors are independent: three standard deviations.
  return {3 * std::sqrt(n.moving), 3 * std::sqrt(n.still)};
}

}  // namespace

Mat<double> noise_of(const Kernel& kernel, std::uint64_t seed) {
  constexpr int reach = 6, points = 2 * reach + 1;
  constexpr std::array<double, 7> sixth{1, -6, 15, -20, 15, -6, 1};
  constexpr double gain = 30.397368307141328;  // sqrt(924): of white noise through `sixth`
  const Mat<double>& y = kernel.value();
  Mat<double> noise = 2 * epsilon * y.cwiseAbs();
  std::vector<Mat<double>> values;
  for (int i = -reach; i <= reach; ++i) {
    Matrices x = kernel.inputs();
    std::uint64_t n = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      for (Eigen::Index e = 0; e < x[k].size(); ++e) {
        const double sign = case_seed(seed, "noise", n++) % 2 == 0 ? 1 : -1;
        x[k].data()[e] += sign * i * 0x1p-20 * kernel.magnitude(k, e);
      }
    }
    std::optional<Mat<double>> v = kernel.value_at(x);
    if (!v) return noise;
    values.push_back(std::move(*v));
  }
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    double sum = 0;
    constexpr int windows = points - 6;
    for (int w = 0; w < windows; ++w) {
      double d = 0;
      for (std::size_t i = 0; i < sixth.size(); ++i) {
        d += sixth[i] * values[static_cast<std::size_t>(w) + i].data()[j];
      }
      sum += d * d;
    }
    noise.data()[j] = std::max(noise.data()[j], 3 * std::sqrt(sum / windows) / gain);
  }
  return noise;
}

std::vector<Excess> excesses(const Kernel& kernel, const Mat<double>& noise, const Moved& moved,
                             const Claimed& claimed, double scale, double rounding,
                             std::span<const Mat<double>> upstreams) {
  const std::vector<Pair> all = pairs(kernel, moved, scale);
  std::vector<Excess> found(upstreams.size());
  const Mat<double>& y = kernel.value();
  const Mat<bool> moves = moved_outputs(all, y);
  for (std::size_t u = 0; u < upstreams.size(); ++u) {
    const Mat<double>& dy = upstreams[u];
    std::array<double, rows> central{}, right{}, left{}, noise_central{}, noise_side{};
    const std::size_t count = all.size();
    const bool up = count > 0 && all.front().up, down = count > 0 && all.front().down;
    for (std::size_t i = 0; i < count; ++i) {
      const Pair& p = all[i];
      const Noise n = noise_in(dy, noise, p, moves);
      const double h = p.step, still = n.still / all.front().step;
      noise_side.at(i) = 2 * n.moving / h + still + rounding;
      noise_central.at(i) = n.moving / h + still + rounding;
      if (up) {
        right.at(i) = (difference(dy, *p.up, y) - claimed(u, p.up_at, kernel.inputs())) / h;
      }
      if (down) {
        left.at(i) = (difference(dy, y, *p.down) - claimed(u, kernel.inputs(), p.down_at)) / h;
      }
      if (up && down) {
        central.at(i) = (difference(dy, *p.up, *p.down) - claimed(u, p.up_at, p.down_at)) / (2 * h);
      }
    }
    const auto table = [&](const auto& first, const auto& first_noise, int order) {
      return extrapolate(std::span(first).first(count), std::span(first_noise).first(count), order);
    };
    Excess& e = found[u];
    e.bound = infinite;
    // The steps are too large for what f does here, or it has no slope.
    const auto unsettled = [&](const Extrapolated& x, const Matrices& above, const Matrices& below,
                               double width) {
      const double slope = x.value + claimed(u, above, below) / width;
      return x.change > x.bound / 2 && x.change > std::abs(slope) / 16;
    };
    if (count == 0) continue;
    const Pair& last = all.back();
    const Extrapolated l = table(left, noise_side, 1), r = table(right, noise_side, 1);
    const bool no_right = up && unsettled(r, last.up_at, kernel.inputs(), last.step);
    const bool no_left = down && unsettled(l, kernel.inputs(), last.down_at, last.step);
    if (up && down) {
      const Extrapolated c = table(central, noise_central, 2);
      const double side_bound = l.bound + r.bound;
      const bool bent = std::abs(l.value - r.value) > 4 * side_bound;
      e = {c.value, c.bound, l.value, r.value, side_bound, bent, false};
      const bool none = bent ? no_left || no_right
                             : unsettled(c, last.up_at, last.down_at, 2 * last.step) ||
                                   diverges(std::span(central).first(count), noise_central);
      if (none) e.bound = infinite;
    } else {
      const Extrapolated& s = up ? r : l;
      e = {s.value, s.bound, s.value, s.value, s.bound, false, true};
      if (no_left || no_right) e.bound = infinite;
    }
  }
  return found;
}

}  // namespace assay::verify
