#pragma once
// A gradient at one given point of any size: of an operation, or of a whole model.

#include <functional>
#include <optional>
#include <span>

#include "assay/verify/operation.hpp"
#include "assay/verify/options.hpp"

namespace assay::verify {

struct PointOptions {
  std::uint64_t seed = 42;
  std::uint64_t draws = 4;  ///< random directions
  /// What an element computed in float or double may be off by where nothing is claimed, in units
  /// of the larger of one ulp and an estimate of what one ulp in every input changes.
  double limit = 8;
  std::optional<Mat<double>> upstream{};  ///< of the output's shape; else random, signed, without 0
};

/// Checks backward at these inputs, in four steps:
/// 1. "projected": the backward in high precision against the forward in dual numbers along random
///    directions, where both carry proven bounds. Each element's component is +-(1 + u) over its
///    own gradient, with u uniform in 52 bits, so that every element's relative error counts alike.
///    The tolerance is 2^-51 times the root of the sum of the squares of the terms: of N elements
///    one that is wrong by more than some 2^-50 sqrt(N), relatively, shows in every draw; errors of
///    several cancel in a draw with probability at most 2 tolerance / (the largest). Elements whose
///    gradient is returned as 0 have draws of their own, without any tolerance.
/// 2. A direction that disagrees is bisected down to the wrong element.
/// 3. "point", in float and in double: every element against the backward in high precision.
/// 4. Elementwise rules and small inputs are judged by the checks that random cases are judged by.
/// Throws ShapeError for shapes that the operation does not take, std::invalid_argument for inputs
/// that are not finite or not in the domain, and for options that cannot be used.
Report check_point(const Operation& op, const std::vector<Mat<double>>& inputs,
                   const PointOptions& options = {});

template <class Op>
Report check_point(const Op& op, const std::vector<Mat<double>>& inputs,
                   const PointOptions& options = {}) {
  return check_point(make_operation(op), inputs, options);
}
template <class Op>
Report check_point(const std::vector<Mat<double>>& inputs, const PointOptions& options = {}) {
  return check_point(make_operation(Op{}), inputs, options);
}

/// What check_point and check_model have in common: a gradient of many numbers.
struct WholeGradient {
  struct Part {
    std::string name;
    Shape shape;
  };
  /// What is asked for in float is asked for at the point rounded to float.
  enum class In { float_, double_ };

  std::string name;
  Kind kind = Kind::operation;
  std::vector<Part> parts;   ///< in this order lie all numbers, column by column
  Eigen::Index longest = 1;  ///< the largest extent of any matrix: sums are as long
  double limit = 8;
  bool plain_ulp = false;  ///< the limit is in plain ulp

  /// What is moved by an ulp: the numbers of the parts, and then those of the upstream. NaN: exact.
  std::function<std::vector<double>(In)> point;
  std::function<std::vector<double>(In)> judged;   ///< the gradient, computed in that type
  std::function<std::vector<Enclosure>(In)> wide;  ///< the gradient, in the context set
  /// <dy, J v>, by the forward alone.
  std::function<Enclosure(In, std::span<const double> v)> slope;
  /// How the gradient changes when the point moves by `nudge`, by forward over reverse.
  std::function<std::vector<Enclosure>(In, std::span<const double> nudge)> turned;

  [[nodiscard]] Eigen::Index size() const;
  /// "the gradient of 0.weight at row 3, column 1"
  [[nodiscard]] std::string place(Eigen::Index flat) const;
};
Report check_gradient(const WholeGradient& g, const PointOptions& options);

}  // namespace assay::verify
