#include "reference.hpp"

#include <array>

namespace assay::verify {
namespace {

using BigDual = Dual<Big>;

constexpr std::array roundings{MPFR_RNDD, MPFR_RNDU, MPFR_RNDN};

/// The three contexts of a bound at p bits.
Context context_at(mpfr_prec_t p, std::size_t i) {
  return {i == 2 ? p + guard_bits : p, roundings[i]};
}

Mat<BigDual> at_rest(const Mat<double>& x) {
  return x.unaryExpr([](double v) { return BigDual(Big(v)); });
}

/// Raises p by what is missing; false when that leads beyond the last precision.
bool raise(mpfr_prec_t& p, long missing) {
  if (p >= last_precision) return false;
  // NaN and infinity have no exponent to tell what is missing.
  const long step = std::clamp<long>(missing + 8, 16, last_precision);
  p = std::min<mpfr_prec_t>(p + step, last_precision);
  return true;
}

}  // namespace

Bounded bounded(const Big& down, const Big& up, const Big& fine) {
  const WithContext c(64, MPFR_RNDA);
  const Big directed = abs(up - down);
  const Big deeper = Big(2) * std::max(abs(fine - down), abs(fine - up));
  Big least = std::min({abs(down), abs(up), abs(fine)});
  if ((down < Big(0)) != (up < Big(0))) least = Big(0);
  return {fine, std::max(directed, deeper), least};
}

long missing_bits(const Bounded& b, long unit_exponent) {
  if (!isfinite(b.value) || !isfinite(b.bound)) return 256;
  if (b.bound == Big(0)) return 0;
  return b.bound.exponent() + 1 - (unit_exponent - 6);
}

std::vector<Mat<BigDual>> to_dual(const std::vector<Mat<double>>& inputs) {
  std::vector<Mat<BigDual>> d;
  d.reserve(inputs.size());
  for (const Mat<double>& x : inputs) d.push_back(at_rest(x));
  return d;
}

PointReference point_reference(const Operation& op, const Format& f, std::span<const double> x) {
  const std::size_t n = x.size();
  std::vector<Mat<BigDual>> in;
  for (double v : x) in.push_back(Mat<BigDual>::Constant(1, 1, BigDual(Big(v))));
  const auto p_in = pointers(in);

  PointReference r;
  r.d.resize(n);
  while (true) {
    std::array<Big, 3> y;
    long missing = 0;
    for (std::size_t k = 0; k < n; ++k) {
      std::array<Big, 3> d;
      in[k](0, 0).d = Big(1);
      for (std::size_t i = 0; i < 3; ++i) {
        const WithContext c(context_at(r.precision, i));
        const Mat<BigDual> out = op.rule<BigDual>().forward(p_in);
        if (k == 0) y[i] = out(0, 0).v;
        d[i] = out(0, 0).d;
      }
      in[k](0, 0).d = Big(0);
      r.d[k] = bounded(d[0], d[1], d[2]);
      missing = std::max(missing, missing_bits(r.d[k], ulp_exponent(f, r.d[k].least)));
    }
    r.y = bounded(y[0], y[1], y[2]);
    missing = std::max(missing, missing_bits(r.y, ulp_exponent(f, r.y.least)));
    r.resolved = missing <= 0;
    if (r.resolved || !raise(r.precision, missing)) return r;
  }
}

PointEnvelope point_envelope(const Operation& op, const Format& f, std::span<const double> x,
                             std::size_t k, const Bounded& d, mpfr_prec_t precision) {
  const WithContext c(precision + guard_bits);
  const std::size_t n = x.size();
  std::vector<Mat<BigDual>> in;
  for (double v : x) in.push_back(Mat<BigDual>::Constant(1, 1, BigDual(Big(v))));
  const auto p_in = pointers(in);
  const Mat<BigDual> one = Mat<BigDual>::Constant(1, 1, BigDual(Big(1)));
  std::vector<Mat<BigDual>> dx(n);

  PointEnvelope e{Big(0), false};
  for (std::size_t m = 0; m < n; ++m) {
    if (op.inputs[m].exact) continue;
    in[m](0, 0).d = Big(1);
    op.rule<BigDual>().backward(one, p_in, op.rule<BigDual>().forward(p_in), dx);
    const Big slope = dx[k](0, 0).d;
    in[m](0, 0).d = Big(0);
    if (isfinite(slope)) e.change += abs(slope) * ulp_at(f, Big(x[m]));
    if (slope == Big(0) || !isfinite(slope)) continue;
    // Newton's step from x to the zero, and as far again.
    const Big step = -d.value / slope;
    if (!(abs(step) <= abs(Big(x[m])))) continue;
    in[m](0, 0).v = Big(x[m]) + Big(2) * step;
    op.rule<BigDual>().backward(one, p_in, op.rule<BigDual>().forward(p_in), dx);
    in[m](0, 0).v = Big(x[m]);
    const Big beyond = dx[k](0, 0).v;
    e.near_zero = e.near_zero || d.value == Big(0) || (beyond < Big(0)) != (d.value < Big(0));
  }
  return e;
}

namespace {

/// One evaluation of a matrix operation with one input element in motion.
struct Column {
  std::array<Mat<BigDual>, 3> out;
  std::array<Big, 3> r;
};

Column column(const Operation& op, std::span<const Mat<BigDual>* const> in,
              const Mat<double>& upstream, mpfr_prec_t p) {
  Column col;
  for (std::size_t i = 0; i < 3; ++i) {
    const WithContext c(context_at(p, i));
    col.out[i] = op.rule<BigDual>().forward(in);
    col.r[i] = Big(0);
    for (Eigen::Index j = 0; j < upstream.size(); ++j) {
      col.r[i] += Big(upstream.data()[j]) * col.out[i].data()[j].d;
    }
  }
  return col;
}

MatrixReference::Element element(const Format& f, const Column& col, const Mat<double>& upstream) {
  const WithContext c(64, MPFR_RNDU);
  MatrixReference::Element e{bounded(col.r[0], col.r[1], col.r[2]), Big(0), Big(0)};
  for (Eigen::Index j = 0; j < upstream.size(); ++j) {
    const Big dy = abs(Big(upstream.data()[j]));
    const Big slope = abs(col.out[2].data()[j].d);
    e.terms += dy * slope;
    if (slope != Big(0)) e.rounding += dy * ulp_at(f, slope);
    if (dy != Big(0)) e.rounding += slope * ulp_at(f, dy);
  }
  return e;
}

}  // namespace

MatrixReference matrix_reference(const Operation& op, const Format& f,
                                 const std::vector<Mat<double>>& inputs,
                                 const Mat<double>& upstream) {
  std::vector<Mat<BigDual>> in = to_dual(inputs);
  const auto p_in = pointers(in);
  MatrixReference ref;
  while (true) {
    long missing = 0;
    ref.gradient.assign(in.size(), {});
    ref.y_change = Mat<Big>::Constant(upstream.rows(), upstream.cols(), Big(0));
    for (std::size_t k = 0; k < in.size(); ++k) {
      for (Eigen::Index i = 0; i < in[k].size(); ++i) {
        BigDual& moved = in[k].data()[i];
        moved.d = Big(1);
        const Column col = column(op, p_in, upstream, ref.precision);
        moved.d = Big(0);
        ref.gradient[k].push_back(element(f, col, upstream));
        const MatrixReference::Element& e = ref.gradient[k].back();
        const long unit = std::max(ulp_exponent(f, e.r.least), e.rounding.exponent());
        missing = std::max(missing, missing_bits(e.r, unit));
        if (op.inputs[k].exact) continue;
        const WithContext c(64, MPFR_RNDU);
        const Big step = ulp_at(f, Big(inputs[k].data()[i]));
        for (Eigen::Index j = 0; j < upstream.size(); ++j) {
          ref.y_change.data()[j] += abs(col.out[2].data()[j].d) * step;
        }
      }
    }
    ref.resolved = missing <= 0;
    if (ref.resolved || !raise(ref.precision, missing)) break;
  }
  std::array<Mat<BigDual>, 3> y;
  for (std::size_t i = 0; i < 3; ++i) {
    const WithContext c(context_at(ref.precision, i));
    y[i] = op.rule<BigDual>().forward(p_in);
  }
  ref.y.resize(upstream.rows(), upstream.cols());
  ref.y_bound.resize(upstream.rows(), upstream.cols());
  for (Eigen::Index j = 0; j < upstream.size(); ++j) {
    const Bounded b = bounded(y[0].data()[j].v, y[1].data()[j].v, y[2].data()[j].v);
    ref.y.data()[j] = b.value;
    ref.y_bound.data()[j] = b.bound;
  }
  return ref;
}

std::vector<Mat<Big>> matrix_envelope(const Operation& op, const Format& f,
                                      const std::vector<Mat<double>>& inputs,
                                      const Mat<double>& upstream, mpfr_prec_t precision) {
  const WithContext c(precision + guard_bits);
  std::vector<Mat<BigDual>> in = to_dual(inputs);
  const auto p_in = pointers(in);
  const Mat<BigDual> dy = at_rest(upstream);
  std::vector<Mat<BigDual>> dx(in.size());
  std::vector<Mat<Big>> change;
  for (const Mat<double>& x : inputs) {
    change.push_back(Mat<Big>::Constant(x.rows(), x.cols(), Big(0)));
  }
  for (std::size_t k = 0; k < in.size(); ++k) {
    if (op.inputs[k].exact) continue;
    for (Eigen::Index i = 0; i < in[k].size(); ++i) {
      in[k].data()[i].d = Big(1);
      op.rule<BigDual>().backward(dy, p_in, op.rule<BigDual>().forward(p_in), dx);
      in[k].data()[i].d = Big(0);
      const Big step = ulp_at(f, Big(inputs[k].data()[i]));
      for (std::size_t m = 0; m < dx.size(); ++m) {
        for (Eigen::Index j = 0; j < dx[m].size(); ++j) {
          const Big& slope = dx[m].data()[j].d;
          if (isfinite(slope)) change[m].data()[j] += abs(slope) * step;
        }
      }
    }
  }
  return change;
}

}  // namespace assay::verify
