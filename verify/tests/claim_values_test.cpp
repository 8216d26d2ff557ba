#include <gtest/gtest.h>

#include "json.hpp"

namespace assay::verify {
namespace {

CheckResult claim(std::vector<GoldenValue> values) {
  CheckResult r;
  r.kind = Kind::claim;
  r.subject = "claim-13-sampling";
  r.scalar = "double";
  r.check = "property";
  r.cases = 1;
  r.values = std::move(values);
  return r;
}
const GoldenValue mean{"mean", "p >= 1e-08", "p = 0.5", std::nullopt, true};
const GoldenValue variance{"variance", "p >= 1e-08", "p = 0.25", std::nullopt, true};

TEST(ClaimValues, AreWrittenAndReadBack) {
  const CheckResult back = check_from_json(to_json(claim({mean, variance})));
  ASSERT_EQ(back.values.size(), 2u);
  EXPECT_EQ(back.values[1].name, "variance");
  EXPECT_EQ(back.values[1].got, "p = 0.25");
  EXPECT_TRUE(back.values[1].ok);
}
TEST(ClaimValues, DoNotDependOnWhoComputedThemFirst) {
  EXPECT_EQ(to_json(claim({mean, variance})).dump(), to_json(claim({variance, mean})).dump());
}
TEST(ClaimValues, AreAbsentWhereThereAreNone) {
  EXPECT_FALSE(to_json(claim({})).contains("values"));
}

}  // namespace
}  // namespace assay::verify
