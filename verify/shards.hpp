#pragma once
// The parts of a campaign put together: what one process would have found.

#include <string>
#include <vector>

#include "campaign.hpp"

namespace assay::verify {

/// What one shard found, as its file holds it: tallies from which nothing was concluded.
struct PartResult {
  std::string name;  ///< of the file
  std::uint64_t shard = 0;
  std::vector<CheckResult> checks;
  std::vector<FaultResult> faults;
  std::string cut;  ///< why records may be missing; "" if the file is whole
};

struct Joined {
  CampaignResult result;
  std::vector<std::string> gaps;  ///< what is missing, for people; concluded only if nothing is
};

/// Merges the parts of `c.shards` shards into the result of the whole. Neither the order of the
/// parts nor giving one twice changes it. Throws UsageError if the parts do not belong to this
/// campaign, or if two of one shard differ in what both have.
Joined join(const Campaign& c, std::vector<PartResult> parts);

}  // namespace assay::verify
