#pragma once
// Which faults are planted where.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "faults.hpp"

namespace assay::program {

/// Every fault that concerns the operation, in its backward and, of the library's own, in its
/// second derivatives and at its lifts.
std::vector<verify::FaultTask> all_faults(const std::shared_ptr<const verify::Operation>& op,
                                          const verify::Format& f);

/// A few of them, for a campaign: those that every operation gets, and others in turn, so that all
/// classes occur in every campaign over the whole library.
std::vector<verify::FaultTask> some_faults(const std::shared_ptr<const verify::Operation>& op,
                                           const verify::Format& f);

}  // namespace assay::program
