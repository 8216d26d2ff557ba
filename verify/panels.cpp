#include "panels.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

constexpr std::size_t n = Panel::terms;
constexpr std::size_t intervals = 1500;  // of find_branches

/// Node i of [-1, 1].
long double node(std::size_t i) {
  return std::cos(std::numbers::pi_v<long double> * (static_cast<long double>(i) + 0.5L) /
                  static_cast<long double>(n));
}

struct Table {
  std::array<std::array<long double, n>, n> cosines{};  // T_k at node i
  Table() {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) {
        cosines[k][i] =
            std::cos(std::numbers::pi_v<long double> * static_cast<long double>(k) *
                     (static_cast<long double>(i) + 0.5L) / static_cast<long double>(n));
      }
    }
  }
};

}  // namespace

Slope::Slope(const Operation& op, const std::vector<double>& x, std::size_t k, std::size_t m)
    : op_(op), k_(k), m_(m) {
  for (double v : x) in_.emplace_back(Mat<Moving>::Constant(1, 1, Moving(Enclosure(v))));
  in_[m_](0, 0).d = Enclosure(1);
}

std::optional<long double> Slope::operator()(long double t) {
  in_[k_](0, 0).v = Enclosure(Big(t));
  for (mpfr_prec_t p : {first_precision, mpfr_prec_t{128}, mpfr_prec_t{256}, mpfr_prec_t{640}}) {
    const WithContext c(p);
    Enclosure::undecided() = false;
    const Mat<Moving> y = op_.rule<Moving>().forward(views(in_));
    const Enclosure& d = y(0, 0).d;
    if (Enclosure::undecided() || !isfinite(d)) continue;
    const Big middle = d.middle(), radius = d.radius();
    if (radius == Big(0) || radius.exponent() < middle.exponent() - 63) {
      return middle.to_long_double();
    }
  }
  return std::nullopt;
}

long double Panel::operator()(long double t) const {
  if (used == 1) return series[0];
  const long double s = (t - centre) * scale;
  long double b1 = 0, b2 = 0;
  for (std::size_t k = used - 1; k > 0; --k) {
    const long double b = 2 * s * b1 - b2 + series[k];
    b2 = b1;
    b1 = b;
  }
  return s * b1 - b2 + series[0];
}

namespace {

/// The series through the values at the nodes; nothing where the oracle has none.
std::optional<Panel> series_on(Slope& slope, double lo, double hi, std::uint64_t& evaluations) {
  static const Table table;
  const long double half = (static_cast<long double>(hi) - lo) / 2;
  std::array<long double, n> values{};
  for (std::size_t i = 0; i < n; ++i) {
    const long double t = lo + half * (1 + node(i));
    if (!(lo < t && t < hi)) return std::nullopt;
    ++evaluations;
    const std::optional<long double> v = slope(t);
    if (!v) return std::nullopt;
    values[i] = *v;
  }
  Panel p{.lo = lo, .hi = hi, .centre = lo + half, .scale = 1 / half};
  for (std::size_t k = 0; k < n; ++k) {
    long double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += values[i] * table.cosines[k][i];
    p.series[k] = sum * (k == 0 ? 1 : 2) / static_cast<long double>(n);
  }
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  // Narrow stretches in which the value still falls that far end at a zero.
  const long double top = std::max(-*least, *most), bottom = std::max(-*most, *least);
  const bool ends_at_zero = hi - lo <= 0.25 && bottom < 0x1p-6L * top;
  if ((*least < 0 && *most > 0) || ends_at_zero) p.least = 0x1p-6L * top;
  const long double smallest = std::max(bottom, p.least);
  for (long double rest = 0; p.used > 1; --p.used) {
    rest += std::abs(p.series[p.used - 1]);
    if (rest > smallest * 0x1p-62L) break;
  }
  return p;
}

/// Between nodes, where the error of an interpolation is largest.
bool fits(Slope& slope, const Panel& p, const Tolerance& tolerance, std::uint64_t& evaluations) {
  for (long double s : {-0.9985L, -0.3827L, 0.0785L, 0.6488L, 0.9985L}) {
    const long double t = p.lo + (static_cast<long double>(p.hi) - p.lo) / 2 * (1 + s);
    ++evaluations;
    const std::optional<long double> v = slope(t);
    if (!v) return false;
    const long double scale = std::max({std::abs(*v), p.least, tolerance.floor});
    if (!(std::abs(p(t) - *v) <= std::ldexp(scale, tolerance.accuracy))) return false;
  }
  return true;
}

struct Stretch {
  double lo, hi;
  int depth;
};

}  // namespace

std::optional<Panel> fit_panel(Slope& slope, double lo, double hi, const Tolerance& tolerance,
                               std::uint64_t& evaluations) {
  std::optional<Panel> p = series_on(slope, lo, hi, evaluations);
  if (p && !fits(slope, *p, tolerance, evaluations)) p.reset();
  return p;
}

Panels fit(Slope& slope, const std::vector<double>& edges, std::uint64_t budget) {
  constexpr int deepest = 7;
  std::vector<Stretch> first;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) first.push_back({edges[i], edges[i + 1], 0});
  const auto distance = [](const Stretch& s) { return std::min(std::abs(s.lo), std::abs(s.hi)); };
  std::stable_sort(first.begin(), first.end(),
                   [&](const Stretch& a, const Stretch& b) { return distance(a) < distance(b); });
  std::deque<Stretch> open(first.begin(), first.end());
  Panels panels;
  while (!open.empty()) {
    const Stretch s = open.front();
    open.pop_front();
    if (panels.evaluations >= budget || s.depth > deepest) {
      ++panels.unresolved;
      continue;
    }
    const std::optional<Panel> p = fit_panel(slope, s.lo, s.hi, {}, panels.evaluations);
    if (p) {
      panels.all.push_back(*p);
      continue;
    }
    const double middle = s.lo / 2 + s.hi / 2;
    if (!(s.lo < middle && middle < s.hi)) continue;
    // Behind all others of its width: a pole must not take the budget of what is farther out.
    const Stretch below{s.lo, middle, s.depth + 1}, above{middle, s.hi, s.depth + 1};
    const bool first_below = distance(below) < distance(above);
    open.push_back(first_below ? below : above);
    open.push_back(first_below ? above : below);
  }
  std::sort(panels.all.begin(), panels.all.end(),
            [](const Panel& a, const Panel& b) { return a.lo < b.lo; });
  return panels;
}

std::vector<double> panel_edges(const Operation& op, const Line& line, double lo, double hi,
                                double width) {
  lo = std::max(lo, line.lo);
  hi = std::min(hi, line.hi);
  std::vector<double> edges{lo, hi, 0};
  for (double x = width; x < std::max(std::abs(lo), std::abs(hi)); x += width) {
    edges.insert(edges.end(), {x, -x});
  }
  for (std::size_t k = 0; k < op.arity(); ++k) {
    if (line.direction[k](0, 0) == 0) {
      if (op.ties != Ties::none) edges.push_back(line.from[k](0, 0));
      continue;
    }
    for (const Kink& kink : op.kinks) {
      if (kink.input != k) continue;
      edges.insert(edges.end(), {next(double_format, kink.at, false), kink.at,
                                 next(double_format, kink.at, true)});
    }
  }
  for (const Boundary& b : find_branches(op, line, intervals).boundaries) {
    edges.insert(edges.end(), {b.below, b.above});
  }
  std::erase_if(edges, [&](double x) { return !(lo <= x && x <= hi); });
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

}  // namespace assay::verify
