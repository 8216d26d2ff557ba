// The matrix of planted faults.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "html.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

template <class T>
void once(std::vector<T>& all, const T& item) {
  if (std::find(all.begin(), all.end(), item) == all.end()) all.push_back(item);
}

/// The shortest beginning, of two letters or more, that no other check shares.
std::map<std::string, std::string> short_names(const std::set<std::string>& checks) {
  std::map<std::string, std::string> names;
  for (const std::string& check : checks) {
    std::size_t length = 2;
    const auto shared = [&](const std::string& other) {
      return other != check && other.compare(0, length, check, 0, length) == 0;
    };
    while (length < check.size() && std::any_of(checks.begin(), checks.end(), shared)) ++length;
    names[check] = check.substr(0, length);
  }
  return names;
}

struct Matrix {
  std::vector<std::string> operations, faults, scalars;
  std::map<std::string, std::string> about;  // by fault
  std::map<std::string, FaultTally> tally;   // by fault
  std::map<std::pair<std::string, std::string>, std::vector<const Fault*>> cells;
  std::map<std::string, std::string> key;

  explicit Matrix(const Campaign& all) {
    std::set<std::string> checks;
    for (const Fault& fault : all.faults) {
      once(operations, fault.operation);
      once(faults, fault.fault);
      once(scalars, fault.scalar);
      about.emplace(fault.fault, fault.about);
      tally[fault.fault].caught += fault.status == Status::caught;
      tally[fault.fault].survived += fault.status == Status::survived;
      cells[{fault.operation, fault.fault}].push_back(&fault);
      if (!fault.by.empty()) checks.insert(fault.by);
    }
    key = short_names(checks);
  }
};

std::string tip(const Fault& fault) {
  switch (fault.status) {
    case Status::caught:
      return fmt::format("{}: caught by {} after {}{}", fault.scalar, fault.by,
                         plural(fault.after, "case"),
                         fault.ulp ? ", at " + ulp_text(*fault.ulp) + " ulp" : "");
    case Status::survived:
      return fmt::format("{}: survived; changed the gradient in {}", fault.scalar,
                         plural(fault.manifested, "case"));
    case Status::not_applicable:
      return fault.scalar + ": cannot occur";
  }
  return "";
}

Data line(const char* state, const std::string& text) {
  Data data;
  data.set("state", state);
  data.set("text", text);
  return data;
}

Data cell(const Matrix& matrix, const std::string& operation, const std::string& name) {
  Data data, lines = list();
  std::string tips;
  bool survived = false, applicable = false;
  const auto found = matrix.cells.find({operation, name});
  if (found != matrix.cells.end()) {
    for (const Fault* fault : found->second) {
      survived |= fault->status == Status::survived;
      applicable |= fault->status != Status::not_applicable;
    }
    for (const Fault* fault : found->second) {
      if (!applicable) break;
      tips += (tips.empty() ? "" : "\n") + tip(*fault);
      if (fault->status == Status::survived) lines.push_back(line("lost", "✗"));
      if (fault->status == Status::not_applicable) lines.push_back(line("never", "–"));
      if (fault->status != Status::caught) continue;
      const auto by = matrix.key.find(fault->by);
      lines.push_back(line(
          "caught", (by == matrix.key.end() ? "✓" : by->second) + " " + grouped(fault->after)));
    }
  }
  if (!applicable) lines.push_back(line("never", "–"));
  data.set("survived", survived);
  data.set("tip", maybe(tips));
  data.set("lines", lines);
  return data;
}

}  // namespace

void fill_faults(Data& page, const Campaign& all) {
  page.set("has_faults", !all.faults.empty());
  if (all.faults.empty()) return;
  const Matrix matrix(all);
  Data key = list(), names = list(), rows = list();
  for (const auto& [check, brief] : matrix.key) {
    Data entry;
    entry.set("check", check);
    entry.set("short", brief);
    key.push_back(entry);
  }
  bool survivors = false;
  for (const std::string& fault : matrix.faults) {
    const FaultTally& tally = matrix.tally.at(fault);
    survivors |= tally.survived > 0;
    Data entry;
    entry.set("name", fault);
    entry.set("about", matrix.about.at(fault));
    entry.set("caught",
              tally.planted() ? fmt::format("{}/{}", tally.caught, tally.planted()) : "–");
    names.push_back(entry);
  }
  for (const std::string& operation : matrix.operations) {
    Data row, cells = list();
    for (const std::string& fault : matrix.faults) cells.push_back(cell(matrix, operation, fault));
    row.set("operation", operation);
    row.set("cells", cells);
    rows.push_back(row);
  }
  page.set("fault_scalars", joined(matrix.scalars, 20));
  page.set("survivors", survivors);
  page.set("fault_key", key);
  page.set("fault_names", names);
  page.set("fault_rows", rows);
}

}  // namespace assay::report
