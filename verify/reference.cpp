#include "reference.hpp"

#include <cmath>

#include "reference_parts.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

/// Most derivatives of most outputs are.
bool is_exactly_zero(const Enclosure& e) {
  const TwoDoubles* t = e.two_doubles();
  return t && t->hi == 0 && t->radius == 0;
}

Mat<Moving> at_rest(const Mat<double>& x) {
  return x.unaryExpr([](double v) { return Moving(Enclosure(v)); });
}

/// Two doubles in a Bounded: less than a microsecond's worth of MPFR.
Bounded bounded(const TwoDoubles& t) {
  const WithContext c(128, MPFR_RNDN);
  Bounded b{Big(t.hi), Big(t.radius), Big(0)};
  if (t.lo != 0) {
    b.value += Big(t.lo);
    // 128 bits hold both, unless there is a gap between them.
    if (std::ilogb(t.hi) - std::ilogb(t.lo) > 128 - 54) {
      b.bound = Big::directed<mpfr_add>(MPFR_RNDU, b.bound, ldexp(abs(b.value), -127));
    }
  }
  const Big size = abs(b.value);
  if (size > b.bound) b.least = Big::directed<mpfr_sub>(MPFR_RNDD, size, b.bound);
  return b;
}

}  // namespace

bool raise_precision(mpfr_prec_t& p, long missing) {
  if (p >= last_precision) return false;
  // NaN and infinity have no exponent to tell what is missing.
  const long step = std::clamp<long>(missing + 8, 16, last_precision);
  p = std::min<mpfr_prec_t>(p + step, last_precision);
  return true;
}

long undecided_bits() {
  const bool undecided = Enclosure::undecided();
  Enclosure::undecided() = false;
  return undecided ? 128 : 0;
}

Bounded bounded(const Enclosure& e) {
  if (const TwoDoubles* two = e.two_doubles()) return bounded(*two);
  // Beyond the exponents of MPFR, hence of every format: infinite is what it rounds to.
  constexpr long vast = 1L << 40;
  if (!isfinite(e)) {
    if (isinf(e.hi()) && e.lo().exponent() > vast && e.lo() > Big(0))
      return {e.hi(), Big(0), e.hi()};
    if (isinf(e.lo()) && e.hi().exponent() > vast && e.hi() < Big(0))
      return {e.lo(), Big(0), -e.lo()};
  }
  Bounded b{e.middle(), e.radius(), std::min(abs(e.lo()), abs(e.hi()))};
  if ((e.lo() < Big(0)) != (e.hi() < Big(0))) b.least = Big(0);
  return b;
}

long missing_bits(const Bounded& b, long unit_exponent) {
  if (is_zero(b.bound)) return 0;
  if (!isfinite(b.value) || !isfinite(b.bound)) return 256;
  return b.bound.exponent() + 1 - (unit_exponent - 6);
}

std::vector<Mat<Enclosure>> to_enclosures(const std::vector<Mat<double>>& inputs) {
  std::vector<Mat<Enclosure>> e;
  e.reserve(inputs.size());
  for (const Mat<double>& x : inputs) {
    e.push_back(x.unaryExpr([](double v) { return Enclosure(v); }));
  }
  return e;
}

std::vector<Mat<Moving>> to_dual(const std::vector<Mat<double>>& inputs) {
  std::vector<Mat<Moving>> d;
  d.reserve(inputs.size());
  for (const Mat<double>& x : inputs) d.push_back(at_rest(x));
  return d;
}

namespace {

/// A point as 1x1 matrices.
std::vector<Mat<Moving>> point(std::span<const double> x) {
  std::vector<Mat<Moving>> in;
  for (double v : x) in.emplace_back(Mat<Moving>::Constant(1, 1, Moving(Enclosure(v))));
  return in;
}

}  // namespace

PointReference point_reference(const Operation& op, const Format& f, std::span<const double> x) {
  std::vector<Mat<Moving>> in = point(x);
  const auto in_views = views(in);
  PointReference r;
  r.d.resize(x.size());
  while (true) {
    const WithContext c(r.precision);
    Enclosure::undecided() = false;
    long missing = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      in[k](0, 0).d = Enclosure(1);
      const Mat<Moving> out = op.rule<Moving>().forward(in_views);
      in[k](0, 0).d = Enclosure(0);
      if (k == 0) r.y = bounded(out(0, 0).v);
      r.d[k] = bounded(out(0, 0).d);
      missing = std::max(missing, missing_bits(r.d[k], ulp_exponent(f, r.d[k].least)));
    }
    missing = std::max(missing, missing_bits(r.y, ulp_exponent(f, r.y.least)));
    missing = std::max(missing, undecided_bits());
    r.resolved = missing <= 0;
    if (r.resolved || !raise_precision(r.precision, missing)) return r;
  }
}

namespace {

/// To 53 bits: a step of few bits is one that two doubles can take.
Big newton_step(const Big& value, const Big& slope) {
  const WithContext c(53);
  return -value / slope;
}

/// In the context set; nothing where it does not tell the slopes well enough.
std::optional<PointEnvelope> envelope_here(const Operation& op, const Format& f,
                                           std::span<const double> x, std::size_t k,
                                           const Bounded& d, bool last) {
  std::vector<Mat<Moving>> in = point(x);
  const auto in_views = views(in);
  const Mat<Moving> one = Mat<Moving>::Constant(1, 1, Moving(Enclosure(1)));
  const auto derivative = [&] { return op.rule<Moving>().gradients(one, in_views)[k](0, 0); };

  PointEnvelope e{Big(0), false};
  for (std::size_t m = 0; m < x.size(); ++m) {
    if (op.inputs[m].exact) continue;
    Moving& moved = in[m](0, 0);
    moved.d = Enclosure(1);
    const Bounded slope = bounded(derivative().d);
    moved.d = Enclosure(0);
    if (!last && !(slope.bound <= ldexp(slope.least, -40))) return std::nullopt;
    if (!isfinite(slope.value)) continue;
    e.change += slope.least * ulp_at(f, Big(x[m]));
    if (is_zero(slope.value)) continue;
    // Newton's step from x to the zero, and as far again.
    const Big step = newton_step(d.value, slope.value);
    if (!(abs(step) <= abs(Big(x[m])))) continue;
    moved.v = Enclosure(x[m]) + Enclosure(ldexp(step, 1));
    const Enclosure there = derivative().v;
    moved.v = Enclosure(x[m]);
    if (!last && !(bounded(there).least > Big(0))) return std::nullopt;
    const Big beyond = there.middle();
    e.near_zero = e.near_zero || is_zero(d.value) || (beyond < Big(0)) != (d.value < Big(0));
  }
  return e;
}

}  // namespace

PointEnvelope point_envelope(const Operation& op, const Format& f, std::span<const double> x,
                             std::size_t k, const Bounded& d, mpfr_prec_t precision) {
  {
    const WithContext c(precision);
    if (const auto e = envelope_here(op, f, x, k, d, false)) return *e;
  }
  const WithContext c(precision + 64);
  return *envelope_here(op, f, x, k, d, true);
}

MatrixReference::Element gradient_element(const Format& f, const Mat<Moving>& y,
                                          const Mat<double>& upstream) {
  Enclosure r(0);
  for (Eigen::Index j = 0; j < upstream.size(); ++j) {
    r += Enclosure(upstream.data()[j]) * y.data()[j].d;
  }
  const WithContext c(64, MPFR_RNDU);
  MatrixReference::Element e{bounded(r), Big(0), Big(0), Big(0)};
  for (Eigen::Index j = 0; j < upstream.size(); ++j) {
    const Enclosure& moves = y.data()[j].d;
    if (is_exactly_zero(moves)) continue;
    const Big dy = abs(Big(upstream.data()[j]));
    const Big slope = abs(moves.middle());
    e.terms += dy * slope;
    e.steepest = std::max(e.steepest, slope);
    if (!is_zero(slope)) e.rounding += dy * ulp_at(f, slope);
    if (!is_zero(dy)) e.rounding += slope * ulp_at(f, dy);
  }
  return e;
}

MatrixReference matrix_reference(const Operation& op, const Format& f,
                                 const std::vector<Mat<double>>& inputs,
                                 const Mat<double>& upstream) {
  std::vector<Mat<Moving>> in = to_dual(inputs);
  const auto in_views = views(in);
  const Mat<Big> zeros = Mat<Big>::Constant(upstream.rows(), upstream.cols(), Big(0));
  MatrixReference ref;
  while (true) {
    const WithContext context(ref.precision);
    Enclosure::undecided() = false;
    long missing = 0;
    ref.gradient.assign(in.size(), {});
    ref.y_change = ref.y_bound = zeros;
    const Mat<Moving> y = op.rule<Moving>().forward(in_views);
    ref.y = y.unaryExpr([](const Moving& v) { return v.v.middle(); });
    for (Eigen::Index j = 0; j < y.size(); ++j) ref.y_bound.data()[j] = y.data()[j].v.radius();
    for (std::size_t k = 0; k < in.size(); ++k) {
      for (Eigen::Index i = 0; i < in[k].size(); ++i) {
        Moving& moved = in[k].data()[i];
        moved.d = Enclosure(1);
        const Mat<Moving> out = op.rule<Moving>().forward(in_views);
        moved.d = Enclosure(0);
        ref.gradient[k].push_back(gradient_element(f, out, upstream));
        const MatrixReference::Element& e = ref.gradient[k].back();
        const long unit = std::max(ulp_exponent(f, e.r.least), e.rounding.exponent());
        missing = std::max(missing, missing_bits(e.r, unit));
        if (op.inputs[k].exact) continue;
        const WithContext c(64, MPFR_RNDU);
        const Big step = ulp_at(f, Big(inputs[k].data()[i]));
        for (Eigen::Index j = 0; j < upstream.size(); ++j) {
          if (is_exactly_zero(out.data()[j].d)) continue;
          ref.y_change.data()[j] += abs(out.data()[j].d.middle()) * step;
        }
      }
    }
    missing = std::max(missing, undecided_bits());
    ref.resolved = missing <= 0;
    if (ref.resolved || !raise_precision(ref.precision, missing)) return ref;
  }
}

std::vector<Mat<Big>> matrix_envelope(const Operation& op, const Format& f,
                                      const std::vector<Mat<double>>& inputs,
                                      const Mat<double>& upstream, mpfr_prec_t precision) {
  const WithContext c(precision + 64);
  std::vector<Mat<Moving>> in = to_dual(inputs);
  const auto in_views = views(in);
  const Mat<Moving> dy = at_rest(upstream);
  std::vector<Mat<Big>> change;
  for (const Mat<double>& x : inputs) {
    change.push_back(Mat<Big>::Constant(x.rows(), x.cols(), Big(0)));
  }
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (op.inputs[k].exact) continue;
    for (Eigen::Index i = 0; i < in[k].size(); ++i) {
      in[k].data()[i].d = Enclosure(1);
      const std::vector<Mat<Moving>> dx = op.rule<Moving>().gradients(dy, in_views);
      in[k].data()[i].d = Enclosure(0);
      const Big step = ulp_at(f, Big(inputs[k].data()[i]));
      for (std::size_t m = 0; m < dx.size(); ++m) {
        for (Eigen::Index j = 0; j < dx[m].size(); ++j) {
          const Bounded slope = bounded(dx[m].data()[j].d);
          if (isfinite(slope.value)) change[m].data()[j] += slope.least * step;
        }
      }
    }
  }
  return change;
}

}  // namespace assay::verify
