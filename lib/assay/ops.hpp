#pragma once
// The list of all operations.

#include <tuple>

#include "assay/ops/abs.hpp"
#include "assay/ops/add.hpp"
#include "assay/ops/atan.hpp"
#include "assay/ops/atan2.hpp"
#include "assay/ops/batch_norm.hpp"
#include "assay/ops/batch_norm_eval.hpp"
#include "assay/ops/bce.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/bce_with_logits_weighted.hpp"
#include "assay/ops/block.hpp"
#include "assay/ops/cholesky.hpp"
#include "assay/ops/clamp.hpp"
#include "assay/ops/concatenate.hpp"
#include "assay/ops/cos.hpp"
#include "assay/ops/cosh.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/ops/cumsum.hpp"
#include "assay/ops/diagonal.hpp"
#include "assay/ops/div.hpp"
#include "assay/ops/dropout.hpp"
#include "assay/ops/eigh.hpp"
#include "assay/ops/eigvalsh.hpp"
#include "assay/ops/elu.hpp"
#include "assay/ops/erf.hpp"
#include "assay/ops/erfc.hpp"
#include "assay/ops/exp.hpp"
#include "assay/ops/expm1.hpp"
#include "assay/ops/gather_rows.hpp"
#include "assay/ops/gaussian_nll.hpp"
#include "assay/ops/gelu.hpp"
#include "assay/ops/gelu_tanh.hpp"
#include "assay/ops/huber.hpp"
#include "assay/ops/inverse.hpp"
#include "assay/ops/kl_div.hpp"
#include "assay/ops/kl_normal.hpp"
#include "assay/ops/kl_standard_normal.hpp"
#include "assay/ops/kl_standard_normal_full.hpp"
#include "assay/ops/l1.hpp"
#include "assay/ops/layer_norm.hpp"
#include "assay/ops/leaky_relu.hpp"
#include "assay/ops/linear.hpp"
#include "assay/ops/log.hpp"
#include "assay/ops/log1p.hpp"
#include "assay/ops/log_sigmoid.hpp"
#include "assay/ops/log_softmax.hpp"
#include "assay/ops/logdet.hpp"
#include "assay/ops/logsumexp.hpp"
#include "assay/ops/matmul.hpp"
#include "assay/ops/max.hpp"
#include "assay/ops/maximum.hpp"
#include "assay/ops/mean.hpp"
#include "assay/ops/min.hpp"
#include "assay/ops/minimum.hpp"
#include "assay/ops/mish.hpp"
#include "assay/ops/mse.hpp"
#include "assay/ops/mul.hpp"
#include "assay/ops/neg.hpp"
#include "assay/ops/nll.hpp"
#include "assay/ops/norm.hpp"
#include "assay/ops/pow.hpp"
#include "assay/ops/prod.hpp"
#include "assay/ops/reciprocal.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/reparameterize.hpp"
#include "assay/ops/reparameterize_full.hpp"
#include "assay/ops/reparameterize_logvar.hpp"
#include "assay/ops/reshape.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/silu.hpp"
#include "assay/ops/sin.hpp"
#include "assay/ops/sinh.hpp"
#include "assay/ops/soft_cross_entropy.hpp"
#include "assay/ops/softmax.hpp"
#include "assay/ops/softplus.hpp"
#include "assay/ops/softsign.hpp"
#include "assay/ops/solve.hpp"
#include "assay/ops/sqrt.hpp"
#include "assay/ops/square.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/ops/std.hpp"
#include "assay/ops/sub.hpp"
#include "assay/ops/sum.hpp"
#include "assay/ops/svdvals.hpp"
#include "assay/ops/tan.hpp"
#include "assay/ops/tanh.hpp"
#include "assay/ops/tied_reconstruction_loss.hpp"
#include "assay/ops/trace.hpp"
#include "assay/ops/transpose.hpp"
#include "assay/ops/var.hpp"
#include "assay/ops/where.hpp"
#include "assay/ops/xlogy.hpp"

namespace assay {

/// What is listed here is verified, documented in the report and tested: nothing else is needed.
/// A template, so that only who uses the list waits for the compiler: operations<>.
template <class = void>
inline const std::tuple operations{
    // Field operations, and what broadcasts
    neg,
    add,
    sub,
    mul,
    div,
    square,
    abs,
    relu,
    // Elementwise
    reciprocal,
    sqrt,
    exp,
    expm1,
    log,
    log1p,
    sin,
    cos,
    tan,
    atan,
    sinh,
    cosh,
    tanh,
    erf,
    erfc,
    sigmoid,
    log_sigmoid,
    softplus,
    softsign,
    leaky_relu,
    elu,
    gelu,
    gelu_tanh,
    silu,
    mish,
    clamp,
    pow,
    atan2,
    xlogy,
    maximum,
    minimum,
    // Reductions over all, rows and columns
    sum,
    sum_rowwise,
    sum_colwise,
    mean,
    mean_rowwise,
    mean_colwise,
    max,
    max_rowwise,
    max_colwise,
    min,
    min_rowwise,
    min_colwise,
    prod,
    prod_rowwise,
    prod_colwise,
    var,
    var_rowwise,
    var_colwise,
    Call<StandardDeviation<Axis::all>>{{.ddof = 1}},
    Call<StandardDeviation<Axis::rowwise>>{{.ddof = 1}},
    Call<StandardDeviation<Axis::colwise>>{{.ddof = 1}},
    logsumexp,
    logsumexp_rowwise,
    logsumexp_colwise,
    norm,
    norm_rowwise,
    norm_colwise,
    softmax,
    softmax_rowwise,
    softmax_colwise,
    log_softmax,
    log_softmax_rowwise,
    log_softmax_colwise,
    cumsum,
    cumsum_rowwise,
    cumsum_colwise,
    // Structure
    transpose,
    hcat,
    vcat,
    diagonal,
    diagonal_matrix,
    trace,
    // Linear algebra
    matmul,
    linear,
    solve,
    inverse,
    cholesky,
    logdet,
    eigvalsh,
    eigh,
    svdvals,
    // Losses
    squared_error,
    squared_error_mean,
    squared_error_sum,
    l1,
    l1_mean,
    l1_sum,
    huber,
    huber_mean,
    huber_sum,
    bce,
    bce_mean,
    bce_sum,
    bce_with_logits,
    bce_with_logits_mean,
    bce_with_logits_sum,
    Call<Map<BceWithLogitsWeighted>>{{{.pos_weight = 3}}},
    Call<Loss<BceWithLogitsWeighted, Reduction::mean>>{{{.pos_weight = 3}}},
    Call<Loss<BceWithLogitsWeighted, Reduction::sum>>{{{.pos_weight = 3}}},
    kl_div,
    kl_div_mean,
    kl_div_sum,
    kl_div_log,
    kl_div_log_mean,
    kl_div_log_sum,
    tied_reconstruction_loss,
    // Latent Gaussians
    reparameterize,
    reparameterize_logvar,
    reparameterize_full,
    kl_standard_normal,
    kl_standard_normal_full,
    kl_normal,
    // With attributes: one instance each
    Call<Where>{{.mask = Mat<bool>{{true, false}, {true, true}}}},
    Call<Reshape>{{2, -1}},
    Call<Block>{{0, 1, 2, 1}},
    Call<GatherRows>{{{2, 0, 2}}},
    Call<LayerNorm>{},
    Call<BatchNorm>{},
    Call<BatchNormEval>{},
    Call<Dropout>{{.p = 0.25, .seed = 7}},
    Call<Nll<Reduction::none>>{{{0, 2, 1}}},
    Call<Nll<Reduction::mean>>{{{0, 2, 1}}},
    Call<Nll<Reduction::sum>>{{{0, 2, 1}}},
    Call<CrossEntropy<Reduction::none>>{{{0, 2, 1}}},
    Call<CrossEntropy<Reduction::mean>>{{{0, 2, 1}, 0.25}},
    Call<CrossEntropy<Reduction::sum>>{{{0, 2, 1}}},
    Call<SoftCrossEntropy<Reduction::none>>{},
    Call<SoftCrossEntropy<Reduction::mean>>{{0.25}},
    Call<SoftCrossEntropy<Reduction::sum>>{},
    Call<GaussianNll<Reduction::none>>{},
    Call<GaussianNll<Reduction::mean>>{},
    Call<GaussianNll<Reduction::sum>>{{true}},
};

}  // namespace assay
