#pragma once
// Infinities, NaN and the ends of the domain: what goes in and what comes out. The rules:
//
// 1. NaN comes out of the value and of the gradient wherever they depend on what is NaN, and
// nowhere
//    else: the branch not taken, the other rows, the elements that are masked stay what they were.
//    Of a selection (max, relu, clamp ...) the gradient, which takes a few values only, is one of
//    these, or between them as at a tie. Operations that refuse an argument may refuse NaN.
// 2. An elementwise operation returns at an infinity and at an open end of its domain the limits of
//    its value and its derivatives, and NaN where there is none. The limits are taken from the
//    forward and its dual numbers in high precision, ever farther out.
// 3. A matrix operation returns where one element is infinite the limits in that element, or NaN:
//    no other number.
// 4. Where an element of the upstream is infinite or NaN, gradients that depend on it are not
// finite,
//    and all others are what they were.
//
// conventions.cpp lists what these rules leave open, or what is otherwise.

#include "check.hpp"

namespace assay::verify {

/// How many cases look at all points of an operation.
std::uint64_t non_finite_cases(const Operation& op);
/// One of them: what is wrong, if anything is, and the case that shows it.
std::optional<Problem> examine_non_finite(const Operation& op, const Format& f,
                                          std::uint64_t number, std::uint64_t seed,
                                          CheckResult* statistics, Case& shown);

}  // namespace assay::verify
