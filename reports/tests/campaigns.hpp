#pragma once
// Two campaigns with something of everything: one that is verified and one that is not.

#include <string>
#include <vector>

#include "rendering.hpp"

namespace assay::report {

/// Checks of three operations with plots, histograms and curves, a claim with its samplers, golden
/// replays beside a framework, planted faults with their classes, sensitivities.
std::vector<Json> good_campaign();

/// The same with a wrong rule (a message, a hint, a replay), one inconclusive check and a fault
/// that survives.
std::vector<Json> failing_campaign();

}  // namespace assay::report
