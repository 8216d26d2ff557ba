#pragma once
#include <string>

#include "summary.hpp"

namespace assay::report {

/// JUnit XML: a suite for each subject, a test case for each check.
std::string junit(const Campaign&, const Summary&);

}  // namespace assay::report
