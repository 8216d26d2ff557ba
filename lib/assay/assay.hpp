#pragma once
// The library: operations, both graphs, modules, optimisers, training, PCA, auto-encoders. Apart
// are wide floating-point types (assay/wide.hpp: Boost.Multiprecision is slow to compile) and files
// (assay/data.hpp).

#include "assay/autoencoder.hpp"
#include "assay/divergence.hpp"
#include "assay/estimators.hpp"
#include "assay/graph.hpp"
#include "assay/line.hpp"
#include "assay/nn.hpp"
#include "assay/ops.hpp"
#include "assay/optim.hpp"
#include "assay/pca.hpp"
#include "assay/rational.hpp"
#include "assay/scalar_graph.hpp"
#include "assay/second_order.hpp"
#include "assay/subspace.hpp"
#include "assay/train.hpp"
#include "assay/vae.hpp"
