#pragma once
// Our accuracy beside a mainstream framework's, from the golden replays of its values.

#include <string>
#include <vector>

#include "model.hpp"

namespace assay::report {

/// Worst errors in ulp over the same points; theirs as the framework's values were recorded.
struct Beside {
  std::string operation, scalar;
  double ours_value = 0, theirs_value = 0;
  double ours = 0, theirs = 0;  ///< of the derivative
  std::string at;               ///< where theirs is worst: the point as the replay names it
};

/// From replays whose subject begins with `torch-`; in the order of the files, then by scalar.
std::vector<Beside> beside_frameworks(const Campaign&);

}  // namespace assay::report
