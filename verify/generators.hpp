#pragma once
// Cases of special forms, and what lies in the domain.

#include "case.hpp"

namespace assay::verify {

/// A finite number of the domain of an input, and no pole.
bool is_allowed(const Operation& op, std::size_t input, double x);
/// All elements of all inputs are.
bool is_inside(const Operation& op, const Case& c);

/// 1x1 inputs with values from everywhere, and an upstream of 1.
Case pointwise_case(const Operation& op, const Format& f, std::uint64_t seed);

/// Not empty, without extremes: what a matrix operation meets in practice.
Case ordinary_case(const Operation& op, const Format& f, std::uint64_t seed);

/// The largest finite number.
double largest(const Format& f);

/// Declared thresholds of an input, and the finite ends of its domain.
std::vector<double> thresholds(const Operation& op, std::size_t input);

/// Bends some cases towards what rules get wrong: ties, several zeros in a line, thresholds and
/// overflow edges with their neighbours, exactly 1 and the like in one element, a row, a column,
/// the diagonal or everywhere. The others stay as they are.
void aim(const Operation& op, const Format& f, std::uint64_t seed, Case& c);

/// The numbers of a format in their order.
std::int64_t ordinal(const Format& f, double x);
double from_ordinal(const Format& f, std::int64_t n);

}  // namespace assay::verify
