#pragma once
// A failing case on disk, and running it again.

#include <filesystem>
#include <optional>

#include "assay/verify/operation.hpp"
#include "check.hpp"

namespace assay::verify {

/// Writes the failure to OUT/<failure.replay> and returns that path. A failure without inputs, a
/// crash, is generated again from its number, in a campaign of as many cases.
std::filesystem::path save_failure(const Failure& f, const std::filesystem::path& out,
                                   std::uint64_t campaign_cases = 0);

/// Throws UsageError if the file is not a failing case.
Failure load_failure(const std::filesystem::path& file);
/// The cases of the campaign in which it was found; 0 if that is not known.
std::uint64_t load_campaign_cases(const std::filesystem::path& file);

/// Throws UsageError if the case does not fit the operation, or is of a check without cases.
void require_replayable(const Operation& op, const Failure& stored);

/// The stored case once more: the failure as it is now, or nothing if the rule is right there.
/// Throws UsageError if the case does not fit the operation.
std::optional<Failure> replay(const Operation& op, const Failure& stored);

/// How this process is to be started again to replay a file, for programs other than assay.
std::string replay_command(const std::filesystem::path& file);

}  // namespace assay::verify
