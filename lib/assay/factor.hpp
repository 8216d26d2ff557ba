#pragma once
// What the operations of linear algebra share: LU with pivoting, the inverse, Cholesky, and the
// numbers to decide by. The spectra are in jacobi.hpp.

#include <sstream>
#include <utility>
#include <vector>

#include "assay/widened.hpp"

namespace assay::detail {

// --- numbers to decide by ------------------------------------------------------------------------

template <class T>
inline constexpr bool is_interval = requires(const T& x) {
  x.middle();
};

/// The plain number to decide by: the value of a dual, the middle of an interval. What it decides,
/// a pivot or a rotation, may be decided in more than one right way and needs no proof.
template <class T>
auto plain_number(const T& x) {
  if constexpr (is_dual<T>) {
    return plain_number(x.v);
  } else if constexpr (is_interval<T>) {
    return x.middle();
  } else {
    return x;
  }
}
template <class T>
using number_t = decltype(plain_number(std::declval<const T&>()));

template <class T>
T magnitude(const T& x) {
  return x < T(0) ? T(-x) : x;
}

/// The square root, of duals too whose parts are no Real.
template <class T>
T root(const T& x) {
  if constexpr (is_dual<T>) {
    const auto r = root(x.v);
    return {r, x.d / (r + r)};
  } else {
    using std::sqrt;
    return sqrt(x);
  }
}

/// What remains of a number, relative to the largest that went into it, where only rounding errors
/// are left; 0 where arithmetic is exact, or says itself what it knows.
template <class T>
auto noise(Eigen::Index n) {
  using N = number_t<T>;
  if constexpr (std::numeric_limits<N>::is_specialized && !is_interval<plain_t<T>>) {
    return N(count<N>(16 * n) * std::numeric_limits<N>::epsilon());
  } else {
    return N(0);
  }
}

template <class T>
std::string text(const T& x) {
  std::ostringstream out;
  out.precision(9);
  out << plain_number(x);
  return out.str();
}

inline std::string ordinal_of(std::string_view what, Eigen::Index k, Eigen::Index n) {
  return std::string(what) + " " + std::to_string(k + 1) + " of " + std::to_string(n);
}

template <class T>
void require_finite(std::string_view op, const Mat<T>& a) {
  if constexpr (std::is_floating_point_v<plain_t<T>>) {
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      for (Eigen::Index i = 0; i < a.rows(); ++i) {
        const auto x = value_of(a(i, j));
        if (std::isfinite(x)) continue;
        throw std::domain_error(std::string(op) + ": a(" + std::to_string(i) + ", " +
                                std::to_string(j) + ") is " + text(x) +
                                "; every element must be finite");
      }
    }
  }
}

inline void require_square(std::string_view op, Shape a) {
  require(a.rows == a.cols, op, {{"a", a}}, "a must be square");
}

// --- triangular systems --------------------------------------------------------------------------

/// x <- L^-1 x; l may be any expression, of which only the lower triangle is read.
template <class L, class T>
void solve_lower(const L& l, Mat<T>& x, bool unit_diagonal) {
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      for (Eigen::Index k = 0; k < i; ++k) x(i, j) -= l(i, k) * x(k, j);
      if (!unit_diagonal) x(i, j) /= l(i, i);
    }
  }
}
/// x <- U^-1 x
template <class U, class T>
void solve_upper(const U& u, Mat<T>& x, bool unit_diagonal) {
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    for (Eigen::Index i = x.rows() - 1; i >= 0; --i) {
      for (Eigen::Index k = i + 1; k < x.rows(); ++k) x(i, j) -= u(i, k) * x(k, j);
      if (!unit_diagonal) x(i, j) /= u(i, i);
    }
  }
}

/// A B, in the order of the formula.
template <class A, class B>
auto plain_product(const A& a, const B& b) {
  using T = typename A::Scalar;
  Mat<T> c = Mat<T>::Constant(a.rows(), b.cols(), T(0));
  for (Eigen::Index j = 0; j < b.cols(); ++j) {
    for (Eigen::Index k = 0; k < a.cols(); ++k) {
      for (Eigen::Index i = 0; i < a.rows(); ++i) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

// --- LU and the inverse --------------------------------------------------------------------------

/// P A = L U: L below the diagonal of `lu`, its diagonal ones; row k of P A is row rows[k] of A.
template <class T>
struct Lu {
  Mat<T> lu;
  std::vector<Eigen::Index> rows;
};

/// Partial pivoting, of rows brought to one scale (only for the choice: nothing is scaled). Throws
/// std::domain_error where a pivot is 0, or nothing but the rounding errors of what it came from.
template <class T>
Lu<T> factor_lu(std::string_view op, Mat<T> a) {
  using N = number_t<T>;
  const Eigen::Index n = a.rows();
  Lu<T> f{{}, std::vector<Eigen::Index>(static_cast<std::size_t>(n))};
  std::vector<N> scale(f.rows.size(), N(1)), met(f.rows.size(), N(0));
  const auto at = [](Eigen::Index i) { return static_cast<std::size_t>(i); };
  const auto size = [&](Eigen::Index i, Eigen::Index j) {
    return magnitude(plain_number(a(i, j)));
  };
  for (Eigen::Index i = 0; i < n; ++i) {
    f.rows[at(i)] = i;
    N top(0);
    for (Eigen::Index j = 0; j < n; ++j) top = std::max(top, size(i, j));
    if (top > N(0)) scale[at(i)] = N(1) / top;
    for (Eigen::Index j = 0; j < n; ++j) {
      met[at(j)] = std::max(met[at(j)], N(size(i, j) * scale[at(i)]));
    }
  }
  for (Eigen::Index k = 0; k < n; ++k) {
    Eigen::Index best = k;
    const auto scaled = [&](Eigen::Index i) { return N(size(i, k) * scale[at(i)]); };
    for (Eigen::Index i = k + 1; i < n; ++i) {
      if (scaled(i) > scaled(best)) best = i;
    }
    if (best != k) {
      a.row(k).swap(a.row(best));
      std::swap(f.rows[at(k)], f.rows[at(best)]);
      std::swap(scale[at(k)], scale[at(best)]);
    }
    if (a(k, k) == T(0) || scaled(k) < noise<T>(n) * met[at(k)]) {
      throw std::domain_error(std::string(op) + ": a is " + to_string(shape_of(a)) + " and " +
                              ordinal_of("pivot", k, n) + " is 0; a must not be singular");
    }
    for (Eigen::Index j = k + 1; j < n; ++j) {
      met[at(j)] = std::max(met[at(j)], N(size(k, j) * scale[at(k)]));
    }
    for (Eigen::Index i = k + 1; i < n; ++i) {
      a(i, k) /= a(k, k);
      for (Eigen::Index j = k + 1; j < n; ++j) a(i, j) -= a(i, k) * a(k, j);
    }
  }
  f.lu = std::move(a);
  return f;
}

template <class T>
struct Inverted {
  Mat<T> inverse;
  std::vector<T> pivots;  ///< their product is the determinant, but for the sign
};

template <class T>
Inverted<T> invert(std::string_view op, const Mat<T>& a) {
  const Lu<T> f = factor_lu(op, a);
  Inverted<T> r{Mat<T>::Constant(a.rows(), a.rows(), T(0)), {}};
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    r.inverse(i, f.rows[static_cast<std::size_t>(i)]) = T(1);
    r.pivots.push_back(f.lu(i, i));
  }
  solve_lower(f.lu, r.inverse, true);
  solve_upper(f.lu, r.inverse, false);
  return r;
}

/// |x| + |dx| e: of products and sums of such, each part bounds that of the product or sum.
template <class T>
T magnitudes(const T& x) {
  if constexpr (is_dual<T>) {
    return {magnitudes(x.v), magnitudes(x.d)};
  } else {
    return magnitude(x);
  }
}
template <class T, class N>
bool all_parts_within(const T& x, const N& tolerance, const T& bound) {
  if constexpr (is_dual<T>) {
    return all_parts_within(x.v, tolerance, bound.v) && all_parts_within(x.d, tolerance, bound.d);
  } else {
    return magnitude(x) <= tolerance * bound;
  }
}

/// Whether y is so near to A^-1 as if each element of A were off by far less than its last place.
template <class T, class W>
bool inverts(const Mat<W>& a, const Mat<W>& y) {
  using N = number_t<W>;
  const N tolerance = widened<N>(std::numeric_limits<plain_t<T>>::epsilon()) / N(1 << 30);
  const auto size = [](const W& x) { return magnitudes(x); };
  const Mat<W> product = plain_product(a, y);
  const Mat<W> bound = plain_product(a.unaryExpr(size), y.unaryExpr(size));
  for (Eigen::Index j = 0; j < a.cols(); ++j) {
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      const W rest = product(i, j) - W(i == j ? 1 : 0);
      if (!all_parts_within(rest, tolerance, bound(i, j))) return false;
    }
  }
  return true;
}

template <class T>
auto exactly(const T& x) {
  if constexpr (is_dual<T>) {
    return Dual{exactly(x.v), exactly(x.d)};
  } else {
    return Rational(x);
  }
}
template <class W, class R>
W from_exact(const R& x) {
  if constexpr (is_dual<R>) {
    return {from_exact<decltype(W::v)>(x.v), from_exact<decltype(W::d)>(x.d)};
  } else {
    const long double top = x.to_long_double();
    return std::isfinite(top) ? W(top) + W((x - Rational(top)).to_long_double()) : W(top);
  }
}

/// A^-1, its elements right by themselves. The elements of A may be so far apart in size that no
/// choice of pivots saves the small ones: rationals then do. (They take too long for many rows.)
template <class W, class T>
Inverted<W> inverted(std::string_view op, const Mat<T>& a) {
  const Mat<W> wide = widened<W>(a);
  if constexpr (!std::is_same_v<W, T>) {
    constexpr Eigen::Index most_exact = 8;
    if (a.rows() > most_exact) return invert(op, wide);
    try {
      Inverted<W> r = invert(op, wide);
      if (inverts<T>(wide, r.inverse)) return r;
    } catch (const std::domain_error&) {  // only the rationals know whether a pivot is 0
    }
    const auto exact = invert(
        op, Mat<decltype(exactly(a(0, 0)))>(a.unaryExpr([](const T& x) { return exactly(x); })));
    Inverted<W> r{exact.inverse.unaryExpr([](const auto& x) { return from_exact<W>(x); }), {}};
    for (const auto& x : exact.pivots) r.pivots.push_back(from_exact<W>(x));
    return r;
  } else {
    return invert(op, wide);
  }
}

// --- Cholesky ------------------------------------------------------------------------------------

template <class T>
Mat<T> symmetric_part(const Mat<T>& a) {
  Mat<T> s(a.rows(), a.cols());
  for (Eigen::Index j = 0; j < a.cols(); ++j) {
    for (Eigen::Index i = 0; i < a.rows(); ++i) s(i, j) = (a(i, j) + a(j, i)) / T(2);
  }
  return s;
}

/// S = L L'. Throws std::domain_error where S is not positive definite; intervals, which may only
/// not know it yet, become NaN.
template <class T>
Mat<T> factor_cholesky(std::string_view op, const Mat<T>& s) {
  const Eigen::Index n = s.rows();
  Mat<T> l = Mat<T>::Constant(n, n, T(0));
  for (Eigen::Index j = 0; j < n; ++j) {
    T pivot = s(j, j);
    for (Eigen::Index k = 0; k < j; ++k) pivot -= l(j, k) * l(j, k);
    const bool positive = plain_number(pivot) > noise<T>(n) * plain_number(s(j, j));
    if (!positive && !is_interval<plain_t<T>>) {
      throw std::domain_error(std::string(op) + ": a is " + to_string(shape_of(s)) + " and " +
                              ordinal_of("pivot", j, n) + " is " + text(pivot) +
                              "; (a + a')/2 must be positive definite");
    }
    l(j, j) = root(pivot);
    for (Eigen::Index i = j + 1; i < n; ++i) {
      T x = s(i, j);
      for (Eigen::Index k = 0; k < j; ++k) x -= l(i, k) * l(j, k);
      l(i, j) = x / l(j, j);
    }
  }
  return l;
}

}  // namespace assay::detail
