// The claims about samplers hold, and are no more tests than their level is for.

#include <gtest/gtest.h>

#include "catalogue/claims_sampling.hpp"

namespace {

using namespace assay::verify;

TEST(SamplingClaims, HoldAndAreFewEnoughForTheirLevel) {
  std::vector<Check> checks;
  claims::add_sampling_claims(checks, {});
  int accepting = 0;
  for (const Check& c : checks) {
    CheckResult r = run_cases(c, 42, 0, 1);
    conclude(c, r);
    EXPECT_EQ(r.verdict, Verdict::correct) << r.id();
    for (const GoldenValue& v : r.values) {
      EXPECT_TRUE(v.ok) << r.id() << ": " << v.name << ": " << v.got;
      accepting += v.expected.starts_with("p >=") ? 1 : 0;
    }
  }
  EXPECT_GE(accepting, 90);
  EXPECT_LE(accepting, statistics::most_tests);
}

}  // namespace
