#pragma once

// Rational: exact + - * / and comparisons. Small numbers live inline in two 64-bit integers,
// larger ones on the heap; Boost.Multiprecision stays inside rational.cpp.

#include <compare>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "assay/scalar.hpp"

namespace assay {

namespace scalars {

/// An exact fraction, always reduced, with a positive denominator. A Field and not a Real.
class Rational {
 public:
  Rational() noexcept = default;
  template <std::integral I>
  Rational(I value) : Rational(FromInteger{}, magnitude(value), value < I(0)) {}
  /// Throws std::domain_error if the denominator is zero.
  Rational(const Rational& numerator, const Rational& denominator);
  /// The exact binary value; throws std::domain_error if it is not finite.
  template <std::floating_point F>
  explicit Rational(F value) : Rational(FromFloat{}, static_cast<long double>(value)) {}
  /// "3", "-3/5", "0.125", "1e-3", all exact; throws std::invalid_argument on anything else.
  explicit Rational(std::string_view text);
  explicit Rational(const char* text) : Rational(std::string_view(text)) {}

  Rational(const Rational& other)
      : num_(other.num_), den_(other.den_), big_(other.big_ ? clone(*other.big_) : nullptr) {}
  Rational(Rational&& other) noexcept
      : num_(other.num_), den_(other.den_), big_(std::move(other.big_)) {}
  Rational& operator=(const Rational& other) {
    if (this != &other) *this = Rational(other);
    return *this;
  }
  Rational& operator=(Rational&& other) noexcept {
    num_ = other.num_;
    den_ = other.den_;
    big_ = std::move(other.big_);
    return *this;
  }
  ~Rational() = default;

  Rational& operator+=(const Rational& b) { return *this = *this + b; }
  Rational& operator-=(const Rational& b) { return *this = *this - b; }
  Rational& operator*=(const Rational& b) { return *this = *this * b; }
  /// Throws std::domain_error if b is zero.
  Rational& operator/=(const Rational& b) { return *this = *this / b; }

  friend Rational operator+(const Rational& a) { return a; }
  friend Rational operator-(const Rational& a) { return negated(a); }
  friend Rational operator+(const Rational& a, const Rational& b) { return sum(a, b, false); }
  friend Rational operator-(const Rational& a, const Rational& b) { return sum(a, b, true); }
  friend Rational operator*(const Rational& a, const Rational& b) { return product(a, b); }
  friend Rational operator/(const Rational& a, const Rational& b) { return quotient(a, b); }

  friend bool operator==(const Rational& a, const Rational& b) {
    if (!a.big_ && !b.big_) return a.num_ == b.num_ && a.den_ == b.den_;
    return std::is_eq(compare(a, b));
  }
  friend std::strong_ordering operator<=>(const Rational& a, const Rational& b) {
    return compare(a, b);
  }
  friend Rational abs(const Rational& x) { return x.sign() < 0 ? -x : x; }
  friend std::ostream& operator<<(std::ostream& out, const Rational& x) { return print(out, x); }

  /// -1, 0 or 1.
  int sign() const;
  std::string numerator() const;
  std::string denominator() const;
  /// "3" or "-3/5".
  std::string str() const;

  /// Correctly rounded: to nearest, ties to even, subnormal and infinite results included.
  double to_double() const;
  float to_float() const;
  long double to_long_double() const;
  explicit operator double() const { return to_double(); }
  explicit operator float() const { return to_float(); }
  explicit operator long double() const { return to_long_double(); }

 private:
  struct Big;
  struct Access;
  struct Deleter {
    void operator()(Big* big) const noexcept;
  };
  using Owner = std::unique_ptr<Big, Deleter>;
  struct FromInteger {};
  struct FromFloat {};

  template <std::integral I>
  static constexpr std::uint64_t magnitude(I value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return value < I(0) ? std::uint64_t{0} - bits : bits;
  }
  Rational(FromInteger, std::uint64_t magnitude, bool negative)
      : num_(static_cast<std::int64_t>(magnitude)) {
    if (magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
      set_large(magnitude, negative);
    } else if (negative) {
      num_ = -num_;
    }
  }
  Rational(FromFloat, long double value);
  void set_large(std::uint64_t magnitude, bool negative);

  static Owner clone(const Big& big);
  static Rational negated(const Rational& a);
  static Rational sum(const Rational& a, const Rational& b, bool minus);
  static Rational product(const Rational& a, const Rational& b);
  static Rational quotient(const Rational& a, const Rational& b);
  static std::strong_ordering compare(const Rational& a, const Rational& b);
  static std::ostream& print(std::ostream& out, const Rational& x);

  // Small form (big_ empty): |num_| and den_ up to INT64_MAX. A number that fits in the small form
  // is never in the large one, where num_ is 0 and den_ 1 (what a moved-from number becomes).
  std::int64_t num_ = 0;
  std::int64_t den_ = 1;
  Owner big_;
};

}  // namespace scalars
using scalars::Rational;

template <>
struct ScalarName<Rational> {
  static std::string get() { return "rational"; }
};

}  // namespace assay
