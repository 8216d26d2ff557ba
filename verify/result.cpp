#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <tuple>

#include "campaign.hpp"
#include "hint.hpp"

namespace assay::verify {

namespace {

void merge_worst(std::optional<Worst>& into, const std::optional<Worst>& from) {
  if (from) keep_worst(into, *from);
}

/// The case number that a reason begins with, so that the earliest is kept.
std::string earlier(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return a.size() != b.size() ? (a.size() < b.size() ? a : b) : std::min(a, b);
}

/// A total order, so that the first failure does not depend on the order of merging.
auto place(const CheckResult& r) {
  const Failure& f = r.failures.front();
  return std::tie(f.at_case, f.seed, f.message);
}

}  // namespace

bool is_lost(const CheckResult& r) {
  return r.counts.contains("crashed") || r.counts.contains("timed out");
}

void merge(CheckResult& into, const CheckResult& from) {
  if (is_lost(into) || is_lost(from)) {
    const bool both = is_lost(into) && is_lost(from);
    if (both ? place(from) < place(into) : is_lost(from)) into = from;
    return;
  }
  into.cases += from.cases;
  into.elements += from.elements;
  for (const auto& [what, n] : from.counts) into.counts[what] += n;
  merge_worst(into.worst_value, from.worst_value);
  merge_worst(into.worst_derivative, from.worst_derivative);
  merge_worst(into.worst_product, from.worst_product);
  into.reason = earlier(into.reason, from.reason);
  if (!from.failures.empty() && (into.failures.empty() || place(from) < place(into))) {
    into.failures = from.failures;
  }
  for (const auto& [stratum, point] : from.plot) {
    const auto [at, inserted] = into.plot.emplace(stratum, point);
    const bool larger = point.ulp > at->second.ulp;
    const bool tie = point.ulp == at->second.ulp && point.x < at->second.x;
    if (!inserted && (larger || tie)) at->second = point;
  }
  for (const auto& [quarter, n] : from.histogram) into.histogram[quarter] += n;
  if (into.curve.empty()) into.curve = from.curve;
  into.notes.insert(into.notes.end(), from.notes.begin(), from.notes.end());
  std::sort(into.notes.begin(), into.notes.end());
  into.notes.erase(std::unique(into.notes.begin(), into.notes.end()), into.notes.end());
  into.values.insert(into.values.end(), from.values.begin(), from.values.end());
}

CheckResult run_cases(const Check& check, std::uint64_t campaign_seed, std::uint64_t first,
                      std::uint64_t step) {
  CheckResult result = check.blank;
  const std::string id = result.id();
  for (std::uint64_t n = first; n < check.cases; n += step) {
    check.run(n, case_seed(campaign_seed, id, n), result);
    ++result.cases;
  }
  return result;
}

void conclude(const Check& check, CheckResult& r) {
  if (!check.blank.reason.empty() && check.cases == 0) {
    r.verdict = Verdict::skipped;
    return;
  }
  const auto n = r.counts.find("inconclusive");
  if (!r.failures.empty()) {
    r.verdict = Verdict::wrong;
  } else if (n != r.counts.end() && n->second > 0) {
    r.verdict = Verdict::inconclusive;
  } else if (r.cases == 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = "no case ran";
  } else {
    r.verdict = Verdict::correct;
  }
  check.conclude(r);
}

namespace {

Values to_values(const Mat<double>& m) {
  Values v{m.rows(), m.cols(), {}};
  for (double x : m.reshaped()) v.values.push_back(hex(x));
  return v;
}

/// Large ones with their shape and their first elements: the stored case has them all.
std::string show(const Format& f, const Mat<double>& m) {
  constexpr Eigen::Index most = 32, first = 6;
  const bool whole = m.size() <= most;
  std::string text = whole ? "[" : to_string(shape_of(m)) + " [";
  Eigen::Index shown = 0;
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      if (i > 0 || j > 0) text += j == 0 ? "; " : ", ";
      if (!whole && shown++ == first) return text + "...]";
      text += decimal(f, m(i, j));
    }
  }
  return text + "]";
}

/// Decimal and, where the decimal is long, hexadecimal: what is read and what is exact.
std::string show_exactly(const Format& f, const Mat<double>& m) {
  std::string text = show(f, m);
  if (m.size() == 1 && text.size() > 12) text += " = " + hex(m(0, 0));
  return text;
}

/// What came, and what should have come.
std::string numbers(const Operation& op, const Case& c, const Problem& p) {
  const std::string where = op.arity() == 1 && c.inputs[0].size() == 1
                                ? std::string()
                                : fmt::format("   (gradient of {} at row {}, column {})",
                                              input_name(op.arity(), p.input), p.row, p.col);
  std::string text = fmt::format("\n  {:<10} {}{}\n", p.quantity, p.got, where);
  text += fmt::format("  reference  {}  +- {}", p.reference, p.bound);
  if (p.ulp > 0) {
    text += fmt::format("        ({} {}; claimed {})", figure(p.ulp),
                        p.units == Units::ulp ? "ulp" : "envelope units", p.claimed);
  }
  return text;
}

}  // namespace

Failure to_failure(const Operation& op, const Format& f, std::string_view check, const Case& c,
                   std::uint64_t number, std::uint64_t seed, std::uint64_t shrinks,
                   const Problem& p) {
  Failure r;
  r.operation = op.name;
  r.scalar = f.name;
  r.check = check;
  r.at_case = number;
  r.seed = seed;
  r.shrinks = shrinks;
  for (const Mat<double>& x : c.inputs) r.inputs.push_back(to_values(x));
  r.upstream = to_values(c.upstream);
  r.input = static_cast<std::int64_t>(p.input);
  r.row = p.row;
  r.col = p.col;
  r.got = p.got;
  r.reference = p.reference;
  r.bound = p.bound;
  r.ulp = p.ulp;
  r.claimed = p.claimed;
  r.units = p.units == Units::ulp ? "ulp" : "envelope";
  const std::string suffix = check == "derivative" ? "" : fmt::format("-{}", check);
  r.replay = fmt::format("failures/{}-{}{}-{}.json", op.name, f.name, suffix, number);

  std::string& text = r.message;
  text = p.broken
             ? fmt::format("{}<{}>: {}", op.name, f.name, p.against)
             : fmt::format("{}<{}>: {} disagrees with {}", op.name, f.name, p.quantity, p.against);
  text += fmt::format(" (case {}, shrunk {} times)\n", number, shrinks);
  text += " ";
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    text += fmt::format(" {} {}  ", input_name(op.arity(), k), show_exactly(f, c.inputs[k]));
  }
  text += fmt::format(" upstream {}", show(f, c.upstream));
  if (!p.broken) text += numbers(op, c, p);
  r.hint = hint(op, f, check, c, p);
  if (!r.hint.empty()) text += fmt::format("\n  hint       {}", r.hint);
  return r;
}

}  // namespace assay::verify
