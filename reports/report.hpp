#pragma once
// The renderer: result files and coverage data in, a page, a summary, JUnit and CSV out.
// It reads files only (SCHEMA.md) and is linked with neither the library nor the verifier.

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <vector>

namespace assay::report {

struct Options {
  std::vector<std::filesystem::path> results;  ///< results.jsonl, one or more with disjoint checks
  std::optional<std::filesystem::path> coverage;  ///< lcov .info
  std::filesystem::path out;                      ///< created if absent; what it holds of other
                                                  ///< measurements is shown (SCHEMA.md)
  std::optional<std::filesystem::path> baseline = {};  ///< results.jsonl of another time
  double threshold = 0.5;  ///< by which a worst error may be larger than the baseline's
};

/// Something the caller gave cannot be used. The text names the file and, where there is one, the
/// line.
struct InputError : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Writes index.html, summary.md, junit.xml and accuracy.csv to out; each appears whole or not at
/// all. Throws InputError.
void render(const Options&);

}  // namespace assay::report
