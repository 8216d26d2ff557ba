// Reductions: values, conventions at ties, zeros, infinities, NaN and empty lines, and wrong
// backwards that must be caught.

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <cmath>
#include <limits>

#include "assay/graph.hpp"
#include "assay/ops/cumsum.hpp"
#include "assay/ops/log_softmax.hpp"
#include "assay/ops/logsumexp.hpp"
#include "assay/ops/max.hpp"
#include "assay/ops/min.hpp"
#include "assay/ops/norm.hpp"
#include "assay/ops/prod.hpp"
#include "assay/ops/softmax.hpp"
#include "assay/ops/std.hpp"
#include "assay/ops/sum.hpp"
#include "assay/ops/var.hpp"

namespace assay {

/// Wrong: every largest element receives the upstream.
struct MaxToAllTies : Max<Axis::rowwise> {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y, const Mat<T>&) {
    Mat<T> dx(x.rows(), x.cols());
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      for (Eigen::Index i = 0; i < x.rows(); ++i) dx(i, j) = x(i, j) < y(i, 0) ? T(0) : dy(i, 0);
    }
    return {std::move(dx)};
  }
};

/// Wrong at zeros: the others as the whole divided by the one.
struct ProdByDivision : Prod<Axis::all> {
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& saved) {
    return Prod<Axis::all>::forward(x, saved);
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y, const Mat<T>&) {
    return {x.unaryExpr([&](const T& v) { return T(dy(0, 0) * y(0, 0) / v); })};
  }
};

/// Wrong: the factor of the other ddof.
struct VarianceOfAnother : Variance<Axis::rowwise> {
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&,
                                     const Mat<T>& saved) const {
    const T right = count<T>(x.cols() - ddof), wrong = count<T>(x.cols() - 1 + ddof);
    return {Mat<T>(detail::times_slopes<Axis::rowwise>(dy, saved)[0] * T(right / wrong))};
  }
};

/// Wrong: summed from the front again.
struct CumSumForward : CumSum<Axis::colwise> {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&) {
    return {CumSum<Axis::colwise>::forward(dy)};
  }
};

/// Wrong: not reduced over the row. Under an upstream of equal numbers nobody sees it.
struct SoftmaxUnreduced : Softmax<Axis::rowwise> {
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>& y, const Mat<T>&) {
    return {Mat<T>(dy.cwiseProduct(y) - dy.cwiseProduct(y).cwiseProduct(y))};
  }
};

/// Wrong, though the sum of y, which is constant, has this gradient indeed.
struct SoftmaxOfNothing : Softmax<Axis::rowwise> {
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>&, const Mat<T>& x, const Mat<T>&, const Mat<T>&) {
    return {Mat<T>::Constant(x.rows(), x.cols(), T(0))};
  }
};

/// Wrong in the tails only: dy - p <dy, 1> cancels where p is close to 1.
struct LogSoftmaxCancelling : LogSoftmax<Axis::rowwise> {
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& signed_p) {
    const Mat<T> total = repeat<Axis::rowwise>(reduce_sum<Axis::rowwise>(dy), shape_of(dy));
    return {Mat<T>(dy - detail::probabilities(signed_p).cwiseProduct(total))};
  }
};

namespace {

using verify::backward_matches;

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T largest = std::numeric_limits<T>::max();

/// dx for the upstream dy; of ones if none is given.
template <class Op, class T>
Mat<T> gradient(const Op& op, const Mat<T>& x, const Mat<T>& dy) {
  return make_rule<T>(op)->gradients(dy, std::array<View<T>, 1>{&x})[0];
}
template <class Op, class T>
Mat<T> gradient(const Op& op, const Mat<T>& x) {
  const Shape s = op.shape(shape_of(x));
  return gradient(op, x, Mat<T>(Mat<T>::Ones(s.rows, s.cols)));
}
template <class Op, class T>
Mat<T> value(const Op& op, const Mat<T>& x) {
  return Call<Op>{op}(x);
}

template <class T>
class Reductions : public testing::Test {};
using Native = testing::Types<float, double>;
TYPED_TEST_SUITE(Reductions, Native);

TYPED_TEST(Reductions, OverAllRowsAndColumns) {
  using M = Mat<TypeParam>;
  const M x{{1, 3}, {5, 7}};
  EXPECT_EQ(max(x), (M{{7}}));
  EXPECT_EQ(max_rowwise(x), (M{{3}, {7}}));
  EXPECT_EQ(max_colwise(x), (M{{5, 7}}));
  EXPECT_EQ(min(x), (M{{1}}));
  EXPECT_EQ(min_rowwise(x), (M{{1}, {5}}));
  EXPECT_EQ(min_colwise(x), (M{{1, 3}}));
  EXPECT_EQ(prod(x), (M{{105}}));
  EXPECT_EQ(prod_rowwise(x), (M{{3}, {35}}));
  EXPECT_EQ(prod_colwise(x), (M{{5, 21}}));
  EXPECT_EQ(var(x), (M{{5}}));
  EXPECT_EQ(var_rowwise(x), (M{{1}, {1}}));
  EXPECT_EQ(var_colwise(x), (M{{4, 4}}));
  EXPECT_EQ(stddev_colwise(x), (M{{2, 2}}));
  EXPECT_EQ(norm_rowwise(M{{3, 4}, {-6, 8}}), (M{{5}, {10}}));
  EXPECT_EQ(norm_colwise(M{{3}, {-4}}), (M{{5}}));
  EXPECT_EQ(norm(M{{1, -1}, {1, 1}}), (M{{2}}));
  EXPECT_EQ(cumsum_rowwise(x), (M{{1, 4}, {5, 12}}));
  EXPECT_EQ(cumsum_colwise(x), (M{{1, 3}, {6, 10}}));
  EXPECT_EQ(cumsum(x), (M{{1, 9}, {6, 16}}));  // column by column
  EXPECT_EQ(gradient(CumSum<Axis::all>{}, x, x), (M{{16, 10}, {15, 7}}));
  const TypeParam log2 = std::log(TypeParam(2));
  EXPECT_EQ(logsumexp_rowwise(M{{5, 5}, {0, 0}}), (M{{5 + log2}, {log2}}));
  EXPECT_EQ(softmax_colwise(M{{7, 1}, {7, 1}}), (M{{0.5, 0.5}, {0.5, 0.5}}));
  EXPECT_EQ(softmax(M{{7, 7}, {7, 7}}), M::Constant(2, 2, 0.25));
  EXPECT_EQ(log_softmax_rowwise(M{{3, 3}}), (M{{-log2, -log2}}));
}

TYPED_TEST(Reductions, BatchesOfAnySizeAreReducedAlike) {
  using M = Mat<TypeParam>;
  // Rows beyond a block of the vector loops, and beside it.
  const M x = M::NullaryExpr(151, 3, [](Eigen::Index i, Eigen::Index j) {
    return static_cast<TypeParam>((i * 7 + j * 5) % 11 - 4);
  });
  const auto rows_alike = [&](const auto& op) {
    const M all = value(op, x), slopes = gradient(op, x);
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      const M row = x.row(i);
      EXPECT_EQ(value(op, row), M(all.row(i))) << op.name << " of row " << i;
      EXPECT_EQ(gradient(op, row), M(slopes.row(i))) << op.name << " of row " << i;
    }
  };
  rows_alike(Max<Axis::rowwise>{});
  rows_alike(Variance<Axis::rowwise>{.ddof = 1});
  rows_alike(StandardDeviation<Axis::rowwise>{});
  rows_alike(Norm<Axis::rowwise>{});
  rows_alike(Softmax<Axis::rowwise>{});
  rows_alike(LogSoftmax<Axis::rowwise>{});
  rows_alike(LogSumExp<Axis::rowwise>{});
  rows_alike(CumSum<Axis::rowwise>{});
}

TYPED_TEST(Reductions, TheFirstOfTiesIsTaken) {
  using M = Mat<TypeParam>;
  const M x{{2, 5, 5}, {5, 2, 2}};
  EXPECT_EQ(gradient(Max<Axis::rowwise>{}, x), (M{{0, 1, 0}, {1, 0, 0}}));
  EXPECT_EQ(gradient(Max<Axis::colwise>{}, x), (M{{0, 1, 1}, {1, 0, 0}}));
  EXPECT_EQ(gradient(Max<Axis::all>{}, x), (M{{0, 0, 0}, {1, 0, 0}}));  // column by column
  EXPECT_EQ(gradient(Min<Axis::rowwise>{}, x), (M{{1, 0, 0}, {0, 1, 0}}));
  EXPECT_EQ(gradient(Min<Axis::all>{}, x), (M{{1, 0, 0}, {0, 0, 0}}));
  const M zeros{{-0.0, 0.0}};
  EXPECT_TRUE(std::signbit(max_rowwise(zeros)(0, 0)));
  EXPECT_EQ(gradient(Max<Axis::rowwise>{}, zeros), (M{{1, 0}}));
}

TYPED_TEST(Reductions, ASelectionLetsNaNThroughButNoInfiniteUpstreamToTheOthers) {
  using T = TypeParam;
  using M = Mat<T>;
  const M x{{1, nan<T>, 3, nan<T>}};
  EXPECT_TRUE(std::isnan(max(x)(0, 0)) && std::isnan(min_rowwise(x)(0, 0)));
  EXPECT_EQ(gradient(Max<Axis::rowwise>{}, x), (M{{0, 1, 0, 0}}));
  EXPECT_EQ(gradient(Min<Axis::all>{}, x), (M{{0, 1, 0, 0}}));
  EXPECT_EQ(max(M{{-inf<T>, -inf<T>}}), (M{{-inf<T>}}));
  EXPECT_EQ(gradient(Max<Axis::all>{}, M{{1, 2}}, M{{inf<T>}}), (M{{0, inf<T>}}));
}

TYPED_TEST(Reductions, ProductsOfTheOthersNeedNoDivision) {
  using T = TypeParam;
  using M = Mat<T>;
  const Prod<Axis::rowwise> op;
  EXPECT_EQ(gradient(op, M{{2, 3, 5}}), (M{{15, 10, 6}}));
  EXPECT_EQ(gradient(op, M{{2, 0, 5}}), (M{{0, 10, 0}}));
  EXPECT_EQ(gradient(op, M{{0, 3, 0}}), (M{{0, 0, 0}}));
  EXPECT_EQ(gradient(op, M{{4}}), (M{{1}}));
  EXPECT_EQ(prod(M(0, 3)), (M{{1}}));
  // What overflows or underflows on the way only.
  const T big = std::ldexp(T(1), std::numeric_limits<T>::max_exponent / 4 * 3), small = 1 / big;
  EXPECT_EQ(value(op, M{{big, big, 2, small, small}}), (M{{2}}));
  EXPECT_EQ(value(op, M{{small, small, small, big, big, big}}), (M{{1}}));
  EXPECT_EQ(gradient(op, M{{small, small, 3, big, big}})(0, 2), 1);
  EXPECT_EQ(gradient(op, M{{inf<T>, 2}}), (M{{2, inf<T>}}));
  EXPECT_TRUE(std::isnan(value(op, M{{inf<T>, 0}})(0, 0)));
}

TYPED_TEST(Reductions, EqualNumbersHaveNoVarianceHoweverManyTheyAre) {
  using T = TypeParam;
  using M = Mat<T>;
  for (Eigen::Index n = 2; n <= 60; ++n) {
    for (const T v : {T(0.1), T(1e30), -largest<T>, std::numeric_limits<T>::denorm_min(), T(0)}) {
      const M x = M::Constant(1, n, v);
      EXPECT_EQ(var(x)(0, 0), 0) << n << " of " << v;
      EXPECT_EQ(gradient(Variance<Axis::rowwise>{1}, x), M::Zero(1, n)) << n << " of " << v;
      EXPECT_EQ(stddev(x)(0, 0), 0) << n << " of " << v;
      EXPECT_EQ(gradient(StandardDeviation<Axis::all>{}, x), M::Zero(1, n)) << n << " of " << v;
    }
  }
}

TYPED_TEST(Reductions, VariancesDoNotCancelAndNormsDoNotOverflow) {
  using T = TypeParam;
  using M = Mat<T>;
  const T far = 3 / std::numeric_limits<T>::epsilon() / 8;  // its ulp is 1/4
  EXPECT_EQ(var(M{{far, far + 1, far + 2, far + 3}})(0, 0), T(1.25));
  EXPECT_EQ(value(Variance<Axis::all>{1}, M{{far, far + 2}})(0, 0), 2);
  EXPECT_EQ(stddev(M{{largest<T>, -largest<T>}})(0, 0), largest<T>);
  EXPECT_EQ(gradient(StandardDeviation<Axis::all>{}, M{{largest<T>, -largest<T>}}),
            (M{{0.5, -0.5}}));
  EXPECT_EQ(var(M{{largest<T>, -largest<T>}})(0, 0), inf<T>);
  const T unit = std::numeric_limits<T>::denorm_min();
  EXPECT_EQ(norm(M{{3 * unit, 4 * unit}})(0, 0), 5 * unit);
  EXPECT_EQ(norm(M{{largest<T>, largest<T>}})(0, 0), inf<T>);
  EXPECT_EQ(gradient(Norm<Axis::all>{}, M{{3 * unit, 4 * unit}}), (M{{T(0.6), T(0.8)}}));
  const M at_most = gradient(Norm<Axis::all>{}, M{{largest<T>, largest<T>}});
  EXPECT_NEAR(at_most(0, 0), std::sqrt(T(0.5)), std::numeric_limits<T>::epsilon());
  EXPECT_EQ(norm(M{{inf<T>, 1}})(0, 0), inf<T>);
  EXPECT_TRUE(std::isnan(norm(M{{nan<T>, 1}})(0, 0)) && std::isnan(var(M{{inf<T>, 1}})(0, 0)));
  EXPECT_EQ(gradient(Norm<Axis::colwise>{}, M{{0, 3}, {0, 4}}), (M{{0, T(0.6)}, {0, T(0.8)}}));
}

TYPED_TEST(Reductions, WhatIsSmallBesideTheLargestIsNotLost) {
  using T = TypeParam;
  using M = Mat<T>;
  const T tail = std::exp(T(-40));  // 1 - p of the larger, which itself rounds to 1
  const M x{{40, 0}}, dy{{1, 0}};
  const T few = 4 * std::numeric_limits<T>::epsilon() * tail;
  EXPECT_NEAR(log_softmax_rowwise(x)(0, 0), -tail, few);
  EXPECT_NEAR(gradient(LogSoftmax<Axis::rowwise>{}, x, dy)(0, 0), tail, few);
  EXPECT_NEAR(gradient(LogSoftmax<Axis::rowwise>{}, x, dy)(0, 1), -tail, few);
  EXPECT_NEAR(gradient(Softmax<Axis::rowwise>{}, x, dy)(0, 0), tail, few);
  EXPECT_NEAR(gradient(Softmax<Axis::all>{}, x, dy)(0, 1), -tail, few);
  EXPECT_NEAR(logsumexp(M{{0, -40}})(0, 0), tail, few);
  EXPECT_EQ(logsumexp(M{{largest<T>, -largest<T>}})(0, 0), largest<T>);
}

TYPED_TEST(Reductions, LongLinesAreAsExactAsShortOnes) {
  using T = TypeParam;
  using M = Mat<T>;
  constexpr Eigen::Index n = 20011;
  const M x = M::NullaryExpr(1, n, [](Eigen::Index, Eigen::Index j) {
    return static_cast<T>((j * 7919) % 1024) / 128 - 4;  // differences are exact
  });
  const Mat<long double> wide = x.template cast<long double>();
  const Mat<long double> e = (wide.array() - wide.maxCoeff()).exp();
  const Mat<long double> d = wide.array() - wide.mean();
  const auto off = [](T got, long double exact) {
    return std::abs(static_cast<double>((got - exact) / exact)) / std::numeric_limits<T>::epsilon();
  };
  const M p = softmax_rowwise(x), slopes = gradient(LogSumExp<Axis::rowwise>{}, x);
  for (Eigen::Index j = 0; j < n; ++j) {
    EXPECT_LT(off(p(0, j), e(0, j) / e.sum()), 2.5) << j;
    EXPECT_LT(off(slopes(0, j), e(0, j) / e.sum()), 2.5) << j;
  }
  EXPECT_LT(off(logsumexp(x)(0, 0), wide.maxCoeff() + std::log(e.sum())), 1);
  EXPECT_LT(off(norm(x)(0, 0), wide.norm()), 1.5);
  EXPECT_LT(off(var(x)(0, 0), d.squaredNorm() / n), 2.5);
}

TYPED_TEST(Reductions, EqualInfinitiesShareAsEqualNumbersDo) {
  using T = TypeParam;
  using M = Mat<T>;
  const M masked{{0, -inf<T>, 0}}, none{{-inf<T>, -inf<T>}}, up{{inf<T>, 3, inf<T>}};
  EXPECT_EQ(softmax_rowwise(masked), (M{{0.5, 0, 0.5}}));
  EXPECT_EQ(log_softmax_rowwise(masked)(0, 1), -inf<T>);
  EXPECT_EQ(gradient(LogSoftmax<Axis::rowwise>{}, masked), (M{{-0.5, 1, -0.5}}));
  EXPECT_EQ(logsumexp_rowwise(none)(0, 0), -inf<T>);
  EXPECT_EQ(gradient(LogSumExp<Axis::rowwise>{}, none), (M{{0.5, 0.5}}));
  EXPECT_EQ(softmax_rowwise(none), (M{{0.5, 0.5}}));
  EXPECT_EQ(logsumexp(up)(0, 0), inf<T>);
  EXPECT_EQ(gradient(LogSumExp<Axis::all>{}, up), (M{{0.5, 0, 0.5}}));
  for (const M& x : {M{{nan<T>, 1, 2}}, M{{1, nan<T>, 2}}, M{{1, 2, nan<T>}}}) {
    EXPECT_TRUE(softmax(x).array().isNaN().all() && log_softmax(x).array().isNaN().all());
    EXPECT_TRUE(std::isnan(logsumexp(x)(0, 0)));
  }
}

TYPED_TEST(Reductions, OfNothingAreTheNeutralElementOrAnError) {
  using T = TypeParam;
  using M = Mat<T>;
  const M none(2, 0);
  EXPECT_EQ(norm_rowwise(none), (M{{0}, {0}}));
  EXPECT_EQ(prod_rowwise(none), (M{{1}, {1}}));
  EXPECT_EQ(logsumexp_rowwise(none), (M{{-inf<T>}, {-inf<T>}}));
  EXPECT_EQ(shape_of(prod_colwise(none)), (Shape{1, 0}));
  EXPECT_EQ(shape_of(log_softmax_rowwise(none)), (Shape{2, 0}));
  EXPECT_EQ(shape_of(cumsum_colwise(none)), (Shape{2, 0}));
  EXPECT_EQ(shape_of(gradient(LogSumExp<Axis::rowwise>{}, none)), (Shape{2, 0}));
  EXPECT_THROW(max_rowwise(none), ShapeError);
  EXPECT_THROW(min(none), ShapeError);
  EXPECT_THROW(var_rowwise(none), ShapeError);
  EXPECT_THROW(stddev(none), ShapeError);
  EXPECT_THROW(value(Variance<Axis::rowwise>{1}, M{{3}}), ShapeError);
  EXPECT_EQ(value(Variance<Axis::rowwise>{0}, M{{3}}), (M{{0}}));
  EXPECT_THROW(value(StandardDeviation<Axis::all>{2}, M{{1, 2, 3}}), std::invalid_argument);
}

TEST(ReductionErrors, NameTheOperationTheShapeAndTheRule) {
  try {
    max_rowwise(Mat<double>(3, 0));
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "max_rowwise: x is 3x0; there is no extreme of no elements");
  }
}

TEST(SecondOrder, OfProductsAndVariancesIsExactAtZeros) {
  using D = Dual<double>;
  const auto hessian_column = [](const auto& op, const Mat<double>& x, Eigen::Index k) {
    Mat<D> moving = x.unaryExpr([](double v) { return D(v); });
    moving.data()[k].d = 1;
    const Mat<D> g = gradient(op, moving);
    return Mat<double>(g.unaryExpr([](const D& v) { return v.d; }));
  };
  using M = Mat<double>;
  EXPECT_EQ(hessian_column(Prod<Axis::all>{}, M{{0, 0, 3}}, 0), (M{{0, 3, 0}}));
  EXPECT_EQ(hessian_column(Prod<Axis::all>{}, M{{0, 2, 3}}, 1), (M{{3, 0, 0}}));
  EXPECT_EQ(hessian_column(Variance<Axis::all>{}, M{{1, 1, 1, 1}}, 2),
            (M{{-0.125, -0.125, 0.375, -0.125}}));
  EXPECT_EQ(hessian_column(LogSumExp<Axis::all>{}, M{{7, 7}}, 0), (M{{0.25, -0.25}}));
  EXPECT_EQ(hessian_column(Max<Axis::all>{}, M{{7, 7}}, 0), (M{{0, 0}}));
  EXPECT_EQ(hessian_column(Norm<Axis::all>{}, M{{0, 2}}, 0), (M{{0.5, 0}}));
}

TEST(VacuousChecks, TheSumOfASoftmaxSeesNoGradientAtAll) {
  using M = Mat<double>;
  const M x{{1, 2, 4}, {-3, 0, 0.5}};
  EXPECT_LT(gradient(Softmax<Axis::rowwise>{}, x).cwiseAbs().maxCoeff(), 1e-16);
  EXPECT_EQ(gradient(SoftmaxOfNothing{}, x), M::Zero(2, 3));
  EXPECT_FALSE(backward_matches<SoftmaxOfNothing>({.cases = 30, .seed = 1, .out = ""}));
}

TEST(CrossEntropy, OfLogSoftmaxHasTheGradientProbabilityMinusLabel) {
  Graph<double> graph;
  const Mat<double> logits{{2, -1, 0.5}, {40, 0, 0}};
  const Mat<double> label{{0, 1, 0}, {1, 0, 0}};
  const auto z = graph.variable(logits);
  graph.backward(-sum(mul(log_softmax_rowwise(z), label)));
  const Mat<double> p = softmax_rowwise(logits);
  for (Eigen::Index j = 0; j < 3; ++j) {
    EXPECT_NEAR(z.grad()(0, j), p(0, j) - label(0, j), 1e-15);
  }
  const double tail = -2 * std::exp(-40.0);  // p - 1 itself is lost
  EXPECT_NEAR(z.grad()(1, 0) / tail, 1, 1e-15);
}

TEST(WrongBackwards, AreCaught) {
  const verify::Options few{.cases = 150, .seed = 3, .out = ""};
  EXPECT_FALSE(backward_matches<MaxToAllTies>(few));
  EXPECT_FALSE(backward_matches<ProdByDivision>(few));
  EXPECT_FALSE(backward_matches<VarianceOfAnother>(few));
  EXPECT_FALSE(backward_matches<CumSumForward>(few));
  EXPECT_FALSE(backward_matches<SoftmaxUnreduced>(few));
  EXPECT_FALSE(backward_matches<LogSoftmaxCancelling>(few));
}

TEST(RightBackwards, WithAttributesMatch) {
  const verify::Options few{.cases = 60, .seed = 5, .out = ""};
  EXPECT_TRUE(backward_matches(Variance<Axis::rowwise>{.ddof = 1}, few));
  EXPECT_TRUE(backward_matches<LogSoftmax<Axis::rowwise>>(few));
  EXPECT_TRUE(backward_matches<Prod<Axis::all>>(few));
}

}  // namespace
}  // namespace assay
