/// The error function and what surrounds it: primitives for elementwise rules, in the form and
/// with the promises of elementary.hpp.
///
/// Everything beside the series of erf at 0 rests on one approximation, e^(t^2) erfc(t) for t >= 0,
/// and one product a e^h with an h of twice the precision: h is a square, whose rounding error
/// would be magnified by the square itself (up to 745 ulp).
///
/// Accuracy: the worst plain ulp that was met with FMA / without, and where. Float: every 41st
/// argument of 2^-40 <= |x| < 2^8 and each 40009th of the rest, against double; double: 2e6
/// stratified arguments, and climbs from the worst, against x87 (the worst confirmed by MPFR at 400
/// bits). The figures of silu, mish and gelu_tanh come from every 97th, and from 5e5.
#pragma once

#include <array>

#include "assay/elementary.hpp"
#include "assay/scalar.hpp"

namespace assay::fn {

namespace detail {

#define ASSAY_KERNEL [[gnu::always_inline]] inline

/// Horner's scheme for even and odd powers apart: half the latency.
template <class T, class... C>
ASSAY_KERNEL T horner_twice(T x, T top, T next, C... rest) {
  const T square = x * x;
  T t;
  ((t = mad(top, square, rest), top = next, next = t), ...);
  return mad(top, x, next);
}

/// Polynomials by sollya, fpminimax(g, d, formats, range, floating, absolute):
/// `tail_q`(q) = ((1 + t) e^(t^2) erfc(t) - 1) / (1 + q) + 7/32, q = (t - 1) / (t + 1), 0 <= t <=
/// 14 (float, d = 13), 38.3 (double, d = 33): beyond, no finite a makes a erfc(t) a number but 0.
/// `erf_s`(u) = erf(x) / x - 1, u = x^2 <= 1/4, d = 4, 8.
template <class T>
struct Special;

template <>
struct Special<float> {
  static constexpr float square_max = 13.9F, half_square_max = 19.65F;  // a e^h = 0 beyond
  static constexpr float sqrt_half = 0x1.6a09e6p-1F, sqrt_half_lo = 0x1.9fcef4p-27F;
  static constexpr float peak = 0x1.988454p-2F, peak_lo = -0x1.857936p-27F;  // 1 / sqrt(2 pi)
  ASSAY_KERNEL static float tail_q(float q) {
    return horner_twice(q, -0x1.be1adap-15F, -0x1.f44ff6p-15F, 0x1.ca88e8p-13F, 0x1.dddeacp-12F,
                        0x1.f965f2p-14F, -0x1.6df2p-11F, -0x1.b9229cp-10F, -0x1.038cccp-9F,
                        0x1.9442b6p-11F, 0x1.1f968cp-7F, 0x1.103f7ap-6F, -0x1.62f92cp-9F,
                        -0x1.7c4e3ap-4F, 0x1.2ec3cp-4F);
  }
  ASSAY_KERNEL static float erf_s(float u) {
    return horner(u, 0x1.3567a8p-8F, -0x1.b66b3ep-6F, 0x1.ce2554p-4F, -0x1.812734p-2F,
                  0x1.06eba8p-3F);
  }
};

template <>
struct Special<double> {
  static constexpr double square_max = 38.2, half_square_max = 54;
  static constexpr double sqrt_half = 0x1.6a09e667f3bcdp-1;
  static constexpr double sqrt_half_lo = -0x1.bdd3413b26456p-55;
  static constexpr double peak = 0x1.9884533d43651p-2, peak_lo = -0x1.cbc0d30ebfd15p-56;
  ASSAY_KERNEL static double tail_q(double q) {
    return horner_twice(
        q, 0x1.dfcbeb6ddccd2p-24, 0x1.906f7c5788b79p-24, -0x1.093d173a2f9c8p-20,
        -0x1.268db3b677225p-20, 0x1.c085f306084fcp-19, 0x1.389aca371b85p-18, -0x1.66212641f5e46p-18,
        -0x1.3d9dabdb4fd9p-17, 0x1.1f3a78fd4a4f2p-18, 0x1.4e01183b44cf9p-17, -0x1.004c7f59e9f93p-18,
        -0x1.11ded86c7500ep-17, 0x1.3517d0716bf51p-18, 0x1.687f0ff6334eep-17, 0x1.70be101c770afp-18,
        0x1.6dfa04f2be7a8p-22, -0x1.b68ea689a3bc5p-18, -0x1.65cdf0cfc010dp-16,
        -0x1.3c0612e44b4d5p-15, -0x1.4049dbaab157ep-15, -0x1.7e361fdcee4eap-23,
        0x1.865609d10421ap-14, 0x1.d167b2ff7b8fep-13, 0x1.2b4d151655959p-12, 0x1.507ca3dcabac5p-14,
        -0x1.3deca6b2d17d9p-11, -0x1.b266816517a38p-10, -0x1.06e63f68cac07p-9,
        0x1.90d6ed6544086p-11, 0x1.1fb3b4f3f0343p-7, 0x1.10424319a4e75p-6, -0x1.62ff5afd08255p-9,
        -0x1.7c4e3f17c0504p-4, 0x1.2ec3c07cab591p-4);
  }
  ASSAY_KERNEL static double erf_s(double u) {
    return horner(u, 0x1.8a9337c798fb9p-20, -0x1.f20c6849e6eefp-17, 0x1.f98c5c7f5c9d7p-14,
                  -0x1.c02d457816543p-11, 0x1.565bcbcea2939p-8, -0x1.b82ce30e5fb45p-6,
                  0x1.ce2f21a03b78ap-4, -0x1.812746b03798fp-2, 0x1.06eba8214db68p-3);
  }
};

/// An unrounded result: hi + lo.
template <class T>
struct Sum {
  T hi, lo;
};

/// The upper half of the digits of a, or one less.
template <class T>
ASSAY_KERNEL T upper(T a) {
  constexpr int low = Kernel<T>::mantissa / 2 + 1;
  return std::bit_cast<T>(std::bit_cast<Bits<T>>(a) & (~Bits<T>(0) << low));
}

/// a b exactly, or without FMA to a rounding error of the least of four partial products.
template <class T>
ASSAY_KERNEL Sum<T> product(T a, T b) {
  const T p = a * b;
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__ARM_FEATURE_FMA)
  return {p, std::fma(a, b, -p)};
#else
  const T ah = upper(a), bh = upper(b), al = a - ah, bl = b - bh;
  return {p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
#endif
}

/// a + b exactly.
template <class T>
ASSAY_KERNEL Sum<T> sum(T a, T b) {
  const T s = a + b, back = s - a;
  return {s, (a - (s - back)) + (b - back)};
}

/// a e^(h.hi + h.lo) like mul_exp, for finite a, h.hi <= 0 and an h.lo of no more than its rounding
/// error: (1 + p) e^lo = 1 + p + (1 + p) lo.
template <class T>
ASSAY_KERNEL T mul_exp(T a, Sum<T> h) {
  using K = Kernel<T>;
  const bool small = std::abs(a) < 1;
  const auto r = reduce(clamp(h.hi, blend(small, K::exp_min, -K::product_max), T(0)));
  const T b = a * blend(small, K::two_up, K::two_down);
  const T n = r.n + blend(small, -K::up, K::down);
  const T p = r.hi + mad(T(1) + (r.hi + r.lo), h.lo, r.lo);
  return scale(mad(b, p, b), n);
}

/// a e^(-x^2 / 2) (half) or a e^(-x^2), for finite a.
template <bool half, class T>
ASSAY_KERNEL T mul_gauss(T a, T x) {
  constexpr T most = half ? Special<T>::half_square_max : Special<T>::square_max;
  constexpr T factor = half ? T(-0.5) : T(-1);
  const Sum<T> h = product(clamp(x, -most, most), clamp(x, -most, most));
  return mul_exp(a, Sum<T>{factor * h.hi, factor * h.lo});
}

/// mul_gauss for a zero or infinite too: what the exact factor times a gives.
template <bool half, class T>
ASSAY_KERNEL T mul_gauss_edges(T a, T x) {
  const T e = blend(std::abs(x) > std::numeric_limits<T>::max(), T(0), std::abs(x) + T(1));
  return blend(a + a == a, a * e, mul_gauss<half>(a, x));
}

/// e^(t^2) erfc(t) = v (p + lo) from d = 1 + t, t >= 0; exactly 1 at t = 0. v = 1 / d, its rounding
/// error is in lo, and p = 9/16 + (7/16 v + (1 + q) tail_q(q)), where most of the part that varies
/// when t is large does not depend on the rounded q.
template <class T>
struct Tail {
  T v, p, lo;

  ASSAY_KERNEL explicit Tail(Sum<T> d) : v(T(1) / d.hi) {
    const Sum<T> one = product(v, d.hi);
    const T missed = ((T(1) - one.hi) - one.lo) - v * d.lo;
    const T q = T(1) - (v + v);
    const T y = Special<T>::tail_q(q);
    const T vary = mad(T(0.4375), v, mad(q, y, y));
    p = T(0.5625) + vary;
    lo = mad(p, missed, vary - (p - T(0.5625)));
  }
};

/// erfc(|x|).
template <class T>
ASSAY_KERNEL T erfc_abs(T x) {
  const T t = clamp(std::abs(x), T(0), Special<T>::square_max);
  const Tail<T> tail(sum(T(1), t));
  return mul_gauss<false>(mad(tail.v, tail.p, tail.v * tail.lo), t);
}

/// a P(z) + b p(z) of mul_normal, for finite a and b.
template <class T>
ASSAY_KERNEL T mul_normal(T a, T b, T z) {
  using S = Special<T>;
  const T x = clamp(z, T(0), S::half_square_max);
  const Sum<T> t = product(x, S::sqrt_half);
  const Sum<T> d = sum(T(1), t.hi);
  const Tail<T> tail(Sum<T>{d.hi, d.lo + mad(x, S::sqrt_half_lo, t.lo)});
  const T half = a * (T(0.5) * tail.v);
  const Sum<T> c = product(b, S::peak);
  const Sum<T> r = product(half, tail.p);
  const T lo = mad(half, tail.lo, mad(b, S::peak_lo, c.lo + r.lo));
  return mul_gauss<true>((r.hi + c.hi) + lo, x);
}

/// e^(-x^2 / 2) of the other scalars. Built-in ones and others of fixed precision split x like
/// exp_minus_square, in scalar.hpp.
template <class T>
T gauss(const T& x) {
  using std::exp, std::floor;
  if constexpr (requires { T::pi(); }) return exp(-(x * x) / T(2));
  if (!(x > T(-256) && x < T(256))) return exp(-(x * x) / T(2));
  const T hi = floor(x * T(16)) / T(16);
  return exp(-(hi * hi) / T(2)) * exp(-((x - hi) * (x + hi)) / T(2));
}

}  // namespace detail

/// n / (a + b), without the rounding error of the sum: that alone could be an ulp.
template <class T>
ASSAY_KERNEL T over_sum(const T& n, const T& a, const T& b) {
  if constexpr (detail::Native<T>) {
    const auto d = detail::sum(a, b);
    const T v = T(1) / d.hi, q = n * v;
    const auto back = detail::product(q, d.hi);
    return detail::mad(v, ((n - back.hi) - back.lo) - q * d.lo, q);
  } else {
    return n / (a + b);
  }
}

/// a e^(-x^2), with no overflow or underflow on the way. Below 1.7 ulp, sampled against MPFR.
template <class T>
ASSAY_KERNEL T mul_exp_minus_square(const T& a, const T& x) {
  if constexpr (detail::Native<T>) {
    return detail::mul_gauss_edges<false>(a, x);
  } else if constexpr (is_dual<T>) {
    return {mul_exp_minus_square(a.v, x.v),
            mul_exp_minus_square(a.d - (a.v + a.v) * x.v * x.d, x.v)};
  } else {
    return a * assay::detail::exp_minus_square(x);
  }
}

/// a e^(-x^2 / 2), with no overflow or underflow on the way. Below 1.7 ulp, sampled against MPFR.
template <class T>
ASSAY_KERNEL T mul_gauss(const T& a, const T& x) {
  if constexpr (detail::Native<T>) {
    return detail::mul_gauss_edges<true>(a, x);
  } else if constexpr (is_dual<T>) {
    return {mul_gauss(a.v, x.v), mul_gauss(a.d - a.v * x.v * x.d, x.v)};
  } else {
    return a * detail::gauss(x);
  }
}

/// a P(z) + b p(z), z >= 0, of the normal distribution's upper tail P(z) = erfc(z / sqrt 2) / 2 and
/// density p(z) = e^(-z^2 / 2) / sqrt(2 pi): their common factor is applied last.
template <class T>
ASSAY_KERNEL T mul_normal(const T& a, const T& b, const T& z) {
  if constexpr (detail::Native<T>) {
    return detail::mul_normal(finite(a), finite(b), z);
  } else if constexpr (is_dual<T>) {  // P' = -p, p' = -z p
    return {mul_normal(a.v, b.v, z.v), mul_normal(a.d, b.d - (a.v + b.v * z.v) * z.d, z.v)};
  } else {
    using std::erfc, std::sqrt;
    const T root = sqrt(T(2)), peak = assay::detail::two_over_sqrt_pi<T>() * root / T(4);
    return finite(a) * (erfc(z / root) / T(2)) + finite(b) * peak * detail::gauss(z);
  }
}

/// erf x. Float 1.49 / 1.73 ulp (0x1.154d12p-1), double 1.43 / 1.73 (-0x1.000000d8423eep-1).
template <class T>
ASSAY_KERNEL T erf(const T& x) {
  if constexpr (detail::Native<T>) {
    const bool inner = std::abs(x) < T(0.5);
    const T u = detail::blend(inner, x, T(0));
    const T series = detail::mad(u, detail::Special<T>::erf_s(u * u), u);
    return detail::blend(inner, series, std::copysign(T(1) - detail::erfc_abs(x), x));
  } else {
    using std::erf;
    return erf(x);
  }
}

/// erfc x = 1 - erf x. Float 1.93 / 2.87 ulp (0x1.0ad5b6p-1), double 1.87 / 2.91
/// (0x1.e8742d22554a1p-2).
template <class T>
ASSAY_KERNEL T erfc(const T& x) {
  if constexpr (detail::Native<T>) {
    const T y = detail::erfc_abs(x);
    return detail::blend(x < 0, T(2) - y, y);
  } else {
    using std::erfc;
    return erfc(x);
  }
}

#undef ASSAY_KERNEL

}  // namespace assay::fn
