// A gradient of many numbers against dual numbers along random directions, and the way down from a
// direction that disagrees to the element that is wrong.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assay/verify/point.hpp"
#include "examine.hpp"
#include "function_run.hpp"
#include "reference.hpp"

namespace assay::verify {
namespace {

using In = WholeGradient::In;

const Format& format_of(In in) { return in == In::float_ ? float_format : double_format; }

struct Place {
  std::size_t part;
  Eigen::Index row, col;
};
Place locate(const WholeGradient& g, Eigen::Index flat) {
  std::size_t k = 0;
  while (flat >= g.parts[k].shape.size()) flat -= g.parts[k++].shape.size();
  return {k, flat % g.parts[k].shape.rows, flat / g.parts[k].shape.rows};
}

CheckResult blank(const WholeGradient& g, std::string_view scalar, std::string_view check) {
  CheckResult r;
  r.kind = g.kind;
  r.subject = g.name;
  r.scalar = scalar;
  r.check = check;
  r.cases = 1;
  r.claimed_derivative = g.limit;
  r.units = g.plain_ulp ? "ulp" : "envelope";
  r.blind = "a wrong forward";
  return r;
}

void fail(const WholeGradient& g, CheckResult& r, Eigen::Index flat, std::string got,
          std::string reference, std::string bound, std::string_view against,
          const std::string& detail) {
  ++r.counts["failed"];
  r.verdict = Verdict::wrong;
  if (!r.failures.empty()) return;
  const Place at = locate(g, flat);
  Failure f;
  f.operation = r.subject;
  f.scalar = r.scalar;
  f.check = r.check;
  f.input = static_cast<std::int64_t>(at.part);
  f.row = at.row;
  f.col = at.col;
  f.got = std::move(got);
  f.reference = std::move(reference);
  f.bound = std::move(bound);
  f.claimed = g.limit;
  f.units = r.units;
  f.message = fmt::format(
      "{}<{}>: backward disagrees with {}\n"
      "  backward   {}   ({})\n"
      "  reference  {}  +- {}        ({})",
      g.name, r.scalar, against, f.got, g.place(flat), f.reference, f.bound, detail);
  r.failures.push_back(std::move(f));
}

/// <g, v> - <dy, J v> over a range of elements, and what it may be.
struct Disagreement {
  Bounded value;
  Big tolerance;
  [[nodiscard]] bool wrong() const {
    return !isfinite(value.value) || abs(value.value) > value.bound + tolerance;
  }
};

class Projection {
 public:
  Projection(const WholeGradient& g, In in, const PointOptions& o) : g_(g), in_(in), options_(o) {}

  void run(CheckResult& r) {
    const WithContext context(precision_);
    if (!refresh(r)) return;
    for (std::uint64_t draw = 0; draw < options_.draws && r.failures.empty(); ++draw) {
      one(r, direction(draw, false), false);
      if (zeros_ > 0 && r.failures.empty()) one(r, direction(draw, true), true);
    }
  }

 private:
  /// The gradient at the present precision; false if it has a number that is none.
  bool refresh(CheckResult& r) {
    gradient_ = g_.wide(in_);
    zeros_ = 0;
    exponents_.clear();
    for (std::size_t n = 0; n < gradient_.size(); ++n) {
      const Big middle = abs(gradient_[n].middle());
      if (isnan(middle)) {
        fail(g_, r, static_cast<Eigen::Index>(n), "nan", "a number", "0", "dual numbers",
             "in high precision");
        return false;
      }
      if (middle == Big(0)) ++zeros_;
      const long e = middle == Big(0) ? 0 : std::clamp(middle.exponent(), -900L, 900L);
      exponents_.push_back(middle == Big(0) ? absent : e);
    }
    return true;
  }

  /// Over its own gradient each; or only those whose gradient is 0.
  [[nodiscard]] std::vector<double> direction(std::uint64_t draw, bool zeros) const {
    const std::uint64_t seed = case_seed(options_.seed, zeros ? "zeros" : "projected", draw);
    std::vector<double> v(gradient_.size(), 0.0);
    for (std::size_t n = 0; n < v.size(); ++n) {
      if ((exponents_[n] == absent) != zeros) continue;
      const double c = random_component(seed, n);
      v[n] = zeros ? c : std::ldexp(c, static_cast<int>(-exponents_[n]));
    }
    return v;
  }

  /// <g, v> - <dy, J v>, of the elements from `first` to `last`.
  [[nodiscard]] Enclosure excess(const std::vector<double>& v, std::size_t first,
                                 std::size_t last) const {
    std::vector<double> part(v.size(), 0.0);
    std::copy(v.begin() + static_cast<std::ptrdiff_t>(first),
              v.begin() + static_cast<std::ptrdiff_t>(last),
              part.begin() + static_cast<std::ptrdiff_t>(first));
    Enclosure sum = -g_.slope(in_, part);
    for (std::size_t n = first; n < last; ++n) {
      if (v[n] != 0) sum += gradient_[n] * Enclosure(v[n]);
    }
    return sum;
  }
  [[nodiscard]] Disagreement judged(const Enclosure& excess, const std::vector<double>& v,
                                    std::size_t first, std::size_t last, bool zeros) const {
    if (zeros) return {bounded(excess), Big(0)};
    Big squares(0);
    for (std::size_t n = first; n < last; ++n) {
      const Big term = gradient_[n].middle() * Big(v[n]);
      squares += term * term;
    }
    return {bounded(excess), ldexp(sqrt(squares), -51)};
  }
  [[nodiscard]] Disagreement along(const std::vector<double>& v, bool zeros) const {
    return judged(excess(v, 0, v.size()), v, 0, v.size(), zeros);
  }

  void one(CheckResult& r, std::vector<double> v, bool zeros) {
    Disagreement d = along(v, zeros);
    // A bound that is not far below the tolerance proves nothing.
    while (!zeros && d.value.bound > ldexp(d.tolerance, -8) && precision_ < 1000) {
      precision_ *= 2;
      const WithContext context(precision_);
      if (!refresh(r)) return;
      d = along(v, zeros);
    }
    const WithContext context(precision_);
    for (double c : v) r.elements += c != 0 ? 1 : 0;
    if (!zeros && d.value.bound > ldexp(d.tolerance, -8)) {
      ++r.counts["beyond the budget of bits"];
      return;
    }
    if (d.wrong()) bisect(r, v, zeros);
  }

  /// Errors add up: the half whose error is larger, in its own tolerances, has a wrong element.
  void bisect(CheckResult& r, const std::vector<double>& v, bool zeros) const {
    std::size_t first = 0, last = v.size();
    Enclosure whole = excess(v, first, last);
    while (last - first > 1) {
      const std::size_t middle = first + (last - first) / 2;
      const Enclosure left_part = excess(v, first, middle), right_part = whole - left_part;
      const Disagreement left = judged(left_part, v, first, middle, zeros);
      const Disagreement right = judged(right_part, v, middle, last, zeros);
      const bool go_left = zeros ? left.wrong()
                                 : abs(left.value.value) * right.tolerance >=
                                       abs(right.value.value) * left.tolerance;
      (go_left ? last : first) = middle;
      whole = go_left ? left_part : right_part;
    }
    std::vector<double> alone(v.size(), 0.0);
    alone[first] = 1;
    const Bounded truth = bounded(g_.slope(in_, alone));
    const Big got = gradient_[first].middle();
    const Big relative = abs(got - truth.value) / std::max(abs(got), abs(truth.value));
    const bool single = judged(whole, v, first, last, zeros).wrong();
    fail(g_, r, static_cast<Eigen::Index>(first), got.str(20), truth.value.str(20),
         truth.bound.str(2), "dual numbers along random directions",
         single ? fmt::format("relative error {:.1e}", relative.to_double())
                : fmt::format("the largest of many small errors; relative {:.1e}",
                              relative.to_double()));
  }

  static constexpr long absent = std::numeric_limits<long>::min();
  const WholeGradient& g_;
  In in_;
  const PointOptions& options_;
  mpfr_prec_t precision_ = first_precision;
  std::vector<Enclosure> gradient_;
  std::vector<long> exponents_;  ///< of the gradient's elements
  std::size_t zeros_ = 0;
};

/// What one ulp in every number of the point changes in each element, estimated: the largest of a
/// few random choices of signs, times the root of the longest sum, which turns the root of a sum of
/// squares into what the sum of the magnitudes can at most be.
std::vector<Big> envelope(const WholeGradient& g, In in, std::uint64_t seed) {
  constexpr std::uint64_t choices = 3;
  const std::vector<double> point = g.point(in);
  std::vector<Big> unit(static_cast<std::size_t>(g.size()), Big(0));
  for (std::uint64_t c = 0; c < choices; ++c) {
    std::vector<double> nudge;
    for (std::size_t n = 0; n < point.size(); ++n) {
      const double ulp =
          std::isnan(point[n]) ? 0 : ulp_at(format_of(in), Big(point[n])).to_double();
      nudge.push_back(case_seed(seed + c, "nudge", n) % 2 == 0 ? ulp : -ulp);
    }
    const std::vector<Enclosure> change = g.turned(in, nudge);
    for (std::size_t n = 0; n < unit.size(); ++n) {
      const Big moved = abs(change[n].middle());
      if (isfinite(moved)) unit[n] = std::max(unit[n], moved);
    }
  }
  const Big spread(std::sqrt(static_cast<double>(g.longest)));
  for (Big& u : unit) u = u * spread;
  return unit;
}

CheckResult projected(const WholeGradient& g, const PointOptions& o) {
  CheckResult r = blank(g, "high", "projected");
  r.about = fmt::format(
      "the backward in high precision against dual numbers along {} random directions of all {} "
      "elements; within 2^-51 of the root of the sum of the squares of the terms",
      o.draws, g.size());
  Projection(g, In::double_, o).run(r);
  return r;
}

CheckResult judged(const WholeGradient& g, In in, const PointOptions& o) {
  const Format& f = format_of(in);
  CheckResult r = blank(g, f.name, "point");
  r.about =
      "every gradient element against the backward in high precision, which \"projected\" "
      "compares with the forward";
  const std::vector<double> got = g.judged(in);
  const WithContext context(2 * first_precision);
  const std::vector<Enclosure> wide = g.wide(in);
  std::optional<std::vector<Big>> change;
  for (std::size_t n = 0; n < got.size(); ++n) {
    const Bounded reference = bounded(wide[n]);
    const Big ulp = ulp_at(f, clamped(f, reference.value));
    Judgement j = judge(f, got[n], reference, g.limit, ulp);
    j.envelope = j.ulp;
    if (!g.plain_ulp && (j.ulp > 0.5 || j.verdict != Verdict::correct)) {
      if (!change) change = envelope(g, in, o.seed);
      const Big unit = std::max(ulp, (*change)[n]);
      const Judgement by_envelope = judge(f, got[n], reference, g.limit, unit);
      j.verdict = by_envelope.verdict;
      j.envelope = ratio(abs(Big(got[n]) - reference.value), unit);
    }
    ++r.elements;
    ++r.counts[got[n] == 0 ? "gradient exactly 0" : "gradient not 0"];
    keep_worst(r.worst_derivative,
               {j.ulp, j.envelope, 0, {}, hex(got[n]), reference.value.str(20)});
    if (j.verdict == Verdict::inconclusive) ++r.counts["inconclusive"];
    if (j.verdict != Verdict::wrong) continue;
    fail(g, r, static_cast<Eigen::Index>(n), decimal(f, got[n]), reference.value.str(16),
         reference.bound.str(2), "the same backward in high precision",
         fmt::format("{} ulp, {} envelope units; limit {}", figure(j.ulp), figure(*j.envelope),
                     g.limit));
  }
  return r;
}

void conclude(CheckResult& r) {
  if (!r.failures.empty()) {
    r.verdict = Verdict::wrong;
    return;
  }
  const auto at = [&](const char* what) {
    const auto n = r.counts.find(what);
    return n == r.counts.end() ? std::uint64_t{0} : n->second;
  };
  if (at("inconclusive") + at("beyond the budget of bits") > 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = "the reference is not resolved";
  } else if (r.check == "point" && at("gradient not 0") == 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = "every gradient element is 0: nothing was compared";
  } else if (r.elements == 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = "there are no elements to compare";
  }
}

}  // namespace

Eigen::Index WholeGradient::size() const {
  Eigen::Index n = 0;
  for (const Part& p : parts) n += p.shape.size();
  return n;
}

std::string WholeGradient::place(Eigen::Index flat) const {
  const Place at = locate(*this, flat);
  return fmt::format("gradient of {} at row {}, column {}", parts[at.part].name, at.row, at.col);
}

Report check_gradient(const WholeGradient& g, const PointOptions& options) {
  require_subnormals();
  Report report;
  report.checks.push_back(projected(g, options));
  conclude(report.checks.front());
  for (const In in : {In::float_, In::double_}) {
    if (report.checks.front().verdict == Verdict::wrong) {
      CheckResult& r = report.checks.emplace_back(blank(g, format_of(in).name, "point"));
      r.cases = 0;
      r.verdict = Verdict::skipped;
      r.reason = "its reference, the backward in high precision, is wrong";
      continue;
    }
    conclude(report.checks.emplace_back(judged(g, in, options)));
  }
  return report;
}

}  // namespace assay::verify
