#include "line.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <stdexcept>

#include "generators.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

// Above that of two doubles and a radius, which are for narrow intervals only.
constexpr mpfr_prec_t interval_precision = 113;

/// x + t v, exactly where the precision suffices.
Enclosure moved(double x, double v, const Enclosure& t) {
  if (v == 0) return Enclosure(x);
  if (v == 1 && x == 0) return t;
  return Enclosure(x) + Enclosure(v) * t;
}

std::vector<Mat<Enclosure>> enclosed_at(const Line& line, const Enclosure& t) {
  std::vector<Mat<Enclosure>> in;
  for (std::size_t k = 0; k < line.from.size(); ++k) {
    const Mat<double>& x = line.from[k];
    Mat<Enclosure> m(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      m.data()[i] = moved(x.data()[i], line.direction[k].data()[i], t);
    }
    in.push_back(std::move(m));
  }
  return in;
}

/// Forward and backward, for the sake of their comparisons.
void run_both(const Operation& op, const Line& line, const Enclosure& t) {
  const std::vector<Mat<Enclosure>> in = enclosed_at(line, t);
  const Mat<Enclosure> dy = line.upstream.unaryExpr([](double w) { return Enclosure(w); });
  static_cast<void>(op.rule<Enclosure>().gradients(dy, views(in)));
}

/// Every comparison comes out alike for all numbers from a to b.
bool is_one_branch(const Operation& op, const Line& line, double a, double b) {
  Enclosure::undecided() = false;
  try {
    run_both(op, line, Enclosure(Big(a), Big(b)));
  } catch (const std::exception&) {
    return false;  // a rule may refuse what no number is, an interval
  }
  return !Enclosure::undecided();
}

/// Halves [a, b]; nothing between adjacent numbers, or what is as good as that on a line between
/// numbers.
std::optional<double> middle(const Line& line, double a, double b) {
  double m = a / 2 + b / 2;
  if (!line.along_numbers && b - a < 0x1p-44 * (line.hi - line.lo)) return std::nullopt;
  if (line.along_numbers) {
    const std::int64_t lo = ordinal(double_format, a), hi = ordinal(double_format, b);
    m = from_ordinal(double_format, lo / 2 + hi / 2 + (lo % 2 + hi % 2) / 2);
  }
  return a < m && m < b ? std::optional(m) : std::nullopt;
}

/// The t for which x + t v stays in the interval, cut out of [lo, hi].
void stay_inside(const Interval& domain, double x, double v, double& lo, double& hi) {
  if (v == 0) return;
  constexpr double almost = 1 - 0x1p-10;
  const double to_lo = (domain.lo - x) / v, to_hi = (domain.hi - x) / v;
  lo = std::max(lo, almost * std::min(to_lo, to_hi));
  hi = std::min(hi, almost * std::max(to_lo, to_hi));
}

/// `what(t)` is zero or changes its sign between a and b.
template <class F>
bool meets_zero(const F& what, double a, double b) {
  const Big lo = what(a), hi = what(b);
  return !(lo < Big(0) && hi < Big(0)) && !(lo > Big(0) && hi > Big(0));
}

struct Place {
  std::size_t k;
  Eigen::Index i;
};

Big element(const Line& line, const Place& p, double t) {
  return Big(line.from[p.k].data()[p.i]) + Big(line.direction[p.k].data()[p.i]) * Big(t);
}

bool meets_threshold(const Operation& op, const Line& line, const Place& p, double a, double b) {
  const auto meets = [&](double at) {
    return std::isfinite(at) &&
           meets_zero([&](double t) { return element(line, p, t) - Big(at); }, a, b);
  };
  const Interval& domain = op.inputs[p.k];
  return meets(domain.lo) || meets(domain.hi) ||
         std::any_of(op.kinks.begin(), op.kinks.end(),
                     [&](const Kink& kink) { return kink.input == p.k && meets(kink.at); });
}

bool meets_other(const Line& line, const std::vector<Place>& all, const Place& p, double a,
                 double b) {
  return std::any_of(all.begin(), all.end(), [&](const Place& q) {
    if (q.k == p.k && q.i == p.i) return false;
    return meets_zero([&](double t) { return element(line, p, t) - element(line, q, t); }, a, b);
  });
}

/// The branch at t; nothing where the rule throws.
std::optional<std::uint64_t> branch_if_any(const Operation& op, const Line& line, double t) {
  try {
    return branch_at(op, line, t);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// Boundaries between points of a grid at which the branches differ: one for each two neighbours.
void find_between_points(const Operation& op, const Line& line, Branches& found) {
  constexpr int steps = 32;
  std::optional<std::uint64_t> before;
  double from = line.lo;
  for (int i = 0; i <= steps; ++i) {
    // Never at 0 itself, where a line may begin at a tie of everything.
    const double t = line.lo + (line.hi - line.lo) * ((i + 0.0625) / (steps + 0.125));
    const std::optional<std::uint64_t> here = branch_if_any(op, line, t);
    if (before && here && *before != *here) {
      double a = from, b = t;
      while (const std::optional<double> m = middle(line, a, b)) {
        (branch_if_any(op, line, *m) == before ? a : b) = *m;
      }
      found.boundaries.push_back({a, b});
    }
    before = here;
    from = t;
  }
}

}  // namespace

std::vector<Mat<double>> Line::at(double t) const {
  std::vector<Mat<double>> x;
  for (std::size_t k = 0; k < from.size(); ++k) {
    x.push_back(from[k].binaryExpr(direction[k],
                                   [t](double a, double v) { return v == 0 ? a : a + t * v; }));
  }
  return x;
}

Line along_input(const Operation& op, const Case& c, std::size_t k) {
  Line line;
  line.from = c.inputs;
  for (const Mat<double>& x : c.inputs) {
    line.direction.push_back(Mat<double>::Zero(x.rows(), x.cols()));
  }
  line.from[k](0, 0) = 0;
  line.direction[k](0, 0) = 1;
  line.upstream = Mat<double>::Constant(1, 1, 1.0);
  const Interval& domain = op.inputs[k];
  const auto end = [](double x, bool open, bool up) {
    const double finite = std::clamp(x, -largest(double_format), largest(double_format));
    return open && finite == x ? next(double_format, x, up) : finite;
  };
  line.lo = end(domain.lo, domain.lo_open, true);
  line.hi = end(domain.hi, domain.hi_open, false);
  return line;
}

Line through(const Operation& op, const Case& c, std::uint64_t seed, double reach) {
  Line line{c.inputs, {}, c.upstream, -reach, reach, false};
  std::uint64_t n = 0;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Mat<double>& x = c.inputs[k];
    Mat<double> v = Mat<double>::Zero(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size() && !op.inputs[k].exact; ++i) {
      // Never near 0, so that every element moves, and no two alike.
      const std::uint64_t bits = case_seed(seed, "direction", n++);
      const double size = 0.25 + std::ldexp(static_cast<double>(bits >> 44), -20);
      v.data()[i] = (bits & 1) != 0 ? size : -size;
      stay_inside(op.inputs[k], x.data()[i], v.data()[i], line.lo, line.hi);
    }
    line.direction.push_back(std::move(v));
  }
  return line;
}

Walk::Walk(const Operation& op, const Line& line) : op_(op), line_(line), in_(to_dual(line.from)) {
  for (std::size_t k = 0; k < in_.size(); ++k) {
    for (Eigen::Index i = 0; i < in_[k].size(); ++i) {
      in_[k].data()[i].d = Enclosure(line.direction[k].data()[i]);
    }
  }
}

Tangent Walk::at(const Enclosure& t) {
  const std::vector<Mat<Enclosure>> x = enclosed_at(line_, t);
  for (std::size_t k = 0; k < in_.size(); ++k) {
    for (Eigen::Index i = 0; i < in_[k].size(); ++i) in_[k].data()[i].v = x[k].data()[i];
  }
  const Mat<Moving> y = op_.rule<Moving>().forward(views(in_));
  if (shape_of(y) != shape_of(line_.upstream)) {
    throw std::runtime_error("forward returns " + to_string(shape_of(y)) + ", shape says " +
                             to_string(shape_of(line_.upstream)));
  }
  Enclosure value(0), slope(0);
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    const Enclosure w(line_.upstream.data()[j]);
    value += w * y.data()[j].v;
    slope += w * y.data()[j].d;
  }
  return {t.middle().to_double(), value.middle().to_long_double(), slope.middle().to_long_double()};
}

bool is_declared(const Operation& op, const Line& line, double a, double b) {
  const WithContext context(256);
  // Between numbers a meeting is known up to the rounding of the forward's differences.
  const double near = line.along_numbers ? 0 : 0x1p-44 * (line.hi - line.lo);
  const double lo = next(double_format, a - near, false), hi = next(double_format, b + near, true);
  std::vector<Place> all;
  for (std::size_t k = 0; k < line.from.size(); ++k) {
    for (Eigen::Index i = 0; i < line.from[k].size(); ++i) all.push_back({k, i});
  }
  return std::any_of(all.begin(), all.end(), [&](const Place& p) {
    if (line.direction[p.k].data()[p.i] == 0) return false;
    return meets_threshold(op, line, p, lo, hi) ||
           (op.ties != Ties::none && meets_other(line, all, p, lo, hi));
  });
}

Branches find_branches(const Operation& op, const Line& line, std::size_t budget) {
  const WithContext context(interval_precision);
  Branches found;
  if (!(line.lo < line.hi)) return found;
  std::deque<Boundary> open{{line.lo, line.hi}};  // the widest come first
  // A rule that asks whether x == x decides for no interval, and will not for narrower ones.
  constexpr std::size_t patience = 40;
  std::size_t tried = 0, decided = 0;
  for (; !open.empty() && tried < budget && (decided > 0 || tried < patience); ++tried) {
    const auto [a, b] = open.front();
    open.pop_front();
    if (is_one_branch(op, line, a, b)) {
      ++decided;
      continue;
    }
    if (const std::optional<double> m = middle(line, a, b)) {
      open.push_back({a, *m});
      open.push_back({*m, b});
    } else {
      found.boundaries.push_back({a, b});
    }
  }
  found.complete = open.empty();
  if (!found.complete && !line.along_numbers) find_between_points(op, line, found);
  std::sort(found.boundaries.begin(), found.boundaries.end(),
            [](const Boundary& a, const Boundary& b) { return a.below < b.below; });
  return found;
}

std::uint64_t branch_at(const Operation& op, const Line& line, double t) {
  const WithContext context(interval_precision);
  Enclosure::branches() = 0;
  run_both(op, line, Enclosure(t));
  return Enclosure::branches();
}

}  // namespace assay::verify
