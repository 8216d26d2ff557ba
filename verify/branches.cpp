// Both sides of every branch boundary, in the working type.
//
// A wrong branch is seen only where it is taken, and a window [1.7, 1.701] is taken by no random
// number. find_branches finds the boundaries of all, however narrow, in the rule's own comparisons;
// the derivative is judged at the numbers next to each and within each stretch between two.

#include <algorithm>
#include <cmath>

#include "families.hpp"
#include "generators.hpp"
#include "line.hpp"

namespace assay::verify {
namespace {

constexpr std::size_t intervals = 1500;      // of one line, for an elementwise rule
constexpr std::size_t few_intervals = 600;   // for a matrix operation
constexpr std::size_t most_boundaries = 40;  // looked at on one line; of more, evenly spaced ones

/// At most `most` of them, the first and the last among them.
std::vector<Boundary> thinned(const std::vector<Boundary>& all, std::size_t most) {
  if (all.size() <= most) return all;
  std::vector<Boundary> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return some;
}

/// The numbers of the format next to the boundary: three below it and three above, and those that
/// it lies between.
void add_neighbours(const Format& f, const Boundary& b, std::vector<std::int64_t>& points) {
  std::int64_t below = ordinal(f, rounded(f, b.below)), above = ordinal(f, rounded(f, b.above));
  if (from_ordinal(f, below) > b.below) --below;
  if (from_ordinal(f, above) < b.above) ++above;
  for (std::int64_t n = below - 3; n <= above + 3; ++n) points.push_back(n);
}

/// Within the stretch from a to b: its middle in two senses and some at random.
void add_inner(const Format& f, double a, double b, std::uint64_t seed,
               std::vector<std::int64_t>& points) {
  const std::int64_t lo = ordinal(f, rounded(f, a)), hi = ordinal(f, rounded(f, b));
  if (hi <= lo || hi - 1 == lo) return;
  const auto width = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  const auto offset = [&](std::uint64_t by) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + by);
  };
  points.push_back(offset(width / 2));
  points.push_back(ordinal(f, rounded(f, a / 2 + b / 2)));
  for (std::uint64_t i = 0; i < 4; ++i) {
    points.push_back(offset(case_seed(seed, "inner", i) % width));
  }
}

std::vector<double> dense_points(const Format& f, const Line& line,
                                 const std::vector<Boundary>& boundaries, std::uint64_t seed) {
  std::vector<std::int64_t> points;
  double from = line.lo;
  for (const Boundary& b : boundaries) {
    add_neighbours(f, b, points);
    add_inner(f, from, b.below, seed + points.size(), points);
    from = b.above;
  }
  add_inner(f, from, line.hi, seed + points.size(), points);
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  std::vector<double> x;
  for (std::int64_t n : points) {
    const double v = from_ordinal(f, n);
    if (std::isfinite(v) && line.lo <= v && v <= line.hi) x.push_back(v);
  }
  return x;
}

void run_elementwise(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t seed,
                     CheckResult& result) {
  const std::size_t k = number % op.arity();
  Case c = pointwise_case(op, f, seed);
  const Line line = along_input(op, c, k);
  const Branches found = find_branches(op, line, intervals);
  if (!found.complete) ++result.counts["branches not traced to the end"];
  result.counts["boundaries"] += found.boundaries.size();
  for (double x : dense_points(f, line, thinned(found.boundaries, most_boundaries), seed)) {
    if (!is_allowed(op, k, x)) continue;
    c.inputs[k](0, 0) = x;
    examine_case(op, f, "branches", c, number, seed, result);
  }
}

/// The numbers on both sides of some boundaries of a line, and a point between each two.
void run_matrix(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t seed,
                CheckResult& result) {
  Case c = ordinary_case(op, f, seed);
  const Line line = through(op, c, seed, 8);
  const Branches found = find_branches(op, line, few_intervals);
  result.counts["boundaries"] += found.boundaries.size();
  std::vector<double> points;
  double from = line.lo;
  for (const Boundary& b : thinned(found.boundaries, 3)) {
    points.insert(points.end(), {from / 2 + b.below / 2, b.below, b.above});
    from = b.above;
  }
  points.push_back(from / 2 + line.hi / 2);
  for (double t : points) {
    c.inputs = line.at(t);
    for (Mat<double>& x : c.inputs) {
      x = Mat<double>(x.unaryExpr([&](double v) { return rounded(f, v); }));
    }
    if (is_inside(op, c)) examine_case(op, f, "branches", c, number, seed, result);
  }
}

}  // namespace

void add_branches(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  if (op->arrange) return;  // pivots and rotations branch everywhere, and alike in all
  for (const Format& f : plan.formats) {
    const std::uint64_t lines = !op->elementwise ? 2 : op->arity() == 1 ? 1 : 2 * op->arity();
    Check c = case_check(op, f, f.name, "branches", lines, {});
    c.whole = true;  // its cases are lines
    c.run = [op, f](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
      (op->elementwise ? run_elementwise : run_matrix)(*op, f, number, seed, result);
    };
    checks.push_back(std::move(c));
  }
}

}  // namespace assay::verify
