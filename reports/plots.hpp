#pragma once
// The plots of an operation, as data that the page's script draws: thousands of drawings would be
// slow to open, and large.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "summary.hpp"

namespace assay::report {

/// Over all checks of an operation in one scalar: the worst of each stratum of x, by rising x, and
/// how many derivatives lie in each quarter of an ulp.
struct Measured {
  std::string scalar;
  std::vector<Point> points;  ///< at most 256: of more the worse of every two neighbours
  std::size_t strata = 0;     ///< how many there were
  std::vector<Quarter> histogram;
  std::optional<double> claim;  ///< in ulp
  const Point& worst() const;
};

/// Float and double where there are points or counts.
std::vector<Measured> measured(const Operation&);

/// The points in base 64: every x as a float or the upper half of a double (21 bits), then every
/// error as the upper half of a float without its sign (eight bits), all little-endian.
std::string encoded(const std::vector<Point>&, std::string_view scalar);

/// "3.02 ulp at x = -0.3 (-0x1.3p-2)"
std::string described(const Point&);

/// "0:7 3:2": the quarter of an ulp, and how many.
std::string encoded(const std::vector<Quarter>&);

/// In base 64 for each step three whole numbers of 16 bits, little-endian: sixteenths of log2 of
/// the step, the error and its estimate; the smallest and the largest stand for all beyond.
std::string encoded(const std::vector<Step>&);

std::string base64(std::string_view bytes);

}  // namespace assay::report
