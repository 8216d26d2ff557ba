#include "campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <thread>

#include "json.hpp"
#include "lane.hpp"

namespace assay::verify {
namespace {

/// An item of a campaign is known by its number: stored failures first, then checks, then faults,
/// then sensitivities.
struct Item {
  enum class Kind { stored, check, fault, sensitivity } kind;
  std::size_t at;
};

std::size_t item_count(const Campaign& c) {
  return c.stored.size() + c.checks.size() + c.faults.size() + c.sensitivities.size();
}

Item item(const Campaign& c, std::size_t i) {
  if (i < c.stored.size()) return {Item::Kind::stored, i};
  i -= c.stored.size();
  if (i < c.checks.size()) return {Item::Kind::check, i};
  i -= c.checks.size();
  if (i < c.faults.size()) return {Item::Kind::fault, i};
  return {Item::Kind::sensitivity, i - c.faults.size()};
}

std::string item_id(const Campaign& c, std::size_t i) {
  const auto [kind, at] = item(c, i);
  if (kind == Item::Kind::stored) return c.stored[at].file;
  if (kind == Item::Kind::check) return c.checks[at].blank.id();
  if (kind == Item::Kind::fault) return c.faults[at].id();
  const SensitivityTask& t = c.sensitivities[at];
  return fmt::format("{}/{}/sensitivity", t.operation->name, t.format.name);
}

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// One item in one lane; nothing to say gives null.
Json run_item(const Campaign& c, std::size_t i, std::size_t lane, Position& position,
              const Claims& claims) {
  const auto [kind, at] = item(c, i);
  // What cannot be divided belongs to one shard, and in it to one lane.
  const auto is_mine = [&, at = at] { return at % c.shards == c.shard && claims.take(i); };
  if (kind == Item::Kind::stored) {  // by every shard: their folders need not be
                                     // the same
    const StoredFailure& stored = c.stored[at];
    if (at % c.jobs != lane) return nullptr;
    position.enter(i, stored.failure.at_case);
    const std::optional<Failure> now = stored.replay();
    if (!now) return nullptr;
    CheckResult r = c.checks[stored.check].blank;
    r.failures.push_back(*now);
    return to_json(r);
  }
  if (kind == Item::Kind::fault) {
    const FaultTask& t = c.faults[at];
    if (!is_mine()) return nullptr;
    ++position.done;
    return to_json(try_fault(
        t, {.seed = c.seed, .cases = c.fault_cases, .shrink_tries = c.fault_shrink_tries}));
  }
  if (kind == Item::Kind::sensitivity) {
    const SensitivityTask& t = c.sensitivities[at];
    if (!is_mine()) return nullptr;
    ++position.done;
    return to_json(sensitivity(t.operation, t.format, c.seed, t.cases));
  }
  Check check = c.checks[at];
  if (check.whole && !is_mine()) return nullptr;
  check.run = [&, run = check.run](std::uint64_t n, std::uint64_t seed, CheckResult& r) {
    position.enter(i, n);
    run(n, seed, r);
    ++position.done;
  };
  if (check.whole) return to_json(run_cases(check, c.seed, 0, 1));
  // A shard's cases do not depend on the number of its lanes, which is each machine's own.
  return to_json(run_cases(check, c.seed, c.shard + c.shards * lane, c.shards * c.jobs));
}

/// A child's work from item `from` on.
void work(const Campaign& c, std::size_t from, std::size_t lane, Position& position,
          const Claims& claims, std::FILE* out) {
  for (std::size_t i = from; i < item_count(c); ++i) {
    position.enter(i, 0);
    const double before = processor_seconds();
    const Json result = run_item(c, i, lane, position, claims);
    const Json line{{"item", i}, {"seconds", processor_seconds() - before}, {"result", result}};
    std::fputs((line.dump() + "\n").c_str(), out);
    std::fflush(out);
  }
}

void collect(const Campaign& c, const Lane& lane, CampaignResult& result,
             std::vector<double>& seconds) {
  for (const std::string& line : lane.lines()) {
    const Json j = Json::parse(line, nullptr, false);
    if (!j.is_object()) continue;  // a mark, or the half line of a child that was killed
    const std::size_t i = j.at("item");
    seconds[i] += j.at("seconds").get<double>();
    if (j.at("result").is_null()) continue;
    const auto [kind, at] = item(c, i);
    if (kind == Item::Kind::stored) {
      result.still_wrong.push_back(c.stored[at].file);
      merge(result.checks[c.stored[at].check], check_from_json(j.at("result")));
    } else if (kind == Item::Kind::check) {
      merge(result.checks[at], check_from_json(j.at("result")));
    } else if (kind == Item::Kind::fault) {
      result.faults[at] = fault_from_json(j.at("result"));
    } else {
      result.sensitivities[at] = sensitivity_from_json(j.at("result"));
    }
  }
}

std::string file_name(std::string id) {
  std::replace_if(
      id.begin(), id.end(), [](char x) { return x == '/' || x == ' '; }, '-');
  return id;
}

/// A crash is a failure of the check that it happened in, and all that is left of it: what else the
/// processes found before depends on their number.
void record_loss(const Campaign& c, std::size_t i, std::uint64_t number, const Lane::End& end,
                 CampaignResult& result) {
  const auto [kind, at] = item(c, i);
  if (kind == Item::Kind::fault) {
    result.faults[at].status = "survived";
    result.faults[at].shrunk = end.why;
    return;
  }
  if (kind == Item::Kind::sensitivity) return;  // it stays not measured
  const bool stored = kind == Item::Kind::stored;
  const std::size_t check = stored ? c.stored[at].check : at;
  CheckResult lost = c.checks[check].blank;
  Failure f;
  if (stored) {
    result.still_wrong.push_back(c.stored[at].file);
    f = c.stored[at].failure;
  } else {
    f.operation = lost.subject;
    f.scalar = lost.scalar;
    f.check = lost.check;
    f.at_case = number;
    f.seed = case_seed(c.seed, lost.id(), number);
    f.replay = fmt::format("failures/lost-{}-{}.json", file_name(lost.id()), number);
  }
  f.message = fmt::format("{}: {} (case {})", lost.id(), end.why, f.at_case);
  lost.cases = 1;
  lost.counts[end.late ? "timed out" : "crashed"] = 1;
  lost.reason = end.why;
  lost.failures = {f};
  merge(result.checks[check], lost);
}

}  // namespace

CampaignResult blank_result(const Campaign& c) {
  CampaignResult r;
  for (const Check& check : c.checks) r.checks.push_back(check.blank);
  for (const FaultTask& t : c.faults) r.faults.push_back(blank_fault(t));
  r.sensitivities.resize(c.sensitivities.size());
  return r;
}

void conclude_part(CheckResult& r) {
  const auto n = r.counts.find("inconclusive");
  if (!r.failures.empty()) {
    r.verdict = Verdict::wrong;
  } else if (r.cases == 0) {
    r.verdict = Verdict::skipped;
    r.reason = "its cases are in other shards";
  } else if (n != r.counts.end() && n->second > 0) {
    r.verdict = Verdict::inconclusive;
  }
}

CampaignResult run(const Campaign& c, const Progress& progress) {
  require_subnormals();
  const Positions positions(c.jobs);
  const Claims claims(item_count(c));
  CampaignResult result = blank_result(c);

  std::uint64_t total = (c.faults.size() + c.sensitivities.size()) / c.shards;
  for (const Check& check : c.checks) total += check.cases / c.shards;

  std::vector<Lane> lanes;
  const auto start = [&](Lane& lane, std::size_t from) {
    lane.start(from, [&, from](std::FILE* out) {
      work(c, from, lane.number(), positions[lane.number()], claims, out);
    });
  };
  for (unsigned k = 0; k < c.jobs; ++k) lanes.emplace_back(k, positions[k]);
  for (Lane& lane : lanes) start(lane, 0);

  for (std::size_t left = lanes.size(); left > 0;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (Lane& lane : lanes) {
      if (!lane.running()) continue;
      const std::optional<Lane::End> end = lane.poll(c.timeout);
      if (!end) continue;
      const std::size_t at = lane.position().item;
      if (end->died) record_loss(c, at, lane.position().number, *end, result);
      if (end->died && at + 1 < item_count(c)) {
        start(lane, at + 1);
      } else {
        --left;
      }
    }
    const std::uint64_t current = positions[0].item;
    progress(positions.done(), total, current < item_count(c) ? item_id(c, current) : "");
  }

  std::vector<double> seconds(item_count(c));
  for (const Lane& lane : lanes) collect(c, lane, result, seconds);
  for (std::size_t i = 0; i < c.checks.size(); ++i) {
    if (c.shards == 1) {
      conclude(c.checks[i], result.checks[i]);
    } else {
      conclude_part(result.checks[i]);
    }
  }
  std::erase_if(result.faults, [](const FaultResult& f) { return f.status.empty(); });
  std::erase_if(result.sensitivities,
                [](const SensitivityResult& s) { return s.operation.empty(); });
  std::sort(result.still_wrong.begin(), result.still_wrong.end());
  for (std::size_t i = 0; i < item_count(c); ++i) {
    result.timing.push_back({item_id(c, i), seconds[i]});
  }
  return result;
}

Summary summarise(const CampaignResult& r, bool complete) {
  Summary s;
  for (const CheckResult& c : r.checks) {
    ++s.checks;
    s.cases += c.cases;
    s.elements += c.elements;
    switch (c.verdict) {
      case Verdict::correct:
        ++s.correct;
        break;
      case Verdict::wrong:
        ++s.wrong;
        break;
      case Verdict::inconclusive:
        ++s.inconclusive;
        break;
      case Verdict::skipped:
        ++s.skipped;
        break;
    }
  }
  for (const FaultResult& f : r.faults) {
    if (f.status == "not-applicable") continue;
    ++s.faults;
    if (f.status == "caught") {
      ++s.caught;
    } else {
      ++s.survived;
    }
  }
  if (s.wrong > 0 || s.survived > 0) {
    s.verdict = "failed";
    s.exit = 1;
  } else if (!complete) {
    s.verdict = "incomplete";
    s.exit = 3;
  } else if (s.inconclusive > 0 || s.correct == 0) {
    s.verdict = "inconclusive";
    s.exit = 3;
  } else {
    s.verdict = "verified";
  }
  return s;
}

}  // namespace assay::verify
