#pragma once
// EXPECT_TRUE(assay::verify::backward_matches<Op>({.cases = 500, .seed = 42}));

#include <gtest/gtest.h>

#include "assay/verify.hpp"

namespace assay::verify {

namespace detail {
template <class AnyReport>
::testing::AssertionResult as_assertion(const AnyReport& r) {
  if (r.ok()) return ::testing::AssertionSuccess() << r.message();
  return ::testing::AssertionFailure() << r.message();
}
}  // namespace detail

/// Every check of Op in float and double; the message is the failure with its replay command.
template <class Op>
::testing::AssertionResult backward_matches(const Options& options = {}) {
  return detail::as_assertion(check<Op>(options));
}
/// The same of an operation with attributes.
template <class Op>
::testing::AssertionResult backward_matches(const Op& op, const Options& options) {
  return detail::as_assertion(check(op, options));
}
/// At one point of any size: check_point.
template <class Op>
::testing::AssertionResult backward_matches_at(const Op& op, const std::vector<Mat<double>>& inputs,
                                               const PointOptions& options = {}) {
  return detail::as_assertion(check_point(op, inputs, options));
}
/// A function known only in double, of matrices or of maps with strides: check_function. The
/// message states the detection limit.
template <class F, class V>
::testing::AssertionResult function_matches(const F& f, const V& vjp, const Matrices& inputs,
                                            const FunctionOptions& options = {}) {
  return detail::as_assertion(check_function(f, vjp, inputs, options));
}
/// Any report, such as that of a whole model: EXPECT_TRUE(matches(check_model(make, loss, batch))).
template <class AnyReport>
::testing::AssertionResult matches(const AnyReport& report) {
  return detail::as_assertion(report);
}

}  // namespace assay::verify
