#pragma once
// A failing case on disk, and running it again.

#include <filesystem>
#include <optional>

#include "assay/verify/operation.hpp"
#include "check.hpp"

namespace assay::verify {

/// Writes the failure to OUT/<failure.replay> and returns that path.
std::filesystem::path save_failure(const Failure& f, const std::filesystem::path& out);

/// Throws UsageError if the file is not a failing case.
Failure load_failure(const std::filesystem::path& file);

/// The stored case once more: the failure as it is now, or nothing if the rule is right there.
/// Throws UsageError if the case does not fit the operation.
std::optional<Failure> replay(const Operation& op, const Failure& stored);

/// How this process is to be started again to replay a file, for programs other than assay.
std::string replay_command(const std::filesystem::path& file);

}  // namespace assay::verify
