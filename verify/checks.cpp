// The checks that follow from an operation's definition.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "determinism.hpp"
#include "families.hpp"
#include "generators.hpp"
#include "second_order.hpp"

namespace assay::verify {
namespace {

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
         "with 2^-8 <= |x| <= 2^11, against dual numbers",
         "a wrong forward; windows narrower than a stratum"},
    Form{"dense", examine_derivative,
         "the derivative at half a million points with |x| <= 16 (2^16 on each of several lines, "
         "for two inputs) against series through values of dual numbers; the worst of them, after "
         "a climb among their neighbours, and all beyond the claim against dual numbers",
         "windows narrower than the distance of the points, 1e-4 as a rule, that no comparison "
         "opens"},
    Form{"worst", examine_derivative, "the worst inputs that searches have found so far, again",
         "what they have not found"},
    Form{"exhaustive", examine_derivative,
         "the derivative at every one of the 2^32 floats against enclosures and series through "
         "values of dual numbers; what comes near the claim, the worst of every 2^22 and a sample "
         "against dual numbers themselves",
         "a wrong forward; a derivative that oscillates between the nodes of a series, unless the "
         "sample meets it"},
    Form{"kinks", examine_kinks,
         "at declared thresholds and ties the derivative lies between the one-sided ones, taken in "
         "high precision, and is what is declared; of a threshold that the type cannot hold the "
         "numbers about it are judged against both sides",
         "undeclared kinks"},
    Form{"branches", examine_derivative,
         "the derivative at the numbers next to every branch boundary of forward and backward and "
         "within every stretch between two, against dual numbers",
         "branches that only the working type takes"},
    Form{"state", examine_state,
         "A, B, A gives the same bytes; inputs, output and upstream are not modified",
         "state that outlives three calls"},
    Form{"sharing", examine_sharing,
         "in a graph: inputs used twice, one input beside constants, a second sweep, accumulators "
         "that are not zero, gradients in one memory, f(x) + h(f(g(x))) with random affine g and h "
         "give the same bytes as adding the gradients by hand",
         "a wrong gradient: it is added rightly"},
    Form{"determinism", examine_determinism,
         "the same bytes elsewhere in memory, after other contents of it, with one and two threads "
         "of Eigen's, and while another thread uses the same rule",
         "other processors and compilers"},
    Form{"second-order", examine_second_order,
         "products of the Hessian with random vectors, by dual numbers through the backward, and "
         "the Hessian's symmetry, against second differences of the forward in high precision",
         "where the second derivative jumps"},
    Form{"adjoint", examine_adjoint, "<w, Jv> = <J'w, v> in high precision, random signed v and w",
         "both sides wrong alike"},
    Form{"exact", examine_exact, "equality of every gradient element over the rationals",
         "operations that are not over a field"},
};

const Form& form(std::string_view name) {
  return *std::find_if(forms.begin(), forms.end(), [&](const Form& f) { return f.name == name; });
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

/// Whether enough was judged for the check to count.
void conclude_cases(CheckResult& r, std::uint64_t cases, bool elementwise) {
  const auto at = [&](const char* what) {
    const auto i = r.counts.find(what);
    return i == r.counts.end() ? std::uint64_t{0} : i->second;
  };
  const std::uint64_t aside =
      at("overflow") + at("beyond the budget of bits") + at("beyond the oracle's exponents");
  const bool of_bytes = r.check == "state" || r.check == "sharing" || r.check == "determinism";
  if (r.verdict == Verdict::correct && !of_bytes && r.elements < (cases + 1) / 2 &&
      r.counts.count("at an exceptional point") == 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = fmt::format("only {} elements judged in {} cases ({} set aside)", r.elements,
                           r.cases, aside);
  }
  if (r.verdict == Verdict::correct && !elementwise && at("overflow") > cases / 2) {
    r.verdict = Verdict::inconclusive;
    r.reason = fmt::format("{} of {} cases overflow", at("overflow"), cases);
  }
}

/// All families, in the order of their checks.
constexpr std::array families{Family{add_random_cases}, Family{add_determinism},
                              Family{add_sweeps},       Family{add_dense},
                              Family{add_kinks},        Family{add_branches},
                              Family{add_smoothness},   Family{add_second_order}};

}  // namespace

Check blank_check(const Operation& op, std::string_view scalar, std::string_view name,
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

void examine_case(const Operation& op, const Format& f, std::string_view name, const Case& c,
                  std::uint64_t number, std::uint64_t seed, CheckResult& result) {
  const Form& which = form(name);
  classify(op, f, c, result.counts);
  const std::optional<Problem> problem = examine_safely(which, {op, f, c, number, seed, &result});
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
    const auto p = examine_safely(which, {op, f, candidate, number, seed, nullptr});
    return p && !p->inconclusive;
  };
  std::uint64_t steps = 0;
  const Case small = shrink(op, f, c, fails, steps);
  const std::optional<Problem> shown = examine_safely(which, {op, f, small, number, seed, nullptr});
  result.failures.push_back(
      to_failure(op, f, name, small, number, seed, steps, shown ? *shown : *problem));
}

Check case_check(const OperationPointer& op, const Format& f, std::string_view scalar,
                 std::string_view name, std::uint64_t cases, const Generate& generate_case) {
  const Form& which = form(name);
  Check c = blank_check(*op, scalar, name, which.about, which.blind);
  c.cases = cases;
  c.run = [op, f, name = which.name, generate_case](std::uint64_t number, std::uint64_t seed,
                                                    CheckResult& result) {
    examine_case(*op, f, name, generate_case(number, seed), number, seed, result);
  };
  c.conclude = [cases, elementwise = op->elementwise](CheckResult& r) {
    conclude_cases(r, cases, elementwise);
  };
  return c;
}

Examine examination(std::string_view check) {
  for (const Form& f : forms) {
    if (f.name == check) return f.examine;
  }
  return nullptr;
}

namespace {

/// Beside the first case, what its differences would be worth in double.
void add_curve(const OperationPointer& op, Check& differences) {
  differences.run = [op, run = std::move(differences.run)](std::uint64_t number, std::uint64_t seed,
                                                           CheckResult& result) {
    run(number, seed, result);
    if (number == 0) result.curve = difference_curve(*op);
  };
}

}  // namespace

void add_random_cases(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  // Whether bytes are the same hardly depends on the numbers: of many cases half are enough.
  const std::uint64_t few = std::min(plan.cases, std::max<std::uint64_t>(200, plan.cases / 2));
  for (const Format& f : plan.formats) {
    const auto random_case = [op, f](std::uint64_t, std::uint64_t seed) {
      return generate(*op, f, seed);
    };
    for (std::string_view name : {"derivative", "differences", "state", "sharing"}) {
      const bool of_bytes = name == "state" || name == "sharing";
      checks.push_back(case_check(op, f, f.name, name, of_bytes ? few : plan.cases, random_case));
      const bool in_double = f == double_format && name == "differences";
      if (op->elementwise && in_double) add_curve(op, checks.back());
    }
  }
  // Independent of the working type; inputs are doubles.
  const auto random_case = [op](std::uint64_t, std::uint64_t seed) {
    return generate(*op, double_format, seed);
  };
  const std::uint64_t fewer = std::max<std::uint64_t>(1, plan.cases / 4);
  checks.push_back(case_check(op, double_format, "high", "adjoint", fewer, random_case));
  if (op->field()) {
    checks.push_back(case_check(op, double_format, "rational", "exact", fewer, random_case));
  }
}

std::vector<Check> checks_of(const OperationPointer& op, const Plan& plan) {
  std::vector<Check> checks;
  for (const Family add : families) add(checks, op, plan);
  return checks;
}

}  // namespace assay::verify
