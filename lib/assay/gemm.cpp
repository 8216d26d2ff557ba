#include "assay/gemm.hpp"

namespace assay::detail {

template void eigen_gemm(float*, Eigen::Index, const Operand<float>&, const Operand<float>&, bool);
template void eigen_gemm(double*, Eigen::Index, const Operand<double>&, const Operand<double>&,
                         bool);

}  // namespace assay::detail
