#pragma once
// Arithmetic on balls about the sum of two doubles, and why its radii are bounds.
//
// Rounding is to nearest (the default that nothing here changes), so that for the sum, product,
// quotient or root z of two doubles |fl(z) - z| <= 2^-53 |fl(z)|, and for a product or quotient
// below the normal numbers |fl(z) - z| <= 2^-1075. two_sum and two_product are exact (Knuth;
// Dekker and Veltkamp), the latter because factors are 0 or between 2^-450 and 2^450: no
// part of the product is below 2^-1006 or above 2^901. Each operation adds up, in `radius`, the
// radii that it inherits and 2^-53 times every result whose rounding error it drops: nothing is
// estimated from the size of the result, so cancellation needs no argument of its own. At most
// 16 roundings, each by a factor of at most 1 - 2^-53 and 2^-1075, lie on the way of any addend
// into the radius; `up` makes good for all of them. What is exact has radius 0.

#include <cfloat>
#include <cmath>

#include "assay/verify/enclosure.hpp"

namespace assay::verify::two {

static_assert(FLT_EVAL_METHOD == 0, "sums of doubles must round to double");

inline constexpr double half_unit = 0x1p-53;

inline bool in_range(double hi) {
  const double size = std::abs(hi);
  return size == 0 || (size >= 0x1p-450 && size <= 0x1p450);
}

struct Exact {
  double value, error;
};
inline Exact two_sum(double a, double b) {
  const double s = a + b, v = s - a;
  return {s, (a - (s - v)) + (b - v)};
}
inline Exact two_product(double a, double b) {
  const double p = a * b;
#ifdef __FMA__
  return {p, __builtin_fma(a, b, -p)};
#else
  const double ca = 0x1.0000002p27 * a, cb = 0x1.0000002p27 * b;
  const double ah = ca - (ca - a), bh = cb - (cb - b);
  const double al = a - ah, bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}

/// At least the number whose computation, rounded, gave r.
inline double up(double r) { return r * (1 + 0x1p-48) + 0x1p-1000; }

inline bool exactly_zero(const TwoDoubles& a) { return a.hi == 0 && a.radius == 0; }
/// At least |hi + lo|, but for the rounding that `up` makes good for.
inline double size(const TwoDoubles& a) { return std::abs(a.hi) + std::abs(a.lo); }
inline TwoDoubles negated(const TwoDoubles& a) { return {-a.hi, -a.lo, a.radius}; }
inline TwoDoubles centre(const TwoDoubles& a) { return {a.hi, a.lo, 0}; }

inline TwoDoubles add(const TwoDoubles& a, const TwoDoubles& b) {
  const Exact s = two_sum(a.hi, b.hi);
  const bool points = a.radius == 0 && b.radius == 0;
  if (a.lo == 0 && b.lo == 0) return {s.value, s.error, points ? 0 : up(a.radius + b.radius)};
  const double t = a.lo + b.lo, w = s.error + t;
  const Exact r = two_sum(s.value, w);
  const double dropped = half_unit * (std::abs(t) + std::abs(w));
  return {r.value, r.error, up(a.radius + b.radius + dropped)};
}

inline TwoDoubles multiply(const TwoDoubles& a, const TwoDoubles& b) {
  if (exactly_zero(a) || exactly_zero(b)) return {a.hi * b.hi, 0, 0};
  const Exact p = two_product(a.hi, b.hi);
  const bool points = a.radius == 0 && b.radius == 0;
  const double inherited = points ? 0 : size(a) * b.radius + a.radius * (size(b) + b.radius);
  if (a.lo == 0 && b.lo == 0) return {p.value, p.error, points ? 0 : up(inherited)};
  const double t1 = a.hi * b.lo, t2 = a.lo * b.hi, t = t1 + t2, w = p.error + t;
  const Exact r = two_sum(p.value, w);
  const double dropped =
      half_unit * (std::abs(t1) + std::abs(t2) + std::abs(t) + std::abs(w)) + std::abs(a.lo * b.lo);
  return {r.value, r.error, up(inherited + dropped)};
}

/// At least |a - q b| for the centres, but for the rounding that `up` makes good for.
inline double residual(const TwoDoubles& a, const TwoDoubles& q, const TwoDoubles& b) {
  const TwoDoubles r = add(centre(a), negated(multiply(centre(q), centre(b))));
  return size(r) + r.radius;
}

/// A quotient is proven by its residual: for A and B in the balls, A/B - q = (A - q B) / B. Leaves
/// hi a NaN where B may be 0.
inline TwoDoubles divide(const TwoDoubles& a, const TwoDoubles& b) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  // Below half of hi nothing cancels, and 1 - 2^-50 makes good for the two roundings.
  if (!(std::abs(b.lo) + b.radius < std::abs(b.hi) / 2)) return {nan, 0, 0};
  const double least = (std::abs(b.hi) - std::abs(b.lo) - b.radius) * (1 - 0x1p-50);
  const double first = a.hi / b.hi;
  if (!in_range(first)) return {nan, 0, 0};
  const TwoDoubles rest = add(centre(a), negated(multiply({first, 0, 0}, centre(b))));
  const Exact q = two_sum(first, rest.hi / b.hi);
  if (!in_range(q.value)) return {nan, 0, 0};
  const TwoDoubles quotient{q.value, q.error, 0};
  const double off = residual(a, quotient, b);
  if (off == 0 && a.radius == 0 && b.radius == 0) return quotient;
  return {q.value, q.error, up((off + a.radius + size(quotient) * b.radius) / least)};
}

/// Likewise: |sqrt(A) - q| = |A - q q| / (sqrt(A) + q) <= |A - q q| / q. Leaves hi a NaN where A
/// may be negative.
inline TwoDoubles square_root(const TwoDoubles& a) {
  if (exactly_zero(a)) return a;
  if (!(a.hi > 0 && std::abs(a.lo) + a.radius < a.hi / 2))
    return {std::numeric_limits<double>::quiet_NaN(), 0, 0};
  const double first = std::sqrt(a.hi);
  const TwoDoubles square = multiply({first, 0, 0}, {first, 0, 0});
  const TwoDoubles rest = add(centre(a), negated(square));
  const Exact q = two_sum(first, rest.hi / (2 * first));
  const TwoDoubles root{q.value, q.error, 0};
  const double off = residual(a, root, root);
  if (off == 0 && a.radius == 0) return root;
  return {q.value, q.error, up((off + a.radius) / (q.value * (1 - 0x1p-50)))};
}

enum class Order { less, not_less, unknown };

/// Whether A < B for all A and B in the balls.
inline Order order(const TwoDoubles& a, const TwoDoubles& b) {
  if (a.radius == 0 && b.radius == 0) {
    // Nearest doubles of different numbers are ordered as these are, or equal.
    const bool less = a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
    return less ? Order::less : Order::not_less;
  }
  const TwoDoubles d = add(a, negated(b));
  if (!(std::abs(d.hi) > up(std::abs(d.lo) + d.radius))) return Order::unknown;
  return d.hi < 0 ? Order::less : Order::not_less;
}

}  // namespace assay::verify::two
