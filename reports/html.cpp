#include "html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "assets.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

const char* seal(Outcome outcome) {
  switch (outcome) {
    case Outcome::verified:
      return "M14 25l7 7 13-15";
    case Outcome::failed:
      return "M16 16l16 16M32 16L16 32";
    case Outcome::inconclusive:
      return "M18 19q0-6 6-6t6 6q0 4-6 7v2M24 34v1";
    case Outcome::incomplete:
      return "M24 12v15M24 34v1";
  }
  return "";
}

void fill_banner(Data& page, const Campaign& all, const Summary& summary) {
  std::string name(word(summary.outcome));
  page.set("outcome", name);
  name.front() = static_cast<char>(name.front() - 'A' + 'a');
  page.set("outcome_class", name);
  page.set("seal", seal(summary.outcome));
  Data parts = list();
  const auto said = sentence(all, summary);
  for (std::size_t i = 0; i < said.size(); ++i) {
    Data part;
    part.set("text", said[i]);
    part.set("strong", i % 2 == 1);
    parts.push_back(part);
  }
  page.set("sentence", parts);
  Data notes = list();
  for (const std::string& note : summary.notes) notes.push_back(note);
  page.set("has_notes", !summary.notes.empty());
  page.set("notes", notes);
  Data skips = list();
  for (const auto& [reason, checks] : summary.skips) {
    Data skip;
    skip.set("first", &reason == &summary.skips.front().first);
    skip.set("reason", reason);
    skip.set("checks", plural(checks, "check"));
    skips.push_back(skip);
  }
  page.set("has_skips", !summary.skips.empty());
  page.set("skips", skips);
  Data repeat = list();
  for (const std::string& command : commands(all)) repeat.push_back(command);
  page.set("commands", repeat);
}

Data provenance(const File& file) {
  const Run& run = file.run;
  Data fields = list();
  const auto add = [&](const char* name, const std::string& value) {
    if (value.empty()) return;
    Data field;
    field.set("name", name);
    field.set("value", value);
    fields.push_back(field);
  };
  std::string libraries;
  for (const auto& [name, version] : run.libraries) {
    libraries += fmt::format("{}{} {}", libraries.empty() ? "" : ", ", name, version);
  }
  add("assay", run.assay);
  add("commit", run.commit.empty()
                    ? "not known"
                    : run.commit + (run.dirty ? ", with changes not committed" : ""));
  add("compiler", run.compiler);
  add("flags", run.flags);
  add("processor", run.processor);
  add("libraries", libraries);
  add("seed", run.seed);
  add("cases", fmt::format("{} for each check", grouped(run.cases)));
  add("patterns", joined(run.patterns, 100));
  add("scalars", joined(run.scalars, 100));
  add("shard", run.shard);
  Data data;
  data.set("file", file.path.string());
  data.set("fields", fields);
  return data;
}

Data failure_data(std::string_view icon, const std::string& name, const std::string& kind) {
  Data data;
  data.set("icon", std::string(icon));
  data.set("name", name);
  data.set("kind", kind);
  data.set("doubtful", kind == "inconclusive");
  data.set("about", false);
  data.set("message", false);
  data.set("hint", false);
  data.set("replay", false);
  return data;
}

/// Wrong checks, surviving faults, then what stayed inconclusive.
std::size_t fill_failures(Data& page, const Campaign& all) {
  Data failures = list();
  std::size_t count = 0;
  const auto push = [&](const Data& data) {
    failures.push_back(data);
    ++count;
  };
  for (const Check& check : all.checks) {
    for (const Failure& failure : check.failures) {
      Data data = failure_data("✗", check.id, "wrong");
      data.set("message", maybe(failure.message));
      data.set("hint", maybe(unsaid_hint(failure)));
      data.set("replay", maybe(replay_command(all, check, failure)));
      push(data);
    }
    if (check.verdict == Verdict::wrong && check.failures.empty()) {
      Data data = failure_data("✗", check.id, "wrong");
      data.set("about", explanation(check));
      push(data);
    }
  }
  for (const Fault& fault : all.faults) {
    if (fault.status != Status::survived) continue;
    Data data =
        failure_data("✗", fmt::format("{}<{}>: {}", fault.operation, fault.scalar, fault.fault),
                     "planted fault survived");
    data.set("about", fmt::format("{}. It changed the gradient in {} and no check noticed.",
                                  fault.about, plural(fault.manifested, "case")));
    data.set("message", maybe(fault.shrunk));
    push(data);
  }
  for (const Check& check : all.checks) {
    if (check.verdict != Verdict::inconclusive || !check.failures.empty()) continue;
    Data data = failure_data("?", check.id, "inconclusive");
    data.set("about", maybe(check.reason));
    push(data);
  }
  page.set("has_failures", count > 0);
  page.set("failures", failures);
  return count;
}

/// One of the figures below the verdict.
Data key_figure(const char* anchor, const std::string& name, const std::string& value, bool bad) {
  Data data;
  data.set("anchor", anchor);
  data.set("name", name);
  data.set("value", value);
  data.set("bad", bad);
  return data;
}

std::string share(std::uint64_t some, std::uint64_t all) {
  return fmt::format("{} / {}", grouped(some), grouped(all));
}

void fill_key_figures(Data& page, const Summary& summary, const Surroundings& around) {
  const Totals& t = summary.totals;
  Data figures = list();
  const auto add = [&](const char* anchor, const std::string& name, const std::string& value,
                       bool bad = false) {
    figures.push_back(key_figure(anchor, name, value, bad));
  };
  add("operations", "checks correct", share(t.correct, t.checks), t.wrong > 0);
  if (t.skipped) add("operations", "skipped", grouped(t.skipped));
  if (t.inconclusive) add("failures", "inconclusive", grouped(t.inconclusive), true);
  add("faults", "planted faults caught",
      t.faults.planted() ? share(t.faults.caught, t.faults.planted()) : "none planted",
      t.faults.survived > 0);
  if (summary.worst_ulp.error) {
    add("accuracy", "worst derivative", ulp_text(summary.worst_ulp.error->ulp) + " ulp");
  }
  const auto& files = around.coverage.files;
  add("coverage", "lines of lib covered",
      files ? percent_text(total_of(*files, "lib").lines) : "not measured");
  const auto score = around.mutation.found ? mutation_score(*around.mutation.found) : std::nullopt;
  add("coverage", "mutants killed", score ? fmt::format("{:.1f} %", *score) : "not measured");
  if (around.baseline) {
    const std::size_t worse = around.baseline->difference.worse();
    add("changes", "worse than the baseline", grouped(worse), worse > 0);
  }
  page.set("key_figures", figures);
}

void fill_changes(Data& page, const std::optional<Baseline>& baseline) {
  page.set("has_baseline", baseline.has_value());
  if (!baseline) return;
  Data groups = list();
  for (const Findings* findings : baseline->difference.all()) {
    if (findings->lines.empty()) continue;
    Data group, lines = list();
    for (const std::string& line : findings->lines) lines.push_back(line);
    group.set("name", findings->name);
    group.set("count", grouped(findings->lines.size()));
    group.set("bad", findings->worse);
    group.set("lines", lines);
    groups.push_back(group);
  }
  page.set("baseline", baseline->file);
  page.set("baseline_commit", maybe(baseline->commit));
  page.set("unchanged", baseline->difference.worse() + baseline->difference.others() == 0);
  page.set("changes", groups);
}

void fill_contents(Data& page, const Campaign& all, const Summary& summary, std::size_t failures,
                   const Surroundings& around) {
  Data contents = list();
  const auto add = [&](const char* anchor, const char* name, std::uint64_t count,
                       bool bad = false) {
    Data entry;
    entry.set("anchor", anchor);
    entry.set("name", name);
    entry.set("count", maybe(count ? grouped(count) : ""));
    entry.set("bad", bad);
    contents.push_back(entry);
  };
  const auto checks = [&](Kind kind) {
    return static_cast<std::uint64_t>(std::count_if(
        all.checks.begin(), all.checks.end(), [&](const Check& c) { return c.kind == kind; }));
  };
  if (failures) add("failures", "Failures", failures, true);
  add("operations", "Operations", summary.operations.size());
  if (!summary.operations.empty()) add("accuracy", "Accuracy", 0);
  if (checks(Kind::claim)) add("claims", "Properties", checks(Kind::claim));
  if (checks(Kind::model)) add("models", "Models", checks(Kind::model));
  if (checks(Kind::golden)) add("golden", "Golden", checks(Kind::golden));
  add("faults", "Faults", summary.totals.faults.planted());
  if (!all.checks.empty()) add("oracles", "Oracles", 0);
  add("coverage", "Coverage", 0);
  const bool worse = around.baseline && around.baseline->difference.worse() > 0;
  add("changes", "Changes", worse ? around.baseline->difference.worse() : 0, worse);
  add("benchmarks", "Benchmarks", 0);
  add("experiments", "Experiments", around.experiments.all.size(),
      !around.experiments.unreadable.empty());
  page.set("contents", contents);
}

}  // namespace

Data maybe(const std::string& text) { return text.empty() ? Data(false) : Data(text); }

Data list() { return Data(Data::type::list); }

std::string html(const Campaign& all, const Summary& summary, const Surroundings& around) {
  Data page;
  page.set("css", std::string(page_css()));
  page.set("js", std::string(page_js()));
  fill_banner(page, all, summary);
  Data runs = list();
  for (const File& file : all.files) runs.push_back(provenance(file));
  page.set("runs", runs);
  const std::size_t failures = fill_failures(page, all);
  fill_key_figures(page, summary, around);
  fill_contents(page, all, summary, failures, around);
  fill_matrix(page, summary);
  fill_operations(page, all, summary);
  fill_frameworks(page, all);
  fill_golden(page, all);
  fill_claims(page, all);
  fill_samplers(page, all);
  fill_faults(page, all);
  fill_oracles(page, all);
  fill_coverage(page, around.coverage);
  fill_mutation(page, around.mutation);
  fill_changes(page, around.baseline);
  fill_benchmarks(page, around.benchmarks);
  fill_experiments(page, around.experiments);
  page.set("footer", fmt::format("Written by assay {} from {}.", all.files.front().run.assay,
                                 plural(all.files.size(), "results file")));

  page.set("accuracy_part", std::string(accuracy_mustache()));
  page.set("evidence_part", std::string(evidence_mustache()));
  page.set("measured_part", std::string(measured_mustache()));

  kainjow::mustache::mustache form{std::string(page_mustache())};
  form.set_custom_escape([](const std::string& text) { return escape(text); });
  std::string text = form.render(page);
  if (!form.is_valid()) throw std::logic_error("page.mustache: " + form.error_message());
  return text;
}

}  // namespace assay::report
