#pragma once
#include <string>

#include "summary.hpp"

namespace assay::report {

/// A comment for a pull request: short, and never beyond what a forge accepts.
std::string markdown(const Campaign&, const Summary&);

}  // namespace assay::report
