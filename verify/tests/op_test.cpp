#include "assay/op.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "assay/graph.hpp"
#include "assay/ops.hpp"
#include "assay/rational.hpp"
#include "testing.hpp"

namespace assay {

/// Y = s A + B C: three inputs and an attribute.
struct Affine {
  static constexpr auto name = "affine";
  int scale = 1;
  [[nodiscard]] Shape shape(Shape a, Shape b, Shape c) const {
    require(MatMul::shape(b, c) == a, name, {{"a", a}, {"b", b}, {"c", c}},
            "a must be of the shape of b c");
    return a;
  }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& a, const Mat<T>& b, const Mat<T>& c) const {
    return a * T(scale) + MatMul::forward(b, c);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>& b,
                                     const Mat<T>& c, const Mat<T>& y) const {
    Grads<T, 2> g = MatMul::backward(dy, b, c, y);
    return {Mat<T>(dy * T(scale)), std::move(g[0]), std::move(g[1])};
  }
};

namespace {

using M = Mat<double>;

static_assert(arity<Map<Sigmoid>> == 1 && arity<Map<Add>> == 2 && arity<MatMul> == 2);
static_assert(arity<Sum<Axis::all>> == 1 && arity<Loss<SquaredError, Reduction::mean>> == 2);
static_assert(arity<Affine> == 3);
static_assert(std::is_invocable_v<decltype(add), double, double>);
static_assert(!std::is_invocable_v<decltype(matmul), double, double>);  // a matrix operation

// --- the lifts -----------------------------------------------------------------------------------

TEST(Lift, ANumberIsTheRuleItself) {
  EXPECT_EQ(sigmoid(0.5), Sigmoid::f(0.5));
  EXPECT_EQ(mul(3.0, -2.0), -6);
  EXPECT_EQ(square(Rational(2, 3)), Rational(4, 9));
  EXPECT_EQ(sub(2, Rational(1, 3)), Rational(5, 3));
  const Dual<double> x = square(Dual<double>(3, 1));
  EXPECT_EQ(x.v, 9);
  EXPECT_EQ(x.d, 6);
  static_assert(std::same_as<decltype(add(1.0F, 2.0)), double>);
  static_assert(std::same_as<decltype(sigmoid(1.0F)), float>);
}

TEST(Lift, AnyEigenExpressionIsTakenAndMeansItsNumbers) {
  M big(4, 6);
  for (Eigen::Index i = 0; i < big.size(); ++i)
    big.data()[i] = static_cast<double>(i * i % 17) / 8 - 1;
  const M x = big.block(1, 2, 2, 3);
  const M y = exp(x), product = matmul(M(x.transpose()), x), total = sum(x);
  EXPECT_EQ(M(exp(big.block(1, 2, 2, 3))), y);
  EXPECT_EQ(M(exp(x.transpose())), M(y.transpose()));
  EXPECT_EQ(M(matmul(x.transpose(), big.block(1, 2, 2, 3))), product);
  EXPECT_EQ(M(exp(x + x - x)), M(exp(M(x + x - x))));

  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = x;
  EXPECT_EQ(M(exp(rows)), y);
  const Eigen::Map<const Eigen::Matrix<double, 2, 3, Eigen::RowMajor>> row_map(rows.data());
  EXPECT_EQ(M(exp(row_map)), y);
  EXPECT_EQ(M(sum(row_map)), total);
  using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Map<const M, 0, Stride> spaced(&big(0, 0), 2, 3, Stride(8, 2));
  EXPECT_EQ(M(exp(spaced)), M(exp(M(spaced))));
  EXPECT_EQ(M(matmul(spaced, row_map.transpose())), M(M(spaced) * rows.transpose()));

  const Eigen::Matrix<double, 2, 3> fixed = x;
  EXPECT_EQ(M(exp(fixed)), y);
  EXPECT_EQ(M(add(fixed, x.colwise().sum())), M(x + x.colwise().sum().replicate(2, 1)));
  EXPECT_EQ(M(mul(fixed.col(0), x.row(1))), M(x.col(0) * x.row(1)));
  EXPECT_EQ(M(exp(Eigen::Vector2d(x(0, 0), x(1, 0)))), M(y.col(0)));
}

TEST(Lift, AloneOrInALoopANumberHasTheSameBits) {
  M x(200, 3);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = (static_cast<double>(i) - 300) / 7;
  const M y = tanh(x);
  for (Eigen::Index i = 0; i < x.size(); ++i) EXPECT_EQ(y.data()[i], tanh(x.data()[i]));
}

TEST(Lift, AttributesAreMembersAndInputsMayBeMany) {
  const Call<Affine> affine{{.scale = 3}};
  const M a = M::Constant(2, 2, 1), b = M::Constant(2, 1, 2), c = M::Constant(1, 2, 5);
  EXPECT_EQ(affine(a, b, c), M::Constant(2, 2, 13));
  Graph<double> g;
  const auto va = g.variable(a), vb = g.variable(b), vc = g.variable(c);
  g.backward(sum(affine(va, vb, vc)));
  EXPECT_EQ(va.grad(), M::Constant(2, 2, 3));
  EXPECT_EQ(vb.grad(), M::Constant(2, 1, 10));
  EXPECT_EQ(vc.grad(), M::Constant(1, 2, 4));
  EXPECT_THROW(affine(b, b, c), ShapeError);
}

// --- errors --------------------------------------------------------------------------------------

std::string shape_error(const auto& action) {
  try {
    action();
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "no ShapeError";
}

/// Every message about shapes, from the same calls in the scalar T.
template <class T>
std::vector<std::string> shape_errors() {
  const auto m = [](Eigen::Index r, Eigen::Index c) {
    return Mat<T>(Mat<T>::Constant(r, c, T(1)));
  };
  Graph<T> g;
  return {shape_error([&] { matmul(m(3, 4), m(5, 2)); }),
          shape_error([&] { matmul(g.variable(m(3, 4)), m(5, 2)); }),
          shape_error([&] { add(m(2, 3), m(3, 3)); }),
          shape_error([&] { div(m(2, 3), m(2, 2)); }),
          shape_error([&] { mul(m(0, 3), m(2, 3)); }),
          shape_error([&] { squared_error_mean(m(2, 1), m(1, 2)); }),
          shape_error([&] { squared_error_sum(m(2, 3), m(1, 3)); }),
          shape_error([&] { squared_error_mean(m(0, 3), m(0, 3)); }),
          shape_error([&] { mean(m(0, 0)); }),
          shape_error([&] { mean_rowwise(m(3, 0)); }),
          shape_error([&] { mean_colwise(m(0, 3)); })};
}

const std::vector<std::string> kShapeErrors = {
    "matmul: a is 3x4 and b is 5x2; a.cols must equal b.rows",
    "matmul: a is 3x4 and b is 5x2; a.cols must equal b.rows",
    "add: a is 2x3 and b is 3x3; extents must be equal or 1",
    "div: a is 2x3 and b is 2x2; extents must be equal or 1",
    "mul: a is 0x3 and b is 2x3; extents must be equal or 1",
    "squared_error_mean: a is 2x1 and b is 1x2; they must be of one shape",
    "squared_error_sum: a is 2x3 and b is 1x3; they must be of one shape",
    "squared_error_mean: a is 0x3; the mean over no elements is undefined",
    "mean: x is 0x0; the mean over no elements is undefined",
    "mean_rowwise: x is 3x0; the mean over no elements is undefined",
    "mean_colwise: x is 0x3; the mean over no elements is undefined",
};

TEST(ShapeErrors, NameTheOperationTheShapesAndTheRuleAlikeInEveryScalar) {
  EXPECT_EQ(shape_errors<double>(), kShapeErrors);
  EXPECT_EQ(shape_errors<float>(), kShapeErrors);
  EXPECT_EQ(shape_errors<long double>(), kShapeErrors);
  EXPECT_EQ(shape_errors<Dual<double>>(), kShapeErrors);
  EXPECT_EQ(shape_errors<Rational>(), kShapeErrors);
}

TEST(ShapeErrors, ALossOfUnequalShapesIsOneForLogitsToo) {
  EXPECT_EQ(shape_error([] { bce_with_logits_mean(M::Ones(4, 1), M::Ones(4, 2)); }),
            "bce_with_logits_mean: a is 4x1 and b is 4x2; they must be of one shape");
  EXPECT_EQ(shape_error([] { bce_with_logits_mean(M(0, 0), M(0, 0)); }),
            "bce_with_logits_mean: a is 0x0; the mean over no elements is undefined");
}

TEST(Empty, TheSumOfNothingIsZero) {
  EXPECT_EQ(sum(M(0, 0)), M::Zero(1, 1));
  EXPECT_EQ(sum(M(0, 4)), M::Zero(1, 1));
  EXPECT_EQ(sum_rowwise(M(3, 0)), M::Zero(3, 1));
  EXPECT_EQ(sum_colwise(M(0, 3)), M::Zero(1, 3));
  EXPECT_EQ(squared_error_sum(M(0, 3), M(0, 3)), M::Zero(1, 1));
  EXPECT_EQ(shape_of(mean_rowwise(M(0, 3))), (Shape{0, 1}));  // no mean is taken
}

// --- domains -------------------------------------------------------------------------------------

TEST(Domains, AreConstantExpressions) {
  constexpr auto d = on(all_reals, open(0, 1), closed(-1, 1), exact(closed(0, 1)), exact);
  static_assert(d.inputs.size() == 5);
  static_assert(d.inputs[0].contains(1e308) && !d.inputs[0].contains(infinity));
  static_assert(d.inputs[1].contains(0.5) && !d.inputs[1].contains(0) && !d.inputs[1].contains(1));
  static_assert(d.inputs[2].contains(-1) && d.inputs[2].contains(1) && !d.inputs[2].contains(1.5));
  static_assert(d.inputs[3].exact && d.inputs[3].contains(1) && !d.inputs[3].contains(2));
  static_assert(d.inputs[4].exact && d.inputs[4].contains(-1e308) && !d.inputs[0].exact);

  constexpr auto k = on(all_reals, all_reals).kink(0, 0.5).except(1, 1).without(-2).ties(split);
  static_assert(k.kink_count == 3 && k.tie == Ties::split);
  static_assert(k.kinks[0].kind == Kink::Kind::value && k.kinks[0].value == 0.5);
  static_assert(k.kinks[1].kind == Kink::Kind::between && k.kinks[1].input == 1);
  static_assert(k.kinks[2].kind == Kink::Kind::pole && k.kinks[2].at == -2);
  static_assert(on(all_reals).tie == Ties::none && on(all_reals).ties(first).tie == Ties::first);
  static_assert(on(all_reals).kink_count == 0);  // each call returns a new domain
}

// --- the list ------------------------------------------------------------------------------------

std::vector<std::string> listed_names() {
  return std::apply(
      [](const auto&... call) {
        return std::vector<std::string>{
            std::string(std::remove_cvref_t<decltype(call)>::Operation::name)...};
      },
      operations<>);
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  EXPECT_TRUE(in) << file;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(ListOfOperations, NamesAreUniqueAndInSnakeCase) {
  const std::vector<std::string> names = listed_names();
  EXPECT_GT(names.size(), 20u);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  const std::regex snake_case("[a-z][a-z0-9]*(_[a-z0-9]+)*");
  for (const std::string& name : names) EXPECT_TRUE(std::regex_match(name, snake_case)) << name;
}

/// By its object's name, or, with attributes, by its type.
TEST(ListOfOperations, HoldsEveryOperationOfEveryFile) {
  const std::string list = text_of("lib/assay/ops.hpp");
  const std::regex object(R"(inline constexpr Call(?:With)?<[^;]*>\s+(\w+);)");
  const std::regex definition(R"(struct (\w+) \{\s+static constexpr auto name)");
  const auto found = [](const std::string& text, const std::regex& what) {
    std::set<std::string> all;
    for (std::sregex_iterator i(text.begin(), text.end(), what), end; i != end; ++i) {
      all.insert((*i)[1]);
    }
    return all;
  };
  const std::vector<std::string> names = listed_names();
  const std::set<std::string> listed(names.begin(), names.end());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator("lib/assay/ops")) {
    const std::string file = entry.path().filename().string(), text = text_of(entry.path());
    const std::set<std::string> types = found(text, definition), objects = found(text, object);
    if (types.empty()) continue;  // what several share, or another name for one
    ++files;
    EXPECT_NE(list.find("#include \"assay/ops/" + file + "\""), std::string::npos) << file;
    for (const std::string& type : types) {
      const bool by_type = list.find("<" + type) != std::string::npos;
      const bool by_name = std::any_of(objects.begin(), objects.end(),
                                       [&](const std::string& o) { return listed.count(o) > 0; });
      EXPECT_TRUE(by_type || by_name) << file << ": " << type << " is not in the list";
    }
    for (const std::string& o : objects) {
      const bool by_type = std::any_of(types.begin(), types.end(), [&](const std::string& t) {
        return list.find("<" + t) != std::string::npos;
      });
      EXPECT_TRUE(by_type || listed.count(o) > 0) << file << ": " << o << " is not in the list";
    }
  }
  EXPECT_GT(files, 70u);
}

}  // namespace
}  // namespace assay
