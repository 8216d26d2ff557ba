// The sections below the operations: golden replays, claims, oracles, coverage.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <tuple>

#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

void set_verdict(Data& row, const Check& check) {
  row.set("verdict", std::string(word(check.verdict)));
  row.set("icon", std::string(icon(check.verdict)));
  row.set("reason", maybe(check.reason));
  row.set("cases", grouped(check.cases));
}

Data value_data(const GoldenValue& value) {
  Data data;
  data.set("name", value.name);
  data.set("expected", value.expected);
  data.set("got", value.got);
  data.set("same", value.got == value.expected);
  data.set("ulp", value.ulp ? ulp_text(*value.ulp) : "–");
  data.set("ok", value.ok);
  return data;
}

Data replay_data(const Check& check) {
  Data data, values = list();
  std::size_t right = 0;
  double worst = -1;
  for (const GoldenValue& value : check.values) {
    values.push_back(value_data(value));
    right += value.ok;
    worst = std::max(worst, value.ulp.value_or(-1));
  }
  set_verdict(data, check);
  data.set("scalar", check.scalar);
  data.set("check", maybe(check.check == "golden" ? "" : check.check));
  data.set("right", fmt::format("{} of {}", right, check.values.size()));
  data.set("worst", worst < 0 ? "–" : ulp_text(worst));
  data.set("has_values", !check.values.empty());
  data.set("open", right < check.values.size());
  data.set("values", values);
  return data;
}

/// The number in `claim-18-sigmoid`; those without one come last.
std::uint64_t claim_number(const std::string& subject) {
  std::uint64_t number = std::numeric_limits<std::uint64_t>::max();
  const std::size_t dash = subject.find('-');
  if (dash != std::string::npos) {
    std::from_chars(subject.data() + dash + 1, subject.data() + subject.size(), number);
  }
  return number;
}

/// The share is of the cases, or of the elements where there are more of a class than cases.
Data classes_data(const Check& check) {
  Data classes = list();
  for (const auto& [name, count] : check.counts) {
    const std::uint64_t whole = count <= check.cases ? check.cases : check.elements;
    const double share = whole ? static_cast<double>(count) / static_cast<double>(whole) : 0;
    Data data;
    data.set("class", name);
    data.set("count",
             whole ? fmt::format("{}, {:.3g} %", grouped(count), 100 * share) : grouped(count));
    classes.push_back(data);
  }
  return classes;
}

Data claim_data(const Check& check, bool numbered) {
  const std::uint64_t number = claim_number(check.subject);
  const bool known = number != std::numeric_limits<std::uint64_t>::max();
  Data data;
  set_verdict(data, check);
  data.set("numbered", numbered);
  data.set("number", known ? std::to_string(number) : "");
  data.set("name", check.subject);
  data.set("scalar", check.scalar);
  data.set("check", check.check);
  data.set("about", check.about);
  data.set("blind", maybe(check.blind));
  data.set("classes", classes_data(check));
  return data;
}

void add_group(Data& groups, const Campaign& all, Kind kind, const char* anchor,
               const char* heading, const char* explain) {
  std::vector<const Check*> checks;
  for (const Check& check : all.checks) {
    if (check.kind == kind) checks.push_back(&check);
  }
  if (checks.empty()) return;
  const bool numbered = kind == Kind::claim;
  if (numbered) {
    std::stable_sort(checks.begin(), checks.end(), [](const Check* a, const Check* b) {
      return claim_number(a->subject) < claim_number(b->subject);
    });
  }
  Data claims = list();
  for (const Check* check : checks) claims.push_back(claim_data(*check, numbered));
  Data group;
  group.set("anchor", anchor);
  group.set("heading", heading);
  group.set("explain", explain);
  group.set("numbered", numbered);
  group.set("claims", claims);
  groups.push_back(group);
}

Data column(const Covered& covered) {
  Data data;
  data.set("found", covered.found > 0);
  if (covered.found == 0) return data;
  const double share = static_cast<double>(covered.hit) / static_cast<double>(covered.found);
  // 99.96 % must not read as 100 %
  const double percent = covered.hit == covered.found ? 100 : std::min(100 * share, 99.9);
  data.set("share", fmt::format("{:.3f}", share));
  data.set("percent", fmt::format("{:.1f} %", percent));
  data.set("counts", fmt::format("{}/{}", grouped(covered.hit), grouped(covered.found)));
  return data;
}

Data coverage_row(const FileCoverage& file) {
  Data columns = list();
  for (const Covered* covered : {&file.lines, &file.functions, &file.branches}) {
    columns.push_back(column(*covered));
  }
  Data row;
  row.set("path", file.path);
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

}  // namespace

void fill_golden(Data& page, const Campaign& all) {
  std::vector<std::pair<std::string, std::vector<const Check*>>> fixtures;
  for (const Check& check : all.checks) {
    if (check.kind != Kind::golden) continue;
    auto at = std::find_if(fixtures.begin(), fixtures.end(),
                           [&](const auto& fixture) { return fixture.first == check.subject; });
    if (at == fixtures.end()) at = fixtures.insert(fixtures.end(), {check.subject, {}});
    at->second.push_back(&check);
  }
  Data golden = list();
  for (const auto& [name, checks] : fixtures) {
    Data fixture, replays = list();
    for (const Check* check : checks) {
      Data replay = replay_data(*check);
      replay.set("first", check == checks.front());
      replays.push_back(replay);
    }
    fixture.set("fixture", name);
    fixture.set("rows", std::to_string(checks.size()));
    fixture.set("origin", maybe(checks.front()->origin));
    fixture.set("replays", replays);
    golden.push_back(fixture);
  }
  page.set("has_golden", !fixtures.empty());
  page.set("golden", golden);
}

void fill_claims(Data& page, const Campaign& all) {
  Data groups = list();
  add_group(groups, all, Kind::claim, "claims", "Claims",
            "What the mathematics says, each statement checked. The classes are what the generator "
            "covered, as a share of the cases (or of the elements, where they are counted).");
  add_group(groups, all, Kind::model, "models", "Models", "Whole models, checked end to end.");
  page.set("claim_groups", groups);
}

void fill_oracles(Data& page, const Campaign& all) {
  struct Use {
    std::uint64_t checks = 0, cases = 0;
  };
  using Oracle = std::tuple<std::string, std::string, std::string>;
  std::vector<Oracle> order;
  std::map<Oracle, Use> uses;
  for (const Check& check : all.checks) {
    if (check.kind == Kind::claim) continue;  // each claim says its own, above
    const Oracle oracle{check.check, check.about, check.blind};
    const auto [use, inserted] = uses.try_emplace(oracle);
    if (inserted) order.push_back(oracle);
    ++use->second.checks;
    use->second.cases += check.cases;
  }
  Data oracles = list();
  for (const Oracle& oracle : order) {
    Data row;
    row.set("check", std::get<0>(oracle));
    row.set("compares", std::get<1>(oracle));
    row.set("blind_to", std::get<2>(oracle).empty() ? "nothing known" : std::get<2>(oracle));
    row.set("checks", grouped(uses[oracle].checks));
    row.set("cases", grouped(uses[oracle].cases));
    oracles.push_back(row);
  }
  page.set("has_oracles", !order.empty());
  page.set("oracles", oracles);
}

void fill_coverage(Data& page, const CoverageInput& coverage) {
  page.set("has_coverage", coverage.files.has_value());
  page.set("genhtml", coverage.genhtml);
  if (!coverage.files) return;
  const std::vector<FileCoverage>& files = *coverage.files;
  std::vector<FileCoverage> totals{total_of(files, "lib"), total_of(files, "verify"),
                                   total_of(files)};
  Data bodies = list();
  bodies.push_back(coverage_body(totals, true));
  bodies.push_back(coverage_body(files, false));
  page.set("coverage", bodies);
}

}  // namespace assay::report
