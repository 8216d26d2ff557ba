#pragma once

// What Eigen asks of a scalar type, for Dual and Rational.

#include <Eigen/Core>
#include <limits>

#include "assay/rational.hpp"
#include "assay/scalar.hpp"

namespace Eigen {

template <class T>
struct NumTraits<assay::Dual<T>> : GenericNumTraits<assay::Dual<T>> {
  using Scalar = assay::Dual<T>;
  using Plain = NumTraits<T>;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 2 * Plain::ReadCost,
    AddCost = 2 * Plain::AddCost,
    MulCost = 3 * Plain::MulCost + Plain::AddCost
  };
  static Scalar epsilon() { return Scalar(T(Plain::epsilon())); }
  static Scalar dummy_precision() { return Scalar(T(Plain::dummy_precision())); }
  static Scalar highest() { return Scalar(T((Plain::highest)())); }
  static Scalar lowest() { return Scalar(T((Plain::lowest)())); }
  static int digits10() { return Plain::digits10(); }
};

/// Exact: epsilon is 0, and the extremes only bound what a search starts from.
template <>
struct NumTraits<assay::Rational> : GenericNumTraits<assay::Rational> {
  using Scalar = assay::Rational;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 4,
    AddCost = 50,
    MulCost = 50
  };
  static Scalar epsilon() { return Scalar(0); }
  static Scalar dummy_precision() { return Scalar(0); }
  static Scalar highest() { return Scalar((std::numeric_limits<double>::max)()); }
  static Scalar lowest() { return Scalar(std::numeric_limits<double>::lowest()); }
  static int digits10() { return 0; }
};

}  // namespace Eigen
