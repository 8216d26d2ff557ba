#pragma once
// Enclosure: interval arithmetic over MPFR. What a rule computes in it is a proof: the true value
// lies between lo and hi.

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <utility>

#include "assay/verify/big.hpp"

namespace assay::verify {

/// Every operation rounds lo down and hi up at the current precision, whatever the current
/// direction. A comparison that the bounds do not decide is decided by the midpoints, and noted in
/// `undecided()`: the caller must then raise the precision.
class Enclosure {
 public:
  Enclosure() = default;
  template <class N>
  requires std::is_arithmetic_v<N> Enclosure(N value) : lo_(value), hi_(value) {}
  Enclosure(const Big& value) : lo_(value), hi_(value) {}
  Enclosure(Big lo, Big hi) : lo_(std::move(lo)), hi_(std::move(hi)) {}

  [[nodiscard]] const Big& lo() const { return lo_; }
  [[nodiscard]] const Big& hi() const { return hi_; }
  [[nodiscard]] bool is_point() const { return lo_ == hi_; }
  [[nodiscard]] Big middle() const {
    const WithContext c(context().precision + 2, MPFR_RNDN);
    return is_point() ? lo_ : ldexp(lo_ + hi_, -1);
  }
  /// At least half the width, from the middle.
  [[nodiscard]] Big radius() const {
    if (is_point()) return Big(0);
    const Big m = middle();
    const WithContext c(64, MPFR_RNDU);
    return std::max(Big(hi_ - m), Big(m - lo_));
  }

  /// Set by comparisons that the bounds did not decide; cleared by the caller.
  static bool& undecided() {
    static thread_local bool flag = false;
    return flag;
  }

  /// A hash of the outcomes of all comparisons since the caller last set it to 0: where it differs
  /// between two inputs, the rule took different branches.
  static std::uint64_t& branches() {
    static thread_local std::uint64_t hash = 0;
    return hash;
  }

  static Enclosure pi() {
    return both([] { return Big::pi(); });
  }

  friend Enclosure operator+(const Enclosure& a) { return a; }
  friend Enclosure operator-(const Enclosure& a) { return {-a.hi_, -a.lo_}; }
  friend Enclosure operator+(const Enclosure& a, const Enclosure& b) {
    return rounded([&] { return a.lo_ + b.lo_; }, [&] { return a.hi_ + b.hi_; });
  }
  friend Enclosure operator-(const Enclosure& a, const Enclosure& b) {
    return rounded([&] { return a.lo_ - b.hi_; }, [&] { return a.hi_ - b.lo_; });
  }
  friend Enclosure operator*(const Enclosure& a, const Enclosure& b);
  friend Enclosure operator/(const Enclosure& a, const Enclosure& b);
  Enclosure& operator+=(const Enclosure& b) { return *this = *this + b; }
  Enclosure& operator-=(const Enclosure& b) { return *this = *this - b; }
  Enclosure& operator*=(const Enclosure& b) { return *this = *this * b; }
  Enclosure& operator/=(const Enclosure& b) { return *this = *this / b; }

  friend bool operator<(const Enclosure& a, const Enclosure& b) { return traced(less(a, b)); }
  friend bool operator>(const Enclosure& a, const Enclosure& b) { return b < a; }
  friend bool operator<=(const Enclosure& a, const Enclosure& b) { return !(b < a); }
  friend bool operator>=(const Enclosure& a, const Enclosure& b) { return !(a < b); }
  friend bool operator==(const Enclosure& a, const Enclosure& b) { return traced(equal(a, b)); }

  friend Enclosure exp(const Enclosure& x) { return rising<&exp_of>(x); }
  friend Enclosure expm1(const Enclosure& x) { return rising<&expm1_of>(x); }
  friend Enclosure log(const Enclosure& x) { return rising<&log_of>(x); }
  friend Enclosure log1p(const Enclosure& x) { return rising<&log1p_of>(x); }
  friend Enclosure sqrt(const Enclosure& x) { return rising<&sqrt_of>(x); }
  friend Enclosure atan(const Enclosure& x) { return rising<&atan_of>(x); }
  friend Enclosure sinh(const Enclosure& x) { return rising<&sinh_of>(x); }
  friend Enclosure tanh(const Enclosure& x) { return rising<&tanh_of>(x); }
  friend Enclosure erf(const Enclosure& x) { return rising<&erf_of>(x); }
  friend Enclosure erfc(const Enclosure& x) {
    return rounded([&] { return erfc(x.hi_); }, [&] { return erfc(x.lo_); });
  }
  friend Enclosure floor(const Enclosure& x) { return {floor(x.lo_), floor(x.hi_)}; }
  friend Enclosure abs(const Enclosure& x) {
    if (x.lo_ >= Big(0)) return x;
    if (x.hi_ <= Big(0)) return -x;
    return {Big(0), std::max(Big(-x.lo_), x.hi_)};
  }
  friend Enclosure cosh(const Enclosure& x) {
    const Enclosure m = abs(x);
    return rounded([&] { return cosh(m.lo_); }, [&] { return cosh(m.hi_); });
  }
  friend Enclosure sin(const Enclosure& x) { return widened<&sin_of>(x); }
  friend Enclosure cos(const Enclosure& x) { return widened<&cos_of>(x); }
  friend Enclosure tan(const Enclosure& x) { return sin(x) / cos(x); }
  friend Enclosure pow(const Enclosure& a, const Enclosure& b);
  friend Enclosure atan2(const Enclosure& y, const Enclosure& x);

  friend bool isfinite(const Enclosure& x) { return isfinite(x.lo_) && isfinite(x.hi_); }
  friend std::ostream& operator<<(std::ostream& out, const Enclosure& x) {
    return out << '[' << x.lo_ << ", " << x.hi_ << ']';
  }

 private:
  static bool traced(bool outcome) {
    branches() = branches() * 6364136223846793005U + (outcome ? 2U : 1U);
    return outcome;
  }
  static bool less(const Enclosure& a, const Enclosure& b) {
    if (a.hi_ < b.lo_) return true;
    if (a.lo_ >= b.hi_) return false;
    undecided() = true;
    return a.middle() < b.middle();
  }
  static bool equal(const Enclosure& a, const Enclosure& b) {
    if (a.hi_ < b.lo_ || b.hi_ < a.lo_) return false;
    if (a.is_point() && b.is_point()) return true;
    undecided() = true;
    return false;
  }
  template <class Lo, class Hi>
  static Enclosure rounded(Lo lo, Hi hi) {
    const Context saved = context();
    Context& c = detail::context();
    c.rounding = MPFR_RNDD;
    Big l = lo();
    c.rounding = MPFR_RNDU;
    Big h = hi();
    c = saved;
    return {std::move(l), std::move(h)};
  }
  template <class F>
  static Enclosure both(F f) {
    return rounded(f, f);
  }
  using Function = Big (*)(const Big&);
  template <Function f>
  static Enclosure rising(const Enclosure& x) {
    return rounded([&] { return f(x.lo_); }, [&] { return f(x.hi_); });
  }
  /// A function whose slope is at most 1: the width of the argument bounds that of the value.
  template <Function f>
  static Enclosure widened(const Enclosure& x) {
    Enclosure at_lo = both([&] { return f(x.lo_); });
    if (x.is_point()) return at_lo;
    const Enclosure width = x - Enclosure(x.lo_);
    return rounded([&] { return at_lo.lo_ - width.hi_; }, [&] { return at_lo.hi_ + width.hi_; });
  }

  static Big exp_of(const Big& x) { return exp(x); }
  static Big expm1_of(const Big& x) { return expm1(x); }
  static Big log_of(const Big& x) { return log(x); }
  static Big log1p_of(const Big& x) { return log1p(x); }
  static Big sqrt_of(const Big& x) { return sqrt(x); }
  static Big atan_of(const Big& x) { return atan(x); }
  static Big sinh_of(const Big& x) { return sinh(x); }
  static Big tanh_of(const Big& x) { return tanh(x); }
  static Big erf_of(const Big& x) { return erf(x); }
  static Big sin_of(const Big& x) { return sin(x); }
  static Big cos_of(const Big& x) { return cos(x); }

  Big lo_, hi_;
};

inline Enclosure operator*(const Enclosure& a, const Enclosure& b) {
  using E = Enclosure;
  const Big zero(0);
  const auto of = [](const Big& l1, const Big& l2, const Big& h1, const Big& h2) {
    return E::rounded([&] { return l1 * l2; }, [&] { return h1 * h2; });
  };
  if (a.lo_ >= zero) {
    if (b.lo_ >= zero) return of(a.lo_, b.lo_, a.hi_, b.hi_);
    if (b.hi_ <= zero) return of(a.hi_, b.lo_, a.lo_, b.hi_);
    return of(a.hi_, b.lo_, a.hi_, b.hi_);
  }
  if (a.hi_ <= zero) {
    if (b.lo_ >= zero) return of(a.lo_, b.hi_, a.hi_, b.lo_);
    if (b.hi_ <= zero) return of(a.hi_, b.hi_, a.lo_, b.lo_);
    return of(a.lo_, b.hi_, a.lo_, b.lo_);
  }
  if (b.lo_ >= zero) return of(a.lo_, b.hi_, a.hi_, b.hi_);
  if (b.hi_ <= zero) return of(a.hi_, b.lo_, a.lo_, b.lo_);
  return E::rounded([&] { return std::min(Big(a.lo_ * b.hi_), Big(a.hi_ * b.lo_)); },
                    [&] { return std::max(Big(a.lo_ * b.lo_), Big(a.hi_ * b.hi_)); });
}

inline Enclosure operator/(const Enclosure& a, const Enclosure& b) {
  using E = Enclosure;
  const Big zero(0);
  if (b.hi_ < zero) return -a / -b;
  if (!(b.lo_ > zero)) {
    // A pole at a point is what the built-in types would give; elsewhere nothing is known.
    if (b.is_point())
      return E::rounded([&] { return a.lo_ / b.lo_; }, [&] { return a.hi_ / b.hi_; });
    return {-Big::infinity(), Big::infinity()};
  }
  if (a.lo_ >= zero) {
    return E::rounded([&] { return a.lo_ / b.hi_; }, [&] { return a.hi_ / b.lo_; });
  }
  if (a.hi_ <= zero) {
    return E::rounded([&] { return a.lo_ / b.lo_; }, [&] { return a.hi_ / b.hi_; });
  }
  return E::rounded([&] { return a.lo_ / b.lo_; }, [&] { return a.hi_ / b.lo_; });
}

inline Enclosure pow(const Enclosure& a, const Enclosure& b) {
  using E = Enclosure;
  if (a.is_point() && b.is_point()) return E::both([&] { return pow(a.lo_, b.lo_); });
  if (a.lo_ > Big(0)) return exp(b * log(a));
  const bool whole = b.is_point() && floor(b.lo_) == b.lo_;
  if (!whole || !(b.lo_ >= Big(0))) return {Big::nan(), Big::nan()};
  const bool even = floor(ldexp(b.lo_, -1)) == ldexp(b.lo_, -1);
  const E m = even ? abs(a) : a;
  return E::rounded([&] { return pow(m.lo_, b.lo_); }, [&] { return pow(m.hi_, b.lo_); });
}

inline Enclosure atan2(const Enclosure& y, const Enclosure& x) {
  using E = Enclosure;
  if (y.is_point() && x.is_point()) return E::both([&] { return atan2(y.lo_, x.lo_); });
  if (x.lo_ > Big(0)) return atan(y / x);
  if (y.lo_ > Big(0)) return E::pi() / E(2) - atan(x / y);
  if (y.hi_ < Big(0)) return -E::pi() / E(2) - atan(x / y);
  return {Big::nan(), Big::nan()};  // across the cut
}

}  // namespace assay::verify

namespace assay {
template <>
struct ScalarName<verify::Enclosure> {
  static std::string get() { return "enclosure"; }
};
}  // namespace assay

namespace Eigen {
template <>
struct NumTraits<assay::verify::Enclosure> {
  using Enclosure = assay::verify::Enclosure;
  using Plain = NumTraits<assay::verify::Big>;
  using Real = Enclosure;
  using NonInteger = Enclosure;
  using Nested = Enclosure;
  using Literal = Enclosure;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 4,
    AddCost = 100,
    MulCost = 150
  };
  static Enclosure epsilon() { return {Plain::epsilon()}; }
  static Enclosure dummy_precision() { return {Plain::dummy_precision()}; }
  static Enclosure highest() { return {Plain::highest()}; }
  static Enclosure lowest() { return {Plain::lowest()}; }
  static int digits10() { return Plain::digits10(); }
};
}  // namespace Eigen
