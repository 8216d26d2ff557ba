// A matrix operation against its certified gradient, or against dual numbers element by element.

#include <algorithm>
#include <cmath>

#include "certified.hpp"
#include "derivative_parts.hpp"
#include "histogram.hpp"

namespace assay::verify {
namespace {

/// The largest figure in the envelope so far: what cannot be larger need not be known.
double known_envelope(const std::optional<Worst>& worst) {
  return worst ? worst->envelope.value_or(0) : 0;
}

/// Whether a case is wholly right by its certified gradient, which is the usual one and costs two
/// sweeps. What is not judged right is no finding: it is for the dual numbers to say. Envelopes,
/// which cost a sweep each, are computed where a verdict or the largest figure depends on them.
class Certified {
 public:
  Certified(const Examination& e, const Outcome& out, const CertifiedReference& ref)
      : e_(e), out_(out), ref_(ref), limit_(derivative_limit(e.op)) {}

  bool right() { return by_ulp() && by_envelope(); }

  void record() const {
    e_.elements(elements_.size());
    if (overflowed_) e_.count("overflow");
    if (!e_.statistics) return;
    for (const Element& x : elements_) {
      ++e_.statistics->histogram[quarter(x.v.ulp)];
      note_worst(e_.statistics->worst_derivative, x.v.ulp, x.v.envelope, e_.number, [&] {
        return Worst{x.v.ulp, x.v.envelope, e_.number, {}, hex(got(x)), reference(x).value.str(20)};
      });
    }
    values();
  }

 private:
  struct Element {
    std::size_t k;
    Eigen::Index i;
    Judgement v;
  };
  [[nodiscard]] double got(const Element& x) const { return out_.gradients[x.k].data()[x.i]; }
  [[nodiscard]] const Bounded& reference(const Element& x) const {
    return ref_.gradient[x.k][static_cast<std::size_t>(x.i)].r;
  }
  [[nodiscard]] Big ulp(const Bounded& r) const {
    return ulp_at(e_.format, clamped(e_.format, r.value));
  }

  bool by_ulp() {
    for (std::size_t k = 0; k < ref_.gradient.size(); ++k) {
      for (Eigen::Index i = 0; i < out_.gradients[k].size(); ++i) {
        if (ref_.gradient[k][static_cast<std::size_t>(i)].overflows) {
          overflowed_ = true;
          continue;
        }
        Element x{k, i, {}};
        if (!std::isfinite(got(x))) return false;
        const Bounded& r = reference(x);
        x.v = judge(e_.format, got(x), r, limit_.figure, ulp(r));
        if (x.v.verdict != Verdict::correct && limit_.units != Units::envelope) return false;
        if (x.v.ulp <= 0.5) x.v.envelope = x.v.ulp;  // an envelope is at least one ulp
        elements_.push_back(x);
      }
    }
    return true;
  }

  bool by_envelope() {
    std::vector<Element*> order;
    for (Element& x : elements_) {
      if (!x.v.envelope) order.push_back(&x);
    }
    std::stable_sort(order.begin(), order.end(),
                     [](const Element* a, const Element* b) { return a->v.ulp > b->v.ulp; });
    double worst = e_.statistics ? known_envelope(e_.statistics->worst_derivative) : 0;
    for (Element* x : order) {
      const bool larger = e_.statistics && x->v.ulp > worst;
      if (!larger && x->v.verdict == Verdict::correct) continue;
      if (!in_envelope(*x)) return false;
      worst = std::max(worst, *x->v.envelope);
    }
    return true;
  }

  bool in_envelope(Element& x) const {
    const Bounded& r = reference(x);
    const Big one = ulp(r);
    const Big envelope = element_envelope(e_.op, e_.format, e_.c, {x.k, x.i}, ref_.precision);
    const WithContext c(113, MPFR_RNDU);
    const Big unit = std::max(one, envelope);
    if (limit_.units == Units::envelope) {
      x.v.verdict = judge(e_.format, got(x), r, limit_.figure, unit).verdict;
    }
    x.v.envelope = std::isinf(x.v.ulp) ? x.v.ulp : x.v.ulp * (one / unit).to_double(MPFR_RNDU);
    return x.v.verdict == Verdict::correct;
  }

  /// Values are reported, not judged: only those that can be the worst are looked at closely.
  void values() const {
    const Format& f = e_.format;
    const Big edge = ldexp(Big(1), f.max_exponent - 2);
    for (Eigen::Index j = 0; j < out_.y.size(); ++j) {
      const Bounded& y = ref_.y[static_cast<std::size_t>(j)];
      std::optional<Worst>& worst = e_.statistics->worst_value;
      const double got = out_.y.data()[j];
      const Big one = ulp(y);
      const double ulps = std::isfinite(got) ? judge(f, got, y, 0, one).ulp
                                             : std::numeric_limits<double>::infinity();
      const bool larger = !worst || ulps > worst->ulp || ulps > worst->envelope.value_or(0);
      if (!larger || abs(y.value) > edge) continue;
      const Big unit = std::max(one, value_change(e_.op, f, e_.c, j, ref_.precision));
      if (unit > ulp_at(f, edge)) continue;
      if (!std::isfinite(got)) {
        e_.count("value not finite");  // an intermediate sum
        continue;
      }
      const double envelope = ratio(abs(Big(got) - y.value), unit);
      note_worst(worst, ulps, envelope, e_.number,
                 [&] { return Worst{ulps, envelope, e_.number, {}, hex(got), y.value.str(20)}; });
    }
  }

  const Examination& e_;
  const Outcome& out_;
  const CertifiedReference& ref_;
  Limit limit_;
  std::vector<Element> elements_;
  bool overflowed_ = false;
};

std::optional<Problem> by_elements(const Examination& e, const Outcome& out) {
  const Format& f = e.format;
  const MatrixReference ref = matrix_reference(e.op, f, e.c.inputs, e.c.upstream);
  const auto vast = [](const Mat<double>& x) { return (x.array().abs() > 0x1p60).any(); };
  if (!ref.resolved && std::any_of(e.c.inputs.begin(), e.c.inputs.end(), vast)) {
    e.count("beyond the oracle's exponents");
    return std::nullopt;
  }
  const Limit limit = derivative_limit(e.op);
  const Big edge = ldexp(Big(1), f.max_exponent - 2);
  First first;
  bool overflowed = false;
  for (std::size_t k = 0; k < ref.gradient.size(); ++k) {
    for (std::size_t i = 0; i < ref.gradient[k].size(); ++i) {
      const MatrixReference::Element& g = ref.gradient[k][i];
      if (g.overflows(e.format)) {
        overflowed = true;
        continue;
      }
      const double got = out.gradients[k].data()[i];
      const Big ulp = ulp_at(f, clamped(f, g.r.value));
      Judgement v = judge(f, got, g.r, limit.figure, ulp);
      const bool reported = e.statistics && v.ulp > known_envelope(e.statistics->worst_derivative);
      if (v.ulp <= 0.5 && v.verdict == Verdict::correct) {
        v.envelope = v.ulp;  // an envelope is at least one ulp
      } else if (reported || v.verdict != Verdict::correct) {
        const ElementIndex at{k, static_cast<Eigen::Index>(i)};
        const Big envelope = element_envelope(e.op, f, e.c, at, ref.precision);
        const WithContext c(113, MPFR_RNDU);
        const Big unit = std::max(ulp, envelope);
        if (limit.units == Units::envelope) {
          v.verdict = judge(f, got, g.r, limit.figure, unit).verdict;
        }
        v.envelope = std::isinf(v.ulp) ? v.ulp : v.ulp * (ulp / unit).to_double(MPFR_RNDU);
      }
      e.elements();
      if (e.statistics) {
        ++e.statistics->histogram[quarter(v.ulp)];
        note_worst(e.statistics->worst_derivative, v.ulp, v.envelope, e.number, [&] {
          return Worst{v.ulp, v.envelope, e.number, {}, hex(got), g.r.value.str(20)};
        });
      }
      if (v.verdict != Verdict::correct) {
        first.offer(wrong_derivative(e, v, got, g.r, k, static_cast<Eigen::Index>(i),
                                     e.c.inputs[k].rows()));
      }
    }
  }
  if (overflowed) e.count("overflow");
  for (Eigen::Index j = 0; e.statistics && j < ref.y.size(); ++j) {
    const Big unit = std::max(ulp_at(f, clamped(f, ref.y.data()[j])), ref.y_change.data()[j]);
    if (unit > ulp_at(f, edge) || abs(ref.y.data()[j]) > edge) continue;
    const double got = out.y.data()[j];
    if (!std::isfinite(got)) {
      e.count("value not finite");  // an intermediate sum; the value is reported, not judged
      continue;
    }
    const Bounded y{ref.y.data()[j], ref.y_bound.data()[j], abs(ref.y.data()[j])};
    const double ulp = judge(f, got, y, 0, unit).ulp;
    const Big error = abs(Big(got) - y.value);
    const double envelope = ratio(error, unit);
    note_worst(e.statistics->worst_value, ulp, envelope, e.number,
               [&] { return Worst{ulp, envelope, e.number, {}, hex(got), y.value.str(20)}; });
  }
  return first.take();
}

}  // namespace

std::optional<Problem> examine_matrix(const Examination& e, const Outcome& out) {
  if (const auto ref = certified_reference(e.op, e.format, e.c, e.seed)) {
    Certified certified(e, out, *ref);
    if (certified.right()) {
      certified.record();
      return std::nullopt;
    }
  }
  return by_elements(e, out);
}

}  // namespace assay::verify
