#pragma once
// EXPECT_TRUE(assay::verify::backward_matches<Op>({.cases = 500, .seed = 42}));

#include <gtest/gtest.h>

#include "assay/verify.hpp"

namespace assay::verify {

namespace detail {
inline ::testing::AssertionResult as_assertion(const Report& r) {
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

}  // namespace assay::verify
