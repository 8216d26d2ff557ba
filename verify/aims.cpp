// Cases bent towards what rules get wrong, and the classes that cases are counted by.

#include <algorithm>
#include <array>
#include <cmath>

#include "generators.hpp"

namespace assay::verify {
namespace {

/// Where exponentials, squares and products of the format overflow, underflow, or become subnormal.
std::vector<double> overflow_edges(const Format& f) {
  const double max = largest(f), tiny = std::ldexp(1.0, f.min_exponent);
  const double normal = std::ldexp(tiny, f.digits - 1);
  std::vector<double> edges{max, std::sqrt(max), std::sqrt(normal), normal, tiny};
  for (double x : {std::log(max), std::log(normal), std::log(tiny), std::log(max) + std::log(2.0),
                   std::log(max) / 2}) {
    edges.push_back(rounded(f, std::abs(x)));
  }
  for (double& x : edges) x = rounded(f, x);
  return edges;
}

/// Choices beside those of RapidCheck, so that what is aimed at leaves the rest of a case as it is.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t below(std::uint64_t n) { return case_seed(seed_, "aim", count_++) % n; }
  Eigen::Index index(Eigen::Index n) {
    return static_cast<Eigen::Index>(below(static_cast<std::uint64_t>(n)));
  }

 private:
  std::uint64_t seed_, count_ = 0;
};

void put(const Operation& op, Case& c, std::size_t k, Eigen::Index i, double x) {
  if (is_allowed(op, k, x)) c.inputs[k].data()[i] = x;
}

/// Some elements become equal to another: in one input, or in the same place of two.
void aim_at_ties(const Operation& op, Choices& choose, Case& c) {
  const std::size_t from = choose.below(c.inputs.size());
  const Mat<double>& source = c.inputs[from];
  if (source.size() == 0) return;
  const double x = source.data()[choose.index(source.size())];
  for (std::uint64_t copies = 1 + choose.below(3); copies > 0; --copies) {
    const std::size_t to = choose.below(c.inputs.size());
    if (c.inputs[to].size() == 0) continue;
    if (to != from && shape_of(c.inputs[to]) == shape_of(source)) {
      const Eigen::Index i = choose.index(source.size());
      put(op, c, to, i, source.data()[i]);
    } else {
      put(op, c, to, choose.index(c.inputs[to].size()), x);
    }
  }
}

/// Two or more zeros in one row or column: what products and norms trip over.
void aim_at_zeros(const Operation& op, Choices& choose, Case& c) {
  const std::size_t k = choose.below(c.inputs.size());
  const Mat<double>& x = c.inputs[k];
  if (x.size() < 2) return;
  const bool in_row = x.rows() == 1 || (x.cols() > 1 && choose.below(2) == 0);
  const Eigen::Index length = in_row ? x.cols() : x.rows();
  const Eigen::Index line = choose.index(in_row ? x.rows() : x.cols());
  const Eigen::Index first = choose.index(length), n = 2 + choose.index(length - 1);
  for (Eigen::Index j = 0; j < n; ++j) {
    const Eigen::Index at = (first + j) % length;
    put(op, c, k, in_row ? line + at * x.rows() : at + line * x.rows(), 0);
  }
}

/// One element at a threshold, an end of its domain or an overflow edge, or next to it.
void aim_at_edges(const Operation& op, const Format& f, Choices& choose, Case& c) {
  const std::size_t k = choose.below(c.inputs.size());
  if (c.inputs[k].size() == 0) return;
  std::vector<double> points = thresholds(op, k);
  if (op.elementwise && (points.empty() || choose.below(2) == 0)) points = overflow_edges(f);
  if (points.empty()) return;
  double x = rounded(f, points[choose.below(points.size())]);
  if (op.elementwise && thresholds(op, k).empty() && choose.below(2) == 0) x = -x;
  const std::uint64_t away = choose.below(5);
  for (std::uint64_t i = away / 2 + away % 2; i > 0; --i) x = next(f, x, away % 2 == 0);
  put(op, c, k, choose.index(c.inputs[k].size()), x);
}

/// Some elements of one input, by their places: a single one, a row, a column, the diagonal, all.
std::vector<Eigen::Index> some_places(const Mat<double>& x, Choices& choose) {
  std::vector<Eigen::Index> places;
  const Eigen::Index rows = x.rows(), cols = x.cols();
  const auto add = [&](Eigen::Index i, Eigen::Index j) { places.push_back(i + j * rows); };
  switch (choose.below(5)) {
    case 0:
      add(choose.index(rows), choose.index(cols));
      break;
    case 1:
      for (Eigen::Index i = choose.index(rows), j = 0; j < cols; ++j) add(i, j);
      break;
    case 2:
      for (Eigen::Index j = choose.index(cols), i = 0; i < rows; ++i) add(i, j);
      break;
    case 3:
      for (Eigen::Index i = 0; i < std::min(rows, cols); ++i) add(i, i);
      break;
    default:
      for (Eigen::Index i = 0; i < x.size(); ++i) places.push_back(i);
  }
  return places;
}

/// Numbers at which formulas take a short cut, exactly: 1 above all.
void aim_at_special_numbers(const Operation& op, Choices& choose, Case& c) {
  constexpr std::array numbers{1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.5, 2.0};
  const std::size_t k = choose.below(c.inputs.size());
  if (c.inputs[k].size() == 0) return;
  const double x = numbers.at(choose.below(numbers.size()));
  for (const Eigen::Index i : some_places(c.inputs[k], choose)) put(op, c, k, i, x);
}

/// Is x one of the points, or at most two numbers beside it?
bool is_near(const Format& f, const std::vector<double>& points, double x) {
  return std::any_of(points.begin(), points.end(), [&](double p) {
    const double at = rounded(f, p);
    return std::isfinite(at) && std::abs(ordinal(f, x) - ordinal(f, at)) <= 2;
  });
}

/// What an input holds, for the counts.
struct Classes {
  bool repeated = false, zeros = false;
};
Classes classes_of(const Mat<double>& x) {
  Classes found;
  std::vector<double> sorted(x.data(), x.data() + x.size());
  std::sort(sorted.begin(), sorted.end());
  found.repeated = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    found.zeros = found.zeros || (x.row(i).array() == 0).count() > 1;
  }
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    found.zeros = found.zeros || (x.col(j).array() == 0).count() > 1;
  }
  return found;
}

/// Elements of inputs that are moved, two of which are equal.
bool has_tie(const Operation& op, const Case& c) {
  if (op.ties == Ties::none) return false;
  std::vector<double> all;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    if (op.inputs[k].exact) continue;
    all.insert(all.end(), c.inputs[k].data(), c.inputs[k].data() + c.inputs[k].size());
  }
  std::sort(all.begin(), all.end());
  return std::adjacent_find(all.begin(), all.end()) != all.end();
}

}  // namespace

double largest(const Format& f) {
  return f == float_format ? static_cast<double>(std::numeric_limits<float>::max())
                           : std::numeric_limits<double>::max();
}

std::vector<double> thresholds(const Operation& op, std::size_t input) {
  std::vector<double> points;
  for (const Kink& k : op.kinks) {
    if (k.input == input) points.push_back(k.at);
  }
  for (double end : {op.inputs[input].lo, op.inputs[input].hi}) {
    if (std::isfinite(end)) points.push_back(end);
  }
  return points;
}

void aim(const Operation& op, const Format& f, std::uint64_t seed, Case& c) {
  Choices choose(seed);
  const std::uint64_t kind = choose.below(16);
  if (kind < 2 || (kind < 5 && op.ties != Ties::none)) {
    aim_at_ties(op, choose, c);
  } else if (kind < 7 && kind >= 5) {
    aim_at_zeros(op, choose, c);
  } else if (kind < 9 && kind >= 7) {
    aim_at_edges(op, f, choose, c);
  } else if (kind < 12 && kind >= 9) {
    aim_at_special_numbers(op, choose, c);
  }
}

void classify(const Operation& op, const Format& f, const Case& c,
              std::map<std::string, std::uint64_t>& counts) {
  bool empty = false, single = true, broadcast = false, repeated = false, zeros = false;
  bool subnormal = false, threshold = false, beside = false, edge = false, one = false;
  const double normal = std::ldexp(1.0, f.min_exponent + f.digits - 1);
  const std::vector<double> edges = overflow_edges(f);
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Mat<double>& input = c.inputs[k];
    empty = empty || input.size() == 0;
    single = single && input.size() == 1;
    broadcast = broadcast || (op.elementwise && shape_of(input) != shape_of(c.upstream));
    const Classes classes = classes_of(input);
    repeated = repeated || classes.repeated;
    zeros = zeros || classes.zeros;
    const std::vector<double> points = thresholds(op, k);
    for (double x : input.reshaped()) {
      subnormal = subnormal || (x != 0 && std::abs(x) < normal);
      threshold = threshold || std::find(points.begin(), points.end(), x) != points.end();
      beside = beside || is_near(f, points, x);
      edge = edge || is_near(f, edges, std::abs(x));
      one = one || std::abs(x) == 1;
    }
  }
  const std::array<std::pair<bool, const char*>, 11> found{{
      {empty, "size 0"},
      {single, "size 1"},
      {broadcast, "broadcast"},
      {repeated, "duplicate values"},
      {zeros, "several zeros in a line"},
      {has_tie(op, c), "a tie"},
      {subnormal, "subnormal input"},
      {threshold, "at a threshold"},
      {beside, "within 2 ulp of a threshold"},
      {edge, "at an overflow edge"},
      {one, "at 1 or -1"},
  }};
  for (const auto& [is_so, what] : found) {
    if (is_so) ++counts[what];
  }
}

}  // namespace assay::verify
