#pragma once
// Enclosure: interval arithmetic. What a rule computes in it is a proof: the true value lies
// between lo and hi.

#include <cmath>
#include <cstdint>
#include <iosfwd>
#include <new>
#include <optional>
#include <type_traits>

#include "assay/verify/big.hpp"

namespace assay::verify {

/// In contexts of at most so many bits numbers are kept in two doubles wherever these can hold
/// them.
inline constexpr mpfr_prec_t two_doubles_precision = 100;

/// |x - (hi + lo)| <= radius; hi is the double nearest to hi + lo, and 0 or of an exponent between
/// -450 and 450, so that neither a product nor its rounding error leaves the exponents of a double.
struct TwoDoubles {
  double hi, lo, radius;
};

/// Two forms. Bounds: lo and hi in MPFR, every operation rounding lo down and hi up at the current
/// precision, whatever the current direction. Two doubles and a radius, where the context asks for
/// no more bits than these have and exponents allow: some ten times faster, with a bound as proven
/// (two_doubles.hpp). What does not fit goes over to bounds by itself.
///
/// A comparison that the bounds do not decide is decided by the midpoints, and noted in
/// `undecided()`: the caller must then raise the precision.
class Enclosure {
 public:
  Enclosure() noexcept : two_{0, 0, 0}, wide_(false) {}
  template <class N>
  requires std::is_arithmetic_v<N> Enclosure(N value) : two_{0, 0, 0}, wide_(false) {
    const auto nearest = static_cast<double>(value);
    // Other numbers may have more bits than a double.
    constexpr bool exact = std::is_same_v<N, double> || std::is_same_v<N, float>;
    if (exact || (std::is_integral_v<N> && std::abs(nearest) < 0x1p53)) {
      set(nearest);
    } else {
      set(Big(value));
    }
  }
  Enclosure(const Big& value) : two_{0, 0, 0}, wide_(false) { set(value); }
  Enclosure(Big lo, Big hi);
  explicit Enclosure(const TwoDoubles& ball) noexcept : two_(ball), wide_(false) {}

  Enclosure(const Enclosure& other) : two_{0, 0, 0}, wide_(false) {
    if (other.wide_) {
      copy_bounds(other);
    } else {
      two_ = other.two_;
    }
  }
  Enclosure(Enclosure&& other) noexcept : two_{0, 0, 0}, wide_(false) {
    if (other.wide_) {
      take_bounds(other);
    } else {
      two_ = other.two_;
    }
  }
  Enclosure& operator=(const Enclosure& other) {
    if (wide_ || other.wide_) {
      assign(other);
    } else {
      two_ = other.two_;
    }
    return *this;
  }
  Enclosure& operator=(Enclosure&& other) noexcept {
    if (wide_ || other.wide_) {
      assign(other);
    } else {
      two_ = other.two_;
    }
    return *this;
  }
  ~Enclosure() {
    if (wide_) drop_bounds();
  }

  [[nodiscard]] Big lo() const;
  [[nodiscard]] Big hi() const;
  [[nodiscard]] bool is_point() const;
  [[nodiscard]] Big middle() const;
  /// At least half the width, from the middle.
  [[nodiscard]] Big radius() const;
  /// The number in two doubles, where it is kept so; null otherwise.
  [[nodiscard]] const TwoDoubles* two_doubles() const { return wide_ ? nullptr : &two_; }

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

  static Enclosure pi();

  friend Enclosure operator+(const Enclosure& a) { return a; }
  friend Enclosure operator-(const Enclosure& a) {
    if (a.wide_) return a.negated_bounds();
    return Enclosure(TwoDoubles{-a.two_.hi, -a.two_.lo, a.two_.radius});
  }
  friend Enclosure operator+(const Enclosure& a, const Enclosure& b);
  friend Enclosure operator-(const Enclosure& a, const Enclosure& b);
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

  friend Enclosure exp(const Enclosure& x);
  friend Enclosure expm1(const Enclosure& x);
  friend Enclosure log(const Enclosure& x);
  friend Enclosure log1p(const Enclosure& x);
  friend Enclosure sqrt(const Enclosure& x);
  friend Enclosure atan(const Enclosure& x);
  friend Enclosure sinh(const Enclosure& x);
  friend Enclosure cosh(const Enclosure& x);
  friend Enclosure tanh(const Enclosure& x);
  friend Enclosure erf(const Enclosure& x);
  friend Enclosure erfc(const Enclosure& x);
  friend Enclosure sin(const Enclosure& x);
  friend Enclosure cos(const Enclosure& x);
  friend Enclosure tan(const Enclosure& x) { return sin(x) / cos(x); }
  friend Enclosure floor(const Enclosure& x);
  friend Enclosure abs(const Enclosure& x);
  friend Enclosure pow(const Enclosure& a, const Enclosure& b);
  friend Enclosure atan2(const Enclosure& y, const Enclosure& x);

  friend bool isfinite(const Enclosure& x) { return !x.wide_ || finite_bounds(x); }
  friend std::ostream& operator<<(std::ostream& out, const Enclosure& x) { return x.print(out); }

  struct AsBounds;    // an Enclosure seen as bounds, whatever its form: enclosure_forms.hpp
  struct Arithmetic;  // what its implementation needs

 private:
  struct Bounds {
    Big lo, hi;
  };
  void set(double value) {
    const double size = std::abs(value);
    if (size == 0 || (size >= 0x1p-450 && size <= 0x1p450)) {
      two_.hi = value;
    } else {
      set_point(Big(value));
    }
  }
  void set(const Big& value);
  void set_point(const Big& value);
  void copy_bounds(const Enclosure& other);
  void take_bounds(Enclosure& other) noexcept;
  void drop_bounds() noexcept;
  void assign(const Enclosure& other);
  void assign(Enclosure& other) noexcept;
  [[nodiscard]] Enclosure negated_bounds() const;
  static bool finite_bounds(const Enclosure& x);
  std::ostream& print(std::ostream& out) const;

  static bool traced(bool outcome) {
    branches() = branches() * 6364136223846793005U + (outcome ? 2U : 1U);
    return outcome;
  }
  static bool less(const Enclosure& a, const Enclosure& b);
  static bool equal(const Enclosure& a, const Enclosure& b);

  union {
    TwoDoubles two_;
    Bounds bounds_;
  };
  bool wide_;  // bounds_ is the living one
};

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
