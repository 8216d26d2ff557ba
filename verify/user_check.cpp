// assay::verify::check: all checks of one operation, in this process.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "assay/verify.hpp"
#include "check.hpp"
#include "replay.hpp"

namespace assay::verify {
namespace {

/// The command comes behind the numbers that it shows again, and before what is guessed from them.
void add_replay(Failure& f, const std::string& command) {
  const std::size_t hint = f.hint.empty() ? f.message.npos : f.message.rfind("\n  hint ");
  const std::size_t end = hint == f.message.npos ? f.message.size() : hint;
  f.message.insert(end, fmt::format("\n  replay     {}", command));
}

/// ASSAY_REPLAY=FILE: the stored case instead of the campaign, if it is of this operation.
std::optional<Report> replayed(const Operation& op) {
  const char* file = std::getenv("ASSAY_REPLAY");
  if (!file || !*file) return std::nullopt;
  const Failure stored = load_failure(file);
  if (stored.operation != op.name) return std::nullopt;
  Report report;
  CheckResult& r = report.checks.emplace_back();
  r.subject = op.name;
  r.scalar = stored.scalar;
  r.check = stored.check;
  r.cases = r.elements = 1;
  if (std::optional<Failure> now = replay(op, stored)) {
    r.verdict = Verdict::wrong;
    add_replay(*now, replay_command(file));
    r.failures.push_back(std::move(*now));
  }
  return report;
}

}  // namespace

Report check(const Operation& op, const Options& options) {
  if (options.cases == 0) {
    throw std::invalid_argument("check: cases is 0; a run that checks nothing proves nothing");
  }
  require_subnormals();
  if (std::optional<Report> r = replayed(op)) return *r;
  const auto shared = std::make_shared<const Operation>(op);
  Report report;
  for (const Check& c : checks_of(shared, {.cases = options.cases})) {
    CheckResult r = run_cases(c, options.seed, 0, 1);
    conclude(c, r);
    for (Failure& f : r.failures) {
      if (options.out.empty() || f.replay.empty()) continue;
      const auto file = std::filesystem::absolute(save_failure(f, options.out));
      add_replay(f, replay_command(file));
    }
    report.checks.push_back(std::move(r));
  }
  return report;
}

bool Report::ok() const { return verdict() == Verdict::correct; }

Verdict Report::verdict() const {
  bool any = false;
  Verdict worst = Verdict::correct;
  for (const CheckResult& c : checks) {
    if (c.verdict == Verdict::wrong) return Verdict::wrong;
    if (c.verdict == Verdict::inconclusive) worst = Verdict::inconclusive;
    any = any || c.verdict == Verdict::correct;
  }
  return any ? worst : Verdict::inconclusive;
}

std::string Report::message() const {
  std::string text;
  std::uint64_t cases = 0, elements = 0;
  for (const CheckResult& c : checks) {
    cases += c.cases;
    elements += c.elements;
    for (const Failure& f : c.failures) text += f.message + "\n";
    if (c.verdict == Verdict::inconclusive) {
      text += fmt::format("{}: inconclusive: {}\n", c.id(), c.reason);
    }
  }
  if (!text.empty()) return text;
  return fmt::format("{}: {} checks, {} cases, {} gradient elements: correct",
                     checks.empty() ? "nothing" : checks.front().subject, checks.size(), cases,
                     elements);
}

}  // namespace assay::verify
