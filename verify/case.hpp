#pragma once
// One case of a check: inputs and upstream gradient. Float cases are held in doubles, exactly.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "assay/verify/operation.hpp"
#include "number.hpp"

namespace assay::verify {

struct Case {
  std::vector<Mat<double>> inputs;
  Mat<double> upstream;  ///< of the output's shape
};

/// The seed of a case: the same on one process and on sixty-four machines.
std::uint64_t case_seed(std::uint64_t campaign, std::string_view check, std::uint64_t number);

/// A case from the operation's domain. Throws std::runtime_error if no legal shapes are found.
Case generate(const Operation& op, const Format& f, std::uint64_t seed);

/// The inputs as the operation arranges them, in the format.
std::vector<Mat<double>> arranged(const Operation& op, const Format& f,
                                  std::vector<Mat<double>> inputs);

/// A value from an input's domain: edge values, thresholds and their neighbours, short decimals,
/// log-uniform magnitudes, raw bits.
double generate_value(const Operation& op, std::size_t input, const Format& f, std::uint64_t seed);

/// A value from stratum `part` of `parts` of an interval in the domain, equally many floating-point
/// numbers each.
double stratified_value(const Operation& op, std::size_t input, const Interval& within,
                        const Format& f, std::uint64_t part, std::uint64_t parts,
                        std::uint64_t seed);

/// Simplifies a failing case greedily while `fails` holds; counts the steps.
Case shrink(const Operation& op, const Format& f, Case c,
            const std::function<bool(const Case&)>& fails, std::uint64_t& steps);

/// Counts the classes that a case covers: sizes 0 and 1, broadcast, thresholds, subnormals ...
void classify(const Operation& op, const Format& f, const Case& c,
              std::map<std::string, std::uint64_t>& counts);

std::vector<Shape> shapes_of(const std::vector<Mat<double>>& inputs);

}  // namespace assay::verify
