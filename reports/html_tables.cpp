// The sections below the operations: golden replays, claims, samplers, frameworks, oracles.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "frameworks.hpp"
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

/// Written here: there are thousands of these rows.
std::string value_row(const GoldenValue& value) {
  const std::string got = value.got == value.expected ? "same" : escape(value.got);
  return fmt::format("<tr{}><th scope=row>{}{}<td>{}<td>{}<td>{}\n",
                     value.ok ? "" : " class=beyond", value.ok ? "" : "✗ ", escape(value.name),
                     escape(value.expected), got, value.ulp ? ulp_text(*value.ulp) : "–");
}

/// Worked examples in full; of the many values of other programs all wrong ones and the worst.
std::vector<const GoldenValue*> shown_values(const Check& check) {
  constexpr std::size_t most = 48;
  std::vector<const GoldenValue*> shown;
  for (const GoldenValue& value : check.values) shown.push_back(&value);
  if (shown.size() <= most) return shown;
  const auto badness = [](const GoldenValue* v) { return std::pair(!v->ok, v->ulp.value_or(0)); };
  std::stable_sort(shown.begin(), shown.end(), [&](const GoldenValue* a, const GoldenValue* b) {
    return badness(a) > badness(b);
  });
  const auto right = std::find_if(shown.begin(), shown.end(), [](const auto* v) { return v->ok; });
  const auto wrong = static_cast<std::size_t>(right - shown.begin());
  shown.resize(std::max(wrong, most / 4));
  return shown;
}

Data replay_data(const Check& check) {
  Data data;
  std::string rows;
  std::size_t right = 0;
  double worst = -1;
  for (const GoldenValue& value : check.values) {
    right += value.ok;
    worst = std::max(worst, value.ulp.value_or(-1));
  }
  const std::vector<const GoldenValue*> shown = shown_values(check);
  for (const GoldenValue* value : shown) rows += value_row(*value);
  if (shown.size() < check.values.size()) {
    rows += fmt::format("<tr><td colspan=4>and {} more, all right and nearer\n",
                        grouped(check.values.size() - shown.size()));
  }
  set_verdict(data, check);
  data.set("scalar", check.scalar);
  data.set("check", maybe(check.check == "golden" ? "" : check.check));
  data.set("right", fmt::format("{} of {}", right, check.values.size()));
  data.set("worst", worst < 0 ? "–" : ulp_text(worst));
  data.set("has_values", !check.values.empty());
  data.set("open", right < check.values.size());
  data.set("values", rows);
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
    data.set("count", whole >= count && whole > 0
                          ? fmt::format("{}, {:.3g} %", grouped(count), 100 * share)
                          : grouped(count));
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
  add_group(groups, all, Kind::claim, "claims", "Properties",
            "What the mathematics says, each statement checked. The classes are what the generator "
            "covered, as a share of the cases (or of the elements, where they are counted).");
  add_group(groups, all, Kind::model, "models", "Models", "Whole models, checked end to end.");
  page.set("claim_groups", groups);
}

/// What a replay or a claim compared with the probability of so large a deviation.
void fill_samplers(Data& page, const Campaign& all) {
  Data rows = list();
  bool any = false;
  for (const Check& check : all.checks) {
    for (const GoldenValue& value : check.values) {
      if (!value.got.starts_with("p = ")) continue;
      Data row;
      const std::string p = value.got.substr(4);
      row.set("subject", check.subject);
      row.set("scalar", check.scalar);
      row.set("test", value.name);
      row.set("p", p);
      row.set("expected", value.expected);
      row.set("verdict", std::string(value.ok ? "correct" : "wrong"));
      row.set("icon", std::string(value.ok ? "✓" : "✗"));
      rows.push_back(row);
      any = true;
    }
  }
  page.set("has_samplers", any);
  page.set("samplers", rows);
}

void fill_frameworks(Data& page, const Campaign& all) {
  std::vector<Beside> found = beside_frameworks(all);
  std::stable_sort(found.begin(), found.end(), [](const Beside& a, const Beside& b) {
    return std::max(a.theirs, a.theirs_value) > std::max(b.theirs, b.theirs_value);
  });
  Data rows = list();
  for (const Beside& b : found) {
    Data row;
    row.set("operation", b.operation);
    row.set("slug", slug(b.operation));
    row.set("scalar", b.scalar);
    row.set("at", b.at);
    std::string cells;
    for (const double figure : {b.ours_value, b.theirs_value, b.ours, b.theirs}) {
      // From half an ulp to 10^16, each power of ten has the same room.
      const double share = std::log10(std::clamp(2 * figure, 1.0, 1e16)) / 16;
      cells += fmt::format(
          "<td class={} data-v={:.4g}><span class=bar style=--share:{:.2f}>{}</span>",
          figure > 1000 ? "\"num far\"" : "num", std::min(figure, 1e300), share, ulp_text(figure));
    }
    row.set("cells", cells);
    rows.push_back(row);
  }
  page.set("has_frameworks", !found.empty());
  page.set("frameworks", rows);
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

}  // namespace assay::report
