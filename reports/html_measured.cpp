// How much of the code was exercised, and how fast it is: coverage, mutants, benchmarks.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

Data column(const Covered& covered, double wanted = 0) {
  Data data;
  data.set("found", covered.found > 0);
  if (covered.found == 0) return data;
  const double share = static_cast<double>(covered.hit) / static_cast<double>(covered.found);
  data.set("share", fmt::format("{:.3f}", share));
  data.set("percent", percent_text(covered));
  data.set("counts", fmt::format("{}/{}", grouped(covered.hit), grouped(covered.found)));
  data.set("full", covered.hit == covered.found);
  data.set("all", grouped(covered.found));
  data.set("short", falls_short(covered, wanted));
  data.set("wanted", wanted > 0 ? Data(fmt::format("{} %", wanted)) : Data(false));
  return data;
}

Data coverage_row(const FileCoverage& file) {
  const Wanted wanted = wanted_of(file);
  Data columns = list();
  columns.push_back(column(file.lines, wanted.lines));
  columns.push_back(column(file.functions, wanted.functions));
  columns.push_back(column(file.branches, wanted.branches));
  Data row;
  row.set("path", file.path);
  row.set("page", maybe(file.page));
  row.set("columns", columns);
  return row;
}

Data coverage_body(const std::vector<FileCoverage>& files, bool total) {
  Data rows = list();
  for (const FileCoverage& file : files) rows.push_back(coverage_row(file));
  Data body;
  body.set("total", total);
  body.set("files", rows);
  return body;
}

std::string place_text(const Uncovered& place) {
  if (place.first == place.last) return fmt::format("{}:{}", place.file, place.first);
  return fmt::format("{}:{}–{}", place.file, place.first, place.last);
}

/// Lines outside of lib for which no reason is asked: those of a file stand in one row.
bool is_in_a_row(const Uncovered& place) {
  return place.reason.empty() && place.what == "lines" && !place.file.starts_with("lib/");
}

Data uncovered_rows(const std::vector<Uncovered>& places) {
  Data rows = list();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Uncovered& place = places[i];
    Data row;
    if (is_in_a_row(place)) {
      std::string lines;
      for (; i < places.size() && is_in_a_row(places[i]) && places[i].file == place.file; ++i) {
        lines += lines.empty() ? "" : ", ";
        lines += place_text(places[i]).substr(place.file.size() + 1);
      }
      --i;
      row.set("place", place.file);
      row.set("what", "lines " + lines);
    } else {
      row.set("place", place_text(place));
      row.set("what", place.what);
      row.set("text", place.text);
      row.set("reason", maybe(place.reason));
      row.set("unexplained", place.reason.empty());
    }
    rows.push_back(row);
  }
  return rows;
}

void fill_uncovered(Data& page, const std::optional<Places>& places) {
  page.set("has_uncovered", places.has_value());
  if (!places) return;
  Data unused = list();
  const auto unexplained = static_cast<std::uint64_t>(std::count_if(
      places->all.begin(), places->all.end(), [](const auto& p) { return p.reason.empty(); }));
  for (const std::string& entry : places->unused) unused.push_back(entry);
  page.set("uncovered_words", fmt::format("{} not reached, {} of them without a reason",
                                          plural(places->all.size(), "place"),
                                          unexplained == 0 ? "none" : grouped(unexplained)));
  page.set("has_places", !places->all.empty());
  page.set("places", uncovered_rows(places->all));
  page.set("has_unused", !places->unused.empty());
  page.set("unused", unused);
}

Data mutants(const Mutation& mutation) {
  Data rows = list();
  for (const Mutant& m : mutation.mutants) {
    Data row;
    row.set("place", fmt::format("{}:{}", m.file, m.line));
    row.set("original", m.original);
    row.set("mutant", m.mutant);
    row.set("status", m.status);
    row.set("survived", m.status == "survived");
    row.set("why", maybe(m.why));
    rows.push_back(row);
  }
  return rows;
}

Data mutation_files(const Mutation& mutation) {
  Data rows = list();
  for (const auto& [file, counts] : mutation.files) {
    Data row;
    row.set("file", file);
    row.set("killed", grouped(counts[0]));
    row.set("survived", grouped(counts[1]));
    row.set("equivalent", grouped(counts[2]));
    row.set("columns", column({counts[0], counts[0] + counts[1]}));
    rows.push_back(row);
  }
  return rows;
}

std::string time_text(double time, const std::string& unit) {
  return fmt::format("{:.3g} {}", time, unit);
}

Data benchmark_rows(const Benchmarks& benchmarks) {
  Data rows = list();
  for (const Benchmark& b : benchmarks.all) {
    const auto ours = std::find_if(b.times.begin(), b.times.end(),
                                   [&](const auto& t) { return t.first == benchmarks.ours; });
    Data row, times = list();
    for (const auto& [contender, time] : b.times) {
      const bool is_ours = contender == benchmarks.ours;
      Data entry;
      entry.set("contender", contender);
      entry.set("ours", is_ours);
      entry.set("time", time_text(time, b.unit));
      entry.set("ratio", is_ours || ours == b.times.end() || !(ours->second > 0)
                             ? Data(false)
                             : Data(fmt::format("{:.2f} ×", time / ours->second)));
      times.push_back(entry);
    }
    row.set("name", b.name);
    row.set("times", times);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

void fill_coverage(Data& page, const CoverageInput& coverage) {
  page.set("has_coverage", coverage.files.has_value());
  page.set("no_coverage", maybe(coverage.why_not));
  page.set("genhtml", coverage.genhtml);
  if (!coverage.files) return;
  Data bodies = list();
  bodies.push_back(coverage_body(totals_of(*coverage.files), true));
  bodies.push_back(coverage_body(*coverage.files, false));
  page.set("coverage", bodies);
  fill_uncovered(page, coverage.uncovered);
}

std::optional<double> mutation_score(const Mutation& mutation) {
  const auto judged = static_cast<double>(mutation.killed + mutation.survived);
  if (judged == 0) return std::nullopt;
  return 100 * static_cast<double>(mutation.killed) / judged;
}

void fill_mutation(Data& page, const Measurement<Mutation>& measured) {
  page.set("has_mutation", measured.found.has_value());
  page.set("no_mutation", maybe(measured.why_not));
  if (!measured.found) return;
  const Mutation& m = *measured.found;
  const auto score = mutation_score(m);
  page.set("mutation_words", fmt::format("{} of {} killed{}, {} equivalent, in {:.0f} s with {}",
                                         grouped(m.killed), plural(m.killed + m.survived, "mutant"),
                                         score ? fmt::format(" ({:.1f} %)", *score) : "",
                                         grouped(m.equivalent), m.seconds, m.command));
  page.set("mutation_files", mutation_files(m));
  page.set("has_mutants", !m.mutants.empty());
  page.set("mutants", mutants(m));
}

void fill_benchmarks(Data& page, const Measurement<Benchmarks>& measured) {
  page.set("has_benchmarks", measured.found.has_value());
  page.set("no_benchmarks", maybe(measured.why_not));
  if (!measured.found) return;
  page.set("benchmark_words",
           fmt::format("On {}; {} is 1. Measured with {}.", measured.found->processor,
                       measured.found->ours, measured.found->command));
  page.set("benchmarks", benchmark_rows(*measured.found));
}

}  // namespace assay::report
