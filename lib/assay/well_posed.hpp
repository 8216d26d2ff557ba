#pragma once
// Matrices that an operation of linear algebra is defined on, near those that were drawn at random.
// What an operation's `arrange` does with its inputs: legal ones stay as they are.

#include <span>

#include "assay/jacobi.hpp"

namespace assay::detail {

using Exact = Widened<double>::exact;

/// The accuracy of spectra is claimed where elements that are not 0 differ in size by less than
/// 2^spectral_range. Beyond it rotations keep the small ones as a rule, but not always.
inline constexpr int spectral_range = 30;

inline double largest_magnitude(const Mat<double>& a) {
  double top = 0;
  for (double x : a.reshaped()) top = std::max(top, std::abs(x));
  return top;
}

/// a to a moderate scale, if it is far out, so that what is added to it is of every type.
inline void moderate(Mat<double>& a) {
  int e = 0;
  static_cast<void>(std::frexp(largest_magnitude(a), &e));
  if (e < -60 || e > 60) a = a.unaryExpr([e](double x) { return std::ldexp(x, -e); });
}

/// The largest sum of magnitudes in a row or a column, and not 0.
inline double extent_of(const Mat<double>& a) {
  double top = 0;
  for (Eigen::Index i = 0; i < a.rows(); ++i) top = std::max(top, a.row(i).cwiseAbs().sum());
  for (Eigen::Index j = 0; j < a.cols(); ++j) top = std::max(top, a.col(j).cwiseAbs().sum());
  return top > 0 ? top : 1;
}

/// Not singular.
inline void make_regular(Mat<double>& a) {
  try {
    static_cast<void>(inverted<Exact>("", a));
  } catch (const std::domain_error&) {
    moderate(a);
    a.diagonal().setConstant(2 * extent_of(a));
  }
}

/// Positive definite, of about the same scale.
inline void make_positive(Mat<double>& a) {
  try {
    static_cast<void>(factor_cholesky("", symmetric_part(Mat<long double>(a.cast<long double>()))));
  } catch (const std::domain_error&) {
    const double top = largest_magnitude(a);
    moderate(a);
    a = Mat<double>(a * (1 / extent_of(a)));
    a = Mat<double>(a.lazyProduct(a.transpose()));
    a.diagonal().array() += 1.0 / 16;
    int e = 0;
    static_cast<void>(std::frexp(top, &e));
    if (e > -60) a = a.unaryExpr([e](double x) { return std::ldexp(x, e - 2); });
  }
}

template <class Values>
bool well_separated(const Values& values) {
  for (Eigen::Index i = 0; i + 1 < values.rows(); ++i) {
    const auto gap = magnitude(values(i, 0) - values(i + 1, 0));
    const auto size = std::max(magnitude(values(i, 0)), magnitude(values(i + 1, 0)));
    if (gap * Exact(1 << 18) <= size || gap * Exact(1L << 40) <= largest(values)) return false;
  }
  return true;
}

/// No element is so small beside the largest that rotations of fixed length may lose it.
inline void bring_together(Mat<double>& a) {
  int top = 0;
  static_cast<void>(std::frexp(largest_magnitude(a), &top));
  for (double& x : a.reshaped()) {
    int e = 0;
    const double m = std::frexp(x, &e);
    if (x != 0 && e < top - spectral_range) x = std::ldexp(m, top - spectral_range);
  }
}

/// Eigenvalues of the symmetric part that are apart.
inline void separate_eigenvalues(Mat<double>& a) {
  bring_together(a);
  if (well_separated(symmetric_spectrum("", symmetric_part(widened<Exact>(a))).values)) return;
  moderate(a);
  const double step = 4 * extent_of(a);  // Gershgorin's discs do not touch
  for (Eigen::Index i = 0; i < a.rows(); ++i) a(i, i) = step * static_cast<double>(i + 1);
}

/// Whether each derivative of each eigenvector, a sum over the others, is far above the rounding
/// errors of its terms. Where it is not (where it is 0 because the spectrum is symmetric, say), no
/// arithmetic of fixed length gives it to its last place.
inline bool derivatives_survive(const Spectrum<Exact>& s) {
  const Eigen::Index n = s.values.rows();
  const Mat<Exact>& v = s.vectors;
  for (Eigen::Index j = 0; j < n; ++j) {
    Mat<Exact> g = Mat<Exact>::Constant(n, n, Exact(0)), size = g;
    for (Eigen::Index i = 0; i < n; ++i) {
      if (i == j) continue;
      for (Eigen::Index p = 0; p < n * n; ++p) {
        const Exact term = v(p % n, i) * v(p / n, i) / (s.values(j, 0) - s.values(i, 0));
        g.data()[p] += term;
        size.data()[p] += magnitude(term);
      }
    }
    for (Eigen::Index r = 0; r < n; ++r) {
      for (Eigen::Index p = 0; p < n; ++p) {
        for (Eigen::Index q = 0; q <= p; ++q) {
          const Exact of_both = g(r, p) * v(q, j) + g(r, q) * v(p, j);
          const Exact terms = size(r, p) * magnitude(v(q, j)) + size(r, q) * magnitude(v(p, j));
          if (magnitude(of_both) * Exact(1L << 40) < terms) return false;
        }
      }
    }
  }
  return true;
}

/// The same, and eigenvectors whose derivatives can be computed.
inline void separate_eigenvectors(Mat<double>& a) {
  separate_eigenvalues(a);
  const auto spectrum = [&a] { return symmetric_spectrum("", symmetric_part(widened<Exact>(a))); };
  if (derivatives_survive(spectrum())) return;
  moderate(a);
  const double step = 4 * extent_of(a);
  for (Eigen::Index i = 0; i < a.rows(); ++i) a(i, i) = step * static_cast<double>(i * i + 1);
  // Off the diagonal too something may cancel; a diagonal matrix is left.
  if (!derivatives_survive(spectrum())) a = Mat<double>(a.diagonal().asDiagonal());
}

/// Singular values that are apart and not 0.
inline void separate_singular_values(Mat<double>& a) {
  bring_together(a);
  const auto values = singular_spectrum("", widened<Exact>(a)).values;
  const Eigen::Index k = values.rows();
  const bool zero = k > 0 && values(k - 1, 0) * Exact(1L << 40) <= values(0, 0);
  if (!zero && well_separated(values)) return;
  moderate(a);
  const double step = 4 * extent_of(a);  // Weyl: each is within extent_of(a) of one on the diagonal
  for (Eigen::Index i = 0; i < k; ++i) a(i, i) = step * static_cast<double>(k - i);
}

}  // namespace assay::detail
