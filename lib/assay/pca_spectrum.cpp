#include "assay/pca/spectrum.hpp"

#include <algorithm>
#include <cmath>

#include "assay/gemm.hpp"
#include "assay/random.hpp"

namespace assay::detail::pca {
namespace {

using Eigen::Index;

Column roots(const Column& eigenvalues) { return eigenvalues.cwiseMax(0.0).cwiseSqrt(); }

}  // namespace

Column Principal::relative() const {
  if (!(values(0) > 0)) return Column::Zero(values.size());
  const Column r = values / values(0);
  return squared ? Column(r.cwiseAbs2()) : r;
}

double noise(Index samples, Index features, double eps) {
  return (4 * static_cast<double>(std::min(samples, features)) +
          std::sqrt(static_cast<double>(samples))) *
         eps;
}

void fix_signs(Matrix& v) {
  for (Index j = 0; j < v.cols(); ++j) {
    const double top = v.col(j).cwiseAbs().maxCoeff() * (1 - 1.0 / 1024);
    Index i = 0;
    while (std::abs(v(i, j)) < top) ++i;
    if (v(i, j) < 0) v.col(j) = -v.col(j);
  }
}

Principal from_scatter(const Matrix& lower, Index samples, std::optional<Index> wanted,
                       double noise) {
  const Index d = lower.rows(), n = std::min(samples, d);
  if (wanted && samples >= d && pays(d, *wanted)) {
    Matrix s = lower.selfadjointView<Eigen::Lower>();
    if (auto leading = leading_eigenpairs(s, *wanted)) {
      // Less so much of the identity it is still positive definite: all eigenvalues are larger.
      s.diagonal().array() -= noise * leading->values(0);
      if (positive_definite(s)) {
        return {roots(leading->values), std::move(leading->vectors), true, false, true};
      }
    }
  }
  const Pairs all = eigenpairs(lower);
  return {roots(all.values.head(n)), all.vectors.leftCols(wanted.value_or(n)), true, true, false};
}

Principal from_gram(const Matrix& factor, std::optional<Index> wanted) {
  const Pairs all = eigenpairs(product(factor, factor.transpose()));
  // Each direction is made orthogonal to those of larger variance, which are more exact.
  const Matrix u = all.vectors.leftCols(wanted.value_or(factor.rows()));
  return {roots(all.values), orthonormal(product(factor.transpose(), u)), true, true, false};
}

Principal from_factor(const Matrix& factor) {
  if (factor.rows() >= factor.cols()) {
    Pairs p = right_vectors(factor);
    return {std::move(p.values), std::move(p.vectors), false, true, false};
  }
  // F' = Q R and R' = U diag V', so F = U diag (Q V)'.
  const ThinQR qr = thin_qr(factor.transpose());
  Pairs p = right_vectors(qr.r.transpose());
  return {std::move(p.values), product(qr.q, p.vectors), false, true, false};
}

Principal from_random_range(const Matrix& centred, Index wanted, std::uint64_t seed) {
  constexpr Index oversampling = 10, powers = 8;
  const Index d = centred.cols(), n = std::min(centred.rows(), d);
  const Index width = std::min(wanted + oversampling, n);
  Matrix z = Random(seed).normal_matrix<double>({d, width});
  for (Index i = 0; i <= powers; ++i) {
    const Matrix q = orthonormal(product(centred, z));
    z = product(centred.transpose(), q);
    if (i < powers) z = orthonormal(std::move(z));
  }
  // X is nearly Q Q' X = Q Z'.
  Principal found = from_factor(z.transpose());
  found.whole = width == n;
  return found;
}

}  // namespace assay::detail::pca
