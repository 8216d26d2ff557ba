#pragma once
// Errors of very many derivatives: in units, and in the bins of CheckResult::histogram.

#include <algorithm>
#include <bit>
#include <cmath>

#include "assay/verify/result.hpp"
#include "number.hpp"

namespace assay::verify {

/// The quarter of an ulp that an error lies in.
inline std::uint64_t quarter(double ulp) {
  const bool counted = ulp * 4 < static_cast<double>(CheckResult::last_quarter);  // not NaN
  return counted ? static_cast<std::uint64_t>(ulp * 4) : CheckResult::last_quarter;
}

/// One unit in the last place of the format at x, as ulp_at() says it.
inline double unit_at(const Format& f, double x) {
  constexpr int bias = 1023;
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ff) - bias;
  const int unit = std::max(exponent - (f.digits - 1), f.min_exponent);
  if (unit <= -bias) return std::ldexp(1.0, unit);  // itself subnormal
  return std::bit_cast<double>(static_cast<std::uint64_t>(unit + bias) << 52);
}

}  // namespace assay::verify
