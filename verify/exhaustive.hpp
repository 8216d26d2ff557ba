#pragma once
// Every one of the 2^32 floats, for elementwise rules of one input.

#include "families.hpp"

namespace assay::verify {

/// The patterns of the floats in equal parts, each within one binade.
inline constexpr std::uint64_t chunk_count = 1024;
inline constexpr std::uint64_t chunk_size = (std::uint64_t{1} << 32) / chunk_count;

/// An elementwise operation of one input.
bool is_exhaustible(const Operation& op);

/// The check `exhaustive`: its cases are chunks.
Check exhaustive_check(const OperationPointer& op);

}  // namespace assay::verify
