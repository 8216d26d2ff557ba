#pragma once
// The library: operations, both graphs, gradient descent. Wide floating-point types are apart, in
// assay/wide.hpp, because Boost.Multiprecision is slow to compile.

#include "assay/graph.hpp"
#include "assay/ops.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/rational.hpp"
#include "assay/scalar_graph.hpp"
