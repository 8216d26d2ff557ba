#pragma once
// Checks your own operations: assay::verify::check<Op>(), and ASSAY_OPERATIONS for a plugin.

#include <utility>
#include <vector>

#include "assay/map.hpp"
#include "assay/verify/function.hpp"
#include "assay/verify/operation.hpp"
#include "assay/verify/options.hpp"
#include "assay/verify/point.hpp"

namespace assay::verify {

/// Runs every check of an operation in float and double, in this process. Throws
/// std::invalid_argument on unusable options.
Report check(const Operation& op, const Options& options = {});

/// The same from the operation's definition: a struct with name, shape, forward and backward, or
/// assay::Map<Rule> of an elementwise rule.
template <class Op>
Report check(const Op& op, const Options& options = {}) {
  return check(make_operation(op), options);
}
template <class Op>
Report check(const Options& options = {}) {
  return check(make_operation(Op{}), options);
}

namespace detail {
/// What a plugin and the program must agree on.
inline constexpr int plugin_version = 3;
}  // namespace detail

}  // namespace assay::verify

/// Once in one source of a shared library: `assay verify --plugin libmine.so` checks these.
#define ASSAY_OPERATIONS(...)                                                                  \
  extern "C" int assay_plugin_version() { return assay::verify::detail::plugin_version; }      \
  extern "C" void assay_plugin_operations(std::vector<assay::verify::Operation>& operations) { \
    []<class... Op>(std::vector<assay::verify::Operation>& all) {                              \
      (all.push_back(assay::verify::make_operation(Op{})), ...);                               \
    }.template operator()<__VA_ARGS__>(operations);                                            \
  }
