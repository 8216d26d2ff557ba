// Second derivatives by forward over reverse, against closed forms and against differences of
// gradients at fifty digits.

#include "assay/second_order.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/ops.hpp"
#include "assay/ops/block.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/ops/inverse.hpp"
#include "assay/ops/layer_norm.hpp"
#include "assay/ops/log_softmax.hpp"
#include "assay/ops/logdet.hpp"
#include "assay/ops/logsumexp.hpp"
#include "assay/ops/reshape.hpp"
#include "assay/ops/sin.hpp"
#include "assay/ops/solve.hpp"
#include "assay/random.hpp"
#include "assay/rational.hpp"
#include "assay/wide.hpp"
#include "testing.hpp"

namespace assay {
namespace {

using M = Mat<double>;

double ulp_of(double x) {
  const double a = std::abs(x);
  return std::nextafter(a, HUGE_VAL) - a;
}

/// The derivative of the gradient at x in the direction v, by central differences at fifty digits:
/// right to some thirty of them.
template <class F>
M wide_product(const F& f, const M& x, const M& v) {
  const Dec50 h("1e-16");
  const auto gradient = [&](const Dec50& t) {
    Graph<Dec50> g;
    const auto node = g.variable(Mat<Dec50>(x.cast<Dec50>() + v.cast<Dec50>() * t));
    g.backward(f(node));
    return node.grad();
  };
  const Mat<Dec50> d = (gradient(h) - gradient(-h)) / (h + h);
  return d.unaryExpr([](const Dec50& e) { return e.convert_to<double>(); });
}

/// Both products within so many ulp of the largest element, and a symmetric Hessian.
template <class F>
void expect_second_order(const F& f, const M& x, double ulps = 32) {
  Random random(99);
  const M v = random.normal_matrix<double>(shape_of(x));
  const M expected = wide_product(f, x, v), got = hessian_vector_product(f, x, v);
  const double unit = ulp_of(expected.cwiseAbs().maxCoeff());
  EXPECT_GT(expected.cwiseAbs().maxCoeff(), 0);
  EXPECT_LE((got - expected).cwiseAbs().maxCoeff(), ulps * unit) << "got\n"
                                                                 << got << "\nexpected\n"
                                                                 << expected;

  const M h = hessian(f, x);
  const double scale = ulp_of(h.cwiseAbs().maxCoeff());
  EXPECT_LE((h - h.transpose()).cwiseAbs().maxCoeff(), ulps * scale) << h;
  const double length = v.cwiseAbs().sum();
  EXPECT_LE((h * v.reshaped() - got.reshaped()).cwiseAbs().maxCoeff(), ulps * scale * length);
}

M point(Eigen::Index rows, Eigen::Index cols, double lo = -2, double hi = 2) {
  Random random(7);
  return random.uniform_matrix<double>({rows, cols}, lo, hi);
}

TEST(Hessian, OfSumsOfNumbersIsDiagonal) {
  const M x = point(3, 2);
  const auto expect_diagonal = [&](const auto& f, const auto& second) {
    const M h = hessian(f, x);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const double expected = second(x.data()[i]);
      EXPECT_LE(std::abs(h(i, i) - expected), 4 * ulp_of(expected)) << x.data()[i];
    }
    EXPECT_EQ(M(h - M(h.diagonal().asDiagonal())), M::Zero(6, 6));
  };
  expect_diagonal([](const auto& v) { return sum(exp(v)); }, [](double a) { return std::exp(a); });
  expect_diagonal([](const auto& v) { return sum(square(v)); }, [](double) { return 2; });
  expect_diagonal([](const auto& v) { return sum(mul(square(v), v)); },
                  [](double a) { return 6 * a; });
  expect_diagonal([](const auto& v) { return sum(sin(v)); }, [](double a) { return -std::sin(a); });
}

TEST(Hessian, OfAQuadraticFormIsExactOverTheRationals) {
  const Mat<Q> a{{Q(1), Q(2)}, {Q(-3), Q(1, 7)}}, x{{Q(1, 3)}, {Q(-5, 2)}};
  const auto f = [&](const auto& v) {
    return matmul(transpose(v), matmul(Mat<Dual<Q>>(a.cast<Dual<Q>>()), v));
  };
  EXPECT_EQ(hessian(f, x), Mat<Q>(a + a.transpose()));
}

TEST(HessianVectorProduct, OfTwoInputsHasTheMixedDerivatives) {
  // f = sum of A B: d/dA in the direction of B is the row sums of the direction, and so on.
  const M a = point(2, 3), b = point(3, 2), da = point(2, 3, 0, 1), db = point(3, 2, -1, 0);
  const auto f = [](const auto& x) { return sum(matmul(x[0], x[1])); };
  const std::vector<M> got = hessian_vector_product(f, std::vector<M>{a, b}, {da, db});
  const M ones = M::Ones(2, 2);
  EXPECT_LT((got[0] - ones * db.transpose()).cwiseAbs().maxCoeff(), 1e-15);
  EXPECT_LT((got[1] - da.transpose() * ones).cwiseAbs().maxCoeff(), 1e-15);
}

TEST(HessianVectorProduct, DirectionsMustBeAsTheInputs) {
  const auto f = [](const auto& x) { return sum(square(x)); };
  EXPECT_THROW(hessian_vector_product(f, M(2, 2), M(2, 1)), ShapeError);
  const auto g = [](const auto& x) { return sum(x[0]); };
  EXPECT_THROW(hessian_vector_product(g, std::vector<M>{M(1, 1)}, {}), ShapeError);
  EXPECT_THROW(hessian([](const auto& x) { return exp(x); }, M(2, 2)), ShapeError);
}

TEST(SecondOrder, OfElementwiseOperationsAgreesWithFiftyDigits) {
  expect_second_order([](const auto& x) { return sum(exp(mul(x, sin(x)))); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(tanh(x)); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(square(sigmoid(x))); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(softplus(x)); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(mul(log(x), sqrt(x))); }, point(2, 3, 1, 4));
  expect_second_order([](const auto& x) { return sum(div(exp(x), add(square(x), 1))); },
                      point(2, 3));
  expect_second_order([](const auto& x) { return sum(pow(x, x)); }, point(2, 2, 1, 3));
}

TEST(SecondOrder, OfBroadcastsAndProductsAgreesWithFiftyDigits) {
  expect_second_order(
      [](const auto& x) { return sum(square(mul(sum_rowwise(x), sum_colwise(x)))); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(exp(matmul(x, transpose(x)))); },
                      point(2, 3, -1, 1));
}

TEST(SecondOrder, OfRowOperationsAndLossesAgreesWithFiftyDigits) {
  expect_second_order([](const auto& x) { return sum(square(logsumexp_rowwise(x))); }, point(2, 3));
  expect_second_order([](const auto& x) { return sum(square(log_softmax(x))); }, point(2, 3));
  expect_second_order([](const auto& x) { return cross_entropy(x, Labels{2, 0}); }, point(2, 3));
  expect_second_order(
      [](const auto& x) {
        const auto half = div(x, 2);
        return bce_with_logits_mean(x, half);
      },
      point(2, 3));
  expect_second_order(
      [](const auto& x) {
        const auto row = sum_colwise(x);
        return sum(exp(layer_norm(x, row, row)));
      },
      point(2, 3), 256);
}

TEST(SecondOrder, OfLinearAlgebraAgreesWithFiftyDigits) {
  const M a = point(3, 3) + 5 * M::Identity(3, 3);
  expect_second_order([](const auto& x) { return sum(square(inverse(x))); }, a, 128);
  expect_second_order([](const auto& x) { return sum(square(solve(x, sum_rowwise(square(x))))); },
                      a, 512);
  expect_second_order([](const auto& x) { return logdet(matmul(x, transpose(x))); }, a, 128);
}

/// x is the weights of a 2-3-1 network, in one column.
template <class Node>
auto network_loss(const Node& x) {
  const M inputs{{0, 1}, {1, 0}, {1, 1}, {-1, 2}}, labels{{0}, {1}, {1}, {0}};
  using T = std::decay_t<decltype(x.value()(0, 0))>;
  const auto part = [&](Eigen::Index i, Eigen::Index rows, Eigen::Index cols) {
    return reshape(block(x, i, 0, rows * cols, 1), rows, cols);
  };
  const auto hidden =
      tanh(linear(x.graph().constant(Mat<T>(inputs.cast<T>())), part(0, 2, 3), part(6, 1, 3)));
  return bce_with_logits_mean(linear(hidden, part(9, 3, 1), part(12, 1, 1)),
                              Mat<T>(labels.cast<T>()));
}

TEST(SecondOrder, OfANetworkAgreesWithFiftyDigits) {
  expect_second_order([](const auto& x) { return network_loss(x); }, point(13, 1, -1, 1));
}

}  // namespace
}  // namespace assay
