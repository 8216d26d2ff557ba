#pragma once
// The renderer: result files and coverage data in, one page, one summary and one JUnit file out.
// It reads files only (SCHEMA.md) and is linked with neither the library nor the verifier.

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <vector>

namespace assay::report {

struct Options {
  std::vector<std::filesystem::path> results;  ///< results.jsonl, one or more with disjoint checks
  std::optional<std::filesystem::path> coverage;  ///< lcov .info
  std::filesystem::path out;  ///< created if absent; what out/experiments holds is shown
};

/// Something the caller gave cannot be used. The text names the file and, where there is one, the
/// line.
struct InputError : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Writes out/index.html, out/summary.md and out/junit.xml; each appears whole or not at all.
/// Throws InputError.
void render(const Options&);

}  // namespace assay::report
