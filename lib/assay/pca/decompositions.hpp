#pragma once
// Eigen's decompositions, each compiled once.

#include "assay/pca/moments.hpp"

namespace assay::detail::pca {

/// Q R, R's diagonal of either sign; no fewer rows than columns.
struct ThinQR {
  Matrix q, r;
};
ThinQR thin_qr(Matrix m);
Matrix orthonormal(Matrix m);
/// R alone.
Matrix triangle(Matrix m);

/// Values descend, and a column of the vectors belongs to each.
struct Pairs {
  Column values;
  Matrix vectors;
};
/// Of a symmetric matrix, whose lower half is read.
Pairs eigenpairs(const Matrix& s);
/// Singular values and right singular vectors of a square matrix M, to a small multiple of eps
/// times the largest value: the eigenvectors V of M' M are right but for directions of small
/// values, and what is left in M V is turned orthogonal by one-sided Jacobi rotations (Hestenes
/// 1958).
Pairs right_vectors(const Matrix& m);
/// Whether all eigenvalues are positive (Sylvester); reads and overwrites the lower half.
bool positive_definite(Matrix& s);

}  // namespace assay::detail::pca
