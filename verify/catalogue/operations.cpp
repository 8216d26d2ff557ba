#include "catalogue/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate.hpp"

namespace assay::verify {
namespace {

template <Part part, int... n>
void fill_all(std::vector<Entry>& entries, std::integer_sequence<int, n...>) {
  (fill<part, n>(entries), ...);
}

std::vector<Entry> all() {
  std::vector<Entry> entries;
  fill_all<Part::judged>(entries, std::make_integer_sequence<int, ASSAY_SLICES_JUDGED>{});
  fill_all<Part::oracles>(entries, std::make_integer_sequence<int, ASSAY_SLICES_ORACLES>{});
  fill_all<Part::boost>(entries, std::make_integer_sequence<int, ASSAY_SLICES_BOOST>{});
  return entries;
}

CheckResult blank(const Operation& op, std::string_view scalar, std::string_view check,
                  std::string_view about, std::string_view blind) {
  CheckResult r;
  r.subject = op.name;
  r.scalar = scalar;
  r.check = check;
  r.about = about;
  r.blind = blind;
  return r;
}

/// Longer than a block of the vector loops, so that both the block and the rest are seen.
Case long_case(const Operation& op, const Format& f, std::uint64_t seed) {
  constexpr Eigen::Index length = 70;
  Case c;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    Mat<double> x(length, 1);
    for (Eigen::Index i = 0; i < length; ++i) {
      x(i) = generate_value(op, k, f, case_seed(seed, "long", k * length + i));
    }
    c.inputs.push_back(std::move(x));
  }
  c.upstream = Mat<double>::Constant(length, 1, 1.0);
  return c;
}

}  // namespace

const std::vector<Entry>& library() {
  static const std::vector<Entry> entries = all();
  return entries;
}

Check lift_check(const Entry& e, const Format& f, std::uint64_t cases) {
  Check c;
  c.blank =
      blank(*e.op, f.name, "lifts",
            "numbers, matrices, blocks, transposes, maps with strides by rows and columns, "
            "forwards and backwards, the scalar graph and the matrix graph give the same bits",
            "what all lifts do alike");
  c.cases = cases;
  const auto differs_on = [e, in_float = f == float_format](const Case& one) {
    return in_float ? compare(e.lifts_float, *e.op->in_float, one)
                    : compare(e.lifts_double, *e.op->in_double, one);
  };
  c.run = [op = e.op, f, differs_on](std::uint64_t number, std::uint64_t seed,
                                     CheckResult& result) {
    const bool is_long = op->elementwise && number % 4 == 0;
    const Case one = is_long ? long_case(*op, f, seed) : generate(*op, f, seed);
    classify(*op, f, one, result.counts);
    result.elements += static_cast<std::uint64_t>(one.upstream.size());
    const std::string differs = differs_on(one);
    if (differs.empty() || !result.failures.empty()) return;
    Problem p;
    p.broken = true;
    p.against = differs;
    const auto fails = [&](const Case& x) { return !differs_on(x).empty(); };
    std::uint64_t steps = 0;
    const Case small = shrink(*op, f, one, fails, steps);
    result.failures.push_back(to_failure(*op, f, "lifts", small, number, seed, steps, p));
  };
  return c;
}

namespace {

/// Where 100 digits and a step of 1e-20 are enough: away from thresholds and extremes.
bool ordinary(const Operation& op, const Case& c) {
  if (op.ties != Ties::none) {  // at a tie no difference is a derivative
    std::vector<double> all;
    for (const Mat<double>& x : c.inputs) all.insert(all.end(), x.data(), x.data() + x.size());
    std::sort(all.begin(), all.end());
    if (std::adjacent_find(all.begin(), all.end()) != all.end()) return false;
  }
  for (double dy : c.upstream.reshaped()) {
    if (dy != 0 && (std::abs(dy) > 100 || std::abs(dy) < 1e-3)) return false;
  }
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    for (double x : c.inputs[k].reshaped()) {
      if (std::abs(x) > 40) return false;
      if (x != 0 && std::abs(x) < 1e-4) return false;
      for (const Kink& kink : op.kinks) {
        if (kink.input == k && std::abs(x - kink.at) < 1e-4) return false;
      }
      const Interval& in = op.inputs[k];
      if ((in.lo_open && x - in.lo < 1e-4) || (in.hi_open && in.hi - x < 1e-4)) return false;
    }
  }
  return true;
}

/// Only what each oracle differentiates differs: the same function, another arithmetic.
std::optional<std::string> disagreement(const Entry& e, const Case& c, std::size_t k,
                                        Eigen::Index i) {
  const MatrixReference ref = matrix_reference(*e.op, double_format, c.inputs, c.upstream);
  const MatrixReference::Element& g = ref.gradient[k][static_cast<std::size_t>(i)];
  const WithContext context(400);
  const Big other(e.slope_in_100_digits(c, k, i));
  const Big unit = std::max(ulp_at(double_format, g.r.value), g.rounding);
  const Big difference = abs(other - g.r.value);
  const Big noise = ldexp(g.terms + Big(1), -200);  // of 100 digits over a step of 1e-20
  if (difference <= unit / Big(32) + g.r.bound + noise) return std::nullopt;
  return fmt::format("dual numbers over MPFR give {}, differences in Boost's 100 digits give {}",
                     g.r.value.str(25), other.str(25));
}

}  // namespace

Check boost_check(const Entry& e, std::uint64_t cases) {
  Check c;
  c.blank = blank(*e.op, "100 digits", "boost",
                  "the oracle itself: finite differences in Boost.Multiprecision's 100 digits "
                  "against the dual numbers over MPFR",
                  "a wrong forward; extremes that 100 digits cannot resolve");
  c.cases = cases;
  c.run = [e](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    Case one;
    for (std::uint64_t attempt = 0; attempt < 100; ++attempt) {
      one = generate(*e.op, double_format, case_seed(seed, "boost", attempt));
      if (one.upstream.size() > 0 && ordinary(*e.op, one) && one.inputs[0].size() > 0) break;
      one = {};
    }
    if (one.inputs.empty()) {
      ++result.counts["no ordinary case found"];
      return;
    }
    const std::size_t k = seed % one.inputs.size();
    if (one.inputs[k].size() == 0) return;
    const auto i =
        static_cast<Eigen::Index>((seed >> 8) % static_cast<std::uint64_t>(one.inputs[k].size()));
    ++result.elements;
    const std::optional<std::string> text = disagreement(e, one, k, i);
    if (!text || !result.failures.empty()) return;
    Problem p;
    p.broken = true;
    p.against = *text;
    p.input = k;
    result.failures.push_back(to_failure(*e.op, double_format, "boost", one, number, seed, 0, p));
    result.failures.back().scalar = "100 digits";
  };
  c.conclude = [cases](CheckResult& r) {
    if (r.verdict == Verdict::correct && r.elements < (cases + 1) / 2) {
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("only {} elements compared in {} cases", r.elements, r.cases);
    }
  };
  return c;
}

}  // namespace assay::verify
