#include <cmath>

#include "examine.hpp"

namespace assay::verify {

Limit derivative_limit(const Operation& op) {
  if (!op.claimed) return {8, Units::envelope, Units::envelope};
  return {op.claimed->derivative, op.claimed->units, op.claimed->near_zero};
}

Judgement judge(const Format& f, double got, const Bounded& reference, double figure,
                const Big& unit) {
  if (std::isnan(got)) {
    return {Verdict::wrong, std::numeric_limits<double>::infinity(), std::nullopt};
  }
  const WithContext c(reference.value.precision() + 64, MPFR_RNDU);
  const Big r = clamped(f, reference.value);
  Big error = abs(clamped(f, Big(got)) - r);
  if (std::isinf(got) && overflows(f, reference.value) && (got > 0) == (r > Big(0))) error = Big(0);
  const Big limit = Big(figure) * unit;
  Judgement j{Verdict::inconclusive, ratio(error, ulp_at(f, r)), std::nullopt};
  // Figures are resolved to 1/64 ulp; a reference that is known less well must decide by itself.
  // Beyond the format it is infinite, however little is known of it.
  const bool beyond =
      abs(r) == ldexp(Big(1), f.max_exponent) && abs(reference.value) - reference.bound >= abs(r);
  const Big bound = beyond ? Big(0) : reference.bound;
  const bool resolved = bound <= ldexp(ulp_at(f, r), -6);
  if (error - bound > limit) {
    j.verdict = Verdict::wrong;
  } else if (resolved || error + bound <= limit) {
    j.verdict = Verdict::correct;
  }
  return j;
}

Judgement judge_derivative(const Operation& op, const Format& f, std::span<const double> x,
                           std::size_t k, double got, const Bounded& reference,
                           mpfr_prec_t precision, bool& near_zero, double known) {
  const Limit limit = derivative_limit(op);
  const Big ulp = ulp_at(f, clamped(f, reference.value));
  Judgement j = judge(f, got, reference, limit.figure, ulp);
  near_zero = false;
  if (j.verdict == Verdict::correct && j.ulp <= 1) {
    j.envelope = j.ulp;  // the envelope is at least one ulp
    return j;
  }
  if (!isfinite(reference.value)) return j;
  const bool may_excuse = limit.near_zero == Units::envelope && limit.units == Units::ulp;
  if (j.verdict == Verdict::correct && !may_excuse && j.ulp <= known) return j;
  const PointEnvelope e = point_envelope(op, f, x, k, reference, precision);
  const Big unit = std::max(ulp, e.change);
  const Judgement wide = judge(f, got, reference, limit.figure, unit);
  {
    const WithContext c(113, MPFR_RNDU);
    j.envelope = std::isinf(j.ulp) ? j.ulp : j.ulp * (ulp / unit).to_double(MPFR_RNDU);
  }
  near_zero = e.near_zero && may_excuse;
  if (limit.units == Units::envelope || near_zero) j.verdict = wide.verdict;
  return j;
}

void keep_worst(std::optional<Worst>& worst, Worst candidate) {
  std::optional<double> envelope = candidate.envelope;
  if (worst && worst->envelope && (!envelope || *worst->envelope > *envelope)) {
    envelope = worst->envelope;
  }
  if (!worst || candidate.ulp > worst->ulp ||
      (candidate.ulp == worst->ulp && candidate.at_case < worst->at_case)) {
    worst = std::move(candidate);
  }
  worst->envelope = envelope;
}

AtKink at_kink(const Operation& op, const Format& f, std::size_t k, double x) {
  for (const Kink& kink : op.kinks) {
    if (kink.input != k) continue;
    const double at = rounded(f, kink.at);
    if (x == kink.at) {
      if (kink.kind == Kink::Kind::value) return {true, kink.value};
      return {true, std::nullopt};
    }
    // A threshold that the format (or a double) cannot hold lies between two neighbours; on which
    // side the rule sees them is its own affair, and examined at the kink itself.
    const bool beside = x == at || x == next(f, at, true) || x == next(f, at, false);
    if (kink.at != 0 && kink.at != std::round(kink.at) && beside) return {true, std::nullopt};
  }
  return {};
}

}  // namespace assay::verify
