#pragma once
// The derivative of an elementwise rule as piecewise polynomials through values of the oracle: a
// reference that costs nanoseconds a point.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "line.hpp"

namespace assay::verify {

/// df / dx_m while input k moves and the others are held, to 62 bits.
class Slope {
 public:
  Slope(const Operation& op, const std::vector<double>& x, std::size_t k, std::size_t m);
  /// Nothing where the forward does not give as many bits at a bearable precision.
  std::optional<long double> operator()(long double t);

 private:
  const Operation& op_;
  std::size_t k_, m_;
  std::vector<Mat<Dual<Enclosure>>> in_;
};

/// A Chebyshev series on one stretch.
struct Panel {
  static constexpr std::size_t terms = 24;
  double lo = 0, hi = 0;
  long double centre = 0, scale = 0;  ///< (t - centre) * scale lies in [-1, 1]
  std::array<long double, terms> series{};
  std::size_t used = terms;  ///< the others are below the rounding of long double
  /// Beside a zero of the derivative no relative accuracy is to be had: smaller values are not
  /// told.
  long double least = 0;

  [[nodiscard]] long double operator()(long double t) const;
};

/// How near a series must come to the oracle between its nodes.
struct Tolerance {
  int accuracy = -57;     ///< log2, relative: 1/16 ulp of a double
  long double floor = 0;  ///< smaller values are as good as this one
};

/// The series on [lo, hi]; nothing where none is near enough.
std::optional<Panel> fit_panel(Slope& slope, double lo, double hi, const Tolerance& tolerance,
                               std::uint64_t& evaluations);

struct Panels {
  std::vector<Panel> all;         ///< ascending, disjoint
  std::uint64_t evaluations = 0;  ///< of the oracle
  std::uint64_t unresolved = 0;   ///< stretches that no series fits, or beyond the budget
};

/// Stretches between the edges are halved until a series fits, as long as the budget of evaluations
/// lasts: the widest first, and of these those nearest to 0.
Panels fit(Slope& slope, const std::vector<double>& edges, std::uint64_t budget);

/// Edges for fit(): the ends, multiples of `width` between them, declared thresholds, and both
/// sides of every branch boundary on the line.
std::vector<double> panel_edges(const Operation& op, const Line& line, double lo, double hi,
                                double width);

}  // namespace assay::verify
