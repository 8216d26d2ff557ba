#pragma once

// Boost.Multiprecision's binary floats as scalars of the library: 113 bits, 50 and 100 digits.
// Expression templates are off, as generic code needs.

#include <Eigen/Core>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expm1.hpp>
#include <boost/math/special_functions/log1p.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <limits>
#include <string>

#include "assay/scalar.hpp"

namespace assay {

using Quad = boost::multiprecision::number<boost::multiprecision::cpp_bin_float_quad::backend_type,
                                           boost::multiprecision::et_off>;
using Dec50 = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                            boost::multiprecision::et_off>;
using Dec100 = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<100>,
                                             boost::multiprecision::et_off>;

template <>
struct ScalarName<Quad> {
  static std::string get() { return "quad"; }
};
template <>
struct ScalarName<Dec50> {
  static std::string get() { return "dec50"; }
};
template <>
struct ScalarName<Dec100> {
  static std::string get() { return "dec100"; }
};

static_assert(Real<Quad> && Real<Dec50> && Real<Dec100>);

namespace detail {

// Not boost/multiprecision/eigen.hpp: in Boost 1.74 its lowest() is the smallest positive number,
// from which no search for a maximum may start.
template <class T>
struct WideTraits : Eigen::GenericNumTraits<T> {
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 4,
    AddCost = 50,
    MulCost = 100
  };
  static T epsilon() { return std::numeric_limits<T>::epsilon(); }
  static T dummy_precision() { return 1000 * epsilon(); }
  static T highest() { return (std::numeric_limits<T>::max)(); }
  static T lowest() { return std::numeric_limits<T>::lowest(); }
  static int digits10() { return std::numeric_limits<T>::digits10; }
};

}  // namespace detail
}  // namespace assay

namespace Eigen {
template <>
struct NumTraits<assay::Quad> : assay::detail::WideTraits<assay::Quad> {};
template <>
struct NumTraits<assay::Dec50> : assay::detail::WideTraits<assay::Dec50> {};
template <>
struct NumTraits<assay::Dec100> : assay::detail::WideTraits<assay::Dec100> {};
}  // namespace Eigen
