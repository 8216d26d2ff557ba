#include <assay/gtest.hpp>

#include "rules.hpp"

using assay::Map;
using assay::verify::backward_matches;

TEST(Cube, BackwardIsRight) {
  EXPECT_TRUE(backward_matches<Map<Cube>>({.cases = 200, .seed = 42}));
}
TEST(MySigmoid, BackwardIsRight) {
  EXPECT_TRUE(backward_matches<Map<MySigmoid>>({.cases = 200, .seed = 42}));
}
TEST(Cosine, BackwardIsRight) {
  EXPECT_TRUE(backward_matches<Map<Cosine>>({.cases = 200, .seed = 42}));
}
TEST(Bias, BackwardIsRight) { EXPECT_TRUE(backward_matches<Bias>({.cases = 200, .seed = 42})); }
