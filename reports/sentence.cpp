// The words of the verdict.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "summary.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

/// Text with every second part emphasised.
class Parts {
 public:
  Parts& plain(std::string_view s) {
    if (all_.size() % 2 == 0) all_.emplace_back();
    all_.back() += s;
    return *this;
  }
  Parts& strong(std::string_view s) {
    if (all_.size() % 2 == 0) all_.emplace_back();
    all_.emplace_back(s);
    return *this;
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

void say_checks(Parts& parts, const Totals& t) {
  if (t.checks == 0) {
    parts.strong("No check").plain(" is in the file");
    return;
  }
  if (t.correct == t.checks) {
    parts.plain(t.checks == 1 ? "The one check" : "All ")
        .strong(t.checks == 1 ? "" : plural(t.checks, "check"));
    parts.plain(t.checks == 1 ? "is correct" : " are correct");
    return;
  }
  parts.strong(grouped(t.correct)).plain(" of ").strong(plural(t.checks, "check"));
  parts.plain(" correct");
  if (t.wrong) parts.plain(", ").strong(grouped(t.wrong) + " wrong");
  if (t.inconclusive) parts.plain(", ").strong(grouped(t.inconclusive) + " inconclusive");
  if (t.skipped) parts.plain(", ").strong(grouped(t.skipped) + " skipped");
}

std::string place(const Seen& seen) {
  std::string at;
  if (!seen.error->x.empty()) {
    const std::string x = decimal(seen.error->x.front());
    at = fmt::format(" at x = {}{}", x.empty() ? seen.error->x.front() : x,
                     seen.error->x.size() > 1 ? ", …" : "");
  }
  return fmt::format(" ({} in {}{})", seen.check->subject, seen.check->scalar, at);
}

void say_worst(Parts& parts, const Summary& summary) {
  const Seen& ulp = summary.worst_ulp;
  const Seen& envelope = summary.worst_envelope;
  if (ulp.error) {
    parts.plain("; the worst derivative is ").strong(ulp_text(ulp.error->ulp) + " ulp");
    parts.plain(place(ulp));
  }
  if (envelope.error) {
    parts.plain(ulp.error ? ", and " : "; the worst derivative is ");
    parts.strong(ulp_text(judged(*envelope.error, true)) + " envelope units");
    parts.plain(place(envelope)).plain(ulp.error ? " where that is the unit" : "");
  }
}

}  // namespace

std::vector<std::string> sentence(const Campaign& all, const Summary& summary) {
  const Totals& t = summary.totals;
  Parts parts;
  say_checks(parts, t);
  parts.plain(", over ").strong(plural(t.cases, "case")).plain(" and ");
  parts.strong(plural(t.elements, "gradient element"));
  say_worst(parts, summary);
  if (all.faults.empty()) {
    parts.plain("; no fault was planted");
  } else {
    const bool every = t.faults.caught == t.faults.planted();
    parts.plain(every ? "; caught " : "; caught only ");
    parts.strong(fmt::format("{} of {}", grouped(t.faults.caught), grouped(t.faults.planted())));
    parts.plain(" planted faults");
  }
  parts.plain(".");
  return parts.take();
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::verified:
      return "Verified";
    case Outcome::inconclusive:
      return "Inconclusive";
    case Outcome::incomplete:
      return "Incomplete";
    case Outcome::failed:
      return "Failed";
  }
  return "";
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::correct:
      return "correct";
    case Verdict::wrong:
      return "wrong";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::skipped:
      return "skipped";
  }
  return "";
}

std::string_view icon(Verdict verdict) {
  switch (verdict) {
    case Verdict::correct:
      return "✓";
    case Verdict::wrong:
      return "✗";
    case Verdict::inconclusive:
      return "?";
    case Verdict::skipped:
      return "–";
  }
  return "";
}

std::string explanation(const Check& check) {
  if (!check.reason.empty()) return check.reason;
  std::vector<std::string> wrong;
  for (const GoldenValue& value : check.values) {
    if (value.ok) continue;
    wrong.push_back(fmt::format("{} is {}, expected {}", value.name, value.got, value.expected));
  }
  if (wrong.empty()) return "no reason was recorded";
  return fmt::format("{} of {} wrong: {}", wrong.size(), plural(check.values.size(), "value"),
                     joined(wrong, 3));
}

std::string replay_command(const Campaign& all, const Check& check, const Failure& failure) {
  if (failure.replay.empty()) return {};
  const auto file = (all.files[check.file].path.parent_path() / failure.replay).lexically_normal();
  std::string command = "assay replay " + shell_word(file.string());
  for (const std::string& plugin : all.files[check.file].run.plugins) {
    command += " --plugin " + shell_word(plugin);
  }
  return failure.message.find(command) == std::string::npos ? command : "";
}

std::string unsaid_hint(const Failure& failure) {
  return failure.message.find(failure.hint) == std::string::npos ? failure.hint : "";
}

std::vector<std::string> commands(const Campaign& all) {
  std::vector<std::string> unique;
  for (const File& file : all.files) {
    const bool known = std::find(unique.begin(), unique.end(), file.run.command) != unique.end();
    if (!known && !file.run.command.empty()) unique.push_back(file.run.command);
  }
  return unique;
}

}  // namespace assay::report
