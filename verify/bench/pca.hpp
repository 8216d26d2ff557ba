#pragma once
// Principal components by others, for the benchmark.

#include <Eigen/Core>
#include <memory>
#include <string>

namespace assay::bench {

/// Components as columns, by falling variance, up to sign.
Eigen::MatrixXd pca_by_covariance(const Eigen::MatrixXd& x, Eigen::Index k);
Eigen::MatrixXd pca_by_bdcsvd(const Eigen::MatrixXd& x, Eigen::Index k);

/// numpy in a process of its own, which keeps the data and times itself.
class Numpy {
 public:
  Numpy(const std::string& python, const std::string& script, const Eigen::MatrixXd& x,
        Eigen::Index k);
  Numpy(const Numpy&) = delete;
  Numpy& operator=(const Numpy&) = delete;
  ~Numpy();

  double seconds();  ///< of one fit
  Eigen::MatrixXd components();

 private:
  void ask(char what);
  void read(void* to, std::size_t bytes);

  int to_ = -1, from_ = -1, child_ = -1;
  Eigen::Index d_, k_;
};

}  // namespace assay::bench
