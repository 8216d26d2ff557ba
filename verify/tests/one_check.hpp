#pragma once
// One check of an operation, run alone.

#include <gtest/gtest.h>

#include <string>

#include "check.hpp"

namespace assay::verify {

/// Runs the check `name` of the operation in this scalar; its failures are in the result.
inline CheckResult run_one(const Operation& op, std::string_view name, std::string_view scalar,
                           std::uint64_t cases = 100) {
  const auto shared = std::make_shared<const Operation>(op);
  for (const Check& c : checks_of(shared, {.cases = cases})) {
    if (c.blank.check != name || c.blank.scalar != scalar) continue;
    CheckResult r = run_cases(c, 42, 0, 1);
    conclude(c, r);
    return r;
  }
  ADD_FAILURE() << op.name << " has no check " << name << " in " << scalar;
  return {};
}

inline std::string message(const CheckResult& r) {
  return r.failures.empty() ? "" : r.failures.front().message;
}

}  // namespace assay::verify

#define EXPECT_FOUND(result, text)             \
  EXPECT_EQ((result).verdict, Verdict::wrong); \
  EXPECT_NE(message(result).find(text), std::string::npos) << message(result)
