#pragma once
// Mini-batches, accuracy, the training loop and its progress line.

#include "assay/train/accuracy.hpp"
#include "assay/train/batches.hpp"
#include "assay/train/fit.hpp"
#include "assay/train/progress.hpp"
