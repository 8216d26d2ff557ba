#pragma once
#include <assay/assay.hpp>
#include <cmath>

/// y = e^-x        dx = -dy y
///
/// The formulas are an example. f is the function and df its derivative, both on numbers of any type:
/// in double they are what you use, in high precision what they are checked by.
struct @TYPE@ {
  static constexpr auto name = "@NAME@";
  /// Where it is differentiable: on(open(0, 1)), on(all_reals).kink(0, 0) ...
  static constexpr auto domain = assay::on(assay::all_reals);

  template <assay::Real T>
  static T f(const T& x) {
    using std::exp;
    return exp(-x);
  }
  /// y is f(x).
  template <assay::Real T>
  static T df(const T& /*x*/, const T& y) {
    return -y;
  }
};
/// Called on numbers, Eigen expressions and the nodes of graphs.
inline constexpr assay::Call<assay::Map<@TYPE@>> @NAME@;
