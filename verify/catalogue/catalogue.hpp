#pragma once
// The checks of the library itself.

#include <vector>

#include "check.hpp"

namespace assay::verify {

/// The worked examples of fixtures/golden, replayed.
std::vector<Check> golden_checks();
/// The statements of the mathematics, over random inputs.
std::vector<Check> claim_checks(const Plan& plan);
/// Gradients of whole models on real data.
std::vector<Check> model_checks();

}  // namespace assay::verify
