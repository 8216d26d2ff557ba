#include "@NAME@.hpp"

#include <assay/gtest.hpp>

// Random cases, sweeps, kinks, state, sharing and exactness, in float and double. A failure says the
// smallest input found, the reference, the likely cause, and how to run that one case again.
TEST(@TYPE@, BackwardIsRight) {
  EXPECT_TRUE(assay::verify::backward_matches<@OPERATION@>({.cases = 500, .seed = 42}));
}
