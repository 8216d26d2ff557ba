#pragma once
// Faults that only the catalogue can plant, because it alone has the types: in second derivatives
// and at the lifts. And operations that the library has no use for, but faults have.

#include <memory>
#include <vector>

#include "catalogue/operations.hpp"
#include "faults.hpp"

namespace assay::verify {

/// In this operation, in this scalar.
std::vector<FaultTask> entry_faults(const Entry& e, const Format& f);

/// cumprod, symmetric_square: right operations, for faults of classes that no operation of the
/// library is open to.
std::vector<std::shared_ptr<const Operation>> specimens();

}  // namespace assay::verify
