#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "json.hpp"

namespace assay::program {

using namespace verify;

ProgressLine::ProgressLine()
    : terminal_(isatty(STDERR_FILENO) != 0), begin_(std::chrono::steady_clock::now()), last_{} {}

void ProgressLine::operator()(std::uint64_t done, std::uint64_t total, const std::string& id) {
  const auto now = std::chrono::steady_clock::now();
  const double share =
      total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  if (terminal_) {
    if (now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    constexpr int width = 24;
    const int full = static_cast<int>(share * width);
    fmt::print(stderr, "\r\033[K[{}{}] {:3.0f} %  {:4.0f} s  {}", std::string(full, '#'),
               std::string(width - full, '.'), share * 100, seconds, id.substr(0, 44));
    std::fflush(stderr);
  } else if (static_cast<std::uint64_t>(share * 10) > tenth_) {
    tenth_ = static_cast<std::uint64_t>(share * 10);
    fmt::print(stderr, "{:3.0f} %  {:4.0f} s  {}\n", share * 100, seconds, id);
  }
}

void ProgressLine::finish() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

namespace {

struct Row {
  std::uint64_t cases = 0, elements = 0, faults = 0, caught = 0;
  std::optional<Worst> in_float, in_double;
  std::string units;
  Verdict verdict = Verdict::skipped;
};

/// wrong is worse than inconclusive is worse than correct.
Verdict worse(Verdict a, Verdict b) {
  const auto rank = [](Verdict v) {
    switch (v) {
      case Verdict::wrong:
        return 3;
      case Verdict::inconclusive:
        return 2;
      case Verdict::correct:
        return 1;
      case Verdict::skipped:
        return 0;
    }
    return 0;
  };
  return rank(a) >= rank(b) ? a : b;
}

std::string worst_text(const std::optional<Worst>& w, const std::string& units) {
  if (!w) return "";
  const double shown = units == "envelope" && w->envelope ? *w->envelope : w->ulp;
  std::string text = figure(shown);
  if (!w->x.empty()) {
    text += " at ";
    for (std::size_t i = 0; i < w->x.size(); ++i) {
      text += fmt::format("{}{:.3g}", i > 0 ? ", " : "", parse_real(w->x[i]));
    }
  }
  return text;
}

std::vector<std::pair<std::string, Row>> rows(const CampaignResult& r) {
  std::vector<std::pair<std::string, Row>> out;
  const auto row = [&](const std::string& name) -> Row& {
    for (auto& [n, x] : out) {
      if (n == name) return x;
    }
    return out.emplace_back(name, Row{}).second;
  };
  for (const CheckResult& c : r.checks) {
    if (c.kind != Kind::operation) continue;
    Row& x = row(c.subject);
    x.cases += c.cases;
    x.elements += c.elements;
    x.verdict = worse(x.verdict, c.verdict);
    if (!c.units.empty()) x.units = c.units;
    if (!c.worst_derivative) continue;
    if (c.scalar == "float") keep_worst(x.in_float, *c.worst_derivative);
    if (c.scalar == "double") keep_worst(x.in_double, *c.worst_derivative);
  }
  for (const FaultResult& f : r.faults) {
    if (f.status == "not-applicable") continue;
    Row& x = row(f.operation);
    ++x.faults;
    if (f.status == "caught") ++x.caught;
  }
  return out;
}

void print_operations(const CampaignResult& r) {
  const auto all = rows(r);
  if (all.empty()) return;
  fmt::print("{:<20} {:>7}  {:<27} {:<27} {:<8} {:>6}  {}\n", "operation", "cases",
             "float: worst ulp at x", "double: worst ulp at x", "unit", "faults", "verdict");
  for (const auto& [name, x] : all) {
    const std::string faults = x.faults == 0 ? "" : fmt::format("{}/{}", x.caught, x.faults);
    fmt::print("{:<20} {:>7}  {:<27} {:<27} {:<8} {:>6}  {}\n", name, x.cases,
               worst_text(x.in_float, x.units), worst_text(x.in_double, x.units), x.units, faults,
               to_string(x.verdict));
  }
}

void print_others(const CampaignResult& r) {
  std::vector<std::string> order;
  struct Line {
    std::uint64_t cases = 0, elements = 0;
    Verdict verdict = Verdict::skipped;
    std::string scalars;
  };
  std::map<std::string, Line> lines;
  for (const CheckResult& c : r.checks) {
    if (c.kind == Kind::operation) continue;
    if (!lines.count(c.subject)) order.push_back(c.subject);
    Line& l = lines[c.subject];
    l.cases += c.cases;
    l.elements += c.elements;
    l.verdict = worse(l.verdict, c.verdict);
    if (l.scalars.find(c.scalar) == std::string::npos) {
      l.scalars += (l.scalars.empty() ? "" : ", ") + c.scalar;
    }
  }
  if (order.empty()) return;
  fmt::print("\n{:<44} {:>7} {:>9}  {:<38} {}\n", "claims, worked examples, models", "cases",
             "compared", "scalars", "verdict");
  for (const std::string& name : order) {
    const Line& l = lines[name];
    fmt::print("{:<44} {:>7} {:>9}  {:<38} {}\n", name, l.cases, l.elements, l.scalars,
               to_string(l.verdict));
  }
}

}  // namespace

void print_table(const CampaignResult& r, const Summary& s, const std::filesystem::path& out,
                 const std::string& replay_options) {
  print_operations(r);
  print_others(r);
  for (const CheckResult& c : r.checks) {
    for (const Failure& f : c.failures) {
      fmt::print("\n{}\n", f.message);
      if (!f.replay.empty()) {
        fmt::print("  replay     assay replay {}{}\n", (out / f.replay).string(), replay_options);
      }
    }
    if (c.verdict == Verdict::inconclusive) {
      fmt::print("\n{}: inconclusive: {}\n", c.id(), c.reason);
    }
  }
  for (const FaultResult& f : r.faults) {
    if (f.status == "survived") {
      fmt::print("\n{}<{}>: the planted fault '{}' survived: {} {}\n", f.operation, f.scalar,
                 f.fault, f.about, f.shrunk);
    }
  }
  fmt::print(
      "\n{}: {} checks ({} correct, {} wrong, {} inconclusive, {} skipped), {} cases, {} "
      "elements judged",
      s.verdict, s.checks, s.correct, s.wrong, s.inconclusive, s.skipped, s.cases, s.elements);
  if (s.faults > 0) fmt::print("; {} of {} planted faults caught", s.caught, s.faults);
  fmt::print("\n");
}

}  // namespace assay::program
