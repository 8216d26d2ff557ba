#pragma once
// Singular values and right singular vectors of centred data, from their scatter, a factor of it,
// or a random range.

#include <cstdint>
#include <optional>

#include "assay/pca/decompositions.hpp"

namespace assay::detail::pca {

/// Of data with the rows (x_n - m)', some leading singular values, descending, and directions, of
/// which there may be fewer.
struct Principal {
  Column values;
  Matrix directions;
  bool squared = false;  ///< values are roots of eigenvalues
  bool whole = true;     ///< all min(N, d) values are here
  /// Known without all values: every value, also those left out, is above the noise.
  bool full_rank = false;

  /// What noise() is about: values in units of the largest, their squares if squared.
  [[nodiscard]] Column relative() const;
};

/// The relative size up to which a value, or an eigenvalue, is noise in data of precision eps.
double noise(Eigen::Index samples, Eigen::Index features, double eps);

/// In each column the first of the entries that are largest in magnitude up to 1/1024 is positive.
void fix_signs(Matrix& v);

/// By eigenvectors of S, of which the lower half is read. `wanted`: so many leading ones are
/// enough; the rest may be left out where that is faster. Full rank: above noise times the largest.
Principal from_scatter(const Matrix& lower, Eigen::Index samples,
                       std::optional<Eigen::Index> wanted, double noise);

/// By eigenvectors of F F', for fewer rows than columns.
Principal from_gram(const Matrix& factor, std::optional<Eigen::Index> wanted);

/// By the singular value decomposition of R, of any shape.
Principal from_factor(const Matrix& factor);

/// Of the centred data themselves (Halko, Martinsson and Tropp 2011), by 8 power iterations.
Principal from_random_range(const Matrix& centred, Eigen::Index wanted, std::uint64_t seed);

/// The leading eigenpairs of a symmetric positive semidefinite d x d matrix by subspace iteration
/// with Chebyshev filters (Zhou and Saad 2007), to the last places; nothing where that would take
/// longer than all eigenpairs do. Finds at least wanted + 1.
std::optional<Pairs> leading_eigenpairs(const Matrix& s, Eigen::Index wanted);
/// Whether it can be faster at all.
bool pays(Eigen::Index d, Eigen::Index wanted);

}  // namespace assay::detail::pca
