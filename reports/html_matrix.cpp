// The matrix of operations and checks, and the table of their accuracy.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "accuracy.hpp"
#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

std::string sort_key(double figure) { return fmt::format("{:.6g}", std::min(figure, 1e300)); }

const char* cell_class(Verdict verdict) {
  switch (verdict) {
    case Verdict::correct:
      return "y";
    case Verdict::wrong:
      return "w";
    case Verdict::inconclusive:
      return "q";
    case Verdict::skipped:
      return "s";
  }
  return "";
}

/// Sorts the worst first.
int badness(Verdict verdict) {
  return verdict == Verdict::wrong ? 3 : verdict == Verdict::inconclusive ? 2 : 0;
}

/// Written here: the template would take most of its time and of the page for these.
std::string matrix_cell(const Operation& operation, const std::string& name) {
  const auto chip = std::find_if(operation.chips.begin(), operation.chips.end(),
                                 [&](const Chip& c) { return c.check == name; });
  if (chip == operation.chips.end()) return "<td>";
  std::string title;
  for (const Check* check : chip->by_scalar) {
    title +=
        fmt::format("{}{} {}", title.empty() ? "" : ", ", check->scalar, grouped(check->cases));
    if (check->verdict != Verdict::correct) title += fmt::format(" {}", word(check->verdict));
    if (!check->reason.empty()) title += fmt::format(" ({})", clipped(check->reason, 120));
  }
  const bool correct = chip->verdict == Verdict::correct;
  return fmt::format("<td class={} title=\"{}\">{}{}", cell_class(chip->verdict), escape(title),
                     icon(chip->verdict),
                     correct ? "" : fmt::format("<span class=sr> {}</span>", word(chip->verdict)));
}

std::vector<std::string> check_names(const Summary& summary) {
  std::vector<std::string> names;
  for (const Operation& operation : summary.operations) {
    for (const Chip& chip : operation.chips) {
      if (std::find(names.begin(), names.end(), chip.check) == names.end()) {
        names.push_back(chip.check);
      }
    }
  }
  return names;
}

/// The figure it is judged by, as a share of the claim, and below it, smaller, the other one.
std::string figure_cell(const Seen& seen, const std::optional<double>& claimed, bool in_envelope) {
  if (!seen.error) return "<td class=num data-v=-1>–";
  const double figure = judged(*seen.error, in_envelope);
  const bool env = in_envelope && seen.error->envelope;
  const bool beyond = claimed && figure > *claimed;
  std::string text = ulp_text(figure) + (env ? " <i>env</i>" : "");
  if (claimed) {
    const double share = *claimed > 0 ? std::min(figure / *claimed, 1.0) : (figure > 0 ? 1.0 : 0.0);
    text = fmt::format("<span class=bar style=--share:{:.2f}>{}</span>", share, text);
  }
  if (env) text += fmt::format("<small>{} ulp</small>", ulp_text(seen.error->ulp));
  return fmt::format("<td class={} data-v={}>{}", beyond ? "\"num beyond\"" : "num",
                     sort_key(figure), text);
}

std::string claim_cell(const Operation& operation) {
  if (!operation.claimed) return "<td class=num data-v=-1>–";
  const Claimed& claimed = *operation.claimed;
  const auto figure = [](const std::optional<double>& f) { return f ? claim_text(*f) : "–"; };
  return fmt::format("<td class=\"num claimed\" data-v={}>{} · {}{}",
                     sort_key(claimed.derivative.value_or(-1)), figure(claimed.value),
                     figure(claimed.derivative), operation.in_envelope ? " <i>env</i>" : "");
}

std::string place_cell(const Operation& operation) {
  const Seen worst = worst_derivative(operation);
  if (!worst.error || worst.error->x.empty()) return "<td data-v=-1e301>";
  const std::string& hex = worst.error->x.front();
  const double x = hex_value(hex).value_or(0);
  const std::string number = decimal(hex);
  return fmt::format("<td class=at data-v={:.17g}>{}{}<small>{} {}</small>",
                     std::isnan(x) ? 0 : std::clamp(x, -1e300, 1e300), escape(number),
                     worst.error->x.size() > 1 ? ", …" : "", escape(hex),
                     escape(worst.check->scalar));
}

std::string faults_cell(const FaultTally& faults) {
  if (faults.planted() == 0) return "<td class=num data-v=-1>–";
  return fmt::format("<td class=\"num{}\" data-v={}>{}/{}", faults.survived ? " beyond" : "",
                     1000 * faults.survived + faults.caught, faults.caught, faults.planted());
}

std::string accuracy_cells(const Operation& operation) {
  const Claimed nothing;
  const Claimed& claimed = operation.claimed ? *operation.claimed : nothing;
  std::string cells = claim_cell(operation);
  for (const char* scalar : {"float", "double"}) {
    cells += figure_cell(operation.worst_value(scalar), claimed.value, operation.in_envelope);
    cells +=
        figure_cell(operation.worst_derivative(scalar), claimed.derivative, operation.in_envelope);
  }
  return cells + place_cell(operation) + faults_cell(operation.faults);
}

}  // namespace

void fill_matrix(Data& page, const Summary& summary) {
  const std::vector<std::string> names = check_names(summary);
  Data columns = list(), rows = list();
  std::size_t column = 1;
  for (const std::string& name : names) {
    Data entry;
    entry.set("name", name);
    entry.set("column", std::to_string(column++));
    columns.push_back(entry);
  }
  for (const Operation& operation : summary.operations) {
    Data row;
    std::string cells;
    int bad = 0;
    for (const std::string& name : names) cells += matrix_cell(operation, name);
    for (const Chip& chip : operation.chips) bad += badness(chip.verdict);
    row.set("name", operation.name);
    row.set("slug", slug(operation.name));
    row.set("verdict", std::string(word(operation.verdict)));
    row.set("icon", std::string(icon(operation.verdict)));
    row.set("bad", std::to_string(bad + (operation.faults.survived ? 1 : 0)));
    row.set("cells", cells);
    row.set("accuracy", accuracy_cells(operation));
    rows.push_back(row);
  }
  page.set("has_operations", !summary.operations.empty());
  page.set("check_names", columns);
  page.set("matrix", rows);
}

}  // namespace assay::report
