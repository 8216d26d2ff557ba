#include "summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace assay::report {
namespace {

Operation& operation_named(std::vector<Operation>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Operation& o) { return o.name == name; });
  if (found != all.end()) return *found;
  all.emplace_back().name = name;
  return all.back();
}

void add(Operation& operation, const Check& check) {
  operation.checks.push_back(&check);
  operation.verdict = std::max(operation.verdict, check.verdict);
  if (check.claimed && !operation.claimed) {
    operation.claimed = &*check.claimed;
    operation.in_envelope = judged_in_envelope(check);
  }
  auto chip = std::find_if(operation.chips.begin(), operation.chips.end(),
                           [&](const Chip& c) { return c.check == check.check; });
  if (chip == operation.chips.end()) {
    chip = operation.chips.insert(operation.chips.end(), {check.check, check.verdict, {}});
  }
  chip->verdict = std::max(chip->verdict, check.verdict);
  chip->by_scalar.push_back(&check);
}

void add(FaultTally& tally, Status status) {
  if (status == Status::caught) ++tally.caught;
  if (status == Status::survived) ++tally.survived;
  if (status == Status::not_applicable) ++tally.not_applicable;
}

void add(Totals& totals, const Check& check) {
  ++totals.checks;
  totals.cases += check.cases;
  totals.elements += check.elements;
  switch (check.verdict) {
    case Verdict::correct:
      ++totals.correct;
      break;
    case Verdict::wrong:
      ++totals.wrong;
      break;
    case Verdict::inconclusive:
      ++totals.inconclusive;
      break;
    case Verdict::skipped:
      ++totals.skipped;
      break;
  }
}

void keep_worse(Seen& kept, const std::optional<Error>& error, const Check& check, bool envelope) {
  if (!error) return;
  if (!kept.error || judged(*error, envelope) > judged(*kept.error, envelope)) {
    kept = {&*error, &check};
  }
}

void count_skip(Summary& summary, const Check& check) {
  const std::string reason = check.reason.empty() ? "no reason given" : check.reason;
  const auto found = std::find_if(summary.skips.begin(), summary.skips.end(),
                                  [&](const auto& skip) { return skip.first == reason; });
  if (found != summary.skips.end()) {
    ++found->second;
  } else {
    summary.skips.emplace_back(reason, 1);
  }
}

void lower(Summary& summary, Outcome outcome, std::string note) {
  summary.outcome = std::max(summary.outcome, outcome);
  summary.notes.push_back(std::move(note));
}

/// The last line repeats what the lines before it say; where it does not, one of them is missing.
void compare_with_end(Summary& summary, const Campaign& all, std::size_t file) {
  const End& end = *all.files[file].end;
  Totals own;
  for (const Check& check : all.checks) {
    if (check.file == file) add(own, check);
  }
  if (own.checks == end.checks && own.correct == end.correct && own.wrong == end.wrong &&
      own.inconclusive == end.inconclusive && own.skipped == end.skipped) {
    return;
  }
  lower(summary, Outcome::incomplete,
        fmt::format("{}: its last line counts {} ({} correct), but {} ({} correct) are in it.",
                    all.files[file].path.string(), plural(end.checks, "check"), end.correct,
                    plural(own.checks, "check"), own.correct));
}

void judge_file(Summary& summary, const Campaign& all, std::size_t index) {
  const File& file = all.files[index];
  const std::string name = file.path.string();
  if (file.cut) {
    lower(summary, Outcome::incomplete,
          fmt::format("{}: the file ends in the middle of line {}: incomplete.", name, file.cut));
  } else if (!file.end) {
    lower(summary, Outcome::incomplete,
          fmt::format("{}: the file has no `end` line: the run did not finish.", name));
  } else {
    summary.outcome = std::max(summary.outcome, file.end->verdict);
    compare_with_end(summary, all, index);
  }
  const std::size_t slash = file.run.shard.find('/');
  if (slash != std::string::npos && file.run.shard.substr(slash + 1) != "1") {
    lower(summary, Outcome::incomplete,
          fmt::format("{}: this is shard {} alone; join the shards with `assay merge`.", name,
                      file.run.shard));
  }
  if (file.run.commit != all.files.front().run.commit) {
    summary.notes.push_back(fmt::format("{}: measured on another commit than {}.", name,
                                        all.files.front().path.string()));
  }
}

void judge_checks(Summary& summary, const Campaign& all) {
  std::uint64_t ran = 0;
  for (const Check& check : all.checks) {
    ran += check.cases > 0;
    if (check.verdict == Verdict::wrong || !check.failures.empty()) {
      summary.outcome = Outcome::failed;
    }
    if (check.verdict == Verdict::inconclusive) {
      summary.outcome = std::max(summary.outcome, Outcome::inconclusive);
    }
    if (check.verdict == Verdict::correct && check.cases == 0) {
      lower(summary, Outcome::failed,
            fmt::format("{}: said to be correct, but no case was run.", check.id));
    }
  }
  if (ran == 0 && summary.totals.faults.planted() == 0) {
    lower(summary, Outcome::failed, "Nothing was checked: not one case was run.");
  }
  if (summary.totals.faults.survived > 0) {
    lower(summary, Outcome::failed,
          fmt::format("{} survived: the suite would not have noticed.",
                      plural(summary.totals.faults.survived, "planted fault")));
  }
}

Seen worst(const Operation& operation, std::string_view scalar, std::optional<Error> Worst::*part) {
  Seen kept;
  for (const Check* check : operation.checks) {
    if (check->scalar == scalar && check->worst) {
      keep_worse(kept, (*check->worst).*part, *check, operation.in_envelope);
    }
  }
  return kept;
}

}  // namespace

double judged(const Error& error, bool in_envelope) {
  return in_envelope && error.envelope ? *error.envelope : error.ulp;
}

bool judged_in_envelope(const Check& check) {
  return check.claimed && check.claimed->units == "envelope";
}

Seen Operation::worst_value(std::string_view scalar) const {
  return worst(*this, scalar, &Worst::value);
}

Seen Operation::worst_derivative(std::string_view scalar) const {
  return worst(*this, scalar, &Worst::derivative);
}

Summary summarize(const Campaign& all) {
  Summary summary;
  for (const Check& check : all.checks) {
    add(summary.totals, check);
    if (check.verdict == Verdict::skipped) count_skip(summary, check);
    if (check.kind != Kind::operation) continue;
    add(operation_named(summary.operations, check.subject), check);
    const bool envelope = judged_in_envelope(check);
    Seen& kept = envelope ? summary.worst_envelope : summary.worst_ulp;
    if (check.worst) keep_worse(kept, check.worst->derivative, check, envelope);
  }
  for (const Fault& fault : all.faults) {
    add(summary.totals.faults, fault.status);
    Operation& operation = operation_named(summary.operations, fault.operation);
    add(operation.faults, fault.status);
    if (fault.status == Status::survived) operation.verdict = Verdict::wrong;
  }
  for (std::size_t i = 0; i < all.files.size(); ++i) judge_file(summary, all, i);
  judge_checks(summary, all);
  return summary;
}

}  // namespace assay::report
