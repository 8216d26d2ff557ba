// The table of operations and the section of each.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "html.hpp"
#include "svg.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

std::string sort_key(double figure) { return fmt::format("{}", std::min(figure, 1e300)); }

std::string figures(const Error& error, bool in_envelope) {
  const std::string ulp = ulp_text(error.ulp) + " ulp";
  if (!error.envelope) return ulp;
  const std::string envelope = ulp_text(*error.envelope) + " env";
  return in_envelope ? envelope + ", " + ulp : ulp + ", " + envelope;
}

std::string decimals(const std::vector<std::string>& x, std::size_t most) {
  std::vector<std::string> shown;
  for (const std::string& hex : x) {
    const std::string number = decimal(hex);
    shown.push_back(number.empty() ? hex : number);
  }
  return joined(shown, most);
}

Data empty_cell() {
  Data cell;
  cell.set("beyond", false);
  cell.set("sort", "-1");
  cell.set("title", false);
  cell.set("share", false);
  cell.set("text", "–");
  cell.set("env", false);
  cell.set("other", false);
  return cell;
}

/// The figure it is judged by, and below it, smaller, the other one.
Data figure_cell(const Seen& seen, const std::optional<double>& claimed, bool in_envelope) {
  Data cell = empty_cell();
  if (!seen.error) return cell;
  const double figure = judged(*seen.error, in_envelope);
  const bool env = in_envelope && seen.error->envelope;
  cell.set("text", ulp_text(figure));
  cell.set("sort", sort_key(figure));
  cell.set("env", env);
  if (env) cell.set("other", ulp_text(seen.error->ulp) + " ulp");
  cell.set("title", fmt::format("{} ({}, case {})", figures(*seen.error, in_envelope),
                                seen.check->check, grouped(seen.error->case_number)));
  if (claimed) {
    const double share = *claimed > 0 ? std::min(figure / *claimed, 1.0) : (figure > 0 ? 1.0 : 0.0);
    cell.set("share", fmt::format("{:.3f}", share));
    cell.set("beyond", figure > *claimed);
  }
  return cell;
}

Seen worse(const Seen& a, const Seen& b, bool in_envelope) {
  if (!a.error || !b.error) return a.error ? a : b;
  return judged(*b.error, in_envelope) > judged(*a.error, in_envelope) ? b : a;
}

void set_figures(Data& row, const Operation& operation) {
  const Claimed nothing;
  const Claimed& claimed = operation.claimed ? *operation.claimed : nothing;
  const auto claim = [](const std::optional<double>& f) { return f ? claim_text(*f) : "–"; };
  row.set("claimed", operation.claimed
                         ? fmt::format("{} · {}{}", claim(claimed.value), claim(claimed.derivative),
                                       operation.in_envelope ? " env" : "")
                         : "–");
  row.set("claimed_sort", sort_key(claimed.derivative.value_or(-1)));
  Data cells = list();
  Seen worst;
  for (const char* scalar : {"float", "double"}) {
    const Seen derivative = operation.worst_derivative(scalar);
    cells.push_back(
        figure_cell(operation.worst_value(scalar), claimed.value, operation.in_envelope));
    cells.push_back(figure_cell(derivative, claimed.derivative, operation.in_envelope));
    worst = worse(worst, derivative, operation.in_envelope);
  }
  row.set("cells", cells);
  row.set("at", false);
  row.set("at_hex", "");
  row.set("at_sort", "-1e301");
  if (worst.error && !worst.error->x.empty()) {
    row.set("at", maybe(decimals(worst.error->x, 1)));
    row.set("at_hex", fmt::format("{} {}", worst.error->x.front(), worst.check->scalar));
    const double x = hex_value(worst.error->x.front()).value_or(0);
    row.set("at_sort", fmt::format("{}", std::isnan(x) ? 0 : std::clamp(x, -1e300, 1e300)));
  }
}

Data chip_data(const Chip& chip) {
  std::string title;
  for (const Check* check : chip.by_scalar) {
    title += fmt::format("{}{}: {}, {}", title.empty() ? "" : "\n", check->scalar,
                         word(check->verdict), plural(check->cases, "case"));
    if (!check->reason.empty()) title += " (" + check->reason + ")";
  }
  Data data;
  data.set("check", chip.check);
  data.set("verdict", std::string(word(chip.verdict)));
  data.set("icon", std::string(icon(chip.verdict)));
  data.set("correct", chip.verdict == Verdict::correct);
  data.set("title", title);
  return data;
}

void set_chips(Data& row, const Operation& operation) {
  Data chips = list();
  std::size_t bad = 0;
  for (const Chip& chip : operation.chips) {
    chips.push_back(chip_data(chip));
    bad += chip.verdict == Verdict::wrong || chip.verdict == Verdict::inconclusive;
  }
  row.set("chips", chips);
  row.set("chips_sort", std::to_string(1000 * bad + operation.chips.size()));
  const FaultTally& faults = operation.faults;
  row.set("faults", faults.planted() ? fmt::format("{}/{}", faults.caught, faults.planted()) : "–");
  row.set("faults_sort",
          faults.planted() ? std::to_string(1000 * faults.survived + faults.caught) : "-1");
  row.set("faults_bad", faults.survived > 0);
}

std::string claim_words(const Operation& operation) {
  if (!operation.claimed) return "claims nothing";
  const Claimed& claimed = *operation.claimed;
  const std::string_view unit = operation.in_envelope ? "envelope units" : "ulp";
  std::string out = "claims ";
  if (claimed.derivative)
    out += fmt::format("{} {} on the derivative", claim_text(*claimed.derivative), unit);
  if (claimed.derivative && claimed.value) out += ", ";
  if (claimed.value) out += fmt::format("{} on the value", claim_text(*claimed.value));
  return claimed.derivative || claimed.value ? out : "claims nothing";
}

Data plot_data(const Operation& operation, const Check& check) {
  const bool in_ulp = check.claimed && check.claimed->units == "ulp";
  const auto worst = std::max_element(check.plot.begin(), check.plot.end(),
                                      [](const Point& a, const Point& b) { return a.ulp < b.ulp; });
  const std::string said =
      fmt::format("worst {} ulp at {:.6g} ({})", ulp_text(worst->ulp), worst->x, worst->hex);
  Plot plot;
  plot.title = fmt::format("Error of the derivative of {} in {} over x: {}", operation.name,
                           check.scalar, said);
  plot.scalar = check.scalar;
  plot.points = &check.plot;
  if (in_ulp) plot.claim = check.claimed->derivative;
  Data data;
  data.set("caption", fmt::format("{}: {}{}", check.scalar, said,
                                  in_ulp || !check.claimed ? "" : "; claimed in envelope units"));
  data.set("svg", error_plot(plot));
  return data;
}

void add_worst(Data& lines, const char* what, const std::optional<Error>& error, bool envelope) {
  if (!error) return;
  std::string where = fmt::format("case {}", grouped(error->case_number));
  if (!error->x.empty()) {
    where += fmt::format(", x = {} ({})", decimals(error->x, 3), joined(error->x, 3));
  }
  where +=
      fmt::format(", got {}, reference {}", clipped(error->got, 48), clipped(error->reference, 48));
  Data line;
  line.set("what", what);
  line.set("figures", figures(*error, envelope));
  line.set("where", where);
  lines.push_back(line);
}

Data check_data(const Check& check) {
  Data data;
  data.set("check", check.check);
  data.set("scalar", check.scalar);
  data.set("verdict", std::string(word(check.verdict)));
  data.set("icon", std::string(icon(check.verdict)));
  data.set("reason", maybe(check.reason));
  data.set("cases", grouped(check.cases));
  data.set("elements", grouped(check.elements));
  Data lines = list();
  if (check.worst) {
    const bool envelope = judged_in_envelope(check);
    add_worst(lines, "derivative", check.worst->derivative, envelope);
    add_worst(lines, "product", check.worst->product, envelope);
    add_worst(lines, "value", check.worst->value, envelope);
  }
  data.set("worst", lines);
  std::string counts;
  for (const auto& [name, count] : check.counts) {
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", name, grouped(count));
  }
  data.set("counts", counts);
  return data;
}

void set_section(Data& row, const Operation& operation) {
  row.set("claim_words", claim_words(operation));
  Data plots = list(), checks = list();
  bool any = false;
  std::uint64_t cases = 0;
  for (const Check* check : operation.checks) {
    checks.push_back(check_data(*check));
    cases += check->cases;
    if (check->plot.empty()) continue;
    plots.push_back(plot_data(operation, *check));
    any = true;
  }
  row.set("has_plots", any);
  row.set("plots", plots);
  row.set("checks", checks);
  row.set("checks_words",
          fmt::format("{}, {}", plural(operation.checks.size(), "check"), plural(cases, "case")));
}

}  // namespace

void fill_operations(Data& page, const Campaign&, const Summary& summary) {
  Data rows = list();
  for (const Operation& operation : summary.operations) {
    Data row;
    row.set("name", operation.name);
    row.set("slug", slug(operation.name));
    row.set("verdict", std::string(word(operation.verdict)));
    row.set("icon", std::string(icon(operation.verdict)));
    set_figures(row, operation);
    set_chips(row, operation);
    set_section(row, operation);
    rows.push_back(row);
  }
  page.set("has_operations", !summary.operations.empty());
  page.set("operations", rows);
}

}  // namespace assay::report
