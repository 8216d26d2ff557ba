#pragma once
// The families of checks that follow from an operation's definition. Each lives in a file of its
// own and adds its checks; checks.cpp has the table of all.

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "check.hpp"

namespace assay::verify {

using OperationPointer = std::shared_ptr<const Operation>;
using Family = void (*)(std::vector<Check>&, const OperationPointer&, const Plan&);

/// derivative, differences, state, sharing; adjoint, exact: random cases. checks.cpp
void add_random_cases(std::vector<Check>&, const OperationPointer&, const Plan&);
/// Strata of all numbers. sweeps.cpp
void add_sweeps(std::vector<Check>&, const OperationPointer&, const Plan&);
/// The convention at declared thresholds and ties. kinks.cpp
void add_kinks(std::vector<Check>&, const OperationPointer&, const Plan&);
/// Kinks, jumps and ties that are not declared. smoothness.cpp
void add_smoothness(std::vector<Check>&, const OperationPointer&, const Plan&);
/// Both sides of every branch boundary. branches.cpp
void add_branches(std::vector<Check>&, const OperationPointer&, const Plan&);
/// The same bytes again. examine_determinism.cpp
void add_determinism(std::vector<Check>&, const OperationPointer&, const Plan&);
/// Second derivatives against the forward. examine_second_order.cpp
void add_second_order(std::vector<Check>&, const OperationPointer&, const Plan&);
/// Very many points against polynomials through values of the oracle. dense.cpp
void add_dense(std::vector<Check>&, const OperationPointer&, const Plan&);

/// The examination behind `kinks`, of whatever thresholds and ties a case has.
std::optional<Problem> examine_kinks(const Examination&);

/// The error and the bound of central differences in double, step by step, at one point of an
/// elementwise rule; empty where it has none. curve.cpp
std::vector<StepError> difference_curve(const Operation& op);

// --- shared by them ------------------------------------------------------------------------------

/// A check of this name with what the operation claims; no cases yet.
Check blank_check(const Operation& op, std::string_view scalar, std::string_view name,
                  std::string_view about, std::string_view blind);

using Generate = std::function<Case(std::uint64_t number, std::uint64_t seed)>;

/// Cases under the examination of that name, with shrinking. Inconclusive if too few elements were
/// judged.
Check case_check(const OperationPointer& op, const Format& f, std::string_view scalar,
                 std::string_view name, std::uint64_t cases, const Generate& generate_case);

/// Examines one case and adds what it finds to the result, shrunk.
void examine_case(const Operation& op, const Format& f, std::string_view name, const Case& c,
                  std::uint64_t number, std::uint64_t seed, CheckResult& result);

}  // namespace assay::verify
