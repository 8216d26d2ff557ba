#include "../plots.hpp"

#include <limits>

#include "rendering.hpp"

namespace assay::report {
namespace {

TEST(Plots, PointsAreEncodedToTheLastBitOfAFloatAndTheHalfOfADouble) {
  // 1.0f is 3f800000, 2.5 ulp is 40200000, of which the upper half without sign is 8040.
  EXPECT_EQ(encoded(std::vector<Point>{{1, 2.5, "", 0}}, "float"),
            base64(std::string("\0\0\x80\x3f\x40\x80", 6)));
  EXPECT_EQ(encoded(std::vector<Point>{{-2, 0, "", 0}}, "double"),
            base64(std::string("\0\0\0\xc0\0\0", 6)));
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(encoded(std::vector<Point>{{0, infinity, "", 0}}, "float"),
            base64(std::string("\0\0\0\0\0\xff", 6)));
}
TEST(Plots, CurvesAndHistogramsAreEncoded) {
  EXPECT_EQ(encoded(std::vector<Quarter>{{0, 7}, {3, 2}}), "0:7 3:2");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(encoded(std::vector<Step>{{-4, -infinity, 1.5}}),
            base64(std::string("\xc0\xff\x01\x80\x18\0", 6)));
}
TEST(Plots, Base64IsThatOfTheStandard) {
  EXPECT_EQ(base64("Man"), "TWFu");
  EXPECT_EQ(base64("Ma"), "TWE=");
  EXPECT_EQ(base64("M"), "TQ==");
  EXPECT_EQ(base64(""), "");
}
TEST(Plots, WorstOfEachStratumIsKeptOverAllChecks) {
  Check a, b;
  a.scalar = b.scalar = "double";
  a.plot = {{2, 1, "0x1p+1", 5}, {-1, 3, "-0x1p+0", 1}};
  b.plot = {{2.5, 2, "0x1.4p+1", 5}, {9, 0.5, "0x1.2p+3", 7}};
  a.histogram = {{0, 4}, {2, 1}};
  b.histogram = {{2, 3}};
  a.claimed = Claimed{4, 4, "ulp"};
  Operation operation;
  operation.checks = {&a, &b};
  const std::vector<Measured> all = measured(operation);
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].points.size(), 3u);
  EXPECT_EQ(all[0].points[0].x, -1);
  EXPECT_EQ(all[0].points[1].x, 2.5);
  EXPECT_EQ(all[0].worst().ulp, 3);
  EXPECT_EQ(all[0].claim, 4);
  ASSERT_EQ(all[0].histogram.size(), 2u);
  EXPECT_EQ(all[0].histogram[1].count, 4u);
}

TEST(Plots, OfManyStrataTheWorseOfNeighboursAreKept) {
  Check check;
  check.scalar = "float";
  for (std::uint64_t i = 0; i < 401; ++i) {
    check.plot.push_back({static_cast<double>(i), i == 37 ? 9.0 : 1.0, "", i});
  }
  Operation operation;
  operation.checks = {&check};
  const Measured m = measured(operation).at(0);
  EXPECT_EQ(m.strata, 401u);
  EXPECT_EQ(m.points.size(), 201u);
  EXPECT_EQ(m.points[18].x, 37);
  EXPECT_EQ(m.points.back().x, 400);
  EXPECT_EQ(m.worst().ulp, 9);
}

}  // namespace
}  // namespace assay::report
