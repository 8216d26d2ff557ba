#include "catalogue/non_finite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "catalogue/conventions.hpp"
#include "catalogue/dependence.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/operations.hpp"

namespace assay::verify {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Problem problem_at(const Look& l, const Case& c, std::size_t index, const std::string& got,
                   const std::string& expected, const std::string& rule) {
  l.shown = c;
  Problem p;
  p.against = rule;
  p.got = got;
  p.reference = expected;
  p.bound = "0";
  auto left = static_cast<Eigen::Index>(index);
  if (left < c.upstream.size()) {
    p.quantity = "value";
    p.row = left % c.upstream.rows();
    p.col = left / c.upstream.rows();
    return p;
  }
  left -= c.upstream.size();
  p.quantity = "gradient";
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    if (left < c.inputs[k].size()) {
      p.input = k;
      p.row = left % c.inputs[k].rows();
      p.col = left / c.inputs[k].rows();
      break;
    }
    left -= c.inputs[k].size();
  }
  return p;
}

// --- the list ------------------------------------------------------------------------------------

std::vector<const Convention*> conventions_of(const Operation& op) {
  std::vector<const Convention*> some;
  for (const Convention& c : conventions()) {
    if (c.operation == op.name) some.push_back(&c);
  }
  return some;
}

bool within(const Format& f, double got, double expected) {
  if (!std::isfinite(expected) || expected == 0) return same(got, expected);
  return std::abs(got - expected) <= 8 * ulp_at(f, Big(expected)).to_double();
}

std::optional<Problem> listed(const Look& l, const Convention& convention) {
  Case c{convention.x, Mat<double>::Constant(convention.y.rows(), convention.y.cols(), 1.0)};
  const Outcome o = evaluate(l.op, l.f, c);
  Outcome expected{convention.y, convention.dx, {}};
  const std::vector<double> got = flat(o), want = flat(expected);
  if (!o.broken.empty()) return problem_at(l, c, 0, o.broken, "a result", "the convention");
  for (std::size_t j = 0; j < want.size(); ++j) {
    l.compared();
    if (within(l.f, got[j], want[j])) continue;
    return problem_at(l, c, j, hex(got[j]), hex(want[j]),
                      fmt::format("the convention ({})", convention.why));
  }
  return std::nullopt;
}

// --- limits of elementwise operations ------------------------------------------------------------

struct End {
  std::size_t input;
  Approach approach;
  double at;
};

/// The infinities, open ends and poles at 0 of every input that moves.
std::vector<End> ends(const Operation& op) {
  std::vector<End> all;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const Interval& in = op.inputs[k];
    if (in.exact) continue;
    if (in.lo_open) all.push_back({k, {in.lo, true}, in.lo});
    if (in.hi_open) all.push_back({k, {in.hi, false}, in.hi});
    if (has_pole_at_zero(op, k)) {
      all.push_back({k, {0, true}, 0.0});
      all.push_back({k, {0, false}, -0.0});
    }
  }
  return all;
}

constexpr std::uint64_t partners = 6;

std::optional<Problem> at_end(const Look& l, const End& end, std::uint64_t seed) {
  if (rounded(l.f, end.at) != end.at) {
    l.count("an end that the type cannot hold");
    return std::nullopt;
  }
  Case c;
  for (std::size_t k = 0; k < l.op.arity(); ++k) {
    const double x = k == end.input ? end.at : ordinary_value(l.op, k, l.f, seed + k);
    c.inputs.emplace_back(Mat<double>::Constant(1, 1, rounded(l.f, x)));
  }
  c.upstream = Mat<double>::Constant(1, 1, 1.0);
  for (const Convention* other : conventions_of(l.op)) {
    if (std::equal(other->x.begin(), other->x.end(), c.inputs.begin(), c.inputs.end(),
                   [](const auto& a, const auto& b) { return same(a, b); })) {
      return std::nullopt;
    }
  }
  const std::vector<LimitOf> limit = limits(l.op, c.inputs, c.upstream, end.input, 0, end.approach);
  const std::vector<double> got = flat(evaluate(l.op, l.f, c));
  for (std::size_t j = 0; j < got.size(); ++j) {
    if (limit[j].kind == LimitOf::Kind::unknown) {
      l.count("limit not resolved");
      continue;
    }
    l.compared();
    const bool none = limit[j].kind == LimitOf::Kind::none;
    const double want = none                  ? nan
                        : l.f == float_format ? static_cast<double>(limit[j].value.to_float())
                                              : limit[j].value.to_double();
    if (limit[j].constant && want == 0 && std::isnan(got[j])) {
      l.count("0 times infinity: NaN");
      continue;
    }
    l.count(none ? "no limit: NaN" : std::isinf(want) ? "infinite limit" : "finite limit");
    if (within(l.f, got[j], want)) continue;
    return problem_at(l, c, j, hex(got[j]), hex(want), "the limit");
  }
  return std::nullopt;
}

// --- one element that is not finite --------------------------------------------------------------

/// Its gradient takes a few values only, whatever is beside them: it may be one of these, or
/// between them as at a tie.
bool selects(const Operation& op) {
  static constexpr std::array<std::string_view, 15> names{
      "abs",         "relu",        "leaky_relu", "clamp",       "maximum",
      "minimum",     "l1",          "l1_mean",    "l1_sum",      "max",
      "max_rowwise", "max_colwise", "min",        "min_rowwise", "min_colwise"};
  return std::find(names.begin(), names.end(), op.name) != names.end();
}

/// NaN, or infinite in the upstream: what depends on it is not finite, all else is as it was.
std::optional<Problem> spreads(const Look& l, const Site& s, double special) {
  Case c = s.c;
  s.at.in(c) = special;
  const Outcome o = evaluate(l.op, l.f, c);
  if (!o.broken.empty()) {
    l.count("refused");
    return std::nullopt;
  }
  const std::vector<double> got = flat(o), base = flat(s.base);
  const auto values = static_cast<std::size_t>(c.upstream.size());
  for (std::size_t j = s.at.of_upstream ? values : 0; j < got.size(); ++j) {
    l.compared();
    const bool lost = std::isnan(special) ? std::isnan(got[j]) : !std::isfinite(got[j]);
    const std::vector<double>& taken = s.anywhere.values[j];
    const bool selected = j >= values && !s.at.of_upstream && selects(l.op) && !taken.empty() &&
                          got[j] >= *std::min_element(taken.begin(), taken.end()) &&
                          got[j] <= *std::max_element(taken.begin(), taken.end());
    if (s.here.changes[j]) {
      if (lost || selected) continue;
      return problem_at(l, c, j, hex(got[j]), std::isnan(special) ? "nan" : "not finite",
                        "what it depends on, which is not finite");
    }
    if (got[j] == base[j] || selected || (s.anywhere.changes[j] && lost)) continue;
    return problem_at(l, c, j, hex(got[j]), hex(base[j]),
                      "itself: it does not depend on the element that is not finite");
  }
  return std::nullopt;
}

/// An infinite element: the limit in that element, or NaN.
std::optional<Problem> goes_to(const Look& l, const Site& s, double special) {
  if (l.op.arrange || l.op.inputs[s.at.input].exact) return std::nullopt;
  const Interval& in = l.op.inputs[s.at.input];
  if ((special > 0 ? in.hi : in.lo) != special) return std::nullopt;
  Case c = s.c;
  s.at.in(c) = special;
  const Outcome o = evaluate(l.op, l.f, c);
  if (!o.broken.empty()) {
    l.count("refused");
    return std::nullopt;
  }
  const std::vector<LimitOf> limit =
      limits(l.op, s.c.inputs, s.c.upstream, s.at.input, s.at.i, {special, special < 0});
  const std::vector<double> got = flat(o), base = flat(s.base);
  for (std::size_t j = 0; j < got.size(); ++j) {
    if (!s.anywhere.changes[j]) {
      l.compared();
      if (got[j] == base[j]) continue;
      return problem_at(l, c, j, hex(got[j]), hex(base[j]),
                        "itself: it does not depend on the element that is not finite");
    }
    if (limit[j].kind != LimitOf::Kind::value) {
      l.count("limit not resolved");
      continue;
    }
    l.compared();
    if (std::isnan(got[j])) {
      l.count("NaN for a limit");
      continue;
    }
    const double want = l.f == float_format ? static_cast<double>(limit[j].value.to_float())
                                            : limit[j].value.to_double();
    // Sums of finite numbers may cancel beside it; what is wrong here is wrong altogether.
    const double most = largest(s.c);
    const double slack = std::ldexp(std::abs(want) + 1 + most * most, 10 - l.f.digits);
    if (within(l.f, got[j], want) || std::abs(got[j] - want) <= slack) continue;
    return problem_at(l, c, j, hex(got[j]), hex(want), "the limit (NaN would do)");
  }
  return std::nullopt;
}

constexpr std::uint64_t random_cases = 32;

std::optional<Problem> random_site(const Look& l, std::uint64_t number, std::uint64_t seed) {
  const std::uint64_t kind = number % 4;
  const std::optional<Site> s = site(l, kind == 2, seed);
  if (!s) {
    l.count("no finite case found");
    return std::nullopt;
  }
  if (kind == 3 && !l.op.elementwise) return goes_to(l, *s, number % 8 == 3 ? inf : -inf);
  if (kind == 2 && number % 8 == 2) return spreads(l, *s, seed % 2 == 0 ? inf : -inf);
  return spreads(l, *s, nan);
}

}  // namespace

std::uint64_t non_finite_cases(const Operation& op) {
  const std::uint64_t points = op.elementwise ? partners * ends(op).size() : 0;
  return conventions_of(op).size() + points + random_cases;
}

std::optional<Problem> examine_non_finite(const Operation& op, const Format& f,
                                          std::uint64_t number, std::uint64_t seed,
                                          CheckResult* statistics, Case& shown) {
  const Look l{op, f, statistics, shown};
  const std::vector<const Convention*> list = conventions_of(op);
  if (number < list.size()) {
    l.count("convention");
    return listed(l, *list[number]);
  }
  number -= list.size();
  const std::vector<End> all = op.elementwise ? ends(op) : std::vector<End>{};
  if (number < partners * all.size()) return at_end(l, all[number / partners], seed);
  return random_site(l, number - partners * all.size(), seed);
}

Check non_finite_check(const Entry& e, const Format& f) {
  Check c;
  c.blank.subject = e.op->name;
  c.blank.scalar = f.name;
  c.blank.check = "non-finite";
  c.blank.about =
      "NaN comes out where, and only where, the result depends on it; at infinities and open ends "
      "of the domain value and derivatives are the limits, taken in high precision; the listed "
      "conventions hold";
  c.blank.blind = "several elements that are not finite, beside the listed ones";
  c.cases = non_finite_cases(*e.op);
  c.run = [op = e.op, f](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    Case shown;
    const std::optional<Problem> p = examine_non_finite(*op, f, number, seed, &result, shown);
    if (!p || !result.failures.empty()) return;
    result.failures.push_back(to_failure(*op, f, "non-finite", shown, number, seed, 0, *p));
    result.failures.back().replay.clear();  // a rule for points, not a case of another check
  };
  c.conclude = [](CheckResult& r) {
    if (r.verdict != Verdict::correct || r.elements > 0) return;
    r.verdict = Verdict::inconclusive;
    r.reason = "nothing was compared";
  };
  return c;
}

}  // namespace assay::verify
