#pragma once
// The accuracy of each operation as a table for programs.

#include <string>

#include "summary.hpp"

namespace assay::report {

/// The worst derivative in float or double, by the unit that the operation is judged in.
Seen worst_derivative(const Operation&);

/// CSV (RFC 4180) with a heading; a line for each operation in float and in double. SCHEMA.md names
/// the columns.
std::string accuracy_csv(const Campaign&, const Summary&);

}  // namespace assay::report
