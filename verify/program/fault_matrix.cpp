#include "fault_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fault_classes.hpp"

namespace assay::program {

using namespace verify;

namespace {

bool applies(const FaultResult& f) { return f.status != "not-applicable"; }

std::string where(const FaultResult& f) {
  return fmt::format("{} in {}<{}>", f.fault, f.operation, f.scalar);
}

void print_detail(const FaultResult& f) {
  const std::string place =
      fmt::format("{:>2} {:<20} {}<{}>", f.number, f.fault, f.operation, f.scalar);
  if (f.status == "caught") {
    fmt::print("{:<58} {:<12} case {:<5} {}\n", place, f.by, f.after, f.shrunk);
  } else {
    fmt::print("{:<58} {}: {}\n", place, f.status == "survived" ? "SURVIVED" : "cannot be wrong",
               f.shrunk);
  }
}

}  // namespace

FaultMatrix::FaultMatrix(const std::vector<FaultResult>& faults) : faults_(faults) {
  for (const FaultResult& f : faults) {
    Row& r = rows_[f.number];
    if (!applies(f)) {
      ++r.cannot;
      continue;
    }
    ++r.planted;
    if (f.status != "caught") continue;
    ++r.caught;
    ++r.by[f.by];
    if (f.after > r.worst_after) {
      r.worst_after = f.after;
      r.worst = where(f);
    }
  }
}

std::uint64_t FaultMatrix::planted() const {
  std::uint64_t n = 0;
  for (const auto& [number, r] : rows_) n += r.planted;
  return n;
}
std::uint64_t FaultMatrix::caught() const {
  std::uint64_t n = 0;
  for (const auto& [number, r] : rows_) n += r.caught;
  return n;
}

int FaultMatrix::exit(bool whole) const {
  if (planted() > caught()) return 1;
  if (planted() == 0) return 3;
  const bool every = std::all_of(fault_classes.begin(), fault_classes.end(), [&](const auto& c) {
    const auto r = rows_.find(c.number);
    return r != rows_.end() && r->second.planted > 0;
  });
  return whole && !every ? 3 : 0;
}

std::string FaultMatrix::Row::by_text() const {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(by.begin(), by.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [check, n] : sorted) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", check, n);
  }
  return text;
}

void FaultMatrix::print(bool whole, bool details) const {
  if (details) {
    for (const FaultResult& f : faults_) print_detail(f);
    fmt::print("\n");
  }
  fmt::print("{:<25} {:>7} {:>6} {:>8} {:>6}  {:<}\n", "class", "planted", "caught", "not there",
             "cases", "caught by");
  for (const FaultClass& c : fault_classes) {
    const auto at = rows_.find(c.number);
    if (at == rows_.end() && !whole) continue;
    const Row r = at == rows_.end() ? Row{} : at->second;
    fmt::print("{:>2} {:<22} {:>7} {:>6} {:>8} {:>6}  {}\n", c.number, c.name, r.planted, r.caught,
               r.cannot, r.worst_after, r.planted == 0 ? "planted nowhere" : r.by_text());
  }
  fmt::print("(not there: no case shows the fault to be wrong; cases: what the worst took)\n");
  for (const FaultResult& f : faults_) {
    if (f.status != "survived") continue;
    fmt::print("\nsurvived: {}, class {}: {}; it changed the gradient in {} cases{}{}\n", where(f),
               f.number, f.about, f.manifested, f.shrunk.empty() ? "" : "; ", f.shrunk);
  }
  const int code = exit(whole);
  fmt::print("\n{}: {} of {} planted faults caught\n",
             code == 0   ? "all caught"
             : code == 1 ? "survivors"
                         : "incomplete",
             caught(), planted());
}

Json FaultMatrix::as_json() const {
  Json classes = Json::array();
  for (const FaultClass& c : fault_classes) {
    const auto at = rows_.find(c.number);
    const Row r = at == rows_.end() ? Row{} : at->second;
    classes.push_back({{"class", c.number},
                       {"name", c.name},
                       {"about", c.about},
                       {"cases", c.cases},
                       {"planted", r.planted},
                       {"caught", r.caught},
                       {"not_applicable", r.cannot},
                       {"worst_after", r.worst_after},
                       {"worst", r.worst},
                       {"by", r.by}});
  }
  Json survivors = Json::array();
  for (const FaultResult& f : faults_) {
    if (f.status == "survived") survivors.push_back(to_json(f));
  }
  return {
      {"planted", planted()}, {"caught", caught()}, {"classes", classes}, {"survivors", survivors}};
}

void print_sensitivities(const std::vector<SensitivityResult>& all, bool json) {
  if (json) {
    Json lines = Json::array();
    for (const SensitivityResult& s : all) lines.push_back(to_json(s));
    fmt::print("{}\n", lines.dump(1));
    return;
  }
  std::map<std::string, double> worst;
  fmt::print(
      "the smallest relative error of a gradient that is found, and the largest that rtol "
      "1e-3, atol 1e-5 let through\n");
  fmt::print("{:<34} {:<7} {:>12} {:>12} {:>12}\n", "operation", "scalar", "found", "let through",
             "within cases");
  for (const SensitivityResult& s : all) {
    fmt::print("{:<34} {:<7} {:>12.1e} {:>12.1e} {:>12}\n", s.operation, s.scalar, s.found, s.usual,
               s.cases);
    worst[s.scalar] = std::max(worst[s.scalar], s.found);
  }
  for (const auto& [scalar, found] : worst) {
    fmt::print("worst in {}: {:.1e}\n", scalar, found);
  }
}

}  // namespace assay::program
