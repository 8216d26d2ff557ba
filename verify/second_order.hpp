#pragma once
// Second derivatives of <dy, f(x)>: those of the rule, by dual numbers through its backward,
// against second differences of its forward in high precision. No first derivative is trusted.

#include "examine.hpp"

namespace assay::verify {

/// A case whose second derivatives can be told: magnitudes near 1, no ties; in every fourth one
/// element, in every eighth a whole input is 0, where that is legal.
Case second_order_case(const Operation& op, std::uint64_t number, std::uint64_t seed);

/// k / 16 with 1 <= |k| <= 64, the n-th of a seed.
double short_number(std::uint64_t seed, std::uint64_t n);
/// A direction for each input: short numbers, none of them 0 but those of exact inputs.
std::vector<Mat<double>> draw_direction(const Operation& op, const Case& c, std::uint64_t seed);

struct SecondOrder {
  std::optional<Problem> problem;
  /// The backward takes other branches beside the point: its values may be right on both sides, and
  /// right at the point, without its dual numbers being so.
  bool at_branch = false;
};

/// Compares the derivative of the gradient along v, upstream moving along u, with w, and that along
/// w with v (the Hessian is symmetric), with the mixed second difference of the forward. v, w and u
/// are drawn from the seed. Counts what is not judged: where the second derivative jumps, at kinks
/// and ties of the first, and where the precision allowed resolves nothing.
SecondOrder second_order(const Examination& e);

/// Every problem that second_order() finds.
std::optional<Problem> examine_second_order_strictly(const Examination& e);
/// The same, but those at a branch pass and are noted: a rule promises first derivatives.
std::optional<Problem> examine_second_order(const Examination& e);

}  // namespace assay::verify
