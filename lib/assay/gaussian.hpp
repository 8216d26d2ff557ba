#pragma once
// What the operations on Gaussians share: e^x - 1 - x, which every divergence between two of them
// is made of, and the packed Cholesky factor.

#include "assay/elementary.hpp"
#include "assay/reduce.hpp"

namespace assay {
namespace fn {

namespace detail {

/// (e^h - 1 - h) / h^2 = 1/2! + h/3! + h^2/4! + ..., |h| < 0.344. Not Kernel's expm1_q: its error
/// at 0 is 5 ulp, which does not matter where h is added.
template <class T>
[[gnu::always_inline]] inline T expm1_minus_q(T h) {
  constexpr auto over = [](double factorial) { return static_cast<T>(1 / factorial); };
  if constexpr (std::same_as<T, float>) {
    return horner(h, over(40320), over(5040), over(720), over(120), over(24), over(6), over(2));
  } else {
    return horner(h, over(87178291200), over(6227020800), over(479001600), over(39916800),
                  over(3628800), over(362880), over(40320), over(5040), over(720), over(120),
                  over(24), over(6), over(2));
  }
}

}  // namespace detail

/// e^x - 1 - x >= 0, for any x without cancellation: x^2 / 2 near 0. From h = x / 4, where
/// e^h - 1 = h + (e^h - 1 - h), by e^2h - 1 - 2h = (e^h - 1)^2 + 2 (e^h - 1 - h) twice, all terms
/// positive. Float and double 3.01 ulp, both sampled.
template <class T>
[[gnu::always_inline]] inline T expm1_minus(const T& x) {
  if constexpr (detail::Native<T>) {
    constexpr T most = T(1.375);
    const T h = detail::clamp(x, -most, most) * T(0.25);
    T g = h * h * detail::expm1_minus_q(h), m = h + g;
    g = m * m + (g + g);
    m = h + h + g;
    g = m * m + (g + g);
    const T e = expm1(x);
    const T far = detail::blend(e > std::numeric_limits<T>::max(), e, e - x);
    return detail::blend(std::abs(x) < most, g, far);
  } else if constexpr (is_dual<T>) {
    if constexpr (std::is_floating_point_v<plain_t<T>>) {
      return {expm1_minus(x.v), x.d * expm1(x.v)};
    } else {
      return expm1(x) - x;
    }
  } else {
    using std::expm1;
    return expm1(x) - x;
  }
}

/// Half of it, also where e^x overflows and e^x / 2 does not.
template <class T>
[[gnu::always_inline]] inline T half_expm1_minus(const T& x) {
  const T half = expm1_minus(x) / T(2);
  if constexpr (detail::Native<T>) {
    return detail::blend(x > T(64), mul_exp(T(0.5), x), half);  // 1 + x is lost beside e^x
  } else {
    return half;
  }
}

}  // namespace fn

/// How many numbers a lower triangular d x d matrix has.
constexpr Eigen::Index packed_size(Eigen::Index d) { return d * (d + 1) / 2; }

/// The logarithms of variances that operations are checked with: further out every built-in type
/// has nothing but 0 and infinity for the variance, and results are what these give.
inline constexpr Interval log_variances = closed(-1500, 1500);

namespace detail {

/// Where L(i, j), j <= i, lies in a packed factor: row by row, each ending with its diagonal.
constexpr Eigen::Index packed_at(Eigen::Index i, Eigen::Index j) { return packed_size(i) + j; }

inline void require_packed(std::string_view op, Shape mu, Shape factor) {
  require(factor == Shape{mu.rows, packed_size(mu.cols)}, op, {{"mean", mu}, {"factor", factor}},
          "factor must have a row for each of mean and d (d + 1) / 2 columns, d = mean.cols");
}

/// y[i] = f(i) for i < n. Flattened for built-in numbers, so that the loop vectorises.
template <class T, class F>
[[gnu::noinline]] void fill_column(F f, T* __restrict y, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { y[i] = f(i, y[i]); });
}
template <class T, class F>
requires std::is_floating_point_v<T>
[[gnu::noinline, gnu::flatten]] void fill_column(F f, T* __restrict y, Eigen::Index n) {
  in_blocks<T>(n, [=](Eigen::Index i) { y[i] = f(i, y[i]); });
}

}  // namespace detail
}  // namespace assay
