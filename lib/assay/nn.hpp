#pragma once
// Modules, layers and initial values. The losses are operations.

#include "assay/nn/dropout.hpp"
#include "assay/nn/embedding.hpp"
#include "assay/nn/init.hpp"
#include "assay/nn/layers.hpp"
#include "assay/nn/module.hpp"
#include "assay/nn/normalisation.hpp"
#include "assay/nn/scalar.hpp"
