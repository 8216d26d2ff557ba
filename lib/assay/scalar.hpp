#pragma once

// What the library computes in: the concepts Field and Real, and Dual numbers (forward mode).

#include <cmath>
#include <concepts>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <ostream>
#include <string>
#include <type_traits>

namespace assay {

/// + - * / and comparisons: all that a polynomial or piecewise-linear operation needs.
template <class T>
concept Field = std::default_initializable<T> && std::copyable<T> && !std::integral<T> &&
                std::constructible_from<T, int> && requires(T a, const T& b) {
  { b + b } -> std::convertible_to<T>;
  { b - b } -> std::convertible_to<T>;
  { b* b } -> std::convertible_to<T>;
  { b / b } -> std::convertible_to<T>;
  { -b } -> std::convertible_to<T>;
  { a += b } -> std::same_as<T&>;
  { a -= b } -> std::same_as<T&>;
  { a *= b } -> std::same_as<T&>;
  { a /= b } -> std::same_as<T&>;
  { b == b } -> std::convertible_to<bool>;
  { b != b } -> std::convertible_to<bool>;
  { b < b } -> std::convertible_to<bool>;
  { b > b } -> std::convertible_to<bool>;
  { b <= b } -> std::convertible_to<bool>;
  { b >= b } -> std::convertible_to<bool>;
};

namespace detail::real {
using std::abs, std::floor, std::sqrt, std::pow;
using std::atan, std::atan2, std::cosh, std::sinh, std::tanh;
using std::cos, std::sin, std::tan;
using std::erf, std::erfc;
using std::exp, std::expm1, std::log, std::log1p;

template <class T>
concept Elementary = requires(const T& x) {
  { exp(x) } -> std::convertible_to<T>;
  { expm1(x) } -> std::convertible_to<T>;
  { log(x) } -> std::convertible_to<T>;
  { log1p(x) } -> std::convertible_to<T>;
  { sqrt(x) } -> std::convertible_to<T>;
  { pow(x, x) } -> std::convertible_to<T>;
  { sin(x) } -> std::convertible_to<T>;
  { cos(x) } -> std::convertible_to<T>;
  { tan(x) } -> std::convertible_to<T>;
  { atan(x) } -> std::convertible_to<T>;
  { atan2(x, x) } -> std::convertible_to<T>;
  { sinh(x) } -> std::convertible_to<T>;
  { cosh(x) } -> std::convertible_to<T>;
  { tanh(x) } -> std::convertible_to<T>;
  { erf(x) } -> std::convertible_to<T>;
  { erfc(x) } -> std::convertible_to<T>;
  { abs(x) } -> std::convertible_to<T>;
  { floor(x) } -> std::convertible_to<T>;
};
}  // namespace detail::real

/// A Field with the elementary functions, found in std or by argument-dependent lookup.
template <class T>
concept Real = Field<T> && detail::real::Elementary<T>;

// The scalar types live in a namespace of their own: their functions (exp, log, abs ...) are found
// by argument-dependent lookup and must not meet the operations of the same names.
namespace scalars {
template <class T>
struct Dual;
}  // namespace scalars
using scalars::Dual;

template <class T>
inline constexpr bool is_dual = false;
template <class T>
inline constexpr bool is_dual<Dual<T>> = true;

namespace detail {

template <class T>
struct Plain {
  using type = T;
};
template <class T>
struct Plain<Dual<T>> : Plain<T> {};

// What a Dual<T> takes as a constant: T, whatever converts to T, and every built-in number.
template <class U, class T>
concept ConstantOf =
    !std::same_as<U, Dual<T>> && (std::same_as<U, T> || std::convertible_to<U, T> ||
                                  (std::is_arithmetic_v<U> && std::constructible_from<T, U>));

}  // namespace detail

/// The plain number inside a (nested) Dual.
template <class T>
using plain_t = typename detail::Plain<T>::type;

template <class T>
constexpr plain_t<T> value_of(const T& x) {
  if constexpr (is_dual<T>) {
    return value_of(x.v);
  } else {
    return x;
  }
}

namespace detail {

/// Comparisons of duals look at values only; this looks at every part.
template <class T>
constexpr bool is_exactly_zero(const T& x) {
  if constexpr (is_dual<T>) {
    return is_exactly_zero(x.v) && is_exactly_zero(x.d);
  } else {
    return x == T(0);
  }
}

/// 2/sqrt(pi) in the precision of T; a type may offer a cheap T::pi().
template <class T>
T two_over_sqrt_pi() {
  using real::atan, real::sqrt;
  if constexpr (is_dual<T>) {
    return T(two_over_sqrt_pi<plain_t<T>>());
  } else if constexpr (std::floating_point<T>) {
    return T(2) * std::numbers::inv_sqrtpi_v<T>;
  } else if constexpr (requires { T::pi(); }) {
    return T(2) / sqrt(T::pi());
  } else {
    return T(1) / sqrt(atan(T(1)));
  }
}

/// exp(-x*x). The rounding error of x*x would be magnified by x*x, so x is split in a part whose
/// square is exact and a remainder. Beyond 128 every built-in type underflows to zero. A type of
/// run-time precision (it offers T::pi()) has bits to spare.
template <class T>
T exp_minus_square(const T& x) {
  using real::exp, real::floor;
  if constexpr (requires { T::pi(); }) return exp(-(x * x));
  if (!(x > T(-128) && x < T(128))) return exp(-(x * x));
  const T hi = floor(x * T(16)) / T(16);
  return exp(-(hi * hi)) * exp(-((x - hi) * (x + hi)));
}

/// 1/cosh(x) without the overflow of cosh.
template <class T>
T sech(const T& x) {
  using real::exp;
  const T e = exp(x < T(0) ? T(x) : T(-x));
  return T(2) * e / (T(1) + e * e);
}

}  // namespace detail

namespace scalars {

/// A value and its derivative in one direction. Comparisons look at the value only.
template <class T>
struct Dual {
  T v{};
  T d{};

  constexpr Dual() = default;
  constexpr Dual(const T& value, const T& derivative) : v(value), d(derivative) {}
  /// A constant. Explicit only where the conversion to T is (double to a rational).
  template <class U>
  requires detail::ConstantOf<U, T>
  constexpr explicit(!std::convertible_to<U, T>) Dual(const U& value) : v(lift(value)), d(0) {}

  constexpr Dual& operator+=(const Dual& b) { return v += b.v, d += b.d, *this; }
  constexpr Dual& operator-=(const Dual& b) { return v -= b.v, d -= b.d, *this; }
  constexpr Dual& operator*=(const Dual& b) { return *this = *this * b; }
  constexpr Dual& operator/=(const Dual& b) { return *this = *this / b; }

  friend constexpr Dual operator+(const Dual& a) { return a; }
  friend constexpr Dual operator-(const Dual& a) { return {-a.v, -a.d}; }
  friend constexpr Dual operator+(const Dual& a, const Dual& b) { return {a.v + b.v, a.d + b.d}; }
  friend constexpr Dual operator-(const Dual& a, const Dual& b) { return {a.v - b.v, a.d - b.d}; }
  friend constexpr Dual operator*(const Dual& a, const Dual& b) {
    return {a.v * b.v, a.d * b.v + a.v * b.d};
  }
  friend constexpr Dual operator/(const Dual& a, const Dual& b) {
    const T q = a.v / b.v;
    return {q, (a.d - q * b.d) / b.v};
  }

  // With a constant: cheaper, and no 0 * inf from a derivative that is not there.
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator+(const Dual& a, const U& b) { return {a.v + lift(b), a.d}; }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator+(const U& a, const Dual& b) { return {lift(a) + b.v, b.d}; }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator-(const Dual& a, const U& b) { return {a.v - lift(b), a.d}; }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator-(const U& a, const Dual& b) { return {lift(a) - b.v, -b.d}; }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator*(const Dual& a, const U& b) {
    const T c = lift(b);
    return {a.v * c, a.d * c};
  }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator*(const U& a, const Dual& b) {
    const T c = lift(a);
    return {c * b.v, c * b.d};
  }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator/(const Dual& a, const U& b) {
    const T c = lift(b);
    return {a.v / c, a.d / c};
  }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend constexpr Dual operator/(const U& a, const Dual& b) {
    const T q = lift(a) / b.v;
    return {q, -(q * b.d) / b.v};
  }

  friend constexpr bool operator==(const Dual& a, const Dual& b) { return a.v == b.v; }
  friend constexpr bool operator<(const Dual& a, const Dual& b) { return a.v < b.v; }
  friend constexpr bool operator>(const Dual& a, const Dual& b) { return a.v > b.v; }
  friend constexpr bool operator<=(const Dual& a, const Dual& b) { return a.v <= b.v; }
  friend constexpr bool operator>=(const Dual& a, const Dual& b) { return a.v >= b.v; }

  /// By convention abs'(0) = 0.
  friend Dual abs(const Dual& x) {
    using detail::real::abs;
    if (x.v == T(0)) return {abs(x.v), T(0)};
    return x.v < T(0) ? -x : x;
  }
  friend Dual floor(const Dual& x) requires Real<T> {
    using detail::real::floor;
    return {floor(x.v), T(0)};
  }

  friend Dual exp(const Dual& x) requires Real<T> {
    using detail::real::exp;
    const T y = exp(x.v);
    return {y, x.d * y};
  }
  friend Dual expm1(const Dual& x) requires Real<T> {
    using detail::real::exp, detail::real::expm1;
    return {expm1(x.v), x.d * exp(x.v)};
  }
  friend Dual log(const Dual& x) requires Real<T> {
    using detail::real::log;
    return {log(x.v), x.d / x.v};
  }
  friend Dual log1p(const Dual& x) requires Real<T> {
    using detail::real::log1p;
    return {log1p(x.v), x.d / (T(1) + x.v)};
  }
  /// A constant under the root stays a constant at 0.
  friend Dual sqrt(const Dual& x) requires Real<T> {
    using detail::real::sqrt;
    const T y = sqrt(x.v);
    return {y, detail::is_exactly_zero(x.d) ? T(0) : T(x.d / (T(2) * y))};
  }
  /// A term whose dual part is exactly zero does not count: constant exponents work for a <= 0.
  friend Dual pow(const Dual& a, const Dual& b) requires Real<T> {
    using detail::real::log, detail::real::pow;
    const T y = pow(a.v, b.v);
    T slope(0);
    const bool zero_to_positive = detail::is_exactly_zero(a.v) && b.v > T(0);
    if (!detail::is_exactly_zero(b.d) && !zero_to_positive) slope += y * (b.d * log(a.v));
    if (!detail::is_exactly_zero(a.d) && !detail::is_exactly_zero(b.v)) {
      slope += b.v * pow(a.v, T(b.v - T(1))) * a.d;
    }
    return {y, slope};
  }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend Dual pow(const Dual& a, const U& b) requires Real<T> { return pow(a, Dual(b)); }
  template <class U>
  requires detail::ConstantOf<U, T>
  friend Dual pow(const U& a, const Dual& b) requires Real<T> { return pow(Dual(a), b); }

  friend Dual sin(const Dual& x) requires Real<T> {
    using detail::real::cos, detail::real::sin;
    return {sin(x.v), x.d * cos(x.v)};
  }
  friend Dual cos(const Dual& x) requires Real<T> {
    using detail::real::cos, detail::real::sin;
    return {cos(x.v), -(x.d * sin(x.v))};
  }
  friend Dual tan(const Dual& x) requires Real<T> {
    using detail::real::tan;
    const T y = tan(x.v);
    return {y, x.d * (T(1) + y * y)};
  }
  friend Dual atan(const Dual& x) requires Real<T> {
    using detail::real::atan;
    // v + 1/v rather than 1 + v*v, which overflows.
    const bool large = x.v > T(1) || x.v < T(-1);
    return {atan(x.v), large ? T(x.d / x.v / (x.v + T(1) / x.v)) : T(x.d / (T(1) + x.v * x.v))};
  }
  friend Dual atan2(const Dual& y, const Dual& x) requires Real<T> {
    using detail::real::abs, detail::real::atan2;
    // (x dy - y dx) / (x*x + y*y), divided through by the larger so that no square overflows.
    const T angle = atan2(y.v, x.v);
    if (abs(x.v) >= abs(y.v)) {
      const T r = y.v / x.v;
      return {angle, (y.d - r * x.d) / (x.v + r * y.v)};
    }
    const T r = x.v / y.v;
    return {angle, (r * y.d - x.d) / (y.v + r * x.v)};
  }

  friend Dual sinh(const Dual& x) requires Real<T> {
    using detail::real::cosh, detail::real::sinh;
    return {sinh(x.v), x.d * cosh(x.v)};
  }
  friend Dual cosh(const Dual& x) requires Real<T> {
    using detail::real::cosh, detail::real::sinh;
    return {cosh(x.v), x.d * sinh(x.v)};
  }
  friend Dual tanh(const Dual& x) requires Real<T> {
    using detail::real::tanh;
    const T s = detail::sech(x.v);  // 1 - y*y would cancel
    return {tanh(x.v), x.d * s * s};
  }
  friend Dual erf(const Dual& x) requires Real<T> {
    using detail::real::erf;
    return {erf(x.v), x.d * (detail::two_over_sqrt_pi<T>() * detail::exp_minus_square(x.v))};
  }
  friend Dual erfc(const Dual& x) requires Real<T> {
    using detail::real::erfc;
    return {erfc(x.v), -(x.d * (detail::two_over_sqrt_pi<T>() * detail::exp_minus_square(x.v)))};
  }

  friend std::ostream& operator<<(std::ostream& out, const Dual& x) {
    return out << '(' << x.v << ", " << x.d << ')';
  }

 private:
  template <class U>
  static constexpr T lift(const U& value) {
    return static_cast<T>(value);
  }
};

}  // namespace scalars

/// The name of a scalar type as reports print it: specialise for further types.
template <class T>
struct ScalarName;
template <>
struct ScalarName<float> {
  static std::string get() { return "float"; }
};
template <>
struct ScalarName<double> {
  static std::string get() { return "double"; }
};
template <>
struct ScalarName<long double> {
  static std::string get() { return "long double"; }
};
template <class T>
struct ScalarName<Dual<T>> {
  static std::string get() { return "dual<" + ScalarName<T>::get() + ">"; }
};

template <class T>
std::string scalar_name() {
  return ScalarName<T>::get();
}

}  // namespace assay

/// Without this, numeric_limits<Dual<T>>::infinity() would silently be zero.
template <class T>
struct std::numeric_limits<assay::Dual<T>> : std::numeric_limits<T> {
  using Dual = assay::Dual<T>;
  using Base = std::numeric_limits<T>;
  static constexpr Dual min() { return Dual((Base::min)()); }
  static constexpr Dual max() { return Dual((Base::max)()); }
  static constexpr Dual lowest() { return Dual(Base::lowest()); }
  static constexpr Dual epsilon() { return Dual(Base::epsilon()); }
  static constexpr Dual round_error() { return Dual(Base::round_error()); }
  static constexpr Dual infinity() { return Dual(Base::infinity()); }
  static constexpr Dual quiet_NaN() { return Dual(Base::quiet_NaN()); }
  static constexpr Dual signaling_NaN() { return Dual(Base::signaling_NaN()); }
  static constexpr Dual denorm_min() { return Dual(Base::denorm_min()); }
};
