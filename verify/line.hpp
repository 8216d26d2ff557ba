#pragma once
// A straight line through the inputs of an operation, and the operation along it.

#include <optional>
#include <string>
#include <vector>

#include "case.hpp"
#include "reference.hpp"

namespace assay::verify {

/// x(t) = from + t direction, for lo <= t <= hi; outputs weighted by `upstream`. Along one input of
/// an elementwise rule t is that input.
struct Line {
  std::vector<Mat<double>> from, direction;
  Mat<double> upstream;
  double lo = 0, hi = 0;

  [[nodiscard]] std::vector<Mat<double>> at(double t) const;
  /// How the grid of a search and its halvings divide [lo, hi]: by equally many numbers, or evenly.
  bool along_numbers = true;
};

/// Along input k of a 1x1 case, over its whole domain.
Line along_input(const Operation& op, const Case& c, std::size_t k);

/// Through a case in a random direction that leaves exact inputs where they are, as far as the
/// domain and `reach` allow.
Line through(const Operation& op, const Case& c, std::uint64_t seed, double reach);

/// The value <upstream, y> and its slope in t. long double: its exponents reach where the slopes of
/// doubles do.
struct Tangent {
  double t = 0;
  long double value = 0, slope = 0;
};

/// The forward in dual numbers along a line, in the precision that is current.
class Walk {
 public:
  Walk(const Operation& op, const Line& line);
  /// Throws what the forward throws, and std::runtime_error if its shape is not the declared one.
  Tangent operator()(double t) { return at(Enclosure(t)); }
  Tangent operator()(const Big& t) { return at(Enclosure(t)); }

 private:
  Tangent at(const Enclosure& t);

  const Operation& op_;
  const Line& line_;
  std::vector<Mat<Dual<Enclosure>>> in_;
};

/// Some element of the inputs meets a declared threshold, the edge of its domain or, in a
/// selection, another element while t goes from a to b, or right beside.
bool is_declared(const Operation& op, const Line& line, double a, double b);

/// Between two adjacent numbers on a line along an input; elsewhere within 2^-44 of its length.
struct Boundary {
  double below = 0, above = 0;
};

struct Branches {
  std::vector<Boundary> boundaries;  ///< ascending; some are only where intervals did not decide
  bool complete = true;              ///< the budget sufficed: there are no others
};

/// Where comparisons in forward or backward change their outcome along the line. Intervals of t in
/// which every comparison is decided for all numbers at once hold no boundary, the others are
/// halved; so none is missed, however close two of them are. `budget` counts intervals. Where it
/// does not suffice on a line between numbers (a rule may compare a number with itself, which
/// intervals do not decide), those between points of a grid are added.
Branches find_branches(const Operation& op, const Line& line, std::size_t budget);

/// A hash of all comparisons of forward and backward at t.
std::uint64_t branch_at(const Operation& op, const Line& line, double t);

}  // namespace assay::verify
