#include "certified.hpp"

#include <cmath>

#include "examine.hpp"
#include "reference_parts.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

constexpr long certificate_exponent = -38;  // of the width of the identity
constexpr int attempts = 4;                 // at rising precision
// A derivative is larger than 2^20 times what a random direction shows of it once in 2^20 cases.
constexpr long margin = 20;

/// splitmix64
std::uint64_t next_bits(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15U;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

/// A random sign and 52 random bits after the 1.
double random_component(std::uint64_t& state) {
  const std::uint64_t bits = next_bits(state);
  const double m = 1 + static_cast<double>(bits >> 12) * 0x1p-52;
  return (bits & 1) != 0 ? -m : m;
}

/// At least floor(log2) of what is in e.
long exponent(const Enclosure& e) {
  if (const TwoDoubles* t = e.two_doubles()) {
    return std::max(Big(t->hi).exponent(), Big(t->radius).exponent()) + 1;
  }
  return std::max(e.lo().exponent(), e.hi().exponent());
}

bool at_tie(const Operation& op, const std::vector<Mat<double>>& inputs) {
  if (op.ties == Ties::none) return false;
  std::vector<double> all;
  for (const Mat<double>& x : inputs) all.insert(all.end(), x.data(), x.data() + x.size());
  std::sort(all.begin(), all.end());
  return std::adjacent_find(all.begin(), all.end()) != all.end();
}

bool exceptional(const Operation& op, const Format& f, const std::vector<Mat<double>>& inputs) {
  for (std::size_t k = 0; k < inputs.size() && !op.kinks.empty(); ++k) {
    for (Eigen::Index i = 0; i < inputs[k].size(); ++i) {
      if (at_kink(op, f, k, inputs[k].data()[i]).exceptional) return true;
    }
  }
  return at_tie(op, inputs);
}

/// One attempt at one precision, in the context set.
class Attempt {
 public:
  Attempt(const Operation& op, const Format& f, const Case& c, std::uint64_t seed)
      : op_(op), f_(f), c_(c), state_(seed), x_(to_enclosures(c.inputs)) {}

  /// False if the backward is of no use here: its shapes are wrong, or what it gives is 0 or not.
  bool sweep(CertifiedReference& r) {
    const auto in = views(x_);
    const Mat<Enclosure> dy = to_enclosures({c_.upstream})[0];
    Mat<Enclosure> saved;
    const Mat<Enclosure> y = op_.rule<Enclosure>().forward(in, saved);
    if (shape_of(y) != shape_of(c_.upstream)) return false;
    g_.resize(x_.size());
    op_.rule<Enclosure>().backward(dy, in, y, saved, std::span(g_));
    r.y.clear();
    for (const Enclosure& v : y.reshaped()) r.y.push_back(bounded(v));
    r.gradient.assign(g_.size(), {});
    for (std::size_t k = 0; k < g_.size(); ++k) {
      if (shape_of(g_[k]) != shape_of(x_[k])) return false;
      for (const Enclosure& v : g_[k].reshaped()) r.gradient[k].push_back(bounded(v));
    }
    return true;
  }

  /// By how many bits the gradient is not yet resolved.
  long missing(const CertifiedReference& r) const {
    long most = 0;
    for (const std::vector<Bounded>& g : r.gradient) {
      for (const Bounded& b : g) most = std::max(most, missing_bits(b, ulp_exponent(f_, b.least)));
    }
    return most;
  }

  enum class Outcome { holds, fails, not_sharp };
  struct Identity {
    Outcome outcome;
    long missing = 0;
  };

  /// The identity along one direction among the elements that are not 0, and one among those that
  /// are.
  Identity identity(const CertifiedReference& r) {
    const auto unit = [&](std::size_t k, std::size_t i) {
      const Bounded& g = r.gradient[k][i];
      return is_zero(g.value) ? std::nullopt : std::optional(ulp_exponent(f_, g.least));
    };
    const Identity in_units = along(unit);
    if (in_units.outcome != Outcome::holds) return in_units;
    const auto zeros = [&](std::size_t k, std::size_t i) {
      return is_zero(r.gradient[k][i].value) ? std::optional(0L) : std::nullopt;
    };
    const Identity at_zeros = along(zeros);
    // Its width is no matter of bits: it is exactly 0, or the case is for the dual numbers.
    if (at_zeros.outcome != Outcome::holds || !exact_) return {Outcome::fails};
    return at_zeros;
  }

 private:
  /// unit(k, i): log2 of the unit of an element that moves; nothing for one that does not.
  template <class Unit>
  Identity along(const Unit& unit) {
    std::vector<Mat<Moving>> moving = to_dual(c_.inputs);
    Enclosure reverse(0);
    long largest_unit = Big::kZeroExponent;
    for (std::size_t k = 0; k < moving.size(); ++k) {
      for (Eigen::Index i = 0; i < moving[k].size(); ++i) {
        const std::optional<long> u = unit(k, static_cast<std::size_t>(i));
        if (!u) continue;
        largest_unit = std::max(largest_unit, *u);
        const Enclosure v = component(*u);
        moving[k].data()[i].d = v;
        reverse += g_[k].data()[i] * v;
      }
    }
    exact_ = true;
    if (largest_unit == Big::kZeroExponent) return {Outcome::holds};  // nothing moves
    const Mat<Moving> y = op_.rule<Moving>().forward(views(moving));
    Enclosure forward(0);
    long steepest = Big::kZeroExponent;
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      const Enclosure term = Enclosure(c_.upstream.data()[j]) * y.data()[j].d;
      steepest = std::max({steepest, exponent(y.data()[j].d), exponent(term)});
      forward += term;
    }
    const long terms = static_cast<long>(std::log2(static_cast<double>(y.size()))) + 1;
    if (steepest + terms + largest_unit + margin > f_.max_exponent - 2) return {Outcome::fails};
    const Bounded difference = bounded(forward - reverse);
    exact_ = is_zero(difference.value) && is_zero(difference.bound);
    if (!isfinite(difference.value) || !isfinite(difference.bound))
      return {Outcome::not_sharp, 256};
    if (abs(difference.value) > difference.bound) return {Outcome::fails};
    const long lacking = difference.bound.exponent() - certificate_exponent;
    if (lacking > 0) return {Outcome::not_sharp, lacking};
    return {Outcome::holds};
  }

  /// In a unit of 2^u.
  Enclosure component(long u) { return {ldexp(Big(random_component(state_)), -u)}; }

  const Operation& op_;
  const Format& f_;
  const Case& c_;
  std::uint64_t state_;
  std::vector<Mat<Enclosure>> x_, g_;
  bool exact_ = true;
};

std::optional<CertifiedReference> certify(const Operation& op, const Format& f, const Case& c,
                                          std::uint64_t seed) {
  CertifiedReference r;
  for (int i = 0; i < attempts; ++i) {
    const WithContext context(r.precision);
    Enclosure::undecided() = false;
    Attempt attempt(op, f, c, seed);
    if (!attempt.sweep(r)) return std::nullopt;
    long missing = attempt.missing(r);
    if (missing <= 0) {
      const Attempt::Identity identity = attempt.identity(r);
      if (identity.outcome == Attempt::Outcome::fails) return std::nullopt;
      missing = identity.missing;
    }
    const bool undecided = std::exchange(Enclosure::undecided(), false);
    if (undecided) missing = std::max(missing, 128L);
    if (missing <= 0) return r;
    r.precision = std::min(r.precision + std::clamp<long>(missing + 8, 16, 1200), last_precision);
  }
  return std::nullopt;
}

}  // namespace

std::optional<CertifiedReference> certified_reference(const Operation& op, const Format& f,
                                                      const Case& c, std::uint64_t seed) {
  const std::uint64_t own = case_seed(seed, "certificate", 0);
  if (own % 16 == 0 || exceptional(op, f, c.inputs)) return std::nullopt;
  try {
    return certify(op, f, c, own);
  } catch (const std::exception&) {  // whatever it is, dual numbers will tell
    Enclosure::undecided() = false;
    return std::nullopt;
  }
}

namespace {

/// Output and its derivatives when one element moves, in the context set.
Mat<Moving> moved_by(const Operation& op, const Case& c, ElementIndex at) {
  std::vector<Mat<Moving>> in = to_dual(c.inputs);
  in[at.k].data()[at.i].d = Enclosure(1);
  return op.rule<Moving>().forward(views(in));
}

struct Change {
  Big least{0};  ///< what it is at least
  Big slack{0};  ///< by how much it may be more
  Big rounding{0};
};

/// In the context set.
Change change_of(const Operation& op, const Format& f, const Case& c, ElementIndex at) {
  std::vector<Mat<Moving>> in = to_dual(c.inputs);
  in[at.k].data()[at.i].d = Enclosure(1);
  const auto in_views = views(in);
  const Mat<Moving> dy = to_dual({c.upstream})[0];
  Mat<Moving> saved;
  const Mat<Moving> y = op.rule<Moving>().forward(in_views, saved);
  std::vector<Mat<Moving>> dx(in.size());
  op.rule<Moving>().backward(dy, in_views, y, saved, std::span(dx));
  Change change;
  change.rounding = gradient_element(f, y, c.upstream).rounding;
  for (std::size_t m = 0; m < dx.size(); ++m) {
    if (op.inputs[m].exact) continue;
    for (Eigen::Index j = 0; j < dx[m].size(); ++j) {
      const Bounded slope = bounded(dx[m].data()[j].d);
      if (!isfinite(slope.value) || is_zero(slope.value)) continue;
      const Big step = ulp_at(f, Big(c.inputs[m].data()[j]));
      change.least += slope.least * step;
      change.slack += slope.bound * step;
    }
  }
  return change;
}

}  // namespace

ElementReference element_reference(const Operation& op, const Format& f, const Case& c,
                                   ElementIndex at) {
  ElementReference r;
  while (true) {
    const WithContext context(r.precision);
    Enclosure::undecided() = false;
    r.element = gradient_element(f, moved_by(op, c, at), c.upstream);
    const MatrixReference::Element& e = r.element;
    const long unit = std::max(ulp_exponent(f, e.r.least), e.rounding.exponent());
    const long missing = std::max(missing_bits(e.r, unit), undecided_bits());
    if (missing <= 0 || !raise_precision(r.precision, missing)) return r;
  }
}

Big element_envelope(const Operation& op, const Format& f, const Case& c, ElementIndex at,
                     mpfr_prec_t precision) {
  {
    const WithContext context(precision);
    const Change change = change_of(op, f, c, at);
    const Big whole = change.least + change.rounding;
    if (isfinite(change.slack) && change.slack <= ldexp(whole, -40)) return whole;
  }
  const WithContext context(precision + 64);
  const Change change = change_of(op, f, c, at);
  return change.least + change.rounding;
}

Big value_change(const Operation& op, const Format& f, const Case& c, Eigen::Index j,
                 mpfr_prec_t precision) {
  const WithContext context(precision);
  const std::vector<Mat<Enclosure>> x = to_enclosures(c.inputs);
  Mat<Enclosure> dy = Mat<Enclosure>::Constant(c.upstream.rows(), c.upstream.cols(), Enclosure(0));
  dy.data()[j] = Enclosure(1);
  const std::vector<Mat<Enclosure>> slopes = op.rule<Enclosure>().gradients(dy, views(x));
  const WithContext up(64, MPFR_RNDU);
  Big change(0);
  for (std::size_t k = 0; k < slopes.size(); ++k) {
    if (op.inputs[k].exact) continue;
    for (Eigen::Index i = 0; i < slopes[k].size(); ++i) {
      const Big slope = abs(slopes[k].data()[i].middle());
      if (!is_zero(slope)) change += slope * ulp_at(f, Big(c.inputs[k].data()[i]));
    }
  }
  return change;
}

Directional along_direction(const Operation& op, const Format& f, const Case& c,
                            const std::vector<Mat<double>>& got, double figure,
                            std::uint64_t seed) {
  std::uint64_t state = seed;
  std::vector<Mat<double>> v;
  Big allowance(0);
  {
    const WithContext up(64, MPFR_RNDU);
    for (const Mat<double>& g : got) {
      v.push_back(g.unaryExpr([&](double) { return random_component(state); }));
      for (Eigen::Index i = 0; i < g.size(); ++i) {
        const Big size(std::abs(v.back().data()[i]));
        allowance += size * Big(figure) * ulp_at(f, clamped(f, Big(g.data()[i])));
      }
    }
  }
  Directional d{{}, allowance};
  for (mpfr_prec_t p = first_precision; p <= last_precision; p *= 2) {
    const WithContext context(p);
    Enclosure::undecided() = false;
    std::vector<Mat<Moving>> x = to_dual(c.inputs);
    Enclosure difference(0);
    for (std::size_t k = 0; k < x.size(); ++k) {
      for (Eigen::Index i = 0; i < x[k].size(); ++i) {
        x[k].data()[i].d = Enclosure(v[k].data()[i]);
        difference -= Enclosure(got[k].data()[i]) * x[k].data()[i].d;
      }
    }
    const Mat<Moving> y = op.rule<Moving>().forward(views(x));
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      difference += Enclosure(c.upstream.data()[j]) * y.data()[j].d;
    }
    d.difference = bounded(difference);
    if (undecided_bits() > 0 || !isfinite(d.difference.bound)) continue;
    const Big least = d.difference.least, most = abs(d.difference.value) + d.difference.bound;
    if (most <= allowance || least > allowance) {
      d.verdict = least > allowance ? Verdict::wrong : Verdict::correct;
      return d;
    }
  }
  return d;
}

}  // namespace assay::verify
