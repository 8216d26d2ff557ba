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

/// How a gradient element is found.
enum class By {
  units,  ///< the backward, certified in units of the element
  zero,   ///< the backward, which says that it is 0, certified
  duals   ///< dual numbers
};

/// One attempt at one precision, in the context set.
class Attempt {
 public:
  Attempt(const Operation& op, const Format& f, const Case& c, std::uint64_t seed)
      : op_(op), f_(f), c_(c), state_(seed), x_(to_enclosures(c.inputs)) {}

  /// What the backward gives. False if it is of no use here: its shapes are wrong.
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
      for (const Enclosure& v : g_[k].reshaped()) r.gradient[k].push_back({bounded(v), false});
    }
    return true;
  }

  /// Whether few enough elements are not resolved that dual numbers may find them; otherwise how
  /// many bits they lack.
  long missing(const CertifiedReference& r) {
    long most = 0;
    by_.clear();
    for (const auto& g : r.gradient) {
      by_.emplace_back();
      for (const CertifiedReference::Element& e : g) {
        const long bits = missing_bits(e.r, ulp_exponent(f_, e.r.least));
        most = std::max(most, bits);
        by_.back().push_back(bits > 0 ? By::duals : is_zero(e.r.value) ? By::zero : By::units);
      }
    }
    return few() ? 0 : most;
  }

  enum class Outcome { holds, fails, not_sharp };
  struct Identity {
    Outcome outcome;
    long missing = 0;
  };

  /// The identity along one direction in units, and one among the elements said to be 0: where they
  /// are not, dual numbers may know what they are.
  Identity identity(const CertifiedReference& r) {
    const Identity in_units = along(r, By::units);
    if (in_units.outcome != Outcome::holds) return in_units;
    leave_steep(r);
    const Identity zeros = along(r, By::zero);
    const bool steep = steepest_ + margin > f_.max_exponent - 2;
    if (zeros.outcome != Outcome::holds || !exact_ || steep) {
      for (auto& by : by_) std::replace(by.begin(), by.end(), By::zero, By::duals);
    }
    return {few() ? Outcome::holds : Outcome::fails};
  }

  /// The elements that are left to dual numbers. False if one of them is not resolved.
  bool complete(CertifiedReference& r) const {
    for (std::size_t k = 0; k < by_.size(); ++k) {
      for (std::size_t i = 0; i < by_[k].size(); ++i) {
        if (by_[k][i] != By::duals) continue;
        const ElementReference e =
            element_reference(op_, f_, c_, {k, static_cast<Eigen::Index>(i)});
        if (!e.resolved) return false;
        r.gradient[k][i] = {e.element.r, e.element.overflows(f_)};
      }
    }
    return true;
  }

 private:
  /// A quarter of the elements, or two.
  [[nodiscard]] bool few() const {
    std::ptrdiff_t all = 0, left = 0;
    for (const auto& by : by_) {
      all += std::ssize(by);
      left += std::count(by.begin(), by.end(), By::duals);
    }
    return left <= std::max<std::ptrdiff_t>(2, all / 4);
  }

  /// Partial derivatives that may come near the largest number are for dual numbers to see.
  void leave_steep(const CertifiedReference& r) {
    for (std::size_t k = 0; k < by_.size(); ++k) {
      for (std::size_t i = 0; i < by_[k].size(); ++i) {
        const long unit = ulp_exponent(f_, r.gradient[k][i].r.least);
        if (by_[k][i] == By::units && steepest_ + unit + margin > f_.max_exponent - 2) {
          by_[k][i] = By::duals;
        }
      }
    }
  }

  /// Moves the elements found so.
  Identity along(const CertifiedReference& r, By which) {
    std::vector<Mat<Moving>> moving = to_dual(c_.inputs);
    Enclosure reverse(0);
    bool moves = false;
    for (std::size_t k = 0; k < moving.size(); ++k) {
      for (Eigen::Index i = 0; i < moving[k].size(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (by_[k][at] != which) continue;
        moves = true;
        const long unit = which == By::zero ? 0 : ulp_exponent(f_, r.gradient[k][at].r.least);
        const Enclosure v(ldexp(Big(random_component(state_)), -unit));
        moving[k].data()[i].d = v;
        reverse += g_[k].data()[i] * v;
      }
    }
    exact_ = true;
    steepest_ = Big::kZeroExponent;
    if (!moves) return {Outcome::holds};
    const Mat<Moving> y = op_.rule<Moving>().forward(views(moving));
    Enclosure forward(0);
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      const Enclosure term = Enclosure(c_.upstream.data()[j]) * y.data()[j].d;
      steepest_ = std::max({steepest_, exponent(y.data()[j].d), exponent(term)});
      forward += term;
    }
    steepest_ += std::ilogb(static_cast<double>(y.size())) + 1;
    const Bounded difference = bounded(forward - reverse);
    exact_ = is_zero(difference.value) && is_zero(difference.bound);
    if (!isfinite(difference.value) || !isfinite(difference.bound)) {
      return {Outcome::not_sharp, 256};
    }
    if (abs(difference.value) > difference.bound) return {Outcome::fails};
    const long lacking = difference.bound.exponent() - certificate_exponent;
    if (lacking > 0) return {Outcome::not_sharp, lacking};
    return {Outcome::holds};
  }

  const Operation& op_;
  const Format& f_;
  const Case& c_;
  std::uint64_t state_;
  std::vector<Mat<Enclosure>> x_, g_;
  std::vector<std::vector<By>> by_;
  // Of the last direction: whether both sides are exactly 0, and log2 of the largest sum of terms.
  bool exact_ = true;
  long steepest_ = 0;
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
    missing = std::max(missing, undecided_bits());
    if (missing <= 0) return attempt.complete(r) ? std::optional(r) : std::nullopt;
    r.precision = std::min(r.precision + std::clamp<long>(missing + 8, 16, 1200), last_precision);
  }
  return std::nullopt;
}

}  // namespace

std::optional<CertifiedReference> certified_reference(const Operation& op, const Format& f,
                                                      const Case& c, std::uint64_t seed) {
  const std::uint64_t own = case_seed(seed, "certificate", 0);
  if (own % 32 == 0 || exceptional(op, f, c.inputs)) return std::nullopt;
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
    r.resolved = missing <= 0;
    if (r.resolved || !raise_precision(r.precision, missing)) return r;
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
