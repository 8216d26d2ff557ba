#pragma once

// Big: the oracle's number. MPFR with precision and rounding direction chosen at run time.

#include <mpfr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "assay/scalar.hpp"

namespace assay::verify {

/// What every result is computed at, per thread.
struct Context {
  mpfr_prec_t precision = 113;
  mpfr_rnd_t rounding = MPFR_RNDN;
};

namespace detail {

struct ThreadState {
  Context context;
  bool ready = false;
};
inline thread_local constinit ThreadState thread_state;

/// MPFR keeps its exponent range per thread; once per thread it is set to the widest.
void prepare_thread();

inline Context& context() {
  if (!thread_state.ready) [[unlikely]]
    prepare_thread();
  return thread_state.context;
}

}  // namespace detail

inline const Context& context() { return detail::context(); }

/// Sets the context of this thread for a scope.
class [[nodiscard]] WithContext {
 public:
  explicit WithContext(Context c) : saved_(detail::context()) { detail::context() = c; }
  explicit WithContext(mpfr_prec_t precision, mpfr_rnd_t rounding = MPFR_RNDN)
      : WithContext(Context{precision, rounding}) {}
  WithContext(const WithContext&) = delete;
  WithContext& operator=(const WithContext&) = delete;
  ~WithContext() { detail::context() = saved_; }

 private:
  Context saved_;
};

/// Results of + - * / and of functions have the current precision and rounding. Built-in numbers
/// are taken exactly; copies, negation, abs, floor and ldexp keep the precision of their operand.
class Big {
 public:
  Big() noexcept { set_special(MPFR_ZERO_KIND, false); }
  template <std::integral I>
  Big(I value) noexcept {
    const auto bits = static_cast<std::uint64_t>(value);
    const bool negative = value < I(0);
    set_scaled(negative ? std::uint64_t{0} - bits : bits, 0, negative);
  }
  Big(float value) noexcept : Big(static_cast<double>(value)) {}
  Big(double value) noexcept {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto biased = static_cast<long>(bits >> 52 & 0x7ff);
    const std::uint64_t fraction = bits & (~std::uint64_t{0} >> 12);
    const bool negative = bits >> 63 != 0;
    if (biased == 0x7ff) {
      set_special(fraction != 0 ? MPFR_NAN_KIND : MPFR_INF_KIND, negative);
    } else if (biased == 0) {
      set_scaled(fraction, -1074, negative);
    } else {
      set_scaled(fraction | std::uint64_t{1} << 52, biased - 1075, negative);
    }
  }
  Big(long double value) noexcept : Big(Precision{kBuiltin}) { mpfr_set_ld(&m_, value, MPFR_RNDN); }
  /// Decimal or hexadecimal, rounded to the current context; throws std::invalid_argument.
  explicit Big(std::string_view text);
  explicit Big(const char* text) : Big(std::string_view(text)) {}

  Big(const Big& other) : m_(other.m_) { copy_limbs(other); }
  Big(Big&& other) noexcept { take(other); }
  Big& operator=(const Big& other) {
    if (this == &other) return *this;
    if (on_heap() || other.on_heap()) return *this = Big(other);
    m_ = other.m_;
    copy_limbs(other);
    return *this;
  }
  Big& operator=(Big&& other) noexcept {
    if (this == &other) return *this;
    release();
    take(other);
    return *this;
  }
  ~Big() { release(); }

  /// MPFR's own view of the number.
  mpfr_srcptr mpfr() const { return &m_; }
  mpfr_prec_t precision() const { return mpfr_get_prec(&m_); }

  double to_double(mpfr_rnd_t rounding = MPFR_RNDN) const { return mpfr_get_d(&m_, rounding); }
  float to_float(mpfr_rnd_t rounding = MPFR_RNDN) const { return mpfr_get_flt(&m_, rounding); }
  long double to_long_double(mpfr_rnd_t rounding = MPFR_RNDN) const {
    return mpfr_get_ld(&m_, rounding);
  }
  explicit operator double() const { return to_double(); }
  explicit operator float() const { return to_float(); }
  explicit operator long double() const { return to_long_double(); }
  /// Decimal with so many significant digits, trailing zeros dropped; 0: all that it carries.
  std::string str(int digits = 0) const;

  /// floor(log2|x|). 0 gives kZeroExponent, infinities and NaN give kNonFiniteExponent.
  long exponent() const {
    if (mpfr_regular_p(&m_)) return mpfr_get_exp(&m_) - 1;
    return mpfr_zero_p(&m_) ? kZeroExponent : kNonFiniteExponent;
  }
  /// The leading 64 bits of a regular number.
  std::uint64_t top_bits() const { return data()[limbs(precision()) - 1]; }
  static constexpr long kZeroExponent = std::numeric_limits<long>::min() / 4;
  static constexpr long kNonFiniteExponent = std::numeric_limits<long>::max() / 4;

  static Big pi() {
    Big r(Result{});
    (mpfr_const_pi)(&r.m_, rounding());
    return r;
  }

  static Big infinity() {
    Big r;
    r.set_special(MPFR_INF_KIND, false);
    return r;
  }
  static Big nan() {
    Big r;
    r.set_special(MPFR_NAN_KIND, false);
    return r;
  }
  /// The largest finite number of the current precision.
  static Big highest() {
    Big r(Result{});
    mpfr_set_inf(&r.m_, 1);
    mpfr_nextbelow(&r.m_);
    return r;
  }

  Big& operator+=(const Big& b) { return assign<mpfr_add>(b); }
  Big& operator-=(const Big& b) { return assign<mpfr_sub>(b); }
  Big& operator*=(const Big& b) { return assign<mpfr_mul>(b); }
  Big& operator/=(const Big& b) { return assign<mpfr_div>(b); }

  friend Big operator+(const Big& a) { return a; }
  friend Big operator-(Big a) {
    (mpfr_neg)(&a.m_, &a.m_, MPFR_RNDN);
    return a;
  }
  friend Big operator+(const Big& a, const Big& b) { return binary<mpfr_add>(a, b); }
  friend Big operator-(const Big& a, const Big& b) { return binary<mpfr_sub>(a, b); }
  friend Big operator*(const Big& a, const Big& b) { return binary<mpfr_mul>(a, b); }
  friend Big operator/(const Big& a, const Big& b) { return binary<mpfr_div>(a, b); }

  friend bool operator==(const Big& a, const Big& b) { return mpfr_equal_p(&a.m_, &b.m_) != 0; }
  friend std::partial_ordering operator<=>(const Big& a, const Big& b) {
    if (mpfr_nan_p(&a.m_) || mpfr_nan_p(&b.m_)) return std::partial_ordering::unordered;
    return (mpfr_cmp)(&a.m_, &b.m_) <=> 0;
  }

  friend Big exp(const Big& x) { return unary<mpfr_exp>(x); }
  friend Big expm1(const Big& x) { return unary<mpfr_expm1>(x); }
  friend Big log(const Big& x) { return unary<mpfr_log>(x); }
  friend Big log1p(const Big& x) { return unary<mpfr_log1p>(x); }
  friend Big sqrt(const Big& x) { return unary<mpfr_sqrt>(x); }
  friend Big pow(const Big& a, const Big& b) { return binary<mpfr_pow>(a, b); }
  template <std::integral I>
  friend Big pow(const Big& a, I b) {
    return binary<mpfr_pow>(a, Big(b));
  }
  friend Big sin(const Big& x) { return periodic<mpfr_sin>(x); }
  friend Big cos(const Big& x) { return periodic<mpfr_cos>(x); }
  friend Big tan(const Big& x) { return periodic<mpfr_tan>(x); }
  friend Big atan(const Big& x) { return unary<mpfr_atan>(x); }
  friend Big atan2(const Big& y, const Big& x) { return binary<mpfr_atan2>(y, x); }
  friend Big sinh(const Big& x) { return unary<mpfr_sinh>(x); }
  friend Big cosh(const Big& x) { return unary<mpfr_cosh>(x); }
  friend Big tanh(const Big& x) { return unary<mpfr_tanh>(x); }
  friend Big erf(const Big& x) { return unary<mpfr_erf>(x); }
  friend Big erfc(const Big& x) { return unary<mpfr_erfc>(x); }
  friend Big abs(Big x) {
    (mpfr_abs)(&x.m_, &x.m_, MPFR_RNDN);
    return x;
  }
  friend Big floor(Big x) {
    (mpfr_rint)(&x.m_, &x.m_, MPFR_RNDD);
    return x;
  }
  /// x * 2^power, exactly.
  friend Big ldexp(Big x, long power) {
    (mpfr_mul_2si)(&x.m_, &x.m_, power, MPFR_RNDN);
    return x;
  }

  /// F(x...) in the current precision, rounded as said; F is a function of MPFR.
  template <auto F, class... X>
  static Big directed(mpfr_rnd_t direction, const X&... x) {
    Big r(Result{});
    F(&r.m_, &x.m_..., direction);
    return r;
  }
  /// The same rounded down and up, by one computation: upwards it is the next number, except where
  /// the result is exact, which MPFR says.
  struct Bracket;
  template <class F, class... X>
  static Bracket bracketed(F f, const X&... x);

  friend bool isnan(const Big& x) { return mpfr_nan_p(&x.m_); }
  friend bool isinf(const Big& x) { return mpfr_inf_p(&x.m_); }
  friend bool isfinite(const Big& x) { return !isnan(x) && !isinf(x); }
  friend bool is_zero(const Big& x) { return mpfr_zero_p(&x.m_); }
  /// x >= 0, x <= 0, x > 0: false for NaN, without a call.
  friend bool at_least_zero(const Big& x) {
    return mpfr_zero_p(&x.m_) || (!mpfr_nan_p(&x.m_) && MPFR_SIGN(&x.m_) > 0);
  }
  friend bool at_most_zero(const Big& x) {
    return mpfr_zero_p(&x.m_) || (!mpfr_nan_p(&x.m_) && MPFR_SIGN(&x.m_) < 0);
  }
  friend bool above_zero(const Big& x) { return at_least_zero(x) && !mpfr_zero_p(&x.m_); }
  friend bool below_zero(const Big& x) { return at_most_zero(x) && !mpfr_zero_p(&x.m_); }
  friend bool signbit(const Big& x) { return (mpfr_signbit)(&x.m_) != 0; }
  friend std::ostream& operator<<(std::ostream& out, const Big& x) { return x.print(out); }

 private:
  static constexpr mpfr_prec_t kBuiltin = 64;  // holds every built-in number
  static constexpr std::size_t kInlineLimbs = 4;
  // Above this exponent MPFR's argument reduction would ask for megabytes of pi.
  static constexpr long kPeriodicExponent = 1L << 16;

  struct Precision {
    mpfr_prec_t bits;
  };
  struct Result {};

  using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
  using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

  explicit Big(Precision p) : Big(p, limbs(p.bits)) {}
  Big(Precision p, std::size_t count) {
    mp_limb_t* const limbs = count > kInlineLimbs ? new mp_limb_t[count] : inline_.data();
    mpfr_custom_init_set(&m_, MPFR_NAN_KIND, 0, p.bits, limbs);
  }
  /// NaN at the current precision, to be written to.
  explicit Big(Result) : Big(Precision{detail::context().precision}) {}

  static std::size_t limbs(mpfr_prec_t bits) { return (static_cast<std::size_t>(bits) + 63) / 64; }
  static mpfr_rnd_t rounding() { return detail::thread_state.context.rounding; }

  // MPFR's own conversions from built-in numbers take 30 ns, these 3.
  void set_special(int kind, bool negative) noexcept {
    mpfr_custom_init_set(&m_, negative ? -kind : kind, 0, kBuiltin, inline_.data());
  }
  /// magnitude * 2^power
  void set_scaled(std::uint64_t magnitude, long power, bool negative) noexcept {
    if (magnitude == 0) return set_special(MPFR_ZERO_KIND, negative);
    const int shift = std::countl_zero(magnitude);
    inline_[0] = magnitude << shift;
    mpfr_custom_init_set(&m_, negative ? -MPFR_REGULAR_KIND : MPFR_REGULAR_KIND, power + 64 - shift,
                         kBuiltin, inline_.data());
  }

  const mp_limb_t* data() const {
    return static_cast<const mp_limb_t*>(mpfr_custom_get_significand(&m_));
  }
  bool on_heap() const { return data() != inline_.data(); }

  /// m_ is already a copy of other's, and still points to its limbs.
  void copy_limbs(const Big& other) {
    inline_ = other.inline_;
    mp_limb_t* limb = inline_.data();
    if (other.on_heap()) {
      const std::size_t count = limbs(precision());
      limb = new mp_limb_t[count];
      std::copy_n(other.data(), count, limb);
    }
    mpfr_custom_move(&m_, limb);
  }
  /// Leaves other valid, with an unspecified value of built-in precision.
  void take(Big& other) noexcept {
    m_ = other.m_;
    if (other.on_heap()) {
      mpfr_custom_init_set(&other.m_, MPFR_ZERO_KIND, 0, kBuiltin, other.inline_.data());
    } else {
      inline_ = other.inline_;
      mpfr_custom_move(&m_, inline_.data());
    }
  }
  void release() noexcept {
    if (on_heap()) delete[] data();
  }
  std::ostream& print(std::ostream& out) const;

  template <Unary F>
  static Big unary(const Big& x) {
    Big r(Result{});
    F(&r.m_, &x.m_, rounding());
    return r;
  }
  template <Unary F>
  static Big periodic(const Big& x) {
    if (mpfr_regular_p(&x.m_) && x.exponent() > kPeriodicExponent) return Big(Result{});
    return unary<F>(x);
  }
  template <Binary F>
  static Big binary(const Big& a, const Big& b) {
    Big r(Result{});
    F(&r.m_, &a.m_, &b.m_, rounding());
    return r;
  }
  template <Binary F>
  Big& assign(const Big& b) {
    if (precision() != detail::context().precision) return *this = binary<F>(*this, b);
    F(&m_, &m_, &b.m_, rounding());
    return *this;
  }

  __mpfr_struct m_;
  std::array<mp_limb_t, kInlineLimbs> inline_{};
};

struct Big::Bracket {
  Big lo, hi;
};

template <class F, class... X>
Big::Bracket Big::bracketed(F f, const X&... x) {
  Big lo(Result{});
  const int ternary = f(&lo.m_, &x.m_..., MPFR_RNDD);
  Bracket b{std::move(lo), Big()};
  b.hi = b.lo;
  if (ternary != 0) mpfr_nextabove(&b.hi.m_);
  return b;
}

}  // namespace assay::verify

namespace assay {
template <>
struct ScalarName<verify::Big> {
  static std::string get() { return "big"; }
};
}  // namespace assay

/// Digits and exponents are known at run time only; epsilon is that of the current precision.
template <>
struct std::numeric_limits<assay::verify::Big> {
  using Big = assay::verify::Big;
  static constexpr bool is_specialized = true;
  static constexpr bool is_signed = true;
  static constexpr bool is_integer = false;
  static constexpr bool is_exact = false;
  static constexpr bool has_infinity = true;
  static constexpr bool has_quiet_NaN = true;
  static constexpr int radix = 2;
  static Big max() { return Big::highest(); }
  static Big lowest() { return -Big::highest(); }
  static Big epsilon() { return ldexp(Big(1), 1 - assay::verify::context().precision); }
  static Big infinity() { return Big::infinity(); }
  static Big quiet_NaN() { return Big::nan(); }
};

namespace Eigen {

// Declared rather than included: Eigen itself is not needed here.
template <typename T>
struct NumTraits;

template <>
struct NumTraits<assay::verify::Big> {
  using Big = assay::verify::Big;
  using Real = Big;
  using NonInteger = Big;
  using Nested = Big;
  using Literal = Big;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 8,
    AddCost = 80,
    MulCost = 120
  };
  static Big epsilon() { return std::numeric_limits<Big>::epsilon(); }
  static Big dummy_precision() { return ldexp(epsilon(), 10); }
  static Big highest() { return Big::highest(); }
  static Big lowest() { return -highest(); }
  static int digits10() { return static_cast<int>(assay::verify::context().precision * 3 / 10); }
};

}  // namespace Eigen
