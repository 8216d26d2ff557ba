#pragma once
// Limits, from values in high precision ever farther out.

#include <span>

#include "reference.hpp"

namespace assay::verify {

struct LimitOf {
  enum class Kind {
    value,    ///< also infinite or zero
    none,     ///< it oscillates, or the function is undefined there
    unknown,  ///< the enclosures are too wide to tell
  };
  Kind kind = Kind::unknown;
  Big value;
  bool constant = false;  ///< it is this value all the way
};

/// Where one coordinate goes: to an infinity or to a finite end of its interval, from inside.
struct Approach {
  double to = 0;
  bool from_right = false;
};

/// What three points, each far beyond the one before, say about where a quantity goes.
LimitOf limit_of(const Enclosure& near, const Enclosure& far, const Enclosure& farthest);

/// The limits of y and then of every gradient element, input by input, column by column, as element
/// i of input k approaches. Of an elementwise operation on 1x1 inputs the gradients are those of
/// the forward, by dual numbers; else those of the backward in high precision.
std::vector<LimitOf> limits(const Operation& op, const std::vector<Mat<double>>& inputs,
                            const Mat<double>& upstream, std::size_t k, Eigen::Index i,
                            const Approach& approach);

}  // namespace assay::verify
