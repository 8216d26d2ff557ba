#pragma once
// Plots as inline SVG, coloured by the page's style sheet.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"

namespace assay::report {

struct Plot {
  std::string title;   ///< for those who cannot see it
  std::string scalar;  ///< gives the smallest number of the axis
  const std::vector<Point>* points = nullptr;
  std::optional<double> claim;  ///< in ulp
};

/// Error over x: x on an axis logarithmic to both sides of 0, the claim as a dashed line.
std::string error_plot(const Plot&);

}  // namespace assay::report
