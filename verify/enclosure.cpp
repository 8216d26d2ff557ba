#include "assay/verify/enclosure.hpp"

#include <ostream>

#include "enclosure_forms.hpp"

namespace assay::verify {

using Arithmetic = Enclosure::Arithmetic;

// --- the two forms
// ---------------------------------------------------------------------------------

Enclosure::Enclosure(Big lo, Big hi) : wide_(true) {
  new (&bounds_) Bounds{std::move(lo), std::move(hi)};
}

void Enclosure::set_point(const Big& value) {
  new (&bounds_) Bounds{value, value};
  wide_ = true;
}

void Enclosure::set(const Big& value) {
  if (value.precision() > 64 || !isfinite(value)) return set_point(value);
  const double hi = value.to_double();
  if (!two::in_range(hi) || (hi == 0 && !is_zero(value))) return set_point(value);
  const WithContext c(64);  // what is left of 64 bits without the first 53
  const double lo = (value - Big(hi)).to_double();
  two_ = {hi, lo, 0};
}

void Enclosure::copy_bounds(const Enclosure& other) {
  new (&bounds_) Bounds(other.bounds_);
  wide_ = true;
}

void Enclosure::take_bounds(Enclosure& other) noexcept {
  new (&bounds_) Bounds(std::move(other.bounds_));
  wide_ = true;
}

void Enclosure::drop_bounds() noexcept {
  bounds_.~Bounds();
  wide_ = false;
}

void Enclosure::assign(const Enclosure& other) {
  if (wide_ && other.wide_) {
    bounds_ = other.bounds_;
  } else if (other.wide_) {
    copy_bounds(other);
  } else {
    const TwoDoubles two = other.two_;
    drop_bounds();
    two_ = two;
  }
}

void Enclosure::assign(Enclosure& other) noexcept {
  if (wide_ && other.wide_) {
    bounds_ = std::move(other.bounds_);
  } else if (other.wide_) {
    take_bounds(other);
  } else {
    const TwoDoubles two = other.two_;
    drop_bounds();
    two_ = two;
  }
}

void Enclosure::AsBounds::make(const TwoDoubles& t) {
  own_.lo = own_.hi = Big(t.hi);
  if (t.lo == 0 && t.radius == 0) return;
  const WithContext c(std::max<mpfr_prec_t>(context().precision, 128));
  const Big lo(t.lo), radius(t.radius);
  own_.lo = Big::directed<mpfr_add>(MPFR_RNDD, own_.lo, lo);
  own_.hi = Big::directed<mpfr_add>(MPFR_RNDU, own_.hi, lo);
  if (t.radius == 0) return;
  own_.lo = Big::directed<mpfr_sub>(MPFR_RNDD, own_.lo, radius);
  own_.hi = Big::directed<mpfr_add>(MPFR_RNDU, own_.hi, radius);
}

Enclosure Arithmetic::narrowed(const Big& lo, const Big& hi) {
  if (!narrow_context() || !isfinite(lo) || !isfinite(hi)) return bounds(lo, hi);
  const double first = lo.to_double();
  if (!two::in_range(first)) return bounds(lo, hi);
  const WithContext c(std::max<mpfr_prec_t>(lo.precision(), hi.precision()) + 64);
  const Big rest = lo - Big(first);
  const double second = rest.to_double();
  const Big width = hi - lo;
  if (is_zero(width) && Big(second) == rest) return Enclosure(TwoDoubles{first, second, 0});
  const double off = width.to_double(MPFR_RNDU) + two::half_unit * std::abs(second);
  const TwoDoubles t{first, second, two::up(off)};
  // A ball that reaches over 0 would lose the sign.
  return t.radius < std::abs(first) / 2 ? Enclosure(t) : bounds(lo, hi);
}

Big Enclosure::lo() const { return AsBounds(*this).lo(); }
Big Enclosure::hi() const { return AsBounds(*this).hi(); }

bool Enclosure::is_point() const { return wide_ ? bounds_.lo == bounds_.hi : two_.radius == 0; }

Big Enclosure::middle() const {
  const AsBounds x(*this);
  const WithContext c(std::max(context().precision, x.lo().precision()) + 2, MPFR_RNDN);
  if (x.lo() == x.hi()) return x.lo();
  // Halved first where the sum could leave the exponents of MPFR, last where the halves could.
  if (x.hi().exponent() > 0 || x.lo().exponent() > 0) return ldexp(x.lo(), -1) + ldexp(x.hi(), -1);
  return ldexp(x.lo() + x.hi(), -1);
}

Big Enclosure::radius() const {
  const AsBounds x(*this);
  if (x.lo() == x.hi()) return Big(0);
  const Big m = middle();
  const WithContext c(64, MPFR_RNDU);
  return std::max(Big(x.hi() - m), Big(m - x.lo()));
}

bool Enclosure::finite_bounds(const Enclosure& x) {
  return isfinite(x.bounds_.lo) && isfinite(x.bounds_.hi);
}

std::ostream& Enclosure::print(std::ostream& out) const {
  return out << '[' << lo() << ", " << hi() << ']';
}

// --- comparisons
// -----------------------------------------------------------------------------------

bool Enclosure::less(const Enclosure& a, const Enclosure& b) {
  if (!a.wide_ && !b.wide_) {
    const two::Order order = two::order(a.two_, b.two_);
    if (order != two::Order::unknown) return order == two::Order::less;
    undecided() = true;
    return two::order(two::centre(a.two_), two::centre(b.two_)) == two::Order::less;
  }
  const AsBounds x(a), y(b);
  if (x.hi() < y.lo()) return true;
  if (x.lo() >= y.hi()) return false;
  undecided() = true;
  return a.middle() < b.middle();
}

bool Enclosure::equal(const Enclosure& a, const Enclosure& b) {
  if (!a.wide_ && !b.wide_) {
    if (a.two_.radius == 0 && b.two_.radius == 0)
      return a.two_.hi == b.two_.hi && a.two_.lo == b.two_.lo;
    // Known of balls, it is without equality.
    if (two::order(a.two_, b.two_) != two::Order::unknown) return false;
    undecided() = true;
    return false;
  }
  const AsBounds x(a), y(b);
  if (x.hi() < y.lo() || y.hi() < x.lo()) return false;
  if (x.lo() == x.hi() && y.lo() == y.hi()) return true;
  undecided() = true;
  return false;
}

bool Arithmetic::positive(const Enclosure& x) {
  if (x.wide_) return above_zero(x.bounds_.lo);
  return x.two_.hi > 0 && x.two_.hi > two::up(std::abs(x.two_.lo) + x.two_.radius);
}

bool Arithmetic::negative(const Enclosure& x) { return positive(-x); }

// --- arithmetic
// ------------------------------------------------------------------------------------

Enclosure Enclosure::negated_bounds() const { return {-bounds_.hi, -bounds_.lo}; }

namespace {

template <auto F>
Enclosure rounded(const Big& l1, const Big& l2, const Big& h1, const Big& h2) {
  return {Big::directed<F>(MPFR_RNDD, l1, l2), Big::directed<F>(MPFR_RNDU, h1, h2)};
}

/// Both factors reach over 0.
Enclosure product_over_zero(const Big& al, const Big& ah, const Big& bl, const Big& bh) {
  return {std::min(Big::directed<mpfr_mul>(MPFR_RNDD, al, bh),
                   Big::directed<mpfr_mul>(MPFR_RNDD, ah, bl)),
          std::max(Big::directed<mpfr_mul>(MPFR_RNDU, al, bl),
                   Big::directed<mpfr_mul>(MPFR_RNDU, ah, bh))};
}

Enclosure product(const Big& al, const Big& ah, const Big& bl, const Big& bh) {
  constexpr auto of = rounded<mpfr_mul>;
  if (at_least_zero(al)) {
    if (at_least_zero(bl)) return of(al, bl, ah, bh);
    if (at_most_zero(bh)) return of(ah, bl, al, bh);
    return of(ah, bl, ah, bh);
  }
  if (at_most_zero(ah)) {
    if (at_least_zero(bl)) return of(al, bh, ah, bl);
    if (at_most_zero(bh)) return of(ah, bh, al, bl);
    return of(al, bh, al, bl);
  }
  if (at_least_zero(bl)) return of(al, bh, ah, bh);
  if (at_most_zero(bh)) return of(ah, bl, al, bl);
  return product_over_zero(al, ah, bl, bh);
}

/// For a divisor that is not negative.
Enclosure quotient(const Big& al, const Big& ah, const Big& bl, const Big& bh) {
  constexpr auto of = rounded<mpfr_div>;
  if (!above_zero(bl)) {
    // A pole at a point is what the built-in types would give; elsewhere nothing is known.
    if (bl == bh) return of(al, bl, ah, bh);
    return {-Big::infinity(), Big::infinity()};
  }
  if (at_least_zero(al)) return of(al, bh, ah, bl);
  if (at_most_zero(ah)) return of(al, bl, ah, bh);
  return of(al, bl, ah, bl);
}

}  // namespace

Enclosure operator+(const Enclosure& a, const Enclosure& b) {
  if (Arithmetic::narrow(a, b)) {
    const TwoDoubles r = two::add(a.two_, b.two_);
    if (Arithmetic::fits(r)) return Enclosure(r);
  }
  const Enclosure::AsBounds x(a), y(b);
  return rounded<mpfr_add>(x.lo(), y.lo(), x.hi(), y.hi());
}

Enclosure operator-(const Enclosure& a, const Enclosure& b) {
  if (Arithmetic::narrow(a, b)) {
    const TwoDoubles r = two::add(a.two_, two::negated(b.two_));
    if (Arithmetic::fits(r)) return Enclosure(r);
  }
  const Enclosure::AsBounds x(a), y(b);
  return rounded<mpfr_sub>(x.lo(), y.hi(), x.hi(), y.lo());
}

Enclosure operator*(const Enclosure& a, const Enclosure& b) {
  if (Arithmetic::narrow(a, b)) {
    const TwoDoubles r = two::multiply(a.two_, b.two_);
    if (Arithmetic::fits(r)) return Enclosure(r);
  }
  const Enclosure::AsBounds x(a), y(b);
  return product(x.lo(), x.hi(), y.lo(), y.hi());
}

Enclosure operator/(const Enclosure& a, const Enclosure& b) {
  if (Arithmetic::narrow(a, b)) {
    const TwoDoubles r = two::divide(a.two_, b.two_);
    if (Arithmetic::fits(r)) return Enclosure(r);
  }
  const Enclosure::AsBounds x(a), y(b);
  if (below_zero(y.hi())) return quotient(-x.hi(), -x.lo(), -y.hi(), -y.lo());
  return quotient(x.lo(), x.hi(), y.lo(), y.hi());
}

}  // namespace assay::verify
