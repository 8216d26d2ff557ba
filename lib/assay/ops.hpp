#pragma once
// The list of all operations.

#include <tuple>

#include "assay/ops/abs.hpp"
#include "assay/ops/add.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/div.hpp"
#include "assay/ops/exp.hpp"
#include "assay/ops/linear.hpp"
#include "assay/ops/log.hpp"
#include "assay/ops/log_sigmoid.hpp"
#include "assay/ops/matmul.hpp"
#include "assay/ops/mean.hpp"
#include "assay/ops/mul.hpp"
#include "assay/ops/neg.hpp"
#include "assay/ops/pow.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/softplus.hpp"
#include "assay/ops/sqrt.hpp"
#include "assay/ops/square.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/ops/sub.hpp"
#include "assay/ops/sum.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/ops/transpose.hpp"

namespace assay {

/// What is listed here is verified, documented in the report and tested: nothing else is needed.
inline constexpr std::tuple operations{
    neg,
    add,
    sub,
    mul,
    div,
    matmul,
    linear,
    transpose,
    sum,
    sum_rowwise,
    sum_colwise,
    mean,
    mean_rowwise,
    mean_colwise,
    square,
    sqrt,
    exp,
    log,
    abs,
    relu,
    sigmoid,
    log_sigmoid,
    softplus,
    tanh,
    pow,
    bce_with_logits,
    bce_with_logits_mean,
    bce_with_logits_sum,
    squared_error,
    squared_error_mean,
    squared_error_sum,
};

}  // namespace assay
