// One seeded gradient element of a case against finite differences in high precision.

#include <cmath>

#include "certified.hpp"
#include "differences.hpp"
#include "evaluate.hpp"
#include "examine.hpp"

namespace assay::verify {
namespace {

double distance_to_threshold(const Operation& op, std::size_t k, double x) {
  double d = std::numeric_limits<double>::infinity();
  for (const Kink& kink : op.kinks) {
    if (kink.input == k) d = std::min(d, std::abs(x - kink.at));
  }
  const Interval& i = op.inputs[k];
  // Outside an open end nothing need exist; a closed end is a point like any other, and a
  // forward that is smooth there goes on beyond it.
  if (std::isfinite(i.lo) && i.lo_open) d = std::min(d, x - i.lo);
  if (std::isfinite(i.hi) && i.hi_open) d = std::min(d, i.hi - x);
  return d;
}

/// A selection bends where x meets another element. Where it has met one, a split tie has the
/// central difference for its derivative.
double distance_to_tie(const Operation& op, const Case& c, double x) {
  double d = std::numeric_limits<double>::infinity();
  for (const Mat<double>& m : c.inputs) {
    for (double v : m.reshaped()) {
      if (op.ties != Ties::none && v != x) d = std::min(d, std::abs(v - x));
    }
  }
  return d;
}

/// Which of several equal elements is differentiated no central difference sees; of two that share
/// it does.
bool at_tie(const Operation& op, const Case& c, double x) {
  if (op.ties == Ties::none || (op.elementwise && op.ties == Ties::split)) return false;
  Eigen::Index equal = 0;
  for (const Mat<double>& m : c.inputs) equal += (m.array() == x).count();
  return equal > 1;
}

long exponent_of(double x) { return Big(x).exponent(); }

/// phi(t) = <dy, f(inputs with element i of input k moved by t)>
AlongCoordinate along(const Operation& op, const Case& c, std::size_t k, Eigen::Index i) {
  auto inputs = std::make_shared<std::vector<Mat<Enclosure>>>(to_enclosures(c.inputs));
  const Enclosure at = (*inputs)[k].data()[i];
  const Mat<double> dy = c.upstream;
  return [&op, inputs, at, dy, k, i](const Enclosure& t) {
    (*inputs)[k].data()[i] = at + t;
    const Mat<Enclosure> y = op.rule<Enclosure>().forward(views(*inputs));
    Enclosure sum(0);
    for (Eigen::Index j = 0; j < dy.size(); ++j) {
      sum += Enclosure(dy.data()[j]) * y.data()[j];
    }
    return sum;
  };
}

std::optional<ElementIndex> choose(const Case& c, std::uint64_t seed) {
  std::uint64_t total = 0;
  for (const Mat<double>& x : c.inputs) total += static_cast<std::uint64_t>(x.size());
  if (total == 0) return std::nullopt;
  auto pick = static_cast<Eigen::Index>(seed % total);
  for (std::size_t k = 0;; ++k) {
    if (pick < c.inputs[k].size()) return ElementIndex{k, pick};
    pick -= c.inputs[k].size();
  }
}

/// The gradient element judged: of an elementwise rule df itself, at a point of its own.
struct Subject {
  Case c;
  ElementIndex at;
};

Subject subject(const Examination& e, ElementIndex t) {
  if (!e.op.elementwise) return {e.c, t};
  const Case all = expanded(e.c);
  const Eigen::Index rows = e.c.inputs[t.k].rows();
  const Eigen::Index j = t.i % rows + (t.i / rows) * all.upstream.rows();
  Case one;
  for (const Mat<double>& x : all.inputs) {
    one.inputs.emplace_back(Mat<double>::Constant(1, 1, x.data()[j]));
  }
  one.upstream = Mat<double>::Constant(1, 1, 1.0);
  return {std::move(one), {t.k, 0}};
}

}  // namespace

std::optional<Problem> examine_differences(const Examination& e) {
  const std::optional<ElementIndex> chosen = choose(e.c, e.seed);
  if (!chosen || e.c.upstream.size() == 0) {
    e.count("nothing to differentiate");
    return std::nullopt;
  }
  const Subject s = subject(e, *chosen);
  const auto [k, i] = s.at;
  const double x = s.c.inputs[k].data()[i];
  if (at_kink(e.op, e.format, k, x).exceptional) {
    e.count("at an exceptional point");
    return std::nullopt;
  }
  if (at_tie(e.op, s.c, x)) {
    e.count("at a tie");
    return std::nullopt;
  }
  const Outcome out = evaluate(e.op, e.format, s.c);
  if (!out.broken.empty()) {
    Problem p;
    p.broken = true;
    p.against = out.broken;
    return p;
  }

  DifferencesSetup setup;
  // A step must be seen beside the largest number that it may meet in a sum.
  for (const Mat<double>& m : s.c.inputs) {
    for (double v : m.reshaped())
      setup.point_exponent = std::max(setup.point_exponent, exponent_of(v));
  }
  setup.free_distance = std::min(distance_to_threshold(e.op, k, x), distance_to_tie(e.op, s.c, x));
  // Where inputs must be arranged, illegal ones may be as near as the smallest element is to 0.
  for (const Mat<double>& m : s.c.inputs) {
    for (double v : m.reshaped()) {
      if (e.op.arrange && v != 0) setup.free_distance = std::min(setup.free_distance, std::abs(v));
    }
  }
  std::optional<ElementReference> dual;
  if (!e.op.elementwise) dual = element_reference(e.op, e.format, s.c, s.at);
  const Limit limit = derivative_limit(e.op);
  // What the claim is measured in; a claim of 0 is in none.
  const bool in_envelopes = dual && limit.units == Units::envelope && limit.figure > 0;
  const Big rounding = in_envelopes ? dual->element.rounding : Big(0);
  setup.unit_exponent = [&](const Big& slope) {
    return std::max(ulp_exponent(e.format, slope), rounding.exponent());
  };
  const Differences d = differences(along(e.op, s.c, k, i), setup);
  if (d.over_budget) {
    e.count("beyond the budget of bits");
    return std::nullopt;
  }
  const double got = out.gradients[k].data()[i];
  Judgement v{};
  if (e.op.elementwise) {
    std::vector<double> point;
    for (const Mat<double>& m : s.c.inputs) point.push_back(m(0, 0));
    bool near_zero = false;
    v = judge_derivative(e.op, e.format, point, k, got, d.slope, d.precision, near_zero);
  } else {
    if (dual->element.overflows(e.format)) {
      e.count("overflow");
      return std::nullopt;
    }
    Big unit = ulp_at(e.format, clamped(e.format, d.slope.value));
    v = judge(e.format, got, d.slope, limit.figure, unit);
    if (limit.units == Units::envelope && v.verdict != Verdict::correct) {
      unit = std::max(unit, element_envelope(e.op, e.format, s.c, s.at, dual->precision));
      v.verdict = judge(e.format, got, d.slope, limit.figure, unit).verdict;
    }
    const WithContext c(113, MPFR_RNDU);
    const Big ulp = ulp_at(e.format, clamped(e.format, d.slope.value));
    v.envelope = std::isinf(v.ulp) ? v.ulp : v.ulp * (ulp / unit).to_double(MPFR_RNDU);
  }
  if (!d.resolved) {
    if (std::abs(x) > 0x1p60) {
      e.count("beyond the oracle's exponents");
      return std::nullopt;
    }
    v.verdict = Verdict::inconclusive;
  }
  e.elements();
  if (v.verdict == Verdict::correct) return std::nullopt;
  Problem p;
  p.inconclusive = v.verdict == Verdict::inconclusive;
  p.against = "finite differences";
  p.input = chosen->k;
  const Eigen::Index rows = e.c.inputs[chosen->k].rows();
  p.row = chosen->i % rows;
  p.col = chosen->i / rows;
  p.got = decimal(e.format, got);
  p.reference = d.slope.value.str(16);
  p.bound = d.slope.bound.str(2);
  p.ulp = limit.units == Units::envelope && v.envelope ? *v.envelope : v.ulp;
  p.claimed = limit.figure;
  p.units = limit.units;
  return p;
}

}  // namespace assay::verify
