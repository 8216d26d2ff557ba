#pragma once
// A campaign: checks and planted faults over one or more processes, of one or more machines.

#include <functional>
#include <vector>

#include "faults.hpp"

namespace assay::verify {

/// The sensitivity of an operation, to be measured.
struct SensitivityTask {
  std::shared_ptr<const Operation> operation;
  Format format;
  std::uint64_t cases;
};

/// A failure of an earlier run, tried before anything else.
struct StoredFailure {
  std::size_t check = 0;  ///< index of the check that it belongs to
  std::string file;
  Failure failure;
  std::function<std::optional<Failure>()> replay;  ///< the failure as it is now
};

struct Campaign {
  std::uint64_t seed = 42;
  std::uint64_t cases = 1000;  ///< as asked for; each check says how many of its own it has
  unsigned jobs = 1;
  std::uint64_t shard = 0;   ///< this machine's part ...
  std::uint64_t shards = 1;  ///< ... of so many
  std::uint64_t fault_cases = 200;
  int fault_shrink_tries = 0;
  double timeout = 600;  ///< seconds for one case, or one planted fault; 0: no limit
  std::vector<StoredFailure> stored;
  std::vector<Check> checks;
  std::vector<FaultTask> faults;
  std::vector<SensitivityTask> sensitivities;
};

struct Timing {
  std::string id;
  double seconds = 0;
};

struct CampaignResult {
  std::vector<CheckResult> checks;  ///< in the order of the campaign
  std::vector<FaultResult> faults;
  std::vector<SensitivityResult> sensitivities;
  std::vector<Timing> timing;            ///< processor time over all processes
  std::vector<std::string> still_wrong;  ///< files of stored failures that fail again
};

/// Done and total cases, and what is running.
using Progress =
    std::function<void(std::uint64_t done, std::uint64_t total, const std::string& id)>;

/// Runs everything in `jobs` child processes, each taking every jobs-th case of the shard's cases,
/// which are every shards-th of each check. The result depends on neither. A child that dies, or
/// stays in one case for longer than the timeout, is a failure of the check that it was in; another
/// takes up the rest. Of a stored failure only its failing again shows in the result.
CampaignResult run(const Campaign& campaign, const Progress& progress);

/// A process crashed or was stopped in this check: what it had found is lost. merge() keeps of two
/// results only the lost one, of two lost ones that of the earlier case.
bool is_lost(const CheckResult& r);

/// The results of a campaign that has not begun.
CampaignResult blank_result(const Campaign& c);
/// A part shows failures; whether enough was checked only the whole can say.
void conclude_part(CheckResult& r);

/// What a campaign amounts to.
struct Summary {
  std::string verdict;  ///< verified, failed, inconclusive, incomplete
  int exit = 0;
  std::uint64_t checks = 0, correct = 0, wrong = 0, inconclusive = 0, skipped = 0;
  std::uint64_t cases = 0, elements = 0, faults = 0, caught = 0, survived = 0;
};
/// `complete`: nothing is missing, as it is from a shard alone.
Summary summarise(const CampaignResult& r, bool complete);

}  // namespace assay::verify
