// The names and forms that users write against: these must not change.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <assay/assay.hpp>
#include <assay/data.hpp>
#include <assay/gtest.hpp>
#include <assay/verify.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

namespace contract {

using assay::Grads;
using assay::Mat;
using assay::Shape;

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
struct SignFault : Cube {
  template <assay::Field T>
  static T df(const T& x, const T&) {
    return -(T(3) * x * x);
  }
};

struct TwoInputs {
  static constexpr auto name = "two_inputs";
  static constexpr auto domain = assay::on(assay::all_reals, assay::open(-4, 4));
  static constexpr assay::Ulps claimed{.value = 4, .derivative = 8, .units = assay::envelope};
  template <assay::Real T>
  static T f(const T& a, const T& b) {
    using std::sin;
    return a * sin(b);
  }
  template <assay::Real T>
  static std::array<T, 2> df(const T& a, const T& b, const T&) {
    using std::cos, std::sin;
    return {sin(b), a * cos(b)};
  }
};

/// The textbook's backward: y (1 - y) is 0 where y rounds to 1.
struct HandSigmoid {
  static constexpr auto name = "hand_sigmoid";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <assay::Real T>
  static T f(const T& x) {
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
  template <assay::Real T>
  static T df(const T&, const T& y) {
    return y * (T(1) - y);
  }
};

struct Bend {
  static constexpr auto name = "bend";
  static constexpr auto domain = assay::on(assay::all_reals).kink(0, 0);
  template <assay::Field T>
  static T f(const T& x) {
    return x > T(0) ? x : T(0);
  }
  template <assay::Field T>
  static T df(const T& x, const T&) {
    return x > T(0) ? T(1) : T(0);
  }
};
struct UndeclaredBend : Bend {
  static constexpr auto domain = assay::on(assay::all_reals);
};
struct OtherConvention : Bend {
  static constexpr auto domain = assay::on(assay::all_reals).kink(0, 0.5);
};

/// Y = s X + 1 b': an attribute, and a row that is repeated.
struct AddRow {
  static constexpr auto name = "add_row";
  int scale = 1;
  [[nodiscard]] Shape shape(Shape x, Shape b) const {
    assay::require(b == Shape{1, x.cols}, name, {{"x", x}, {"b", b}},
                   "b must be a row as wide as x");
    return x;
  }
  template <assay::Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, const Mat<T>& b) const {
    return x * T(scale) + b.replicate(x.rows(), 1);
  }
  template <assay::Field T>
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&,
                                     const Mat<T>&) const {
    Mat<T> db = Mat<T>::Constant(1, x.cols(), T(0));
    for (Eigen::Index i = 0; i < dy.rows(); ++i) db += dy.row(i);
    return {Mat<T>(dy * T(scale)), std::move(db)};
  }
};
struct NoReduction : AddRow {
  template <assay::Field T>
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& b,
                                     const Mat<T>& y) const {
    Grads<T, 2> g = AddRow::backward(dy, x, b, y);
    if (dy.rows() > 0) g[1] = dy.row(dy.rows() - 1);
    return g;
  }
};

/// y = <x, x>, as a static matrix operation.
struct SquaredNorm {
  static constexpr auto name = "squared_norm";
  static Shape shape(Shape) { return {1, 1}; }
  template <assay::Field T>
  static Mat<T> forward(const Mat<T>& x) {
    T s(0);
    for (Eigen::Index i = 0; i < x.size(); ++i) s += x.data()[i] * x.data()[i];
    return Mat<T>::Constant(1, 1, s);
  }
  template <assay::Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {Mat<T>(x * (dy(0, 0) + dy(0, 0)))};
  }
};

}  // namespace contract

ASSAY_OPERATIONS(assay::Map<contract::Cube>, contract::SquaredNorm)

namespace {

using namespace contract;
using assay::Map;
using assay::verify::backward_matches;
using assay::verify::check;
using assay::verify::Options;
using assay::verify::Report;

static_assert(std::is_same_v<Mat<float>, Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic>>);
static_assert(std::is_same_v<Grads<float, 3>, std::array<Mat<float>, 3>>);
static_assert(std::is_same_v<decltype(Shape::rows), Eigen::Index> && Shape{2, 3}.cols == 3);
static_assert(std::is_constructible_v<assay::ShapeError, std::string>);
static_assert(assay::Field<double> && assay::Real<double> && assay::Real<assay::Dual<float>>);
static_assert(assay::Field<assay::Rational> && !assay::Real<assay::Rational>);
static_assert(std::is_same_v<decltype(check<SquaredNorm>(Options{})), Report>);
static_assert(std::is_same_v<decltype(backward_matches<SquaredNorm>({.cases = 500, .seed = 42})),
                             testing::AssertionResult>);

/// A folder of its own, removed at the end.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("assay-contract-" + std::to_string(getpid()))) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

class Replaying {
 public:
  explicit Replaying(const std::string& file) { setenv("ASSAY_REPLAY", file.c_str(), 1); }
  Replaying(const Replaying&) = delete;
  Replaying& operator=(const Replaying&) = delete;
  ~Replaying() { unsetenv("ASSAY_REPLAY"); }
};

const Options kFew{.cases = 50, .seed = 42, .out = ""};

const assay::verify::CheckResult& failed(const Report& r) {
  return *std::find_if(r.checks.begin(), r.checks.end(),
                       [](const auto& c) { return !c.failures.empty(); });
}

TEST(Contract, OnesOwnRulesAreLiftedByMap) {
  const assay::Call<Map<Cube>> cube;
  EXPECT_EQ(cube(3.0), 27);
  EXPECT_EQ(cube(Mat<double>(Mat<double>::Constant(1, 2, 2))), Mat<double>::Constant(1, 2, 8));
  assay::Tape<double> tape;
  const auto x = tape.variable(2);
  tape.backward(cube(x));
  EXPECT_EQ(x.grad(), 12);
}

TEST(Contract, RightBackwardsMatch) {
  EXPECT_TRUE(backward_matches<Map<Cube>>({.cases = 50, .seed = 42}));
  EXPECT_TRUE(backward_matches<Map<TwoInputs>>({.cases = 50, .seed = 42}));
  EXPECT_TRUE(backward_matches<Map<Bend>>({.cases = 500, .seed = 42}));
  EXPECT_TRUE(backward_matches<SquaredNorm>({.cases = 50, .seed = 42}));
  EXPECT_TRUE(backward_matches(AddRow{.scale = 3}, {.cases = 50, .seed = 42}));
  EXPECT_TRUE(backward_matches<Map<assay::Sigmoid>>({.cases = 50, .seed = 42}));
}

TEST(Contract, WrongBackwardsDoNot) {
  EXPECT_FALSE(backward_matches<Map<SignFault>>(kFew));
  EXPECT_FALSE(backward_matches<Map<HandSigmoid>>(kFew));
  EXPECT_FALSE(backward_matches<NoReduction>(kFew));
  EXPECT_FALSE(backward_matches(NoReduction{{.scale = 3}}, kFew));
  EXPECT_FALSE(backward_matches<Map<OtherConvention>>(kFew));
}

TEST(Contract, AnUndeclaredKinkFails) { EXPECT_FALSE(backward_matches<Map<UndeclaredBend>>(kFew)); }

TEST(Contract, AFailureNamesThePointTheReferenceTheClaimAndTheReplay) {
  const Folder folder;
  const testing::AssertionResult result =
      backward_matches<Map<HandSigmoid>>({.cases = 50, .seed = 42, .out = folder.string()});
  const std::string text = result.message();
  const std::regex form(
      R"(hand_sigmoid<double>: backward disagrees with [a-z ]+ \(case \d+, shrunk \d+ times\)
  x \[\S.*\]   upstream \[\S.*\]
  backward   \S+.*
  reference  \S+  \+- \S+        \(\S+ envelope units; claimed 8\)
  replay     ASSAY_REPLAY=\S+failures/hand_sigmoid-double\S*\.json \S+)");
  EXPECT_TRUE(std::regex_search(text, form)) << text;
}

TEST(Contract, AGradientThatIsZeroInTheTailIsOffByAllItsBits) {
  const Report report = check<Map<HandSigmoid>>(kFew);
  const auto in_double =
      std::find_if(report.checks.begin(), report.checks.end(),
                   [](const auto& c) { return c.id() == "hand_sigmoid/double/derivative"; });
  ASSERT_NE(in_double, report.checks.end());
  EXPECT_EQ(in_double->verdict, assay::verify::Verdict::wrong);
  ASSERT_TRUE(in_double->worst_derivative);
  EXPECT_EQ(in_double->worst_derivative->got, "0x0p+0");
  EXPECT_GT(in_double->worst_derivative->ulp, 1e15);
}

TEST(Contract, CheckReturnsWhatEachCheckFound) {
  const Report report = check<Map<Cube>>(kFew);
  EXPECT_TRUE(report.ok()) << report.message();
  std::set<std::string> ids, scalars;
  for (const auto& c : report.checks) {
    ids.insert(c.id());
    scalars.insert(c.scalar);
    EXPECT_EQ(c.subject, "cube");
    EXPECT_EQ(c.verdict, assay::verify::Verdict::correct) << c.id() << ": " << c.reason;
    EXPECT_GT(c.cases, 0u) << c.id();
    EXPECT_FALSE(c.about.empty()) << c.id();
  }
  EXPECT_EQ(ids.size(), report.checks.size());
  for (const char* scalar : {"float", "double", "rational"})
    EXPECT_EQ(scalars.count(scalar), 1u) << scalar;
  const auto sines = check<Map<TwoInputs>>(kFew).checks;
  EXPECT_TRUE(std::none_of(sines.begin(), sines.end(),
                           [](const auto& c) { return c.scalar == "rational"; }));
}

TEST(Contract, ACampaignOfNoCasesIsRefused) {
  EXPECT_THROW(check<Map<Cube>>({.cases = 0}), std::invalid_argument);
  EXPECT_THROW(backward_matches<SquaredNorm>({.cases = 0}), std::invalid_argument);
}

TEST(Contract, AStoredFailureIsReplayedAlone) {
  const Folder folder;
  const Report report = check<Map<SignFault>>({.cases = 50, .seed = 42, .out = folder.string()});
  ASSERT_FALSE(report.ok());
  const assay::verify::Failure& failure = failed(report).failures.front();
  const std::string file = folder.string() + "/" + failure.replay;
  ASSERT_TRUE(std::filesystem::exists(file)) << file;

  const Replaying replaying(file);
  const Report again = check<Map<SignFault>>(kFew);
  ASSERT_EQ(again.checks.size(), 1u);
  EXPECT_EQ(again.checks.front().cases, 1u);
  ASSERT_EQ(again.checks.front().failures.size(), 1u);
  EXPECT_EQ(again.checks.front().failures.front().got, failure.got);
  EXPECT_EQ(again.checks.front().failures.front().reference, failure.reference);
  EXPECT_TRUE(check<Map<Cube>>(kFew).ok());               // the same operation, mended
  EXPECT_GT(check<SquaredNorm>(kFew).checks.size(), 1u);  // another operation is not concerned
}

TEST(Contract, WhatIsNoStoredFailureIsNotReplayed) {
  const Replaying replaying("/nonexistent/failure.json");
  EXPECT_THROW(check<Map<Cube>>(kFew), std::exception);
}

TEST(Contract, APluginHandsOutItsOperations) {
  std::vector<assay::verify::Operation> operations;
  assay_plugin_operations(operations);
  ASSERT_EQ(operations.size(), 2u);
  EXPECT_EQ(operations[0].name, "cube");
  EXPECT_EQ(operations[1].name, "squared_norm");
  EXPECT_EQ(assay_plugin_version(), assay::verify::detail::plugin_version);
}

// --- a function known only in double -------------------------------------------------------------

using assay::verify::check_function;
using assay::verify::Matrices;

const Matrices kInputs{Mat<double>{{0.5, -1.25, 2}}, Mat<double>{{3, 0.125, -0.75}}};

Mat<double> kernel(const Matrices& in) { return in[0].array().exp() * in[1].array(); }
Matrices kernel_vjp(const Matrices& in, const Mat<double>& dy) {
  return {dy.array() * in[0].array().exp() * in[1].array(), dy.array() * in[0].array().exp()};
}

TEST(CheckFunction, ARightKernelAgreesDownToTheStatedLimit) {
  const auto report = check_function(kernel, kernel_vjp, kInputs);
  EXPECT_TRUE(report.ok()) << report.message();
  EXPECT_EQ(report.result.elements, 6u);
  EXPECT_GT(report.detection_limit, 0);
  EXPECT_LT(report.detection_limit, 1e-6);
}

TEST(CheckFunction, AWrongKernelDoesNot) {
  const auto sign = [](const Matrices& in, const Mat<double>& dy) {
    Matrices g = kernel_vjp(in, dy);
    g[1] = -g[1];
    return g;
  };
  const auto slightly = [](const Matrices& in, const Mat<double>& dy) {
    Matrices g = kernel_vjp(in, dy);
    g[0](0, 1) *= 1 + 1e-5;
    return g;
  };
  const auto one_short = [](const Matrices&, const Mat<double>& dy) { return Matrices{dy}; };
  EXPECT_FALSE(check_function(kernel, sign, kInputs).ok());
  EXPECT_FALSE(check_function(kernel, slightly, kInputs).ok());
  EXPECT_FALSE(check_function(kernel, one_short, kInputs).ok());
  EXPECT_NE(check_function(kernel, sign, kInputs).message().find("disagrees"), std::string::npos);
}

TEST(CheckFunction, ComparingNothingIsRefused) {
  EXPECT_THROW(check_function(kernel, kernel_vjp, {Mat<double>(0, 3), Mat<double>(0, 3)}),
               std::invalid_argument);
}

}  // namespace
