#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "assay/ops/cholesky.hpp"
#include "assay/ops/eigh.hpp"
#include "assay/ops/eigvalsh.hpp"
#include "assay/ops/inverse.hpp"
#include "assay/ops/logdet.hpp"
#include "assay/ops/solve.hpp"
#include "assay/ops/svdvals.hpp"
#include "assay/random.hpp"
#include "assay/wide.hpp"
#include "testing.hpp"

namespace assay {
namespace {

template <class Op, class T, class... X>
auto gradients(const Mat<T>& dy, const X&... x) {
  Mat<T> saved;
  const Mat<T> y = Op::forward(x..., saved);
  return Op::backward(dy, x..., y, saved);
}

template <class To, class From>
Mat<To> cast(const Mat<From>& m) {
  return m.unaryExpr([](const From& x) { return To(x); });
}

template <class T>
Mat<T> matrix(std::initializer_list<std::initializer_list<T>> rows) {
  Mat<T> m(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.begin()->size()));
  Eigen::Index i = 0;
  for (const auto& row : rows) {
    Eigen::Index j = 0;
    for (const T& x : row) m(i, j++) = x;
    ++i;
  }
  return m;
}

/// The worst distance of x from the truth, in ulps of double.
double worst_ulp(const Mat<double>& x, const Mat<Dec50>& truth) {
  double worst = 0;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const auto t = static_cast<double>(truth.data()[i]);
    const double unit = std::abs(t) - std::nextafter(std::abs(t), 0);
    const Dec50 off = abs(Dec50(x.data()[i]) - truth.data()[i]) / Dec50(unit);
    worst = std::max(worst, static_cast<double>(off));
  }
  return worst;
}

template <class T>
Mat<T> hilbert(Eigen::Index n) {
  Mat<T> h(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) h(i, j) = T(1) / count<T>(i + j + 1);
  }
  return h;
}

Mat<double> positive_definite(Random& random, Eigen::Index n) {
  const auto b = random.normal_matrix<double>({n, n});
  return b * b.transpose() + Mat<double>::Identity(n, n);
}

TEST(LinearAlgebra, SolveAndInverseAreExactOverTheRationals) {
  for (Eigen::Index n : {1, 3, 8}) {
    const Mat<Rational> h = hilbert<Rational>(n);
    const Mat<Rational> y = inverse(h);
    Mat<Rational> b(n, 2);
    for (Eigen::Index i = 0; i < b.size(); ++i) b.data()[i] = Rational(static_cast<int>(i), 7);
    EXPECT_TRUE(detail::plain_product(h, y) == detail::identity<Rational>(n));
    EXPECT_TRUE(detail::plain_product(h, solve(h, b)) == b);
  }
  EXPECT_TRUE(inverse(hilbert<Rational>(3)) ==
              matrix<Rational>({{9, -36, 30}, {-36, 192, -180}, {30, -180, 180}}));
}

TEST(LinearAlgebra, GradientsOfHilbertMatricesAreRightToTheLastPlace) {
  Random random(3);
  for (Eigen::Index n : {4, 8, 12}) {  // the condition number of the last is 1.8e16
    const Mat<double> h = hilbert<double>(n);
    const auto b = random.normal_matrix<double>({n, 2}), dx = random.normal_matrix<double>({n, 2});
    const auto dy = random.normal_matrix<double>({n, n});
    const auto got = gradients<Solve>(dx, h, b);
    const auto truth = gradients<Solve>(cast<Dec50>(dx), cast<Dec50>(h), cast<Dec50>(b));
    EXPECT_LT(worst_ulp(got[0], truth[0]), 0.51);
    EXPECT_LT(worst_ulp(got[1], truth[1]), 0.51);
    EXPECT_LT(worst_ulp(gradients<Inverse>(dy, h)[0],
                        gradients<Inverse>(cast<Dec50>(dy), cast<Dec50>(h))[0]),
              0.51);
    if (n == 12) continue;  // not positive definite as doubles
    EXPECT_LT(worst_ulp(gradients<Cholesky>(dy, h)[0],
                        gradients<Cholesky>(cast<Dec50>(dy), cast<Dec50>(h))[0]),
              0.51);
  }
}

TEST(LinearAlgebra, ElementsFarApartInSizeAreRightToTheLastPlace) {
  const Mat<double> ones = Mat<double>::Constant(2, 1, 1);
  const auto a = matrix<double>({{1e237, 0}, {7e18, 1}});
  EXPECT_EQ(gradients<Solve>(ones, a, ones)[0](1, 0), -1 / 1e237);
  const Mat<double> v =
      gradients<EigValsH>(matrix<double>({{1}, {2}}), matrix<double>({{1, 6e-200}, {0, 7}}))[0];
  EXPECT_DOUBLE_EQ(v(0, 1), 5e-201);  // (2 - 1) 3e-200 / (7 - 1)
}

TEST(LinearAlgebra, LogdetIsOfTheMagnitudeAndAddsUpOverProducts) {
  Random random(5);
  const auto a = random.normal_matrix<double>({5, 5}), b = random.normal_matrix<double>({5, 5});
  EXPECT_NEAR(logdet(a * b)(0, 0), logdet(a)(0, 0) + logdet(b)(0, 0), 1e-13);
  EXPECT_EQ(logdet(matrix<double>({{0, 1}, {1, 0}}))(0, 0), 0);  // the determinant is -1
  const Mat<double> tiny = Mat<double>::Identity(3, 3) * 1e-300;
  EXPECT_DOUBLE_EQ(logdet(tiny)(0, 0), 3 * std::log(1e-300));  // 1e-900 is no double
}

TEST(LinearAlgebra, CholeskyReadsTheSymmetricPart) {
  Random random(7);
  const Mat<double> s = positive_definite(random, 4);
  Mat<double> skew = s;
  skew(0, 2) += 0.25, skew(2, 0) -= 0.25;
  const Mat<double> l = cholesky(skew), dl = random.normal_matrix<double>({4, 4});
  EXPECT_LT((l * l.transpose() - s).norm(), 1e-13);
  EXPECT_EQ(l(0, 3), 0);
  const Mat<double> da = gradients<Cholesky>(dl, skew)[0];
  EXPECT_EQ(da, Mat<double>(da.transpose()));
}

TEST(LinearAlgebra, EigenvectorsRebuildTheMatrixAndHaveDefiniteSigns) {
  Random random(11);
  for (Eigen::Index n : {1, 2, 5, 12, 40}) {  // beyond 32 in the narrower type
    const auto a = random.normal_matrix<double>({n, n});
    const Mat<double> s = (a + a.transpose()) / 2, y = eigh(a), v = y.rightCols(n);
    EXPECT_LT((v * y.col(0).asDiagonal() * v.transpose() - s).norm(), 1e-14 * (1 + s.norm()) * 2);
    EXPECT_EQ(Mat<double>(y.col(0)), eigvalsh(a));
    for (Eigen::Index j = 0; j < n; ++j) {
      EXPECT_LE(y(std::max<Eigen::Index>(j - 1, 0), 0), y(j, 0));
      const double top = v.col(j).cwiseAbs().maxCoeff();
      Eigen::Index i = 0;
      while (std::abs(v(i, j)) * 8 < top * 5) ++i;
      EXPECT_GT(v(i, j), 0);
    }
  }
}

TEST(LinearAlgebra, SingularValuesOfAWorkedExample) {
  const auto a = matrix<double>({{5, 1, 1}, {1, 5, -1}});
  EXPECT_EQ(svdvals(a)(0, 0), 6);
  EXPECT_EQ(svdvals(a)(1, 0), std::sqrt(18.0));
  EXPECT_EQ(svdvals(a), svdvals(a.transpose()));
}

/// <dy, dy/dA in the direction v> by duals, by the gradient, and by differences.
template <class Op>
void expect_three_ways_agree(const Mat<Dec50>& a, Random& random) {
  const Shape s = Op::shape(shape_of(a));
  const auto dy = random.normal_matrix<Dec50>(s), v = random.normal_matrix<Dec50>(shape_of(a));
  Mat<Dual<Dec50>> moving(a.rows(), a.cols());
  for (Eigen::Index i = 0; i < a.size(); ++i) moving.data()[i] = {a.data()[i], v.data()[i]};
  Mat<Dual<Dec50>> unused;
  Mat<Dec50> saved;
  const auto value = [&](const Dec50& t) {
    return Dec50(dy.cwiseProduct(Op::forward(Mat<Dec50>(a + v * t), saved)).sum());
  };
  Dec50 by_duals(0);
  const Mat<Dual<Dec50>> y = Op::forward(moving, unused);
  for (Eigen::Index i = 0; i < dy.size(); ++i) by_duals += dy.data()[i] * y.data()[i].d;
  const Dec50 by_gradient = gradients<Op>(dy, a)[0].cwiseProduct(v).sum();
  const Dec50 h("1e-16"), by_differences = (value(h) - value(-h)) / (2 * h);
  EXPECT_LT(abs(by_duals - by_gradient), Dec50("1e-42") * (1 + abs(by_gradient)));
  EXPECT_LT(abs(by_differences - by_gradient), Dec50("1e-26") * (1 + abs(by_gradient)));
}

TEST(LinearAlgebra, DualsDifferencesAndBackwardAgree) {
  Random random(13);
  for (int i = 0; i < 5; ++i) {
    const auto a = random.normal_matrix<Dec50>({4, 4});
    expect_three_ways_agree<Inverse>(a, random);
    expect_three_ways_agree<LogDet>(a, random);
    expect_three_ways_agree<EigValsH>(a, random);
    expect_three_ways_agree<EigH>(a, random);
    expect_three_ways_agree<SvdVals>(a, random);
    expect_three_ways_agree<SvdVals>(random.normal_matrix<Dec50>({3, 5}), random);
    expect_three_ways_agree<Cholesky>(cast<Dec50>(positive_definite(random, 4)), random);
  }
}

TEST(LinearAlgebra, RepeatedValuesAreDifferentiableOnlyTogether) {
  const Mat<double> a = Mat<double>::Identity(2, 2) * 2.0;
  EXPECT_EQ(gradients<EigValsH>(matrix<double>({{3}, {3}}), a)[0], Mat<double>(a * 1.5));
  EXPECT_EQ(gradients<SvdVals>(matrix<double>({{3}, {3}}), a)[0], Mat<double>(a * 1.5));
  EXPECT_EQ(gradients<EigH>(matrix<double>({{3, 0, 0}, {3, 0, 0}}), a)[0], Mat<double>(a * 1.5));
  const auto apart = matrix<double>({{3}, {4}});
  const auto text = [](const char* op, const char* what) {
    return std::string(op) + ": " + what +
           " 0 and 1 of a are 2 and 2, equal to the last place; where they repeat, neither they "
           "nor their vectors are differentiable one by one";
  };
  EXPECT_EQ(message_of<std::domain_error>([&] { gradients<EigValsH>(apart, a); }),
            text("eigvalsh", "eigenvalues"));
  EXPECT_EQ(message_of<std::domain_error>([&] { gradients<SvdVals>(apart, a); }),
            text("svdvals", "singular values"));
  EXPECT_EQ(message_of<std::domain_error>([&] {
              gradients<EigH>(matrix<double>({{3, 0, 1}, {3, 0, 0}}), a);
            }),
            text("eigh", "eigenvalues"));
  Mat<Dual<double>> moving = cast<Dual<double>>(a);
  EXPECT_EQ(message_of<std::domain_error>([&] { eigvalsh(moving); }),
            text("eigvalsh", "eigenvalues"));
  // One ulp apart is repeated, two are not.
  const double ulp = std::numeric_limits<double>::epsilon();
  EXPECT_THROW(gradients<EigValsH>(apart, matrix<double>({{1, 0}, {0, 1 + ulp}})),
               std::domain_error);
  EXPECT_EQ(gradients<EigValsH>(apart, matrix<double>({{1, 0}, {0, 1 + 2 * ulp}}))[0],
            matrix<double>({{3, 0}, {0, 4}}));
}

TEST(LinearAlgebra, ASingularValueOfZeroIsOneSided) {
  const auto a = matrix<double>({{1, 1}, {1, 1}});
  EXPECT_EQ(message_of<std::domain_error>([&] {
              gradients<SvdVals>(matrix<double>({{1}, {1}}), a);
            }),
            "svdvals: singular value 1 of a is 0, 0 to the last place; there its derivative is "
            "one-sided only");
  EXPECT_EQ(gradients<SvdVals>(matrix<double>({{1}, {0}}), a)[0], Mat<double>(a / 2));
}

TEST(LinearAlgebra, WhatIsNotDefinedIsAnErrorThatSaysWhy) {
  const auto singular = matrix<double>({{3, 1, 0}, {9, 3, 0}, {0, 0, 1}});
  const std::string pivot = ": a is 3x3 and pivot 2 of 3 is 0; a must not be singular";
  EXPECT_EQ(message_of<std::domain_error>([&] { inverse(singular); }), "inverse" + pivot);
  EXPECT_EQ(message_of<std::domain_error>([&] { logdet(singular); }), "logdet" + pivot);
  EXPECT_EQ(message_of<std::domain_error>([&] { inverse(cast<Rational>(singular)); }),
            "inverse" + pivot);
  EXPECT_EQ(message_of<std::domain_error>([&] { inverse(cast<float>(singular)); }),
            "inverse" + pivot);
  EXPECT_EQ(message_of<std::domain_error>([&] {
              cholesky(matrix<double>({{1, 2}, {2, 1}}));
            }),
            "cholesky: a is 2x2 and pivot 2 of 2 is -3; (a + a')/2 must be positive definite");
  const Mat<double> wide(2, 3), three(3, 1), two = Mat<double>::Identity(2, 2);
  EXPECT_EQ(message_of<ShapeError>([&] { eigh(wide); }), "eigh: a is 2x3; a must be square");
  EXPECT_EQ(message_of<ShapeError>([&] { solve(two, three); }),
            "solve: a is 2x2 and b is 3x1; a.rows must equal b.rows");
  Mat<double> bad = two;
  bad(1, 0) = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message_of<std::domain_error>([&] { svdvals(bad); }),
            "svdvals: a(1, 0) is inf; every element must be finite");
}

TEST(LinearAlgebra, ATieBesideAnElementWhoseSquareUnderflowsIsRotated) {
  const Mat<float> s = matrix<float>({{1, 1e-30F}, {1e-30F, 1}});
  const auto r = detail::symmetric_spectrum<float>("test", s);
  EXPECT_EQ(r.values, (Mat<float>::Ones(2, 1)));
  EXPECT_LE((r.vectors.transpose() * r.vectors - Mat<float>::Identity(2, 2)).norm(), 1e-6F);
}

TEST(LinearAlgebra, SizesZeroAndOne) {
  const Mat<double> none(0, 0), one = Mat<double>::Constant(1, 1, -4);
  EXPECT_EQ(logdet(none)(0, 0), 0);
  EXPECT_EQ(shape_of(inverse(none)), (Shape{0, 0}));
  EXPECT_EQ(shape_of(solve(none, Mat<double>(0, 3))), (Shape{0, 3}));
  EXPECT_EQ(shape_of(cholesky(none)), (Shape{0, 0}));
  EXPECT_EQ(shape_of(eigh(none)), (Shape{0, 1}));
  EXPECT_EQ(shape_of(svdvals(Mat<double>(0, 5))), (Shape{0, 1}));
  EXPECT_EQ(shape_of(gradients<SvdVals>(Mat<double>(0, 1), Mat<double>(0, 5))[0]), (Shape{0, 5}));
  EXPECT_EQ(inverse(one)(0, 0), -0.25);
  EXPECT_EQ(svdvals(one)(0, 0), 4);
  EXPECT_EQ(gradients<SvdVals>(Mat<double>::Constant(1, 1, 3).eval(), one)[0](0, 0), -3);
  EXPECT_EQ(eigh(one), matrix<double>({{-4, 1}}));
  EXPECT_EQ(cholesky(Mat<double>(-one))(0, 0), 2);
}

TEST(LinearAlgebra, ManyRowsKeepTheDigitsOfTheirType) {
  Random random(17);
  const Eigen::Index n = 60;
  const auto a = random.normal_matrix<double>({n, n}), b = random.normal_matrix<double>({n, 1});
  const Mat<double> x = solve(a, b);
  EXPECT_LT((a * x - b).norm(), 1e-13 * a.norm() * x.norm());
  EXPECT_NEAR(svdvals(a).squaredNorm(), a.squaredNorm(), 1e-12 * a.squaredNorm());
}

}  // namespace
}  // namespace assay
