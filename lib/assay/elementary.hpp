/// Elementary functions for elementwise rules.
///
/// For float and double: kernels of our own, branch-free, so that compilers vectorise a loop over
/// them without special flags and a value computed alone has the same bits as in the loop. For
/// every other scalar: the type's own function, found by argument-dependent lookup (hence the
/// unqualified call behind `using std::f` in each; a qualified call would see only what was
/// declared before this header).
///
/// Accuracy is given as the worst plain ulp over the whole range, subnormal results included, with
/// FMA / without (float: every argument; double: sampled against MPFR and x87). Assumes
/// -ffp-contract=off, which the target carries: fused only where written.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace assay::fn {

namespace detail {

// A call left in a loop would stop its vectorisation.
#define ASSAY_KERNEL [[gnu::always_inline]] inline

template <class T>
concept Native = std::same_as<T, float> || std::same_as<T, double>;

/// a b + c, fused where that is one instruction.
template <class T>
ASSAY_KERNEL T mad(T a, T b, T c) {
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// Horner's scheme, coefficients from the highest power down.
template <class T, class... C>
ASSAY_KERNEL T horner(T x, T top, C... rest) {
  ((top = mad(top, x, rest)), ...);
  return top;
}

/// Constants per type. `bias` is twice the exponent bias; adding `shift` + bias to a small number
/// leaves that number, rounded to an integer, plus bias in the low bits: g++ has no vector
/// conversion from double to int64 before AVX-512. `ln2_hi` is so short that its product with any
/// exponent is exact. Both polynomials by sollya, fpminimax(g, [|2,...,d|], formats, range,
/// floating, relative, x): `expm1_q` = (e^r - 1 - r) / r^2, |r| <= 0.3467, d = 6 (float), 11
/// (double); `log1p_q` = (log(1 + f) - f + f^2 / 2) / f^3, -1/4 <= f <= 1/2, d = 10, 21.
template <class T>
struct Kernel;

template <>
struct Kernel<float> {
  using Bits = std::uint32_t;
  static constexpr int mantissa = 23;
  static constexpr float bias = 254, shift = 0x1.8p23F;
  static constexpr float log2e = 0x1.715476p0F, ln2_hi = 0x1.62e8p-1F, ln2_lo = -0x1.e8082ep-16F;
  static constexpr float exp_min = -104, exp_max = 89;     // results 0 and inf
  static constexpr float expm1_min = -30, expm1_max = 89;  // results -1 and inf
  static constexpr float product_max = 193;                // a e^x for extreme a
  static constexpr float up = 75, down = 64;               // mul_exp scales a by 2^up, 2^-down
  static constexpr float two_up = 0x1p75F, two_down = 0x1p-64F;
  static constexpr float tiny = 0x1p-30F;  // expm1(x) = x below this
  ASSAY_KERNEL static float expm1_q(float r) {
    return horner(r, 0x1.6b7376p-10F, 0x1.12279ep-7F, 0x1.555716p-5F, 0x1.5554bp-3F,
                  0x1.fffffep-2F);
  }
  ASSAY_KERNEL static float log1p_q(float f) {
    return horner(f, -0x1.713e36p-5F, 0x1.aca08ep-4F, -0x1.0d93f4p-3F, 0x1.2886b8p-3F,
                  -0x1.54ef16p-3F, 0x1.996966p-3F, -0x1.000042p-2F, 0x1.5555a4p-2F);
  }
};

template <>
struct Kernel<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa = 52;
  static constexpr double bias = 2046, shift = 0x1.8p52;
  static constexpr double log2e = 0x1.71547652b82fep0;
  static constexpr double ln2_hi = 0x1.62e42ffp-1, ln2_lo = -0x1.718432a1b0e26p-35;
  static constexpr double exp_min = -746, exp_max = 710;
  static constexpr double expm1_min = -60, expm1_max = 709.9;
  static constexpr double product_max = 1456;
  static constexpr double up = 537, down = 512;
  static constexpr double two_up = 0x1p537, two_down = 0x1p-512;
  static constexpr double tiny = 0x1p-60;
  ASSAY_KERNEL static double expm1_q(double r) {
    return horner(r, 0x1.ae77aa79097b3p-26, 0x1.28a2a1b4380c2p-22, 0x1.71de80fa2ab51p-19,
                  0x1.a019a6914bad5p-16, 0x1.a01a0177f3ccbp-13, 0x1.6c16c17f336c1p-10,
                  0x1.1111111118834p-7, 0x1.5555555552101p-5, 0x1.555555555553bp-3,
                  0x1.0000000000005p-1);
  }
  ASSAY_KERNEL static double log1p_q(double f) {
    return horner(
        f, 0x1.0929166ec293fp-7, -0x1.e18df41ac0ba1p-6, 0x1.9f520e6761e23p-5, -0x1.e8e9ab5948634p-5,
        0x1.f251e98179a24p-5, -0x1.fffc3ef49c4f3p-5, 0x1.101ca9130d303p-4, -0x1.24657de7bc768p-4,
        0x1.3b1f052b03795p-4, -0x1.55593904a5747p-4, 0x1.745cebf97dcfp-4, -0x1.999972cbcb1c6p-4,
        0x1.c71c70e0149fp-4, -0x1.00000063e1b57p-3, 0x1.24924929711e8p-3, -0x1.5555555459087p-3,
        0x1.999999998c775p-3, -0x1.0000000000774p-2, 0x1.55555555555ap-2);
  }
};

template <class T>
using Bits = typename Kernel<T>::Bits;

template <class T>
constexpr Bits<T> one_bits = std::bit_cast<Bits<T>>(T(1));

/// A mask, not ?:, because compilers move the computation of a or b into a branch of ?:.
template <class T>
ASSAY_KERNEL T blend(bool c, T a, T b) {
  const auto mask = static_cast<Bits<T>>(Bits<T>(0) - static_cast<Bits<T>>(c));
  return std::bit_cast<T>((std::bit_cast<Bits<T>>(a) & mask) | (std::bit_cast<Bits<T>>(b) & ~mask));
}

/// NaN stays NaN.
template <class T>
ASSAY_KERNEL T clamp(T x, T lo, T hi) {
  const T y = blend(x < lo, lo, x);
  return blend(y > hi, hi, y);
}

/// x = n ln 2 + r: `n` with bias in the low bits of a T, e^r - 1 = hi + lo unrounded.
template <class T>
struct Reduced {
  T n, hi, lo;
};

template <class T>
ASSAY_KERNEL Reduced<T> reduce(T x) {
  using K = Kernel<T>;
  constexpr T magic = K::shift + K::bias;
  const T t = mad(x, K::log2e, magic);
  const T n = t - magic;
  const T hi = mad(-n, K::ln2_hi, x);  // exact
  const T tail = n * K::ln2_lo;
  const T r = hi - tail;
  return {t, hi, mad(r * r, K::expm1_q(r), -tail)};
}

/// y 2^n in two factors, each in range; only a product that decides the result is ever inexact.
template <class T>
ASSAY_KERNEL T scale(T y, T n) {
  constexpr int m = Kernel<T>::mantissa;
  const Bits<T> k = std::bit_cast<Bits<T>>(n), h = k >> 1;
  return y * std::bit_cast<T>(h << m) * std::bit_cast<T>((k - h) << m);
}

/// 2^(n - down).
template <class T>
ASSAY_KERNEL T power(T n, unsigned down) {
  constexpr auto bias = static_cast<unsigned>(Kernel<T>::bias) / 2;
  return std::bit_cast<T>((std::bit_cast<Bits<T>>(n) - (bias + down)) << Kernel<T>::mantissa);
}

/// The k that brings u / 2^k into (3/4, 3/2], for normal u > 0; there f = u / 2^k - 1 is exact, in
/// log1p too (hence 3/2 belongs to it: the float before x = 1/2 has u = 3/2).
template <class T>
struct Exponent {
  T k;
  Bits<T> bits;  // k in the place of the exponent

  ASSAY_KERNEL explicit Exponent(T u) {
    using K = Kernel<T>;
    constexpr T two_m = T(Bits<T>(1) << K::mantissa);
    const Bits<T> j =
        std::bit_cast<Bits<T>>(u) + (one_bits<T> - std::bit_cast<Bits<T>>(T(0.75)) - 1);
    const Bits<T> biased = j >> K::mantissa;
    k = std::bit_cast<T>(biased | std::bit_cast<Bits<T>>(two_m)) - (two_m + K::bias / 2);
    bits = (biased << K::mantissa) - one_bits<T>;
  }
};

/// k ln 2 + log(1 + f), f in [-1/4, 1/2]; the rounding error of the first sum is carried.
template <class T>
ASSAY_KERNEL T log_sum(T k, T f) {
  using K = Kernel<T>;
  const T kl = k * K::ln2_hi;  // exact
  const T hi = kl + f;
  const T lo = mad(k, K::ln2_lo, f - (hi - kl));
  const T square = f * f;
  return hi + mad(T(-0.5), square, mad(square, f * K::log1p_q(f), lo));
}

template <class T>
ASSAY_KERNEL T log_edges(T u, T y) {
  using L = std::numeric_limits<T>;
  return blend(u < 0, L::quiet_NaN(), blend(u == 0, -L::infinity(), y));
}

}  // namespace detail

/// c ? a : b without a branch: the caller computes both.
template <class T>
ASSAY_KERNEL T select(bool c, const T& a, const T& b) {
  if constexpr (detail::Native<T>) {
    return detail::blend(c, a, b);
  } else {
    return c ? a : b;
  }
}

/// Infinite values become the largest finite ones, so that their product with a zero is a zero.
template <class T>
ASSAY_KERNEL T finite(const T& x) {
  using L = std::numeric_limits<T>;
  if constexpr (detail::Native<T>) {
    return detail::clamp(x, L::lowest(), L::max());
  } else if constexpr (L::has_infinity) {
    return x > (L::max)() ? T((L::max)()) : x < L::lowest() ? T(L::lowest()) : x;
  } else {
    return x;
  }
}

template <class T>
ASSAY_KERNEL T abs(const T& x) {
  using std::abs;
  return abs(x);
}

/// Correctly rounded. In g++ and clang a loop over it vectorises only under -fno-math-errno.
template <class T>
ASSAY_KERNEL T sqrt(const T& x) {
  using std::sqrt;
  return sqrt(x);
}

/// e^x. Float 0.90 / 0.91, double 0.89 / 0.91 ulp (with FMA / without).
template <class T>
ASSAY_KERNEL T exp(const T& x) {
  if constexpr (detail::Native<T>) {
    using K = detail::Kernel<T>;
    const auto r = detail::reduce(detail::clamp(x, K::exp_min, K::exp_max));
    return detail::scale(T(1) + (r.hi + r.lo), r.n);
  } else {
    using std::exp;
    return exp(x);
  }
}

/// a e^x with no overflow or underflow on the way, whatever a and x. A zero a gives zero for every
/// finite x; with an infinite x or a, what the exact e^x times a gives (0 inf is NaN).
/// Float 1.1 / 1.4, double 1.1 / 1.3 ulp, both sampled.
template <class T>
ASSAY_KERNEL T mul_exp(const T& a, const T& x) {
  if constexpr (detail::Native<T>) {
    using K = detail::Kernel<T>;
    // a is scaled to the middle of the range, above and below 1 alike, and n corrected for it.
    const bool small = std::abs(a) < 1;
    const T least = detail::blend(small, K::exp_min, -K::product_max);
    const auto r = detail::reduce(detail::clamp(x, least, least + (K::product_max - K::exp_min)));
    const T b = a * detail::blend(small, K::two_up, K::two_down);
    const T n = r.n + detail::blend(small, -K::up, K::down);
    const T e = detail::blend(x < -std::numeric_limits<T>::max(), T(0), std::abs(x) + T(1));
    const T edge = a * e;  // a zero or infinite: b + b p would be inf - inf or lose the sign
    return detail::scale(detail::blend(a + a == a, edge, detail::mad(b, r.hi + r.lo, b)), n);
  } else {
    using std::exp;
    return a * exp(x);
  }
}

/// e^x - 1. Float 1.23 / 1.26, double 1.26 / 1.22 ulp.
template <class T>
ASSAY_KERNEL T expm1(const T& x) {
  if constexpr (detail::Native<T>) {
    using K = detail::Kernel<T>;
    const auto r = detail::reduce(detail::clamp(x, K::expm1_min, K::expm1_max));
    const T s = detail::power(r.n, 1);  // half of 2^n, which itself can overflow
    const T y = detail::mad(s, r.lo, detail::mad(s, r.hi, s - T(0.5)));
    return detail::blend(std::abs(x) < K::tiny, x, y + y);  // -0; half a subnormal
  } else {
    using std::expm1;
    return expm1(x);
  }
}

/// log x; -inf at 0, NaN below. Float 0.87 / 0.88, double 0.88 / 0.89 ulp.
template <class T>
ASSAY_KERNEL T log(const T& x) {
  if constexpr (detail::Native<T>) {
    using L = std::numeric_limits<T>;
    constexpr T up = T(detail::Bits<T>(1) << (L::digits));
    const bool subnormal = x < L::min();
    const T u = x * detail::blend(subnormal, up, T(1));
    const detail::Exponent<T> e(u);
    const T f = std::bit_cast<T>(std::bit_cast<detail::Bits<T>>(u) - e.bits) - T(1);
    const T y = detail::log_sum(e.k - detail::blend(subnormal, T(L::digits), T(0)), f);
    return detail::log_edges(x, detail::blend(x <= L::max(), y, x));
  } else {
    using std::log;
    return log(x);
  }
}

/// log(1 + x); -inf at -1, NaN below. Float 0.87 / 0.88, double 0.88 / 0.91 ulp.
template <class T>
ASSAY_KERNEL T log1p(const T& x) {
  if constexpr (detail::Native<T>) {
    const T u = T(1) + x;
    const detail::Exponent<T> e(u);
    // From x, not from the rounded u, f is exact. 2^-k itself would be subnormal for the largest x.
    const T s = std::bit_cast<T>(std::bit_cast<detail::Bits<T>>(T(4)) - e.bits);
    const T f = T(0.25) * detail::mad(x, s, s - T(4));
    const T y = detail::log_sum(e.k, f);
    return detail::log_edges(u, detail::blend(x + x == x, x, y));  // -0 and inf
  } else {
    using std::log1p;
    return log1p(x);
  }
}

/// tanh x. Float and double 1.42 ulp.
template <class T>
ASSAY_KERNEL T tanh(const T& x) {
  if constexpr (detail::Native<T>) {
    using K = detail::Kernel<T>;
    const T z = T(-2) * std::abs(x);
    const auto r = detail::reduce(detail::blend(z < K::expm1_min, K::expm1_min, z));
    const T s = detail::power(r.n, 0);
    // e + e_lo = e^-2|x| - 1 and d + d_lo = 2 + e + e_lo, the rounding errors carried; then
    // -(e + e_lo) / (d + d_lo) to first order, with 1 / d = (1 + t) / 2.
    const T u = detail::mad(s, r.hi, s - T(1)), v = s * r.lo, e = u + v, d = T(2) + e;
    const T e_lo = detail::mad(s, r.hi, (s - T(1)) - u) + (v - (e - u));
    const T d_lo = e_lo + (e - (d - T(2)));
    const T t = -e / d;
    const T c = detail::mad(t, d_lo, e_lo);
    return std::copysign(detail::mad(-c, detail::mad(t, T(0.5), T(0.5)), t), x);
  } else {
    using std::tanh;
    return tanh(x);
  }
}

#undef ASSAY_KERNEL

}  // namespace assay::fn
