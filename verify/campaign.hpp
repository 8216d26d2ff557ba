#pragma once
// A campaign: checks and planted faults over one or more processes.

#include <functional>
#include <vector>

#include "faults.hpp"

namespace assay::verify {

struct FaultTask {
  std::shared_ptr<const Operation> operation;
  Format format;
  Fault fault;
};

struct Campaign {
  std::uint64_t seed = 42;
  unsigned jobs = 1;
  std::uint64_t shard = 0;   ///< this machine's part ...
  std::uint64_t shards = 1;  ///< ... of so many
  std::uint64_t fault_cases = 200;
  std::vector<Check> checks;
  std::vector<FaultTask> faults;
};

struct Timing {
  std::string id;
  double seconds = 0;
};

struct CampaignResult {
  std::vector<CheckResult> checks;  ///< in the order of the campaign
  std::vector<FaultResult> faults;
  std::vector<Timing> timing;  ///< processor time over all processes
};

/// Done and total cases, and what is running.
using Progress =
    std::function<void(std::uint64_t done, std::uint64_t total, const std::string& id)>;

/// Runs everything in `jobs` child processes, each taking every jobs-th case of each check. The
/// result does not depend on their number. A child that dies is a failure of the check that it was
/// in; another takes up the rest.
CampaignResult run(const Campaign& campaign, const Progress& progress);

/// What a campaign amounts to.
struct Summary {
  std::string verdict;  ///< verified, failed, inconclusive, incomplete
  int exit = 0;
  std::uint64_t checks = 0, correct = 0, wrong = 0, inconclusive = 0, skipped = 0;
  std::uint64_t cases = 0, elements = 0, faults = 0, caught = 0, survived = 0;
};
Summary summarise(const CampaignResult& r, std::uint64_t shards);

}  // namespace assay::verify
