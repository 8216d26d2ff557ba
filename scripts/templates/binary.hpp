#pragma once
#include <array>
#include <assay/assay.hpp>

/// y = a (b + 1)        da = dy (b + 1),  db = dy a
///
/// The formulas are an example. Matrices of one row, one column or one element are repeated to the
/// other's shape, and their gradients summed, by assay::Map.
struct @TYPE@ {
  static constexpr auto name = "@NAME@";
  /// One argument for each input.
  static constexpr auto domain = assay::on(assay::all_reals, assay::all_reals);

  template <assay::Field T>
  static T f(const T& a, const T& b) {
    return a * (b + T(1));
  }
  /// The derivatives by a and by b; y is f(a, b).
  template <assay::Field T>
  static std::array<T, 2> df(const T& a, const T& b, const T& /*y*/) {
    return {b + T(1), a};
  }
};
/// Called on numbers, Eigen expressions and the nodes of graphs.
inline constexpr assay::Call<assay::Map<@TYPE@>> @NAME@;
