#include "shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "files.hpp"
#include "json.hpp"

namespace assay::verify {
namespace {

std::string id_of(const FaultTask& t) { return t.id(); }
std::string id_of(const FaultResult& r) {
  return fmt::format("{}/{}/fault-{}", r.operation, r.scalar, r.fault);
}

/// One shard, from all the files that hold it.
struct Shard {
  std::vector<std::string> names;
  std::string cut;  ///< "" if any of the files is whole
  std::map<std::string, CheckResult> checks;
  std::map<std::string, FaultResult> faults;
};

/// The same record again is no second result; another one is a contradiction.
template <class Result>
void add(std::map<std::string, Result>& into, const std::string& id, const Result& r,
         const PartResult& from, const Shard& shard) {
  const auto [at, inserted] = into.emplace(id, r);
  if (inserted || to_json(at->second) == to_json(r)) return;
  throw UsageError(fmt::format("{}: shard {} has another result of {} than in {}; give one of them",
                               from.name, from.shard, id, shard.names.front()));
}

/// How many cases of a check a shard runs.
std::uint64_t share(const Campaign& c, std::size_t at, std::uint64_t shard) {
  const Check& check = c.checks[at];
  if (check.whole) return at % c.shards == shard ? check.cases : 0;
  return check.cases > shard ? (check.cases - shard - 1) / c.shards + 1 : 0;
}

/// What every record must be a record of.
struct Known {
  std::map<std::string, std::size_t> checks, faults;

  explicit Known(const Campaign& c) {
    for (std::size_t i = 0; i < c.checks.size(); ++i) checks[c.checks[i].blank.id()] = i;
    for (std::size_t i = 0; i < c.faults.size(); ++i) faults[id_of(c.faults[i])] = i;
  }

  static void require(const std::map<std::string, std::size_t>& all, const std::string& id,
                      const PartResult& part) {
    if (all.contains(id)) return;
    throw UsageError(fmt::format(
        "{}: {} is not in the campaign as this program has it; merge with the program that ran it",
        part.name, id));
  }
};

/// Missing records of a shard are counted, not listed: the shard must run again in any case.
void find_gaps(const Campaign& c, std::uint64_t i, const Shard& shard,
               std::vector<std::string>& gaps) {
  const std::string who = fmt::format("shard {}/{} ({})", i, c.shards, shard.names.front());
  std::uint64_t missing = 0;
  for (std::size_t k = 0; k < c.checks.size(); ++k) {
    const auto found = shard.checks.find(c.checks[k].blank.id());
    if (found == shard.checks.end()) {
      ++missing;
    } else if (found->second.cases != share(c, k, i) && !is_lost(found->second)) {
      gaps.push_back(fmt::format("{}: {} ran {} of {} cases", who, found->first,
                                 found->second.cases, share(c, k, i)));
    }
  }
  std::uint64_t faults = 0;
  for (std::size_t k = i; k < c.faults.size(); k += c.shards) {
    if (!shard.faults.contains(id_of(c.faults[k]))) ++faults;
  }
  if (!shard.cut.empty()) gaps.push_back(fmt::format("{}: {}", who, shard.cut));
  if (missing > 0) gaps.push_back(fmt::format("{}: {} checks are missing", who, missing));
  if (faults > 0) gaps.push_back(fmt::format("{}: {} planted faults are missing", who, faults));
}

}  // namespace

Joined join(const Campaign& c, std::vector<PartResult> parts) {
  std::sort(parts.begin(), parts.end(), [](const PartResult& a, const PartResult& b) {
    return std::tie(a.shard, a.name) < std::tie(b.shard, b.name);
  });
  const Known known(c);
  std::map<std::uint64_t, Shard> shards;
  for (const PartResult& part : parts) {
    Shard& s = shards[part.shard];
    s.cut = s.names.empty() || part.cut.empty() ? part.cut : s.cut;
    s.names.push_back(part.name);
    for (const CheckResult& r : part.checks) {
      Known::require(known.checks, r.id(), part);
      add(s.checks, r.id(), r, part, s);
    }
    for (const FaultResult& r : part.faults) {
      Known::require(known.faults, id_of(r), part);
      add(s.faults, id_of(r), r, part, s);
    }
  }

  Joined joined{blank_result(c), {}};
  for (std::uint64_t i = 0; i < c.shards; ++i) {
    const auto found = shards.find(i);
    if (found == shards.end()) {
      joined.gaps.push_back(fmt::format("shard {}/{}: no file", i, c.shards));
      continue;
    }
    find_gaps(c, i, found->second, joined.gaps);
    for (const auto& [id, r] : found->second.checks) {
      // The reason of a part without cases is that they are elsewhere.
      if (r.cases > 0 || !r.failures.empty()) merge(joined.result.checks[known.checks.at(id)], r);
    }
    for (const auto& [id, r] : found->second.faults) {
      joined.result.faults[known.faults.at(id)] = r;
    }
  }
  for (std::size_t k = 0; k < c.checks.size(); ++k) {
    CheckResult& r = joined.result.checks[k];
    if (joined.gaps.empty()) {
      conclude(c.checks[k], r);
    } else {
      conclude_part(r);
      if (r.cases == 0) r.reason = "its cases are missing";
    }
  }
  std::erase_if(joined.result.faults, [](const FaultResult& f) { return f.status.empty(); });
  return joined;
}

}  // namespace assay::verify
