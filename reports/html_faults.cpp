// The matrix of planted faults, by class, and the sensitivity of the checks.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

/// The classes of defects that really happened, by number; 0 stands for faults of none.
constexpr std::array<const char*, Fault::classes + 1> class_names{
    "of no class",
    "a wrong branch far out in the tail",
    "overwritten instead of accumulated",
    "passes a generic composition",
    "stale state",
    "a missing chain factor",
    "sign",
    "the test shares the mistake",
    "vacuous under a sum",
    "wrong at one exact point",
    "zeros in a product",
    "second derivative at zeros",
    "ties and boundaries",
    "norm, root or power at 0",
    "NaN from the branch not taken",
    "log-sum-exp of all −∞",
    "overflow in the backward alone",
    "underflows or cancels to 0",
    "layout",
    "broadcast reduced wrongly",
    "double backward",
    "size 1 and size 0",
    "repeated singular values",
    "an argument modified in place",
    "KL and BCE at probability 0 or 1",
    "runs or threads differ",
    "tiny relative error",
    "right at the sampled points only"};

/// A column: a class, or a fault that stands for none.
struct Column {
  std::uint64_t number = 0;
  std::string name, about;
  FaultTally tally;
  bool operator==(const Column& other) const {
    return number == other.number && name == other.name;
  }
};

void add(FaultTally& tally, Status status) {
  tally.caught += status == Status::caught;
  tally.survived += status == Status::survived;
  tally.not_applicable += status == Status::not_applicable;
}

std::string name_of(const Fault& fault) {
  return fault.number ? class_names.at(fault.number) : fault.fault;
}

struct Cell {
  FaultTally tally;
  std::uint64_t after = 0;
};

struct Matrix {
  std::vector<std::string> operations;
  std::vector<Column> columns;
  std::map<std::pair<std::string, std::string>, Cell> cells;

  explicit Matrix(const Campaign& all) {
    for (const Fault& fault : all.faults) {
      if (std::find(operations.begin(), operations.end(), fault.operation) == operations.end()) {
        operations.push_back(fault.operation);
      }
      const Column key{fault.number, name_of(fault), fault.about, {}};
      auto column = std::find(columns.begin(), columns.end(), key);
      if (column == columns.end()) column = columns.insert(columns.end(), key);
      add(column->tally, fault.status);
      Cell& cell = cells[{fault.operation, key.name}];
      add(cell.tally, fault.status);
      cell.after = std::max(cell.after, fault.after);
    }
    std::stable_sort(columns.begin(), columns.end(), [](const Column& a, const Column& b) {
      return (a.number ? a.number : 1000) < (b.number ? b.number : 1000);
    });
  }
};

std::string cell_text(const Matrix& matrix, const std::string& operation, const Column& column) {
  const auto found = matrix.cells.find({operation, column.name});
  if (found == matrix.cells.end() || found->second.tally.planted() == 0) return "<td class=never>–";
  const Cell& cell = found->second;
  if (cell.tally.survived) {
    return fmt::format("<td class=survived>✗<span class=sr> survived</span> {}/{}",
                       cell.tally.survived, cell.tally.planted());
  }
  return fmt::format("<td class=caught>{}", grouped(cell.after));
}

std::string relative(double x) { return x == 0 ? "0" : fmt::format("{:.1e}", x); }

void fill_sensitivity(Data& page, const Campaign& all) {
  Data rows = list();
  for (const Sensitivity& s : all.sensitivities) {
    Data row;
    row.set("operation", s.operation);
    row.set("slug", slug(s.operation));
    row.set("scalar", s.scalar);
    row.set("found", relative(s.found));
    row.set("found_sort", fmt::format("{:.6g}", std::min(s.found, 1e300)));
    row.set("usual", relative(s.usual));
    row.set("usual_sort", fmt::format("{:.6g}", std::min(s.usual, 1e300)));
    row.set("finer", s.found > 0 ? ulp_text(s.usual / s.found) : "–");
    row.set("finer_sort", fmt::format("{:.6g}", s.found > 0 ? s.usual / s.found : 0));
    row.set("cases", grouped(s.cases));
    rows.push_back(row);
  }
  page.set("has_sensitivity", !all.sensitivities.empty());
  page.set("sensitivity", rows);
}

}  // namespace

void fill_faults(Data& page, const Campaign& all) {
  fill_sensitivity(page, all);
  page.set("has_faults", !all.faults.empty());
  if (all.faults.empty()) return;
  const Matrix matrix(all);
  Data columns = list(), rows = list();
  bool classed = false;
  for (const Column& column : matrix.columns) {
    Data entry;
    entry.set("name", column.name);
    entry.set("number", maybe(column.number ? std::to_string(column.number) : ""));
    entry.set("about", column.about);
    const FaultTally& tally = column.tally;
    entry.set("caught",
              tally.planted() ? fmt::format("{}/{}", tally.caught, tally.planted()) : "–");
    entry.set("bad", tally.survived > 0);
    columns.push_back(entry);
    classed |= column.number > 0;
  }
  for (const std::string& operation : matrix.operations) {
    Data row;
    std::string cells;
    for (const Column& column : matrix.columns) cells += cell_text(matrix, operation, column);
    row.set("operation", operation);
    row.set("slug", slug(operation));
    row.set("cells", cells);
    rows.push_back(row);
  }
  page.set("classed", classed);
  page.set("fault_columns", columns);
  page.set("fault_rows", rows);
}

}  // namespace assay::report
