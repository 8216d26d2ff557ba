// The checks that follow from an operation's definition.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "check.hpp"
#include "differences.hpp"
#include "evaluate.hpp"

namespace assay::verify {
namespace {

using OperationPointer = std::shared_ptr<const Operation>;
using Generate = std::function<Case(std::uint64_t number, std::uint64_t seed)>;

struct Form {
  std::string_view name;
  Examine examine;
  std::string_view about;
  std::string_view blind;
};

constexpr std::array forms{
    Form{"derivative", examine_derivative,
         "every value, derivative and product with the upstream against dual numbers of run-time "
         "precision, with a bound on their rounding",
         "a wrong forward: the duals go through it"},
    Form{"differences", examine_differences,
         "one seeded gradient element a case against central differences of the forward in "
         "high precision, with a bound on truncation and rounding",
         "a wrong forward; the other side of a kink"},
    Form{"sweep", examine_derivative,
         "the derivative in equal strata of all numbers of the type and, as many again, of those "
         "with "
         "2^-8 <= |x| <= 2^11, against dual numbers",
         "a wrong forward; windows narrower than a stratum"},
    Form{"state", examine_state,
         "A, B, A gives the same bytes; inputs, output and upstream are not modified",
         "state that outlives three calls"},
    Form{"sharing", examine_sharing,
         "in a graph: inputs used twice, a second sweep, accumulators that are not zero give the "
         "same bytes as adding the gradients by hand",
         "a wrong gradient: it is added rightly"},
    Form{"adjoint", examine_adjoint, "<w, Jv> = <J'w, v> in high precision, random signed v and w",
         "both sides wrong alike"},
    Form{"exact", examine_exact, "equality of every gradient element over the rationals",
         "operations that are not over a field"},
};

const Form& form(std::string_view name) {
  return *std::find_if(forms.begin(), forms.end(), [&](const Form& f) { return f.name == name; });
}

Check base(const Operation& op, std::string_view scalar, std::string_view name,
           std::string_view about, std::string_view blind) {
  Check c;
  c.blank.kind = Kind::operation;
  c.blank.subject = op.name;
  c.blank.scalar = scalar;
  c.blank.check = name;
  c.blank.about = about;
  c.blank.blind = blind;
  const Limit limit = derivative_limit(op);
  c.blank.claimed_derivative = limit.figure;
  if (op.claimed) c.blank.claimed_value = op.claimed->value;
  c.blank.units = limit.units == Units::ulp ? "ulp" : "envelope";
  return c;
}

/// What the rule throws is a finding like any other, in whatever scalar it throws.
std::optional<Problem> examine_safely(const Form& form, const Examination& e) {
  try {
    return form.examine(e);
  } catch (const std::exception& error) {
    Problem p;
    p.broken = true;
    p.against = fmt::format("it throws: {}", error.what());
    return p;
  }
}

void examine_case(const OperationPointer& op, const Format& f, const Form& form, const Case& c,
                  std::uint64_t number, std::uint64_t seed, CheckResult& result) {
  classify(*op, f, c, result.counts);
  const std::optional<Problem> problem = examine_safely(form, {*op, f, c, number, seed, &result});
  if (!problem) return;
  if (problem->inconclusive) {
    ++result.counts["inconclusive"];
    if (result.reason.empty()) {
      result.reason = fmt::format("case {}: the reference is not resolved", number);
    }
    return;
  }
  ++result.counts["failed"];
  if (!result.failures.empty()) return;
  const auto fails = [&](const Case& candidate) {
    const auto p = examine_safely(form, {*op, f, candidate, number, seed, nullptr});
    return p && !p->inconclusive;
  };
  std::uint64_t steps = 0;
  const Case small = shrink(*op, f, c, fails, steps);
  const std::optional<Problem> shown = examine_safely(form, {*op, f, small, number, seed, nullptr});
  result.failures.push_back(
      to_failure(*op, f, form.name, small, number, seed, steps, shown ? *shown : *problem));
}

Check case_check(const OperationPointer& op, const Format& f, std::string_view scalar,
                 std::string_view name, std::uint64_t cases, const Generate& generate_case) {
  const Form& which = form(name);
  Check c = base(*op, scalar, name, which.about, which.blind);
  c.cases = cases;
  c.run = [op, f, &which, generate_case](std::uint64_t number, std::uint64_t seed,
                                         CheckResult& result) {
    examine_case(op, f, which, generate_case(number, seed), number, seed, result);
  };
  c.conclude = [cases, by_case = !op->elementwise](CheckResult& r) {
    const auto at = [&](const char* what) {
      const auto i = r.counts.find(what);
      return i == r.counts.end() ? std::uint64_t{0} : i->second;
    };
    const std::uint64_t aside =
        at("overflow") + at("beyond the budget of bits") + at("beyond the oracle's exponents");
    if (r.verdict == Verdict::correct && r.check != "state" && r.check != "sharing" &&
        r.elements < (cases + 1) / 2 && r.counts.count("at an exceptional point") == 0) {
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("only {} elements judged in {} cases ({} set aside)", r.elements,
                             r.cases, aside);
    }
    if (r.verdict == Verdict::correct && by_case && at("overflow") > cases / 2) {
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("{} of {} cases overflow", at("overflow"), cases);
    }
  };
  return c;
}

/// Where the functions of interest do what is of interest, on one side of 0.
Interval central_side(const Interval& domain, bool negative) {
  constexpr double least = 0x1p-8, most = 0x1p11;
  Interval side = negative ? Interval{-most, -least} : Interval{least, most};
  side.lo = std::max(side.lo, domain.lo);
  side.hi = std::min(side.hi, domain.hi);
  return side;
}

/// The strata of a sweep: every other case from all numbers of the domain, the rest from its
/// centre, which is a small part of all numbers.
double sweep_value(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t cases,
                   std::uint64_t seed) {
  const Interval& domain = op.inputs[0];
  const std::uint64_t part = number / 2, parts = (cases + 1) / 2;
  if (number % 2 == 0) return stratified_value(op, 0, domain, f, part, parts, seed);
  Interval side = central_side(domain, part % 2 == 1);
  if (!(side.lo < side.hi)) side = central_side(domain, part % 2 == 0);
  if (!(side.lo < side.hi)) side = domain;
  return stratified_value(op, 0, side, f, part / 2, (parts + 1) / 2, seed);
}

/// 1x1 inputs, the first of them swept.
Case swept(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t cases,
           std::uint64_t seed) {
  Case c;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const double x = k == 0 ? sweep_value(op, f, number, cases, seed)
                            : generate_value(op, k, f, case_seed(seed, "partner", k));
    c.inputs.emplace_back(Mat<double>::Constant(1, 1, x));
  }
  c.upstream = Mat<double>::Constant(1, 1, 1.0);
  return c;
}

constexpr std::uint64_t plot_bins = 400;

/// The bin of a case in the plot: half of them for each half of the sweep.
std::uint64_t plot_bin(std::uint64_t number, std::uint64_t cases) {
  constexpr std::uint64_t half = plot_bins / 2;
  return number % 2 * half + number / 2 * half / ((cases + 1) / 2);
}

Check sweep(const OperationPointer& op, const Format& f, std::uint64_t cases) {
  const auto generate_case = [op, f, cases](std::uint64_t number, std::uint64_t seed) {
    return swept(*op, f, number, cases, seed);
  };
  Check c = case_check(op, f, f.name, "sweep", cases, generate_case);
  c.run = [cases, inner = std::move(c.run)](std::uint64_t number, std::uint64_t seed,
                                            CheckResult& result) {
    CheckResult one;
    one.failures.swap(result.failures);
    inner(number, seed, one);
    one.cases = 0;
    if (one.worst_derivative) {
      const Worst& w = *one.worst_derivative;
      const double x = parse_real(w.x.front());
      one.plot[plot_bin(number, cases)] = {x, w.ulp, hex(x)};
    }
    merge(result, one);
  };
  return c;
}

/// The rule at a kink, or at its neighbours if the format cannot hold it.
std::vector<double> points_at(const Format& f, double at) {
  if (at == 0) return {0.0, -0.0};
  const double nearest = rounded(f, at);
  if (nearest == at) return {at};
  return {nearest, next(f, nearest, nearest < at)};
}

AlongCoordinate along(const Operation& op, const std::vector<double>& x, std::size_t k) {
  auto in = std::make_shared<std::vector<Mat<Enclosure>>>();
  for (double v : x) in->emplace_back(Mat<Enclosure>::Constant(1, 1, Enclosure(v)));
  return [&op, in, k, at = Enclosure(x[k])](const Enclosure& t) {
    (*in)[k](0, 0) = at + t;
    return Enclosure(op.rule<Enclosure>().forward(views(*in))(0, 0));
  };
}

std::optional<Problem> examine_kink(const Operation& op, const Format& f, const Kink& kink,
                                    const Case& c) {
  std::vector<double> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m(0, 0));
  const double got = evaluate(op, f, c).gradients[kink.input](0, 0);
  x[kink.input] = kink.at;
  const double room = std::abs(kink.at) > 0 ? std::abs(kink.at) / 2 : 1;
  const Bounded left = one_sided(along(op, x, kink.input), false, room);
  const Bounded right = one_sided(along(op, x, kink.input), true, room);
  const WithContext wide(256);
  const Big lo = std::min(left.value, right.value), hi = std::max(left.value, right.value);
  const Big slack = left.bound + right.bound + Big(4) * ulp_at(f, std::max(abs(lo), abs(hi)));
  const bool between = Big(got) >= lo - slack && Big(got) <= hi + slack;
  const bool here = c.inputs[kink.input](0, 0) == kink.at;
  const bool equal = kink.kind != Kink::Kind::value || !here || got == rounded(f, kink.value);
  if (between && equal) return std::nullopt;
  Problem p;
  p.input = kink.input;
  p.against = between ? "the value declared at the kink"
                      : "the one-sided derivatives at the kink, between which it must lie";
  p.got = decimal(f, got);
  p.reference = between ? decimal(f, kink.value) : fmt::format("{} .. {}", lo.str(8), hi.str(8));
  p.bound = slack.str(2);
  return p;
}

Check kinks(const OperationPointer& op, const Format& f) {
  Check c = base(*op, f.name, "kinks",
                 "at every declared kink the derivative lies between the one-sided ones, taken in "
                 "high precision, and equals the declared value",
                 "undeclared kinks");
  std::vector<Kink> declared;
  for (const Kink& k : op->kinks) {
    if (k.kind != Kink::Kind::pole) declared.push_back(k);
  }
  c.whole = true;
  c.cases = declared.size() * 8;
  c.run = [op, f, declared](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    const Kink& kink = declared[number % declared.size()];
    for (double at : points_at(f, kink.at)) {
      Case one;
      for (std::size_t k = 0; k < op->arity(); ++k) {
        const double x = k == kink.input ? at : generate_value(*op, k, f, seed + k);
        one.inputs.emplace_back(Mat<double>::Constant(1, 1, x));
      }
      one.upstream = Mat<double>::Constant(1, 1, 1.0);
      ++result.elements;
      const std::optional<Problem> p = examine_kink(*op, f, kink, one);
      if (p && result.failures.empty()) {
        result.failures.push_back(to_failure(*op, f, "kinks", one, number, seed, 0, *p));
      }
    }
  };
  return c;
}

}  // namespace

Examine examination(std::string_view check) {
  for (const Form& f : forms) {
    if (f.name == check) return f.examine;
  }
  return nullptr;
}

std::vector<Check> checks_of(const OperationPointer& op, const Plan& plan) {
  std::vector<Check> checks;
  for (const Format& f : plan.formats) {
    const auto random_case = [op, f](std::uint64_t, std::uint64_t seed) {
      return generate(*op, f, seed);
    };
    for (std::string_view name : {"derivative", "differences", "state", "sharing"}) {
      checks.push_back(case_check(op, f, f.name, name, plan.cases, random_case));
    }
    if (op->elementwise) {
      checks.push_back(sweep(op, f, plan.cases));
      const bool has_kinks = std::any_of(op->kinks.begin(), op->kinks.end(),
                                         [](const Kink& k) { return k.kind != Kink::Kind::pole; });
      if (has_kinks) checks.push_back(kinks(op, f));
    }
  }
  // Independent of the working type; inputs are doubles.
  const auto random_case = [op](std::uint64_t, std::uint64_t seed) {
    return generate(*op, double_format, seed);
  };
  const std::uint64_t fewer = std::max<std::uint64_t>(1, plan.cases / 4);
  checks.push_back(case_check(op, double_format, "high", "adjoint", fewer, random_case));
  if (op->elementwise) checks.push_back(smoothness_check(op));
  if (op->field()) {
    checks.push_back(case_check(op, double_format, "rational", "exact", fewer, random_case));
  }
  return checks;
}

}  // namespace assay::verify
