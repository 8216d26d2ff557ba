// Whole models: every parameter of a module under a loss.

#include "assay/verify/model.hpp"

#include <gtest/gtest.h>

#include "assay/nn/layers.hpp"
#include "assay/ops/bce_with_logits.hpp"
#include "testing.hpp"

namespace models {

using namespace assay;
using namespace assay::verify;

/// tanh with a derivative that is off by 1e-9, or right.
template <bool wrong>
struct Squash {
  static constexpr auto name = "squash";
  static constexpr auto domain = on(all_reals);
  template <Real T>
  static T f(const T& x) {
    using std::tanh;
    return tanh(x);
  }
  template <Real T>
  static T df(const T&, const T& y) {
    const T d = T(1) - y * y;
    return wrong ? d + d / T(1000000000) : d;
  }
};
template <bool wrong>
inline constexpr Call<Map<Squash<wrong>>> squash;

/// x W + b, whose backward forgets an element of W.
struct LinearForgetting {
  static constexpr auto name = "linear_forgetting";
  static Shape shape(Shape x, Shape w) { return {x.rows, w.cols}; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, const Mat<T>& w) {
    return MatMul::forward<T>(x, w);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& w, const Mat<T>& y) {
    Grads<T, 2> g = MatMul::backward<T>(dy, x, w, y);
    g[1](2, 1) = T(0);
    return g;
  }
};
template <class T>
class Forgetting : public nn::Module<T> {
 public:
  Parameter<T> weight;
  Forgetting() {
    Mat<T> w(4, 3);
    for (Eigen::Index i = 0; i < w.size(); ++i) w.data()[i] = T(static_cast<int>(i) - 5) / T(8);
    weight = Parameter<T>(w);
  }
  Var<T> forward(const Var<T>& x) override {
    return Call<LinearForgetting>{}(x, x.graph().parameter(weight));
  }

 protected:
  std::vector<nn::NamedParameter<T>> own_parameters() override {
    return {{"weight", &weight, nn::Stored::matrix}};
  }
};

const auto bce = [](const auto& y, const auto& target) { return bce_with_logits_mean(y, target); };

Matrices batch() {
  Mat<double> x(6, 4), target(6, 1);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = std::sin(1.0 + double(i));
  for (Eigen::Index i = 0; i < target.size(); ++i) target.data()[i] = i % 2 == 0 ? 1 : 0;
  return {x, target};
}

template <bool wrong>
auto network() {
  return []<class T>() {
    Random random(1);
    return nn::Sequential<T>{nn::Linear<T>(4, 5, random), squash<wrong>,
                             nn::Linear<T>(5, 1, random)};
  };
}

TEST(Model, EveryParameterOfARightNetworkIsCorrect) {
  const Report r = check_model(network<false>(), bce, batch());
  EXPECT_TRUE(r.ok()) << r.message();
  ASSERT_EQ(r.checks.size(), 3U);
  for (const CheckResult& c : r.checks) EXPECT_EQ(c.kind, Kind::model);
  EXPECT_EQ(r.checks[2].elements, 31U);
}

TEST(Model, AnActivationThatIsOffByOnePartInABillionIsFound) {
  const Report r = check_model(network<true>(), bce, batch(), {.name = "network"});
  ASSERT_EQ(r.verdict(), Verdict::wrong);
  const std::string text = r.message();
  EXPECT_NE(text.find("network<high>: backward disagrees with dual numbers"), std::string::npos)
      << text;
  EXPECT_NE(text.find("gradient of 0."), std::string::npos) << text;
}

TEST(Model, TheParameterItsRowAndItsColumnAreNamed) {
  const auto make = []<class T>() {
    Random random(1);
    nn::Sequential<T> m{Forgetting<T>(), squash<false>, nn::Linear<T>(3, 1, random)};
    return m;
  };
  const Report r = check_model(make, bce, batch());
  ASSERT_EQ(r.verdict(), Verdict::wrong);
  EXPECT_NE(r.message().find("gradient of 0.weight at row 2, column 1"), std::string::npos)
      << r.message();
}

TEST(Model, OneKnownInDoubleOnlyIsCheckedByDifferences) {
  Random random(1);
  nn::Sequential<double> right{nn::Linear<double>(4, 5, random), squash<false>,
                               nn::Linear<double>(5, 1, random)};
  const Mat<double> before = right.parameters()[0]->value;
  const FunctionReport r = check_model(right, bce, batch());
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_EQ(before, Mat<double>(right.parameters()[0]->value));
  EXPECT_GT(r.detection_limit, 0);

  nn::Sequential<double> wrong{Forgetting<double>(), squash<false>,
                               nn::Linear<double>(3, 1, random)};
  const FunctionReport w = check_model(wrong, bce, batch());
  EXPECT_EQ(w.result.verdict, Verdict::wrong);
  EXPECT_NE(w.message().find("model<double>"), std::string::npos) << w.message();
  EXPECT_NE(w.message().find("gradient of 0.weight at row 2, column 1"), std::string::npos)
      << w.message();
}

TEST(Model, WhatCannotBeUsedIsRefused) {
  const auto message = [](const Matrices& b) {
    return message_of<std::invalid_argument>([&] { return check_model(network<false>(), bce, b); });
  };
  EXPECT_NE(message({}).find("the batch is empty"), std::string::npos);
  EXPECT_NE(message({batch()[0]}).find("another number of arguments"), std::string::npos);
}

}  // namespace models
