#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

#include "pca.hpp"

namespace assay::bench {

using Eigen::MatrixXd;

MatrixXd pca_by_covariance(const MatrixXd& x, Eigen::Index k) {
  const MatrixXd centred = x.rowwise() - x.colwise().mean();
  const MatrixXd c = centred.transpose() * centred / static_cast<double>(x.rows() - 1);
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(c);
  return eigen.eigenvectors().rowwise().reverse().leftCols(k);
}

MatrixXd pca_by_bdcsvd(const MatrixXd& x, Eigen::Index k) {
  const MatrixXd centred = x.rowwise() - x.colwise().mean();
  const Eigen::BDCSVD<MatrixXd> svd(centred, Eigen::ComputeThinV);
  return svd.matrixV().leftCols(k);
}

}  // namespace assay::bench
