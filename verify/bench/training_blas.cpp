// The library with the product of a BLAS put in.

#include <cblas.h>

#include "assay/gemm.hpp"
#include "training.hpp"

namespace assay::bench {
namespace {

void sgemm(float* c, Eigen::Index stride, const Operand<float>& a, const Operand<float>& b,
           bool accumulate) {
  const auto narrow = [](Eigen::Index i) { return static_cast<blasint>(i); };
  const auto turned = [](const Operand<float>& x) {
    return x.transposed ? CblasTrans : CblasNoTrans;
  };
  cblas_sgemm(CblasColMajor, turned(a), turned(b), narrow(a.rows), narrow(b.cols), narrow(a.cols),
              1, a.data, narrow(a.stride), b.data, narrow(b.stride), accumulate ? 1 : 0, c,
              narrow(stride));
}

}  // namespace

Step with_blas(Step step) {
  return [step = std::move(step)] {
    gemm<float> = sgemm;
    const float loss = step();
    gemm<float> = nullptr;
    return loss;
  };
}

}  // namespace assay::bench
