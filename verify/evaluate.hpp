#pragma once
// A rule run in its working type, with its door watched.

#include "case.hpp"

namespace assay::verify {

/// What forward and backward returned, in doubles (exact for float too).
struct Outcome {
  Mat<double> y;
  std::vector<Mat<double>> gradients;
  std::string broken;  ///< a rule broken at the door: a wrong shape, something modified, a throw
};

/// Runs forward and backward on copies. Never throws what the rule throws.
Outcome evaluate(const Operation& op, const Format& f, const Case& c);

/// forward and backward again on other inputs, then on c: the bytes must be those of the first run.
std::string stale_state(const Operation& op, const Format& f, const Case& c, const Case& other);

/// Every input repeated to the output's shape, so that each output element has inputs of its own.
Case expanded(const Case& c);

}  // namespace assay::verify
