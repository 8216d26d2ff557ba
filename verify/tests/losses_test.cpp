// Losses: conventions, errors, tails, definitions repeated naively in 50 digits, wrong backwards.

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "assay/graph.hpp"
#include "assay/ops/bce.hpp"
#include "assay/ops/gaussian_nll.hpp"
#include "assay/ops/huber.hpp"
#include "assay/ops/kl_div.hpp"
#include "assay/ops/l1.hpp"
#include "assay/ops/mse.hpp"
#include "assay/ops/nll.hpp"
#include "assay/ops/soft_cross_entropy.hpp"
#include "assay/wide.hpp"
#include "testing.hpp"

namespace losses {

using assay::Grads;
using assay::Mat;
using assay::Reduction;
using Entropy = assay::CrossEntropy<Reduction::mean>;

struct WithoutTheMean : Entropy {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>& slopes) const {
    return {Mat<T>(slopes * dy(0, 0))};
  }
};
struct OtherSign : Entropy {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>& y,
                                     const Mat<T>& slopes) const {
    return {Mat<T>(-Entropy::backward(dy, z, y, slopes)[0])};
  }
};
/// The textbook's p - 1, which is 0 where p rounds to 1.
struct Cancelled : Entropy {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>& y,
                                     const Mat<T>& slopes) const {
    Grads<T, 1> g = Entropy::backward(dy, z, y, slopes);
    const T scale = dy(0, 0) / assay::count<T>(z.rows());
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      const Eigen::Index l = labels[static_cast<std::size_t>(i)];
      T p(1);
      for (Eigen::Index j = 0; j < z.cols(); ++j) p -= j == l ? T(0) : slopes(i, j);
      g[0](i, l) = (p - T(1)) * scale;
    }
    return g;
  }
};
struct ForgetsSmoothing : Entropy {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>& y,
                                     const Mat<T>&) const {
    Mat<T> slopes;
    static_cast<void>(assay::detail::cross_entropy_rows(z, labels, 0, slopes));
    return Entropy::backward(dy, z, y, slopes);
  }
};
/// p - t, as if the targets summed to 1.
struct TakesTargetsToSumToOne : assay::SoftCrossEntropy<Reduction::none> {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>& t,
                                     const Mat<T>& y, const Mat<T>& slopes) const {
    Grads<T, 2> g = SoftCrossEntropy::backward(dy, z, t, y, slopes);
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      for (Eigen::Index j = 0; j < z.cols(); ++j) {
        g[0](i, j) = dy(i, 0) * (assay::fn::exp(T(-slopes(i, z.cols() + j))) - t(i, j));
      }
    }
    return g;
  }
};
/// The derivative of the variance with (x - m)^2 / v instead of (x - m)^2 / v^2.
struct VarianceOnce : assay::GaussianNll<Reduction::none> {
  template <assay::Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& m, const Mat<T>& x,
                                     const Mat<T>& v, const Mat<T>& y) const {
    Grads<T, 3> g = GaussianNll::backward(dy, m, x, v, y);
    g[2] = dy.array() * (v.array().inverse() - (x - m).array().square() / v.array()) / T(2);
    return g;
  }
};

}  // namespace losses

namespace assay {
namespace {

using verify::backward_matches;
using verify::Options;

const Options few{.cases = 60, .seed = 42, .out = ""};
template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();

template <class T>
Mat<T> gradient(const Mat<T>& z, const Labels& labels, CrossEntropyOptions options) {
  Graph<T> graph;
  const Var<T> x = graph.variable(z);
  graph.backward(cross_entropy(x, labels, options));
  return x.grad();
}

template <class T>
class Losses : public testing::Test {};
using Native = testing::Types<float, double>;
TYPED_TEST_SUITE(Losses, Native);

TYPED_TEST(Losses, TheTailsOfCrossEntropyAreNotLost) {
  using T = TypeParam;
  const Mat<T> right{{T(40), T(0), T(0)}}, wrong{{T(-40), T(0)}};
  // 2 e^-40 / (1 + 2 e^-40), and log1p(2 e^-40), which agree to 34 digits.
  const T tail = static_cast<T>(0x1.39792499b1a24p-57);
  const T value = cross_entropy(right, {0})(0, 0);
  const Mat<T> slope = gradient<T>(right, {0}, {});
  const T ulp = tail * std::numeric_limits<T>::epsilon();
  EXPECT_NEAR(value, tail, 2 * ulp);
  EXPECT_NEAR(slope(0, 0), -tail, 2 * ulp);
  EXPECT_NEAR(slope(0, 1), tail / 2, 2 * ulp);
  EXPECT_EQ(cross_entropy(wrong, {0})(0, 0), 40);
  EXPECT_EQ(gradient<T>(wrong, {0}, {})(0, 0), -1);
}

TYPED_TEST(Losses, ExtremeLogitsStayFinite) {
  using T = TypeParam;
  const Mat<T> z{{T(1e4), T(-1e4)}, {T(-1e4), T(1e4)}};
  EXPECT_EQ(cross_entropy(z, {0, 1})(0, 0), 0);
  EXPECT_EQ(cross_entropy(z, {1, 1}, {.reduction = Reduction::none}), (Mat<T>{{T(2e4)}, {T(0)}}));
  EXPECT_EQ(gradient<T>(z, {1, 1}, {.reduction = Reduction::sum}),
            (Mat<T>{{T(1), T(-1)}, {T(0), T(0)}}));
}

TYPED_TEST(Losses, ALogitOfMinusInfinityIsAClassOfProbabilityZero) {
  using T = TypeParam;
  const Mat<T> z{{T(0), -inf<T>, T(0)}}, t{{T(1), T(0), T(0)}};
  const T log2 = std::log(T(2));
  EXPECT_NEAR(cross_entropy(z, {0})(0, 0), log2, 2 * std::numeric_limits<T>::epsilon());
  EXPECT_NEAR(cross_entropy(z, t)(0, 0), log2, 2 * std::numeric_limits<T>::epsilon());
  EXPECT_EQ(gradient<T>(z, {0}, {}), (Mat<T>{{T(-0.5), T(0), T(0.5)}}));
  EXPECT_EQ(cross_entropy(z, {1})(0, 0), inf<T>);
}

TYPED_TEST(Losses, SmoothingOfZeroIsNoneAndOneHotTargetsAreLabels) {
  using T = TypeParam;
  const Mat<T> z{{T(0.5), T(-2), T(3)}, {T(1), T(1), T(-7)}, {T(0), T(30), T(-1)}};
  const Mat<T> one_hot{{T(1), T(0), T(0)}, {T(0), T(0), T(1)}, {T(0), T(1), T(0)}};
  const Labels labels{0, 2, 1};
  for (const Reduction r : {Reduction::none, Reduction::mean, Reduction::sum}) {
    EXPECT_EQ(cross_entropy(z, labels, {.smoothing = 0, .reduction = r}),
              cross_entropy(z, labels, {.reduction = r}));
    for (const double s : {0.0, 0.125, 0.5}) {
      const Mat<T> hard = cross_entropy(z, labels, {.smoothing = s, .reduction = r});
      const Mat<T> soft = cross_entropy(z, one_hot, {.smoothing = s, .reduction = r});
      EXPECT_TRUE(hard.isApprox(soft, 4 * std::numeric_limits<T>::epsilon())) << hard << soft;
    }
  }
  const Mat<T> hard = gradient<T>(z, labels, {.smoothing = 0.125});
  Graph<T> graph;
  const Var<T> x = graph.variable(z);
  graph.backward(cross_entropy(x, one_hot, {.smoothing = 0.125}));
  EXPECT_TRUE(hard.isApprox(x.grad(), 4 * std::numeric_limits<T>::epsilon()));
}

TYPED_TEST(Losses, BceOnProbabilitiesAtTheEnds) {
  using T = TypeParam;
  const auto y = [](T p, T t) { return Bce{}.f(p, t); };
  const auto d = [](T p, T t) { return Bce{}.df(p, t, T(0))[0]; };
  EXPECT_EQ(y(0, 0), 0);
  EXPECT_EQ(y(1, 1), 0);
  EXPECT_EQ(y(0, 1), inf<T>);
  EXPECT_EQ(y(1, 0), inf<T>);
  EXPECT_EQ(y(0, T(0.5)), inf<T>);
  EXPECT_EQ(d(0, 0), 1);
  EXPECT_EQ(d(1, 1), -1);
  EXPECT_EQ(d(0, 1), -inf<T>);
  EXPECT_EQ(d(1, 0), inf<T>);
  EXPECT_TRUE(std::isnan(y(T(-0.5), T(0.5))));
  EXPECT_TRUE(std::isnan(y(T(1.5), T(0.5))));
}

TYPED_TEST(Losses, KinksAndZeros) {
  using T = TypeParam;
  EXPECT_EQ(L1{}.df(T(2), T(2), T(0)), (std::array<T, 2>{0, 0}));
  EXPECT_EQ(L1{}.f(inf<T>, inf<T>), 0);
  EXPECT_EQ(Huber{}.f(T(3), T(1)), T(1.5));
  EXPECT_EQ(Huber{}.f(T(1), T(2)), T(0.5));
  EXPECT_EQ(Huber{}.df(-inf<T>, T(0), T(0)), (std::array<T, 2>{-1, 1}));
  EXPECT_EQ(KlDiv{}.f(-inf<T>, T(0)), 0);
  EXPECT_EQ(KlDiv{}.f(-inf<T>, T(0.5)), inf<T>);
  EXPECT_EQ(KlDiv{}.df(T(-1), T(0), T(0))[1], -inf<T>);
  EXPECT_EQ(KlDivLog{}.f(T(-1), -inf<T>), 0);
}

/// The definitions, word for word, in 50 digits.
TEST(LossesInFiftyDigits, EqualTheirNaiveFormulas) {
  using T = Dec50;
  using std::log, std::exp, std::abs;
  const Mat<T> z{{T(1) / 3, T(-2), T(5) / 7}, {T(4), T(1) / 9, T(-1)}};
  const Mat<T> t{{T(1) / 4, T(1) / 2, T(1) / 8}, {T(1), T(0), T(1) / 3}};
  const T s = T(1) / 8, tiny("1e-45");
  const Mat<T> hard = cross_entropy(z, {2, 1}, {.smoothing = 0.125, .reduction = Reduction::none});
  const Mat<T> soft = cross_entropy(z, t, {.smoothing = 0.125, .reduction = Reduction::none});
  for (Eigen::Index i = 0; i < 2; ++i) {
    T total(0), by_label(0), by_target(0);
    for (Eigen::Index j = 0; j < 3; ++j) total += exp(z(i, j));
    for (Eigen::Index j = 0; j < 3; ++j) {
      const T minus_log = log(total) - z(i, j);
      by_label += (T(j == (i == 0 ? 2 : 1) ? 1 : 0) * (T(1) - s) + s / 3) * minus_log;
      by_target += (t(i, j) * (T(1) - s) + s / 3) * minus_log;
    }
    EXPECT_LT(abs(T(hard(i, 0) - by_label)), tiny);
    EXPECT_LT(abs(T(soft(i, 0) - by_target)), tiny);
  }
  const T p = T(1) / 3, w = T(3), u = T(2) / 7, sigma = T(1) / (T(1) + exp(T(-u)));
  const auto near = [&](const T& a, const T& b) { return abs(T(a - b)) < tiny; };
  EXPECT_TRUE(near(Bce{}.f(u, p), -(p * log(u) + (T(1) - p) * log(T(T(1) - u)))));
  EXPECT_TRUE(near(BceWithLogitsWeighted{.pos_weight = 3}.f(u, p),
                   -(w * p * log(sigma) + (T(1) - p) * log(T(T(1) - sigma)))));
  EXPECT_TRUE(near(KlDiv{}.f(T(log(u)), p), p * log(T(p / u))));
  EXPECT_TRUE(near(KlDivLog{}.f(T(log(u)), T(log(p))), p * log(T(p / u))));
  const T pi = T(4) * atan(T(1)),
          gauss = exp(T(-(p - u) * (p - u) / (w + w))) / sqrt(T(2 * pi * w));
  const auto one = [](const T& v) { return Mat<T>::Constant(1, 1, v).eval(); };
  EXPECT_TRUE(near(gaussian_nll(one(u), one(p), one(w), {.full = true})(0, 0), -log(gauss)));
}

TEST(LossesNames, MseIsTheMeanOfSquares) {
  const Mat<double> a{{1, 2}}, b{{3, 5}};
  EXPECT_EQ(mse(a, b)(0, 0), 6.5);
  EXPECT_EQ(mse_sum(a, b)(0, 0), 13);
  EXPECT_EQ(mse_none(a, b), (Mat<double>{{4, 9}}));
  EXPECT_EQ(huber(a, b, {.delta = 2}), (Mat<double>{{2, 4}}));
  EXPECT_EQ(nll(a, {1})(0, 0), -2);
  EXPECT_EQ(nll(a, std::vector<int>{0}, {.reduction = Reduction::sum})(0, 0), -1);
}

TEST(LossesErrors, NameTheArgumentTheValueAndTheRule) {
  const Mat<double> z = Mat<double>::Zero(2, 3), other = Mat<double>::Zero(3, 2);
  EXPECT_EQ(message_of<std::exception>([&] { return cross_entropy(z, {0}); }),
            "cross_entropy_mean: x is 2x3 and there are 1 labels; there must be one for each row "
            "of x");
  EXPECT_EQ(message_of<std::exception>([&] {
              return nll(z, {0, 3});
            }),
            "nll_mean: x is 2x3 and labels[1] is 3; a label must be at least 0 and less than "
            "x.cols");
  EXPECT_EQ(message_of<std::exception>([&] {
              return cross_entropy(z, {0, -1});
            }),
            "cross_entropy_mean: x is 2x3 and labels[1] is -1; a label must be at least 0 and less "
            "than x.cols");
  EXPECT_EQ(message_of<std::exception>([&] {
              return cross_entropy(z, {0, 1}, {.smoothing = 1});
            }),
            "cross_entropy_mean: smoothing is 1; it must be at least 0 and less than 1");
  EXPECT_EQ(message_of<std::exception>([&] { return cross_entropy(z, other); }),
            "soft_cross_entropy_mean: logits is 2x3 and targets is 3x2; they must be of one shape");
  EXPECT_EQ(message_of<std::exception>([&] { return huber(z, z, {.delta = 0}); }),
            "huber: delta is 0; it must be positive and finite");
  EXPECT_EQ(message_of<std::exception>(
                [&] { return bce_with_logits_weighted(z, z, {.pos_weight = -2}); }),
            "bce_with_logits_weighted: pos_weight is -2; it must be at least 0 and at most 2^100");
  EXPECT_EQ(
      message_of<std::exception>([&] { return gaussian_nll(z, z, Mat<double>(z.array() - 0.5)); }),
      "gaussian_nll_mean: variance(0, 0) is -0.5; it must be positive");
  EXPECT_EQ(message_of<std::exception>([&] { return l1_mean(z, other); }),
            "l1_mean: a is 2x3 and b is 3x2; they must be of one shape");
  EXPECT_THROW(cross_entropy(Mat<double>(0, 3), Labels{}), ShapeError);
}

TEST(LossesMeans, DoNotOverflowWhereTheirSlopesDoAlone) {
  // -1 / p is beyond float, a twelfth of it is not.
  Mat<float> p = Mat<float>::Constant(4, 3, 0.5F), t = Mat<float>::Constant(4, 3, 0.0F);
  const Mat<float> one = Mat<float>::Constant(1, 1, 1.0F);
  t(0, 1) = 1;
  p(0, 1) = 0x1p-129F;
  EXPECT_EQ(bce_mean.op.backward(one, p, t, one)[0](0, 1), static_cast<float>(-0x1p129 / 12));
  p(0, 1) = 0;  // here the limit is infinite whatever the scale
  EXPECT_EQ(bce_mean.op.backward(one, p, t, one)[0](0, 1), -HUGE_VALF);
}

TEST(LossesSecondOrder, OfBceIsExactWhereALabelIsFarSmallerThanItsProbability) {
  using Moving = Dual<double>;
  for (const double p : {0.000197, 1e-9, 0.75}) {
    for (const double t : {0.0, 4.3e-165, 1e-15, p / 3}) {
      for (const bool turned : {false, true}) {       // 1 - p and 1 - t for p and t
        if (turned && (t > 0 && t < 1e-9)) continue;  // 1 - t would be rounded
        const double at = turned ? 1 - p : p, label = turned ? 1 - t : t;
        const Moving slope = Bce::df(Moving(at, 1), Moving(label, 0), Moving(0, 0))[0];
        const double expected = label / (at * at) + (1 - label) / ((1 - at) * (1 - at));
        EXPECT_NEAR(slope.d / expected, 1, 0x1p-50) << at << ' ' << label;
      }
    }
  }
}

TEST(WrongLossBackwards, AreCaught) {
  using namespace losses;
  EXPECT_FALSE(backward_matches(WithoutTheMean{{{0, 1}}}, few));
  EXPECT_FALSE(backward_matches(OtherSign{{{0, 1}}}, few));
  EXPECT_FALSE(backward_matches(Cancelled{{{0, 1}}}, few));
  EXPECT_FALSE(backward_matches(ForgetsSmoothing{{{0, 1}, 0.25}}, few));
  EXPECT_FALSE(backward_matches<TakesTargetsToSumToOne>(few));
  EXPECT_FALSE(backward_matches<VarianceOnce>(few));
}

TEST(RightLossBackwards, Match) {
  EXPECT_TRUE(backward_matches(losses::Entropy{{0, 1}}, few));
  EXPECT_TRUE(backward_matches(losses::Entropy{{0, 1}, 0.25}, few));
}

}  // namespace
}  // namespace assay
