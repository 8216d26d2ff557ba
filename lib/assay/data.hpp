#pragma once
// Readers and writers of data files. Strict: what is not exactly of the format is an error that
// says where, and nothing is allocated that the file is too short to fill.

#include "assay/data/array.hpp"
#include "assay/data/csv.hpp"
#include "assay/data/error.hpp"
#include "assay/data/idx.hpp"
#include "assay/data/npy.hpp"
#include "assay/data/safetensors.hpp"
