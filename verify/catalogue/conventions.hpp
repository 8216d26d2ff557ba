#pragma once
// What operations return where arithmetic has no answer of its own, or more than one: the
// exceptions to the rules that non_finite.cpp states.

#include <string_view>
#include <vector>

#include "assay/matrix.hpp"

namespace assay::verify {

/// y and the gradients of the sum of y at inputs x.
struct Convention {
  std::string_view operation;
  std::vector<Mat<double>> x;
  Mat<double> y;
  std::vector<Mat<double>> dx;
  std::string_view why;
};

/// In the order of the operations; conventions.cpp is the list to read.
const std::vector<Convention>& conventions();

}  // namespace assay::verify
