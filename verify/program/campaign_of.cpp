#include "campaign_of.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "fault_tasks.hpp"
#include "files.hpp"

namespace assay::program {

using namespace verify;

namespace {

/// Keeps what any pattern matches as a whole; each pattern must match something.
void select(Everything& all, const VerifyOptions& o) {
  const auto matches = [](const std::string& pattern, const std::string& name) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  };
  for (const std::string& pattern : o.patterns) {
    const bool any = std::any_of(all.checks.begin(), all.checks.end(),
                                 [&](const Check& c) { return matches(pattern, c.blank.subject); });
    if (!any) {
      throw UsageError(fmt::format(
          "'{}' matches no operation, claim, worked example or model; `assay list` names them all",
          pattern));
    }
  }
  std::set<std::string> known;
  for (const Check& c : all.checks) known.insert(c.blank.scalar);
  for (const std::string& s : o.scalars) {
    if (known.count(s) == 0) {
      throw UsageError(
          fmt::format("--scalar {}: not a scalar; there are: {}", s, fmt::join(known, ", ")));
    }
  }
  const auto wanted = [&](const std::string& name) {
    return o.patterns.empty() ||
           std::any_of(o.patterns.begin(), o.patterns.end(),
                       [&](const std::string& p) { return matches(p, name); });
  };
  const auto in_scalar = [&](const std::string& s) {
    return o.scalars.empty() || std::find(o.scalars.begin(), o.scalars.end(), s) != o.scalars.end();
  };
  std::erase_if(all.checks, [&](const Check& c) {
    return !wanted(c.blank.subject) || !in_scalar(c.blank.scalar);
  });
  std::erase_if(all.operations, [&](const auto& op) { return !wanted(op->name); });
  if (all.checks.empty()) {
    throw UsageError(fmt::format("nothing is selected: {} has no checks in {}",
                                 fmt::join(o.patterns, " "), fmt::join(o.scalars, " ")));
  }
}

}  // namespace

SelectedCampaign campaign_of(const VerifyOptions& o) {
  if (o.cases == 0) {
    throw UsageError("--cases 0: a run that checks nothing proves nothing; give at least 1");
  }
  Everything all = everything({.cases = o.cases}, o.plugins);
  select(all, o);
  Campaign c;
  c.seed = o.seed;
  c.cases = o.cases;
  c.fault_cases = std::min<std::uint64_t>(o.cases, 200);
  c.checks = std::move(all.checks);
  for (const auto& op : all.operations) {
    for (const Format& f : {float_format, double_format}) {
      const bool in = o.scalars.empty() ||
                      std::find(o.scalars.begin(), o.scalars.end(), f.name) != o.scalars.end();
      if (!in) continue;
      for (FaultTask& t : some_faults(op, f)) c.faults.push_back(std::move(t));
    }
  }
  return {std::move(c), std::move(all.operations)};
}

}  // namespace assay::program
