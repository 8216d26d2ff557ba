#pragma once
#include <string>

#include "html.hpp"
#include "summary.hpp"

namespace assay::report {

/// A comment for a pull request: short, and never beyond what a forge accepts.
std::string markdown(const Campaign&, const Summary&, const Surroundings&);

}  // namespace assay::report
