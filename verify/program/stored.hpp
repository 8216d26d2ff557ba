#pragma once
// The failures of earlier runs, tried first in the next.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "campaign_of.hpp"

namespace assay::program {

/// Adds to the campaign what is in the folder of failing cases and belongs to one of its checks.
/// Returns a line for each that does but cannot be tried any more.
std::vector<std::string> add_stored(SelectedCampaign& selected,
                                    const std::filesystem::path& folder);

/// It can be tried from its inputs; otherwise its case is generated again from its number.
bool has_values(const verify::Failure& f);

/// The check that a failure is of, if it is among these.
std::optional<std::size_t> check_of(const verify::Failure& f,
                                    const std::vector<verify::Check>& checks);

/// The stored failure as a task of this campaign; UsageError if it cannot be tried.
verify::StoredFailure stored_failure(const SelectedCampaign& selected, std::size_t check,
                                     const std::filesystem::path& file);

void print_stored(const verify::Campaign& c, const verify::CampaignResult& r,
                  const std::vector<std::string>& unusable, const std::filesystem::path& folder);

}  // namespace assay::program
