#pragma once
// A check is a map over cases plus an associative reduction (merge).

#include <functional>
#include <vector>

#include "assay/verify/result.hpp"
#include "examine.hpp"

namespace assay::verify {

struct Check {
  CheckResult blank;        ///< who and what; statistics empty
  std::uint64_t cases = 0;  ///< planned
  bool whole = false;       ///< cannot be divided over processes
  /// One case; adds to the result. A failure is kept if it is the first of this process.
  std::function<void(std::uint64_t number, std::uint64_t seed, CheckResult&)> run;
  /// After all cases are merged: what the statistics must show for the check to count.
  std::function<void(CheckResult&)> conclude = [](CheckResult&) {};
};

/// How a rule's checks are chosen.
struct Plan {
  std::uint64_t cases = 1000;
  std::vector<Format> formats{float_format, double_format};
};

/// All checks of an operation that follow from its definition alone.
std::vector<Check> checks_of(const std::shared_ptr<const Operation>& op, const Plan& plan);

/// The search for kinks, jumps and ties that an operation does not declare.
Check smoothness_check(const std::shared_ptr<const Operation>& op);

/// Runs the cases number, number + step, ... of a check in this process.
CheckResult run_cases(const Check& check, std::uint64_t campaign_seed, std::uint64_t first,
                      std::uint64_t step);

/// The verdict from the statistics, once all cases are in.
void conclude(const Check& check, CheckResult& result);

/// The examination behind an operation's check, for replay; null if there is none of that name.
Examine examination(std::string_view check);

/// The text that people see.
Failure to_failure(const Operation& op, const Format& f, std::string_view check, const Case& c,
                   std::uint64_t number, std::uint64_t seed, std::uint64_t shrinks,
                   const Problem& problem);

}  // namespace assay::verify
