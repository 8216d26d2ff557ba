#pragma once
// The classes of defects that backwards really had. Each is planted and must be caught.

#include <array>
#include <cstdint>
#include <string_view>

namespace assay::verify {

struct FaultClass {
  std::uint64_t number;
  std::string_view name;
  std::string_view about;
  std::string_view cases;  ///< public defects of this class: project and number of the report
};

inline constexpr std::array fault_classes{
    FaultClass{1, "tail", "a branch far out in the tail that no test reaches is wrong",
               "stan-dev/math 3369; jax 11469"},
    FaultClass{2, "overwrite", "gradients overwrite each other where a value is used twice",
               "stan-dev/math 1248; pytorch 1631, 1528; mxnet 17989"},
    FaultClass{3, "hidden adjoint", "the adjoint is wrong in a way that compositions cancel",
               "stan-dev/math 2364"},
    FaultClass{4, "stale state", "a later call returns what an earlier one computed",
               "stan-dev/math 278; pytorch 18619"},
    FaultClass{5, "chain factor", "the upstream gradient is left out: silent where it is 1",
               "autodiff 396"},
    FaultClass{6, "sign", "a gradient has the wrong sign", "casadi 2585"},
    FaultClass{7, "shared mistake", "the test makes the mistake that it should find",
               "ChainRules.jl 74; Zygote 230"},
    FaultClass{8, "vacuous", "nothing is compared, or only what is 0 under a sum",
               "chainer 3541; stan-dev/math 102"},
    FaultClass{9, "one point", "the derivative is wrong at one exact point", "jax 2107, 5054"},
    FaultClass{10, "zeros in products", "a product is divided by a factor that is 0",
               "tensorflow 119430, 3862; pytensor 1956"},
    FaultClass{11, "second order at zeros", "the second derivative is wrong at zeros",
               "tensorflow 61117; pytorch 106789"},
    FaultClass{12, "ties and boundaries",
               "equal elements, or a threshold, are differentiated wrongly",
               "pytorch 56734, 184572"},
    FaultClass{13, "roots at zero", "norm, deviation, root or power give NaN or infinity at 0",
               "pytorch 2421, 4320, 27134, 8945; jax 3058"},
    FaultClass{14, "branch not taken", "a NaN leaks from the branch that was not taken",
               "pytorch 68425, 36923; optax 1786"},
    FaultClass{15, "all minus infinity", "log-sum-exp of what exponentiates to 0 everywhere",
               "pytorch 31829, 49724; jax 6811"},
    FaultClass{16, "overflow in backward", "the backward overflows where the forward does not",
               "burn 5373; candle 1722; snntorch 427"},
    FaultClass{17, "lost to zero", "the gradient underflows or cancels to 0, the true one does not",
               "pytorch 195685, 192406; tensorflow 126637"},
    FaultClass{18, "layout",
               "inputs that are transposed, strided or of the other order are misread",
               "pytorch 99638, 30303; flash-attention 355"},
    FaultClass{19, "broadcast", "the sum over repetitions is missing or over the wrong dimension",
               "nd4j 2424; pytorch 14485, 78355"},
    FaultClass{20, "double backward", "the second derivative is wrong",
               "tensorflow 7403, 55230; pytorch 79609, 76185"},
    FaultClass{21, "size 1 and 0", "a single element, or none, is differentiated wrongly",
               "pytorch 94184, 82644, 15223"},
    FaultClass{22, "repeated values",
               "equal or zero eigenvalues and singular values are divided by",
               "jax 2311; pytorch 49886; warp 1831"},
    FaultClass{23, "in place", "an input, the output or the upstream gradient is modified",
               "Liger-Kernel 272; pytorch 197887"},
    FaultClass{24, "probability 0 or 1", "divergences and cross-entropies at certain outcomes",
               "pytorch 89558; nd4j 1328"},
    FaultClass{25, "run to run", "the same call gives other bits the next time",
               "clad 2114; Enzyme.jl 3378"},
    FaultClass{26, "tiny error", "every gradient is off by a tiny factor", "sensitivity"},
    FaultClass{27, "small part", "wrong in a narrow window, or in one element of many",
               "pytorch 59557, 59615, 59584"},
};

}  // namespace assay::verify
