#pragma once
// Subspaces: the nearest matrix of low rank, angles between subspaces, and the maps that bring one
// set of coordinates onto another. For float and double, compiled once.

#include <concepts>

#include "assay/matrix.hpp"

namespace assay {

/// X ~ A B' of rank k, as near as any (Eckart and Young 1936). For A with orthonormal columns
///   |X - A B'|^2 = |X|^2 - |X'A|^2 + |B - X'A|^2,
/// so B is X'A, and A the first k left singular vectors.
template <std::floating_point T>
struct LowRank {
  Mat<T> a;                ///< m x k; each column has its largest element positive
  Mat<T> b;                ///< n x k: X'A
  Mat<T> singular_values;  ///< of X, all of them, descending
  T squared_error = 0;     ///< |X - A B'|^2: the squares of the singular values from k on
  Eigen::Index rank = 0;   ///< of X, to rounding
  /// How many leading columns of A are determined: no tie with the next, not beyond the rank.
  Eigen::Index determined = 0;

  [[nodiscard]] Mat<T> product() const { return a * b.transpose(); }
};

/// Throws std::domain_error where an element of x is not finite, std::invalid_argument unless
/// 1 <= k <= min(rows, cols). Beyond the rank the columns of A are orthonormal and those of B 0.
template <std::floating_point T>
LowRank<T> low_rank(const Mat<T>& x, Eigen::Index k);

/// The angles between the subspaces that the columns of a (d x p) and b (d x q) span: min(p, q) x 1
/// in radians, ascending. From cosines and sines both (Bjorck and Golub 1973), wider than T: right
/// where an angle is small and where it is near a right one. Throws ShapeError unless a and b have
/// as many rows and at least one column, std::domain_error where an element is not finite or the
/// columns are linearly dependent.
template <std::floating_point T>
Mat<T> principal_angles(const Mat<T>& a, const Mat<T>& b);

/// What brings codes (N x p) onto scores (N x q): codes * map is nearest to them.
template <std::floating_point T>
struct Alignment {
  Mat<T> map;             ///< p x q
  T error = 0;            ///< |codes map - scores|, the Frobenius norm
  Eigen::Index rank = 0;  ///< of the codes (align), of codes' scores (procrustes), to rounding

  [[nodiscard]] Mat<T> operator()(const Mat<T>& codes) const { return codes * map; }
};

/// By least squares over all maps; of several the one of least norm, which is where the rank is
/// below p. There is no intercept: centre both. Throws ShapeError unless both have as many rows and
/// at least one row and column, std::domain_error where an element is not finite.
template <std::floating_point T>
Alignment<T> align(const Mat<T>& codes, const Mat<T>& scores);

/// Over rotations and reflections alone: map' map = I (Schonemann 1966). p = q. The map is unique
/// where the rank is p. Throws as align does.
template <std::floating_point T>
Alignment<T> procrustes(const Mat<T>& codes, const Mat<T>& scores);

extern template LowRank<float> low_rank(const Mat<float>&, Eigen::Index);
extern template LowRank<double> low_rank(const Mat<double>&, Eigen::Index);
extern template Mat<float> principal_angles(const Mat<float>&, const Mat<float>&);
extern template Mat<double> principal_angles(const Mat<double>&, const Mat<double>&);
extern template Alignment<float> align(const Mat<float>&, const Mat<float>&);
extern template Alignment<double> align(const Mat<double>&, const Mat<double>&);
extern template Alignment<float> procrustes(const Mat<float>&, const Mat<float>&);
extern template Alignment<double> procrustes(const Mat<double>&, const Mat<double>&);

}  // namespace assay
