#include "assay/pca/decompositions.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/Jacobi>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "assay/gemm.hpp"

namespace assay::detail::pca {
namespace {

using Eigen::Index;
using InPlace = Eigen::HouseholderQR<Eigen::Ref<Matrix>>;

constexpr int most_sweeps = 30;  // 2 to 4 are needed; the bound is against endless ones

Matrix r_of(const InPlace& qr) {
  return qr.matrixQR().topRows(qr.cols()).triangularView<Eigen::Upper>();
}
Matrix q_of(const InPlace& qr) {
  return qr.householderQ() * Matrix::Identity(qr.rows(), qr.cols());
}

}  // namespace

ThinQR thin_qr(Matrix m) {
  const InPlace qr(m);
  return {q_of(qr), r_of(qr)};
}
Matrix orthonormal(Matrix m) { return q_of(InPlace(m)); }
Matrix triangle(Matrix m) { return r_of(InPlace(m)); }

Pairs eigenpairs(const Matrix& s) {
  const Eigen::SelfAdjointEigenSolver<Matrix> eigen(s);
  return {eigen.eigenvalues().reverse(), eigen.eigenvectors().rowwise().reverse()};
}

Pairs right_vectors(const Matrix& m) {
  Matrix v = eigenpairs(product(m.transpose(), m)).vectors;
  Matrix a = product(m, v);
  const Index n = m.cols();
  const double enough =
      4 * std::sqrt(static_cast<double>(n)) * std::numeric_limits<double>::epsilon();
  const auto aslant = [enough](double pq, double pp, double qq) {
    return std::abs(pq) > enough * std::sqrt(pp) * std::sqrt(qq);
  };
  bool moved = true;
  for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
    moved = false;
    const Matrix dots = product(a.transpose(), a);
    for (Index q = 1; q < n; ++q) {
      for (Index p = 0; p < q; ++p) {
        // Turned since, a pair may escape here: the next sweep sees it.
        if (!aslant(dots(p, q), dots(p, p), dots(q, q))) continue;
        const double pq = a.col(p).dot(a.col(q)), pp = a.col(p).squaredNorm(),
                     qq = a.col(q).squaredNorm();
        if (!aslant(pq, pp, qq)) continue;
        Eigen::JacobiRotation<double> rotation;
        if (!rotation.makeJacobi(pp, pq, qq)) continue;
        a.applyOnTheRight(p, q, rotation);
        v.applyOnTheRight(p, q, rotation);
        moved = true;
      }
    }
  }
  const Column lengths = a.colwise().norm();
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return lengths(i) > lengths(j); });
  return {lengths(order), v(Eigen::all, order)};
}

bool positive_definite(Matrix& s) {
  return Eigen::LLT<Eigen::Ref<Matrix>>(s).info() == Eigen::Success;
}

}  // namespace assay::detail::pca
