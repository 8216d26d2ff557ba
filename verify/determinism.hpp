#pragma once
// The same bytes from the same bytes.

#include "examine.hpp"

namespace assay::verify {

/// The rule again: elsewhere in memory, after other contents of it, with one and two threads of
/// Eigen's, and in every fourth case while another thread uses it. The bytes must be those of the
/// first run.
std::optional<Problem> examine_determinism(const Examination& e);

}  // namespace assay::verify
