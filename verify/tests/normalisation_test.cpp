// Layer and batch normalisation, dropout: statistics, conventions, errors, wrong backwards.

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "assay/graph.hpp"
#include "assay/ops/batch_norm.hpp"
#include "assay/ops/batch_norm_eval.hpp"
#include "assay/ops/dropout.hpp"
#include "assay/ops/layer_norm.hpp"
#include "assay/wide.hpp"
#include "testing.hpp"

namespace normalisation {

using assay::Grads;
using assay::Mat;
using assay::Shape;

struct Layer : assay::LayerNorm {
  template <assay::Real T>
  [[nodiscard]] static Mat<T> reciprocal_deviation(const Mat<T>& x, double eps) {
    Mat<T> r(x.rows(), 1);
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      T mean(0), square(0);
      for (Eigen::Index j = 0; j < x.cols(); ++j) mean += x(i, j);
      mean /= assay::count<T>(x.cols());
      for (Eigen::Index j = 0; j < x.cols(); ++j) square += (x(i, j) - mean) * (x(i, j) - mean);
      r(i, 0) = T(1) / assay::fn::sqrt(T(square / assay::count<T>(x.cols()) + T(eps)));
    }
    return r;
  }
};
/// As if mean and variance were constants.
struct ConstantStatistics : Layer {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& gain,
                                     const Mat<T>& bias, const Mat<T>& y,
                                     const Mat<T>& saved) const {
    Grads<T, 3> g = LayerNorm::backward(dy, x, gain, bias, y, saved);
    const Mat<T> r = reciprocal_deviation(x, eps);
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      for (Eigen::Index i = 0; i < x.rows(); ++i) g[0](i, j) = dy(i, j) * gain(0, j) * r(i, 0);
    }
    return g;
  }
};
/// The gradient of the gain with the input instead of the normalised input.
struct GainOfInput : Layer {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& gain,
                                     const Mat<T>& bias, const Mat<T>& y,
                                     const Mat<T>& saved) const {
    Grads<T, 3> g = LayerNorm::backward(dy, x, gain, bias, y, saved);
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      g[1](0, j) = T(0);
      for (Eigen::Index i = 0; i < x.rows(); ++i) g[1](0, j) += dy(i, j) * x(i, j);
    }
    return g;
  }
};
struct DropoutWithoutScale : assay::Dropout {
  template <assay::Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>& kept) const {
    return {Mat<T>(dy.cwiseProduct(kept))};
  }
};
struct DropoutWithAFreshMask : assay::Dropout {
  template <assay::Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y,
                                     const Mat<T>& kept) const {
    Mat<T> fresh = kept;
    const Dropout other{.p = p, .seed = seed + 1};
    static_cast<void>(other.forward(x, fresh));
    return Dropout::backward(dy, x, y, fresh);
  }
};

}  // namespace normalisation

namespace assay {
namespace {

using verify::backward_matches;
using verify::Options;

const Options few{.cases = 40, .seed = 42, .out = ""};

TEST(Normalisation, EqualsTheNaiveFormulaInFiftyDigits) {
  using T = Dec50;
  using std::abs, std::sqrt;
  const Mat<T> x{{T(1), T(2) / 3, T(-4)}, {T(1) / 7, T(3), T(5)}};
  const Mat<T> gain{{T(2), T(-1), T(1) / 5}}, bias{{T(0), T(1), T(3)}};
  const Mat<T> by_row = layer_norm(x, gain, bias, {.eps = 0.25});
  const Mat<T> by_column = batch_norm(x, gain, bias, {.eps = 0.25});
  const T tiny("1e-45"), eps = T(1) / 4;
  for (Eigen::Index i = 0; i < 2; ++i) {
    for (Eigen::Index j = 0; j < 3; ++j) {
      const T row_mean = x.row(i).sum() / 3, column_mean = x.col(j).sum() / 2;
      T row_square(0), column_square(0);
      for (Eigen::Index k = 0; k < 3; ++k) row_square += x(i, k) * x(i, k);
      for (Eigen::Index k = 0; k < 2; ++k) column_square += x(k, j) * x(k, j);
      const T row_variance = row_square / 3 - row_mean * row_mean;
      const T column_variance = column_square / 2 - column_mean * column_mean;
      const T in_row = (x(i, j) - row_mean) / sqrt(T(row_variance + eps)) * gain(0, j);
      const T in_column = (x(i, j) - column_mean) / sqrt(T(column_variance + eps)) * gain(0, j);
      EXPECT_LT(abs(T(by_row(i, j) - in_row - bias(0, j))), tiny);
      EXPECT_LT(abs(T(by_column(i, j) - in_column - bias(0, j))), tiny);
    }
  }
}

TEST(Normalisation, StatisticsAreTheMeanAndTheUnbiasedVariance) {
  const Mat<double> x{{1, 10}, {2, 10}, {6, 10}};
  const auto s = batch_statistics(x);
  EXPECT_EQ(s.mean, (Mat<double>{{3, 10}}));
  EXPECT_EQ(s.variance, (Mat<double>{{7, 0}}));
  EXPECT_EQ(message_of<std::exception>([&] { return batch_statistics(x.topRows(1)).mean; }),
            "batch_statistics: x is 1x2; a batch must have at least 2 rows");
}

TEST(Normalisation, EvaluationWithTheBatchsOwnStatisticsIsTraining) {
  const Mat<double> x{{1, 10}, {2, -3}, {6, 4}}, gain{{2, 3}}, bias{{-1, 1}};
  const auto s = batch_statistics(x);
  const Mat<double> biased = s.variance * (2.0 / 3);
  EXPECT_TRUE(
      batch_norm(x, gain, bias).isApprox(batch_norm_eval(x, gain, bias, s.mean, biased), 1e-15));
}

TEST(Normalisation, AConstantRowGivesTheBiasAndTheCentredUpstream) {
  const Mat<double> x{{3, 3}}, gain{{1, 1}}, bias{{5, 6}}, dy{{1, 0}};
  const LayerNorm norm{.eps = 0.25};
  Mat<double> saved;
  const Mat<double> y = norm.forward(x, gain, bias, saved);
  EXPECT_EQ(y, bias);
  EXPECT_EQ(norm.backward(dy, x, gain, bias, y, saved)[0], (Mat<double>{{1, -1}}));
}

/// The textbook's 1 - x^ <h, x^> / n would leave no digit of it.
template <class T>
void expect_slope_of_two() {
  const Mat<T> x{{T(8), T(-8)}}, gain{{T(1), T(1)}}, bias{{T(0), T(0)}}, dy{{T(1), T(0)}};
  const LayerNorm norm{.eps = 0x1p-20};
  Mat<T> saved;
  const Mat<T> y = norm.forward(x, gain, bias, saved);
  const T slope = norm.backward(dy, x, gain, bias, y, saved)[0](0, 0);
  // eps (64 + eps)^(-3/2) / 2, rounded
  const T expected = T(0x1p-20) / T(1024);
  EXPECT_NEAR(slope, expected, expected * 1e-7);
  EXPECT_GT(slope, T(0));
}
TEST(Normalisation, ARowOfTwoKeepsItsSmallSlope) {
  expect_slope_of_two<float>();
  expect_slope_of_two<double>();
}

TEST(Normalisation, TheGradientOfATinyGainIsThatOfOneTimesIt) {
  const auto gradient = [](const auto& op, const Mat<double>& x, const Mat<double>& gain) {
    Mat<double> saved, bias = Mat<double>::Constant(1, gain.cols(), 0.0);
    const Mat<double> y = op.forward(x, gain, bias, saved);
    Mat<double> dy(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < dy.size(); ++i) dy.data()[i] = static_cast<double>(1 + i * i);
    return op.backward(dy, x, gain, bias, y, saved)[0];
  };
  const Mat<double> column{{0.0}, {0.4}}, row{{0.0, 0.4, 0.7}};
  for (const double tiny : {2e-308, 0x1p-1074, 1e-300, 1e-90}) {
    const auto expect_proportional = [&](const auto& op, const Mat<double>& x) {
      const Mat<double> one = Mat<double>::Constant(1, x.cols(), 1.0);
      const Mat<double> expected = gradient(op, x, one) * tiny;
      const Mat<double> got = gradient(op, x, Mat<double>(one * tiny));
      for (Eigen::Index i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got.data()[i], expected.data()[i],
                    0x1p-1074 + 0x1p-51 * std::abs(expected.data()[i]))
            << tiny;
      }
    };
    expect_proportional(BatchNorm{}, column);
    expect_proportional(LayerNorm{}, row);
  }
}

TEST(Normalisation, ErrorsNameTheArgumentTheValueAndTheRule) {
  const Mat<double> x = Mat<double>::Zero(2, 3), row = Mat<double>::Ones(1, 3);
  const Mat<double> narrow = Mat<double>::Ones(1, 2);
  EXPECT_EQ(
      message_of<std::exception>([&] { return batch_norm(Mat<double>(x.topRows(1)), row, row); }),
      "batch_norm: x is 1x3; a batch must have at least 2 rows");
  EXPECT_EQ(message_of<std::exception>([&] { return layer_norm(x, narrow, row); }),
            "layer_norm: x is 2x3 and gain is 1x2 and bias is 1x3; gain and bias must be rows as "
            "wide as x");
  EXPECT_EQ(message_of<std::exception>([&] { return layer_norm(x, row, row, {.eps = 0}); }),
            "layer_norm: eps is 0; it must be positive and at most 1");
  EXPECT_EQ(message_of<std::exception>(
                [&] { return batch_norm_eval(x, row, row, row, Mat<double>(-row)); }),
            "batch_norm_eval: variance(0, 0) is -1; it must not be negative");
  Random generator(1);
  EXPECT_EQ(message_of<std::exception>([&] { return dropout(x, 1, generator); }),
            "dropout: p is 1; it must be at least 0 and less than 1");
  EXPECT_THROW(dropout(x, -0.1, generator), std::invalid_argument);
}

TEST(DropoutOperation, KeepsTheShareAndScalesIt) {
  const Mat<double> x = Mat<double>::Constant(200, 100, 3);
  Random generator(7);
  const Mat<double> y = dropout(x, 0.25, generator);
  EXPECT_TRUE(((y.array() == 0) || (y.array() == 4)).all());
  EXPECT_NEAR(static_cast<double>((y.array() == 0).count()) / 20000, 0.25, 0.02);
  EXPECT_NE(dropout(x, 0.25, generator), y);
  Random again(7);
  EXPECT_EQ(dropout(x, 0.25, again), y);
  EXPECT_EQ(dropout(x, 0, again), x);
}

TEST(DropoutOperation, WhatIsDroppedMayBeInfinite) {
  const Mat<double> x = Mat<double>::Constant(10, 10, infinity);
  Random generator(7);
  const Mat<double> y = dropout(x, 0.5, generator);
  EXPECT_TRUE(((y.array() == 0) || (y.array() == infinity)).all());
}

TEST(WrongNormalisationBackwards, AreCaught) {
  using namespace normalisation;
  EXPECT_FALSE(backward_matches<ConstantStatistics>(few));
  EXPECT_FALSE(backward_matches<GainOfInput>(few));
  EXPECT_FALSE(backward_matches(DropoutWithoutScale{{.p = 0.25}}, few));
  EXPECT_FALSE(backward_matches(DropoutWithAFreshMask{{.p = 0.25, .seed = 1}}, few));
}

TEST(RightNormalisationBackwards, Match) {
  EXPECT_TRUE(backward_matches<normalisation::Layer>(few));
  EXPECT_TRUE(backward_matches(Dropout{.p = 0.25, .seed = 1}, few));
}

}  // namespace
}  // namespace assay
