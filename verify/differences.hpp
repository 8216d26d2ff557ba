#pragma once
// Finite differences in high precision, with a bound.

#include <functional>

#include "reference.hpp"

namespace assay::verify {

/// phi(t) is the function along one coordinate, t away from the point; called in the context set.
using AlongCoordinate = std::function<Enclosure(const Enclosure& t)>;

struct Differences {
  Bounded slope;
  bool resolved = false;
  bool over_budget = false;  ///< it would take more bits than `budget`
  mpfr_prec_t precision = first_precision;
};

struct DifferencesSetup {
  long point_exponent = 0;   ///< of |x|: so many bits more are needed to see the step
  double free_distance = 1;  ///< to the nearest threshold or edge of the domain
  std::function<long(const Big& slope)> unit_exponent;  ///< what the bound must be far below
  mpfr_prec_t budget = 2600;
};

/// Central differences at h and 2h and one Richardson step. Bound: the change that the step makes,
/// which is the error of the cruder figure, plus the rounding, enclosed.
Differences differences(const AlongCoordinate& phi, const DifferencesSetup& setup);

/// The derivative from one side of a point: forward differences, two Richardson steps.
Bounded one_sided(const AlongCoordinate& phi, bool from_right, double free_distance);

}  // namespace assay::verify
