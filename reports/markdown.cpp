#include "markdown.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace assay::report {
namespace {

constexpr std::size_t failures_shown = 10;
constexpr std::size_t message_bytes = 3000;
constexpr std::size_t rows_shown = 60;
constexpr std::size_t changes_shown = 10;
constexpr std::size_t most_bytes = 60'000;  // GitHub refuses comments beyond 65 536 characters

std::string_view badge(Outcome outcome) {
  switch (outcome) {
    case Outcome::verified:
      return "✅";
    case Outcome::failed:
      return "❌";
    case Outcome::inconclusive:
      return "❔";
    case Outcome::incomplete:
      return "⚠️";
  }
  return "";
}

std::string_view mark(Verdict verdict) {
  return verdict == Verdict::correct ? "✓" : verdict == Verdict::wrong ? "❌" : icon(verdict);
}

std::string head(const Campaign& all, const Summary& summary) {
  std::string out =
      fmt::format("## {} assay: {}\n\n", badge(summary.outcome), word(summary.outcome));
  const auto parts = sentence(all, summary);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) continue;
    out += i % 2 ? "**" + markdown_text(parts[i]) + "**" : markdown_text(parts[i]);
  }
  out += "\n\n";
  for (const std::string& note : summary.notes) {
    out += fmt::format("- {}\n", markdown_text(clipped(note, 400)));
  }
  for (const auto& [reason, checks] : summary.skips) {
    out += fmt::format("- skipped {}: {}\n", plural(checks, "check"),
                       markdown_text(clipped(reason, 200)));
  }
  if (!summary.notes.empty() || !summary.skips.empty()) out += '\n';
  for (const std::string& command : commands(all)) {
    out += fmt::format("Repeat with {}\n\n", code_span(clipped(command, 500)));
  }
  return out;
}

std::string cell(const Operation& operation, std::string_view scalar) {
  const auto figure = [&](const Seen& seen) {
    return seen.error ? ulp_text(judged(*seen.error, operation.in_envelope)) : std::string("–");
  };
  const Seen value = operation.worst_value(scalar);
  const Seen derivative = operation.worst_derivative(scalar);
  if (!value.error && !derivative.error) return "–";
  return figure(value) + " · " + figure(derivative);
}

std::string claim(const Operation& operation) {
  if (!operation.claimed) return "–";
  const auto figure = [](const std::optional<double>& f) { return f ? claim_text(*f) : "–"; };
  return figure(operation.claimed->value) + " · " + figure(operation.claimed->derivative) +
         (operation.in_envelope ? " env" : "");
}

std::string checks_cell(const Operation& operation) {
  std::string bad;
  for (const Chip& chip : operation.chips) {
    if (chip.verdict == Verdict::correct || chip.verdict == Verdict::skipped) continue;
    bad += fmt::format(" {} {}", mark(chip.verdict), code_span(chip.check));
  }
  if (!bad.empty()) return bad.substr(1);
  const bool none = operation.checks.empty();
  return none ? "–" : fmt::format("✓ {}", operation.checks.size());
}

std::string faults_cell(const FaultTally& faults) {
  if (faults.planted() == 0) return "–";
  return fmt::format("{}{}/{}", faults.survived ? "❌ " : "", faults.caught, faults.planted());
}

std::string row(const Operation& operation) {
  return fmt::format("| {} | {} | {} | {} | {} | {} |\n", code_span(clipped(operation.name, 80)),
                     cell(operation, "float"), cell(operation, "double"), claim(operation),
                     checks_cell(operation), faults_cell(operation.faults));
}

std::string table(const Summary& summary) {
  if (summary.operations.empty()) return {};
  std::string out =
      "Worst error in ulp, value · derivative (`env`: in units of the envelope):\n\n"
      "| operation | float | double | claimed | checks | faults |\n|---|--:|--:|--:|---|--:|\n";
  std::vector<const Operation*> order;
  for (const Operation& operation : summary.operations) order.push_back(&operation);
  std::stable_sort(order.begin(), order.end(), [](const Operation* a, const Operation* b) {
    return a->verdict > b->verdict && a->verdict > Verdict::correct;
  });
  const std::size_t shown = std::min(order.size(), rows_shown);
  for (std::size_t i = 0; i < shown; ++i) out += row(*order[i]);
  if (shown < order.size()) {
    out += fmt::format("\nand {} more in `index.html`.\n", order.size() - shown);
  }
  return out + '\n';
}

/// What a reviewer wants unfolded: how far each is from its claim is not among it.
std::string folded_table(const Summary& summary) {
  const std::string rows = table(summary);
  if (rows.empty()) return {};
  return fmt::format("<details><summary>Accuracy of {}</summary>\n\n{}</details>\n\n",
                     plural(summary.operations.size(), "operation"), rows);
}

std::string changes(const std::optional<Baseline>& baseline) {
  if (!baseline) return {};
  std::string out = fmt::format("### Since {}\n\n", code_span(clipped(baseline->file, 200)));
  for (const Findings* f : baseline->difference.all()) {
    if (f->lines.empty()) continue;
    out += fmt::format("- {}{}: {}\n", f->worse ? "❌ " : "", f->name, f->lines.size());
    const std::size_t shown = f->worse ? std::min<std::size_t>(f->lines.size(), changes_shown) : 0;
    for (std::size_t i = 0; i < shown; ++i) {
      out += fmt::format("  - {}\n", code_span(clipped(f->lines[i], 200)));
    }
  }
  const bool none = baseline->difference.worse() + baseline->difference.others() == 0;
  return out + (none ? "Nothing changed.\n\n" : "\n");
}

/// What was reached of lib, verify and reports, mutants killed: where they were measured.
std::string exercised(const Surroundings& around) {
  std::string out;
  if (around.coverage.files) {
    for (const FileCoverage& total : totals_of(*around.coverage.files)) {
      if (total.path == "all") continue;
      out += fmt::format("{}{}: {} of lines", out.empty() ? "Reached of " : "; ",
                         code_span(total.path), percent_text(total.lines));
      if (total.functions.found > 0) out += ", " + percent_text(total.functions) + " of functions";
      if (total.branches.found > 0) out += ", " + percent_text(total.branches) + " of branches";
    }
  }
  if (around.mutation.found) {
    const Mutation& m = *around.mutation.found;
    out += fmt::format("{}{}/{} mutants killed", out.empty() ? "" : "; ", m.killed,
                       m.killed + m.survived);
  }
  return out.empty() ? "" : out + ".\n\n";
}

std::string failure(const Campaign& all, const Check& check, const Failure& failure) {
  std::string out = fmt::format("{}\n\n", code_span(clipped(check.id, 200)));
  out += fenced(clipped(failure.message, message_bytes)) + '\n';
  if (const std::string hint = unsaid_hint(failure); !hint.empty()) {
    out += fmt::format("Likely: {}\n\n", markdown_text(clipped(hint, 400)));
  }
  const std::string replay = replay_command(all, check, failure);
  if (!replay.empty()) out += code_span(replay) + "\n\n";
  return out;
}

std::string failures(const Campaign& all) {
  std::string out;
  std::size_t total = 0;
  for (const Check& check : all.checks) {
    const bool silent = check.verdict == Verdict::wrong && check.failures.empty();
    if (silent && ++total <= failures_shown) {
      out += fmt::format("{}: {}\n\n", code_span(clipped(check.id, 200)),
                         markdown_text(clipped(explanation(check), 400)));
    }
    for (const Failure& each : check.failures) {
      if (++total <= failures_shown) out += failure(all, check, each);
    }
  }
  for (const Fault& fault : all.faults) {
    if (fault.status != Status::survived || ++total > failures_shown) continue;
    out += fmt::format("The fault {} planted in {} survived: {}\n\n", code_span(fault.fault),
                       code_span(fault.operation + "<" + fault.scalar + ">"),
                       markdown_text(clipped(fault.about, 400)));
  }
  if (total == 0) return {};
  if (total > failures_shown) {
    out += fmt::format("and {} more in `index.html`.\n\n", total - failures_shown);
  }
  return "### Failures\n\n" + out;
}

}  // namespace

std::string markdown(const Campaign& all, const Summary& summary, const Surroundings& around) {
  const std::string start = printable(head(all, summary));
  const std::string failed = printable(failures(all));
  const std::string rest =
      printable(exercised(around) + changes(around.baseline)) + printable(folded_table(summary));
  if (start.size() + failed.size() + rest.size() <= most_bytes) return start + failed + rest;
  const std::string note = "The rest is in `index.html`.\n";
  if (start.size() + failed.size() <= most_bytes) return start + failed + note;
  return clipped(start, most_bytes - note.size() - 8) + "\n\n" + note;
}

}  // namespace assay::report
