#pragma once
// From what was asked for to a campaign, and from its results to files.

#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"
#include "json.hpp"

namespace assay::program {

struct SelectedCampaign {
  verify::Campaign campaign;  ///< of one process in one shard
  std::vector<std::shared_ptr<const verify::Operation>> operations;
};
/// Everything that the patterns and scalars select. UsageError if one of them selects nothing.
SelectedCampaign campaign_of(const VerifyOptions& o);

/// The first line of results.jsonl.
verify::Json provenance(const VerifyOptions& o);
/// All lines of results.jsonl, and the failing cases beside it.
void write_results(const std::filesystem::path& out, const std::string& name,
                   const verify::Json& first_line, const verify::CampaignResult& r,
                   const verify::Summary& s);

/// As a shell reads it back.
std::string shell_word(const std::string& s);

}  // namespace assay::program
