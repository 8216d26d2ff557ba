// Strata of all numbers, for elementwise rules.

#include <algorithm>
#include <cmath>

#include "families.hpp"
#include "generators.hpp"

namespace assay::verify {
namespace {

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

}  // namespace

void add_sweeps(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  if (!op->elementwise) return;
  for (const Format& f : plan.formats) checks.push_back(sweep(op, f, plan.cases));
}

}  // namespace assay::verify
