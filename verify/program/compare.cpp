#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "campaign_of.hpp"
#include "files.hpp"
#include "reports/read.hpp"

namespace assay::program {

using verify::Json, verify::UsageError;

namespace {

/// The worst errors of a check by quantity: "derivative" to 0.62.
using Errors = std::map<std::string, double>;

Errors errors(const report::Check& c, bool in_envelope) {
  Errors worst;
  const auto take = [&](const char* what, const std::optional<report::Error>& e) {
    if (!e) return;
    worst[what] = in_envelope && e->envelope ? *e->envelope : e->ulp;
  };
  if (c.worst) {
    take("value", c.worst->value);
    take("derivative", c.worst->derivative);
    take("product", c.worst->product);
  }
  for (const report::GoldenValue& v : c.values) {
    if (!v.ulp) continue;
    const auto [at, inserted] = worst.emplace("worked example", *v.ulp);
    at->second = std::max(at->second, *v.ulp);
  }
  return worst;
}

bool in_envelope(const report::Check& c) { return c.claimed && c.claimed->units == "envelope"; }

/// One list of findings; `worse`: it is what `compare` exits with 1 for.
struct List {
  const char* name;
  bool worse;
  std::vector<std::string> lines;
};

struct Comparison {
  List regressions{"larger errors", true, {}};
  List failures{"new failures", true, {}};
  List missing{"missing checks", true, {}};
  List inconclusive{"no longer conclusive", true, {}};
  List loosened{"looser claims", true, {}};
  List survived{"faults no longer caught", true, {}};
  List fewer{"fewer cases", false, {}};
  List repaired{"failures that are gone", false, {}};
  List improved{"smaller errors", false, {}};
  List added{"added checks", false, {}};

  [[nodiscard]] std::vector<const List*> all() const {
    return {&regressions, &failures, &missing,  &inconclusive, &loosened,
            &survived,    &fewer,    &repaired, &improved,     &added};
  }
  [[nodiscard]] bool worse() const {
    const auto lists = all();
    return std::any_of(lists.begin(), lists.end(),
                       [](const List* l) { return l->worse && !l->lines.empty(); });
  }
};

void compare_errors(const report::Check& a, const report::Check& b, double threshold,
                    Comparison& found) {
  const bool envelope = in_envelope(a) && in_envelope(b);
  const Errors before = errors(a, envelope);
  for (const auto& [what, now] : errors(b, envelope)) {
    const auto was = before.find(what);
    if (was == before.end() || was->second == now) continue;
    const std::string line =
        fmt::format("{}: {} {} -> {} {}", a.id, what, verify::figure(was->second),
                    verify::figure(now), envelope ? "envelope units" : "ulp");
    if (now - was->second > threshold) found.regressions.lines.push_back(line);
    if (was->second - now > threshold) found.improved.lines.push_back(line);
  }
}

void compare_claims(const report::Check& a, const report::Check& b, Comparison& found) {
  if (!a.claimed) return;
  const auto shown = [](const std::optional<report::Claimed>& c) {
    return c && c->derivative ? fmt::format("{} {}", *c->derivative, c->units) : "nothing";
  };
  const bool comparable = b.claimed && a.claimed->units == b.claimed->units;
  const bool looser = comparable && a.claimed->derivative &&
                      (!b.claimed->derivative || *b.claimed->derivative > *a.claimed->derivative);
  const bool other = !b.claimed || (!comparable && b.claimed->units == "envelope");
  if (!looser && !other) return;
  found.loosened.lines.push_back(
      fmt::format("{}: claimed {} -> {}", a.id, shown(a.claimed), shown(b.claimed)));
}

void compare_checks(const report::Check& a, const report::Check& b, double threshold,
                    Comparison& found) {
  using report::Verdict;
  if (b.verdict == Verdict::wrong && a.verdict != Verdict::wrong) {
    found.failures.lines.push_back(a.id);
  } else if (b.verdict == Verdict::skipped && a.verdict != Verdict::skipped) {
    found.missing.lines.push_back(fmt::format("{}: skipped now: {}", a.id, b.reason));
  } else if (b.verdict == Verdict::inconclusive && a.verdict == Verdict::correct) {
    found.inconclusive.lines.push_back(fmt::format("{}: {}", a.id, b.reason));
  } else if (a.verdict == Verdict::wrong && b.verdict == Verdict::correct) {
    found.repaired.lines.push_back(a.id);
  }
  if (b.cases < a.cases && b.verdict != Verdict::skipped) {
    found.fewer.lines.push_back(fmt::format("{}: {} -> {}", a.id, a.cases, b.cases));
  }
  compare_claims(a, b, found);
  compare_errors(a, b, threshold, found);
}

std::string id_of(const report::Fault& f) {
  return fmt::format("{}/{}/fault-{}", f.operation, f.scalar, f.fault);
}

Comparison compare_all(const report::Campaign& before, const report::Campaign& after,
                       double threshold) {
  Comparison found;
  std::map<std::string, const report::Check*> now;
  for (const report::Check& c : after.checks) now[c.id] = &c;
  for (const report::Check& c : before.checks) {
    const auto at = now.find(c.id);
    if (at == now.end()) {
      found.missing.lines.push_back(c.id);
      continue;
    }
    compare_checks(c, *at->second, threshold, found);
    now.erase(at);
  }
  for (const report::Check& c : after.checks) {
    if (!now.contains(c.id)) continue;
    found.added.lines.push_back(c.id);
    if (c.verdict == report::Verdict::wrong) found.failures.lines.push_back(c.id);
  }
  std::map<std::string, report::Status> faults;
  for (const report::Fault& f : after.faults) faults[id_of(f)] = f.status;
  for (const report::Fault& f : before.faults) {
    if (f.status != report::Status::caught) continue;
    const auto at = faults.find(id_of(f));
    if (at != faults.end() && at->second == report::Status::caught) continue;
    found.survived.lines.push_back(fmt::format("{}: {}", id_of(f),
                                               at == faults.end() ? "not planted"
                                               : at->second == report::Status::not_applicable
                                                   ? "cannot occur now"
                                                   : "survives"));
  }
  return found;
}

report::Campaign read(const std::filesystem::path& path, std::vector<std::string>& incomplete) {
  report::Campaign c = report::read_results({path});
  const report::File& file = c.files.front();
  if (!file.run.shard.ends_with("/1")) {
    throw UsageError(fmt::format("{}: it holds shard {} only; join the shards with `assay merge`",
                                 path.string(), file.run.shard));
  }
  if (!file.end) incomplete.push_back(fmt::format("{}: the run did not finish", path.string()));
  return c;
}

Json as_json(const Comparison& found, const CompareOptions& o, const std::string& verdict,
             const std::vector<std::string>& incomplete) {
  Json j{{"old", o.before.string()},
         {"new", o.after.string()},
         {"threshold", o.threshold},
         {"verdict", verdict},
         {"incomplete", incomplete}};
  for (const List* l : found.all()) j[l->name] = l->lines;
  return j;
}

}  // namespace

int compare(const CompareOptions& o) {
  if (!(o.threshold >= 0)) {
    throw UsageError(fmt::format("--threshold {}: a number that is not negative", o.threshold));
  }
  std::vector<std::string> incomplete;
  const report::Campaign before = read(o.before, incomplete);
  const report::Campaign after = read(o.after, incomplete);
  const Comparison found = compare_all(before, after, o.threshold);
  const int exit = found.worse() ? 1 : incomplete.empty() ? 0 : 3;
  const std::string verdict = exit == 1 ? "worse" : exit == 0 ? "not worse" : "incomplete";
  if (o.json) {
    fmt::print("{}\n", as_json(found, o, verdict, incomplete).dump(1));
    return exit;
  }
  fmt::print(
      "{} checks of {} with {} of {}; an error is larger if it grew by more than {} of its unit\n",
      after.checks.size(), o.after.string(), before.checks.size(), o.before.string(), o.threshold);
  for (const List* l : found.all()) {
    if (l->lines.empty()) continue;
    fmt::print("\n{} ({})\n", l->name, l->lines.size());
    for (const std::string& line : l->lines) fmt::print("  {}\n", line);
  }
  for (const std::string& line : incomplete) fmt::print("\nincomplete: {}\n", line);
  fmt::print("\n{}\n", verdict);
  return exit;
}

}  // namespace assay::program
