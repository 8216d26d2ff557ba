#pragma once
// Optimisers over flat vectors, schedules and clipping; Optimizer binds one to a model.

#include "assay/optim/adagrad.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/clip.hpp"
#include "assay/optim/flat.hpp"
#include "assay/optim/lbfgs.hpp"
#include "assay/optim/rmsprop.hpp"
#include "assay/optim/schedule.hpp"
#include "assay/optim/sgd.hpp"
