// Value, derivative and product against dual numbers in high precision.

#include <algorithm>
#include <cmath>

#include "derivative_parts.hpp"
#include "histogram.hpp"

namespace assay::verify {
namespace {

std::vector<std::string> hexes(std::span<const double> x) {
  std::vector<std::string> h;
  for (double v : x) h.push_back(hex(v));
  return h;
}

/// e^x leaves the exponents of MPFR, and a forward that divides by it cannot be enclosed.
bool beyond_exponents(std::span<const double> x) {
  return std::any_of(x.begin(), x.end(), [](double v) { return std::abs(v) > 0x1p60; });
}

/// What the products of one input's gradient are allowed to be off by, and what they should be.
struct ProductElement {
  Big r, bound, terms, allowance;
  bool skip = false;
};

class Elementwise {
 public:
  Elementwise(const Examination& e, const Outcome& product)
      : e_(e), product_(product), points_(expanded(e.c)), out_(evaluate(e.op, e.format, points_)) {}

  std::optional<Problem> run() {
    const std::size_t n = e_.op.arity();
    for (const Mat<double>& x : e_.c.inputs) {
      sums_.emplace_back(static_cast<std::size_t>(x.size()));
    }
    std::vector<double> x(n);
    for (Eigen::Index j = 0; j < points_.upstream.size(); ++j) {
      for (std::size_t k = 0; k < n; ++k) x[k] = points_.inputs[k].data()[j];
      point(x, j);
    }
    for (std::size_t k = 0; k < n; ++k) products(k);
    return first_.take();
  }

 private:
  void point(std::span<const double> x, Eigen::Index j) {
    const PointReference ref = point_reference(e_.op, e_.format, x);
    if (!ref.resolved && beyond_exponents(x)) {
      e_.count("beyond the oracle's exponents");
      for (std::size_t k = 0; k < x.size(); ++k) accumulator(k, j).skip = true;
      return;
    }
    value(x, j, ref);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const AtKink kink = at_kink(e_.op, e_.format, k, x[k]);
      Bounded d = ref.d[k];
      if (kink.prescribed) d = {Big(*kink.prescribed), Big(0), Big(0)};
      if (kink.exceptional && !kink.prescribed) {
        e_.count("at an exceptional point");
        accumulator(k, j).skip = true;
        continue;
      }
      derivative(x, k, j, d, ref.precision);
      accumulate(k, j, d);
    }
  }

  void value(std::span<const double> x, Eigen::Index j, const PointReference& ref) {
    const double got = out_.y.data()[j];
    const double figure = e_.op.claimed ? e_.op.claimed->value : 0;
    const Judgement v =
        judge(e_.format, got, ref.y, figure, ulp_at(e_.format, clamped(e_.format, ref.y.value)));
    if (e_.statistics && v.verdict != Verdict::inconclusive) {
      note_worst(e_.statistics->worst_value, v.ulp, std::nullopt, e_.number, [&] {
        return Worst{v.ulp, std::nullopt, e_.number, hexes(x), hex(got), ref.y.value.str(20)};
      });
    }
    const bool judged = e_.op.claimed && e_.op.claimed->units == Units::ulp;
    if (!judged || v.verdict == Verdict::correct) return;
    Problem p = wrong_derivative(e_, v, got, ref.y, 0, j, points_.upstream.rows());
    p.quantity = "value";
    p.claimed = figure;
    first_.offer(p);
  }

  void derivative(std::span<const double> x, std::size_t k, Eigen::Index j, const Bounded& d,
                  mpfr_prec_t precision) {
    const double got = out_.gradients[k].data()[j];
    bool near_zero = false;
    const auto* const worst = e_.statistics && e_.statistics->worst_derivative
                                  ? &*e_.statistics->worst_derivative
                                  : nullptr;
    const double known = worst ? worst->envelope.value_or(0) : 0;
    const Judgement v =
        judge_derivative(e_.op, e_.format, x, k, got, d, precision, near_zero, known);
    e_.elements();
    if (near_zero) {
      e_.count("near a zero of the derivative");
    } else if (e_.statistics && v.verdict != Verdict::inconclusive) {
      ++e_.statistics->histogram[quarter(v.ulp)];
      note_worst(e_.statistics->worst_derivative, v.ulp, v.envelope, e_.number, [&] {
        return Worst{v.ulp, v.envelope, e_.number, hexes(x), hex(got), d.value.str(20)};
      });
    }
    if (v.verdict != Verdict::correct) {
      first_.offer(wrong_derivative(e_, v, got, d, k, j, points_.upstream.rows()));
    }
  }

  /// The gradient element that output j contributes to.
  ProductElement& accumulator(std::size_t k, Eigen::Index j) {
    const Mat<double>& x = e_.c.inputs[k];
    const Eigen::Index rows = points_.upstream.rows();
    const Eigen::Index i = x.rows() == 1 ? 0 : j % rows;
    const Eigen::Index l = x.cols() == 1 ? 0 : j / rows;
    return sums_[k][static_cast<std::size_t>(i + l * x.rows())];
  }

  // The limit holds for df; the product adds one ulp of its own, and each partial sum another.
  void accumulate(std::size_t k, Eigen::Index j, const Bounded& d) {
    ProductElement& s = accumulator(k, j);
    if (overflows(e_.format, d.value) || !isfinite(d.value)) {
      s.skip = true;
      e_.count("overflow");
      return;
    }
    const WithContext c(d.value.precision() + 2200);  // sums of doubles of any size, exactly
    const Big dy(e_.c.upstream.data()[j]);
    const Big term = dy * d.value;
    s.r += term;
    s.terms += abs(term);
    s.bound += abs(dy) * d.bound;
    const Limit limit = derivative_limit(e_.op);
    const double units = limit.units == Units::ulp ? limit.figure : 0;
    s.allowance += abs(dy) * Big(units) * ulp_at(e_.format, d.value) + ulp_at(e_.format, s.terms);
    if (limit.units == Units::envelope || limit.near_zero == Units::envelope) {
      // What df itself was allowed, it has been judged by; here only the product is in question.
      const double got = out_.gradients[k].data()[j];
      if (std::isfinite(got)) s.allowance += abs(dy) * abs(Big(got) - d.value);
    }
  }

  void products(std::size_t k) {
    for (std::size_t i = 0; i < sums_[k].size(); ++i) {
      const ProductElement& s = sums_[k][i];
      if (s.skip) continue;
      const Big edge = ldexp(Big(1), e_.format.max_exponent - 2);
      const bool reduced = shape_of(e_.c.inputs[k]) != shape_of(e_.c.upstream);
      if (reduced && s.terms > edge) {
        e_.count("overflow");
        continue;
      }
      const auto index = static_cast<Eigen::Index>(i);
      const double got = product_.gradients[k].data()[i];
      const Bounded r{s.r, s.bound, abs(s.r)};
      const Judgement v = judge(e_.format, got, r, 1, s.allowance);
      if (e_.statistics) {
        note_worst(e_.statistics->worst_product, v.ulp, std::nullopt, e_.number, [&] {
          return Worst{v.ulp,    std::nullopt, e_.number, {hex(e_.c.inputs[k].data()[i])},
                       hex(got), s.r.str(20)};
        });
      }
      if (v.verdict != Verdict::correct) {
        Problem p = wrong_derivative(e_, v, got, r, k, index, e_.c.inputs[k].rows());
        p.ulp = v.ulp;
        first_.offer(p);
      }
    }
  }

  const Examination& e_;
  const Outcome& product_;
  Case points_;
  Outcome out_;
  std::vector<std::vector<ProductElement>> sums_;
  First first_;
};

}  // namespace

Problem wrong_derivative(const Examination& e, const Judgement& j, double got,
                         const Bounded& reference, std::size_t input, Eigen::Index i,
                         Eigen::Index rows) {
  const Limit limit = derivative_limit(e.op);
  Problem p;
  p.inconclusive = j.verdict == Verdict::inconclusive;
  p.against = "dual numbers in high precision";
  p.input = input;
  p.row = rows == 0 ? 0 : i % rows;
  p.col = rows == 0 ? 0 : i / rows;
  p.got = decimal(e.format, got);
  p.reference = reference.value.str(16);
  p.bound = reference.bound.str(2);
  p.ulp = limit.units == Units::envelope && j.envelope ? *j.envelope : j.ulp;
  p.claimed = limit.figure;
  p.units = limit.units;
  return p;
}

std::optional<Problem> examine_derivative(const Examination& e) {
  const Outcome out = evaluate(e.op, e.format, e.c);
  if (!out.broken.empty()) {
    Problem p;
    p.broken = true;
    p.against = out.broken;
    return p;
  }
  if (e.op.elementwise) return Elementwise(e, out).run();
  return examine_matrix(e, out);
}

}  // namespace assay::verify
