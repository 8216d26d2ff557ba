#pragma once
// Twofold<T>: the unevaluated sum of two T, twice as exact. What the factorisations compute in: a
// factorisation that is backward stable by norm may lose every digit of a small gradient element.

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <type_traits>

#include "assay/scalar.hpp"

namespace assay {

namespace scalars {

/// hi + lo with |lo| <= ulp(hi) / 2; results are right to some 2^(4 - 2 digits of T), relatively. A
/// Field, with sqrt and abs. Where hi is not finite, lo is 0.
template <class T>
class Twofold {
 public:
  constexpr Twofold() = default;
  template <class N>
  requires std::is_arithmetic_v<N>
  constexpr Twofold(N value) : hi_(static_cast<T>(value)) {}

  [[nodiscard]] constexpr const T& hi() const { return hi_; }
  [[nodiscard]] constexpr const T& lo() const { return lo_; }
  explicit operator T() const { return hi_; }

  Twofold& operator+=(const Twofold& b) { return *this = *this + b; }
  Twofold& operator-=(const Twofold& b) { return *this = *this - b; }
  Twofold& operator*=(const Twofold& b) { return *this = *this * b; }
  Twofold& operator/=(const Twofold& b) { return *this = *this / b; }

  friend Twofold operator-(const Twofold& a) { return {-a.hi_, -a.lo_}; }
  friend Twofold operator+(const Twofold& a, const Twofold& b) {
    Twofold s = sum(a.hi_, b.hi_);
    const Twofold t = sum(a.lo_, b.lo_);
    s = quick(s.hi_, s.lo_ + t.hi_);
    return quick(s.hi_, s.lo_ + t.lo_);
  }
  friend Twofold operator-(const Twofold& a, const Twofold& b) { return a + -b; }
  friend Twofold operator*(const Twofold& a, const Twofold& b) {
    const Twofold p = product(a.hi_, b.hi_);
    return quick(p.hi_, p.lo_ + (a.hi_ * b.lo_ + a.lo_ * b.hi_));
  }
  friend Twofold operator/(const Twofold& a, const Twofold& b) {
    const T q = a.hi_ / b.hi_;
    if (!std::isfinite(q) || q == T(0) || !std::isfinite(b.hi_)) return Twofold(q);
    const Twofold r = a - b * Twofold(q);
    const T q2 = r.hi_ / b.hi_;
    const T q3 = (r - b * Twofold(q2)).hi_ / b.hi_;
    return quick(q, q2) + Twofold(q3);
  }
  friend Twofold sqrt(const Twofold& x) {
    const T r = std::sqrt(x.hi_);
    if (!(r > T(0)) || !std::isfinite(r)) return Twofold(r);
    return quick(r, (x - product(r, r)).hi_ / (r + r));
  }
  friend Twofold abs(const Twofold& x) { return x.hi_ < T(0) ? -x : x; }

  friend bool operator==(const Twofold& a, const Twofold& b) {
    return a.hi_ == b.hi_ && a.lo_ == b.lo_;
  }
  friend bool operator<(const Twofold& a, const Twofold& b) {
    return a.hi_ < b.hi_ || (a.hi_ == b.hi_ && a.lo_ < b.lo_);
  }
  friend bool operator>(const Twofold& a, const Twofold& b) { return b < a; }
  friend bool operator<=(const Twofold& a, const Twofold& b) { return a < b || a == b; }
  friend bool operator>=(const Twofold& a, const Twofold& b) { return b <= a; }
  friend std::ostream& operator<<(std::ostream& out, const Twofold& x) { return out << x.hi_; }

 private:
  constexpr Twofold(T hi, T lo) : hi_(hi), lo_(lo) {}

  /// a + b exactly (Knuth).
  static Twofold sum(T a, T b) {
    const T s = a + b, t = s - a;
    return {s, (a - (s - t)) + (b - t)};
  }
  /// The same where |a| >= |b| (Dekker), and where every result is brought to its form.
  static Twofold quick(T a, T b) {
    const T s = a + b;
    if (!std::isfinite(s)) return {std::isfinite(a) ? s : a, T(0)};
    return {s, b - (s - a)};
  }
  /// a b exactly (Veltkamp and Dekker): an fma of a long double is a function call.
  static Twofold product(T a, T b) {
    const T p = a * b;
    if (!std::isfinite(p)) return {p, T(0)};
    const auto [a1, a2] = split(a);
    const auto [b1, b2] = split(b);
    return {p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
  }
  struct Halves {
    T high, low;
  };
  static Halves split(T a) {
    constexpr int bits = (std::numeric_limits<T>::digits + 1) / 2;
    constexpr T factor = static_cast<T>((std::uint64_t{1} << bits) + 1);
    const T c = factor * a, high = c - (c - a);
    return {high, a - high};
  }

  T hi_{}, lo_{};
};

}  // namespace scalars
using scalars::Twofold;

template <class T>
struct ScalarName<Twofold<T>> {
  static std::string get() { return "twofold<" + ScalarName<T>::get() + ">"; }
};

}  // namespace assay

template <class T>
struct std::numeric_limits<assay::Twofold<T>> : std::numeric_limits<T> {
  using Twofold = assay::Twofold<T>;
  static constexpr int digits = 2 * std::numeric_limits<T>::digits;
  static Twofold epsilon() {
    return Twofold(std::ldexp(T(1), 4 - 2 * std::numeric_limits<T>::digits));
  }
  static Twofold min() { return Twofold((std::numeric_limits<T>::min)()); }
  static Twofold max() { return Twofold((std::numeric_limits<T>::max)()); }
  static Twofold lowest() { return Twofold(std::numeric_limits<T>::lowest()); }
  static Twofold infinity() { return Twofold(std::numeric_limits<T>::infinity()); }
  static Twofold quiet_NaN() { return Twofold(std::numeric_limits<T>::quiet_NaN()); }
};

namespace Eigen {

template <class T>
struct NumTraits<assay::Twofold<T>> : GenericNumTraits<assay::Twofold<T>> {
  using Limits = std::numeric_limits<assay::Twofold<T>>;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 2,
    AddCost = 20,
    MulCost = 25
  };
  static assay::Twofold<T> epsilon() { return Limits::epsilon(); }
  static assay::Twofold<T> dummy_precision() { return Limits::epsilon(); }
  static assay::Twofold<T> highest() { return (Limits::max)(); }
  static assay::Twofold<T> lowest() { return Limits::lowest(); }
  static int digits10() { return Limits::digits * 3 / 10; }
};

}  // namespace Eigen
