#pragma once
// The checks of the library itself.

#include <vector>

#include "check.hpp"

namespace assay::verify {

/// The worked examples of fixtures/golden, replayed.
std::vector<Check> golden_checks();
/// The worst inputs of an operation that were found so far (fixtures/worst), replayed.
std::vector<Check> worst_checks(const std::shared_ptr<const Operation>& op, const Plan& plan);
/// The statements of the mathematics, over random inputs.
std::vector<Check> claim_checks(const Plan& plan);
/// Gradients of whole models on real data.
std::vector<Check> model_checks();

}  // namespace assay::verify
