#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assay/verify/result.hpp"

namespace assay::verify {

struct Options {
  std::uint64_t cases = 200;  ///< random cases of each check
  std::uint64_t seed = 42;
  /// Failing cases are written below this folder, as failures/NAME.json; empty: not written.
  std::string out = "reports/out";
};

/// What the checks of one operation found.
struct Report {
  std::vector<CheckResult> checks;

  /// Every check ran and is correct.
  [[nodiscard]] bool ok() const;
  [[nodiscard]] Verdict verdict() const;
  /// The failures in full, or one line that sums up the checks.
  [[nodiscard]] std::string message() const;
};

}  // namespace assay::verify
