#pragma once
// The bins of CheckResult::histogram.

#include "assay/verify/result.hpp"

namespace assay::verify {

/// The quarter of an ulp that an error lies in.
inline std::uint64_t quarter(double ulp) {
  const bool counted = ulp * 4 < static_cast<double>(CheckResult::last_quarter);  // not NaN
  return counted ? static_cast<std::uint64_t>(ulp * 4) : CheckResult::last_quarter;
}

}  // namespace assay::verify
