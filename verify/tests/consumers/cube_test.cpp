#include <assay/assay.hpp>
#include <assay/gtest.hpp>
#include <string>

struct Cube {
  static constexpr auto name = "cube";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <assay::Field T>
  static T f(const T& x) {
    return x * x * x;
  }
  template <assay::Field T>
  static T df(const T& x, const T&) {
    return T(3) * x * x;
  }
};

struct WrongCube : Cube {
  static constexpr auto name = "wrong_cube";
  template <assay::Field T>
  static T df(const T& x, const T&) {
    return T(2) * x * x;
  }
};

using assay::verify::backward_matches;

TEST(Consumer, RightBackwardMatches) {
  EXPECT_TRUE(backward_matches<assay::Map<Cube>>({.cases = 50, .seed = 42}));
}

TEST(Consumer, WrongBackwardIsCaught) {
  const testing::AssertionResult result =
      backward_matches<assay::Map<WrongCube>>({.cases = 50, .seed = 42});
  EXPECT_FALSE(result);
  EXPECT_NE(std::string(result.message()).find("disagrees"), std::string::npos) << result.message();
}

TEST(Consumer, LibrarysOwnBackwardMatches) {
  EXPECT_TRUE(backward_matches<assay::Map<assay::Sigmoid>>({.cases = 50, .seed = 42}));
}
