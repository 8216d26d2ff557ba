#include "assay/subspace.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "assay/random.hpp"
#include "testing.hpp"

namespace assay {
namespace {

using Eigen::Index;

Mat<double> matrix(std::initializer_list<std::initializer_list<double>> rows) {
  Mat<double> m(static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size()));
  Index i = 0;
  for (const auto& row : rows) {
    Index j = 0;
    for (const double x : row) m(i, j++) = x;
    ++i;
  }
  return m;
}
Mat<double> rotation(double angle) {
  return matrix({{std::cos(angle), -std::sin(angle)}, {std::sin(angle), std::cos(angle)}});
}

const double nan = std::numeric_limits<double>::quiet_NaN();

// --- low rank ------------------------------------------------------------------------------------

TEST(LowRank, ApproximatesByTheLeadingSingularVectors) {
  const Mat<double> x = matrix({{5, 1, 1}, {1, 5, -1}});
  const LowRank<double> r = low_rank(x, 1);
  EXPECT_LT((r.product() - matrix({{3, 3, 0}, {3, 3, 0}})).norm(), 1e-14);
  EXPECT_NEAR(r.squared_error, 18, 1e-13);
  EXPECT_NEAR(r.singular_values(0), 6, 1e-14);
  EXPECT_NEAR(r.singular_values(1), std::sqrt(18), 1e-14);
  EXPECT_EQ(r.rank, 2);
  EXPECT_EQ(r.determined, 1);
  const LowRank<double> all = low_rank(x, 2);
  EXPECT_LT((all.product() - x).norm(), 1e-14);
  EXPECT_EQ(all.squared_error, 0);
  EXPECT_LT((all.a.transpose() * all.a - Mat<double>::Identity(2, 2)).norm(), 1e-14);
}

TEST(LowRank, TiesAndZerosAreReported) {
  EXPECT_EQ(low_rank(Mat<double>(Mat<double>::Identity(3, 3)), 1).determined, 0);
  EXPECT_EQ(low_rank(matrix({{3, 0, 0}, {0, 2, 0}, {0, 0, 2}}), 3).determined, 1);
  const LowRank<double> none = low_rank(Mat<double>(Mat<double>::Zero(3, 2)), 2);
  EXPECT_EQ(none.rank, 0);
  EXPECT_EQ(none.determined, 0);
  EXPECT_TRUE(none.product().isZero(0));
  EXPECT_LT((none.a.transpose() * none.a - Mat<double>::Identity(2, 2)).norm(), 1e-14);
  const LowRank<double> one = low_rank(matrix({{1, 2}, {2, 4}}), 2);
  EXPECT_EQ(one.rank, 1);
  EXPECT_EQ(one.determined, 1);
  EXPECT_TRUE(one.b.col(1).isZero(0));
}

TEST(LowRank, SizesNearTheEndsOfTheRangeDoNoHarm) {
  const Mat<double> x = matrix({{5, 1, 1}, {1, 5, -1}});
  const LowRank<double> r = low_rank(x, 1);
  for (const int e : {900, -900}) {
    const double scale = std::ldexp(1.0, e);
    const LowRank<double> scaled = low_rank(Mat<double>(x * scale), 1);
    EXPECT_EQ(scaled.a, r.a);
    EXPECT_EQ(scaled.b, r.b * scale);
    EXPECT_EQ(scaled.singular_values, r.singular_values * scale);
  }
}

TEST(LowRank, ErrorsNameTheArgumentAndTheRule) {
  const Mat<double> x = matrix({{1, 2, 3}, {4, 5, nan}});
  EXPECT_EQ(message_of<std::domain_error>([&] { low_rank(x, 1); }),
            "low_rank: x(1, 2) is nan; every element must be finite");
  for (const Index k : {-1, 0, 3}) {
    EXPECT_EQ(message_of<std::invalid_argument>([&] { low_rank(x, k); }),
              "low_rank: x is 2x3 and k is " + std::to_string(k) +
                  "; k must be from 1 to 2, the lesser of rows and columns");
  }
}

// --- angles --------------------------------------------------------------------------------------

TEST(PrincipalAngles, AreRightNearZeroAndNearARightAngle) {
  for (const double angle : {0.0, 1e-15, 1e-12, 1e-8, 1e-3, 0.7, 1.5}) {
    const Mat<double> a = matrix({{1}, {0}}), b = matrix({{std::cos(angle)}, {std::sin(angle)}});
    EXPECT_NEAR(principal_angles(a, b)(0), angle, 2e-16 * angle);
    const Mat<double> c = matrix({{-std::sin(angle)}, {std::cos(angle)}});
    EXPECT_NEAR(principal_angles(a, c)(0), std::numbers::pi / 2 - angle, 3e-16);
  }
  const Mat<float> a = Mat<float>::Identity(2, 1), b = matrix({{1}, {1e-6}}).cast<float>();
  EXPECT_FLOAT_EQ(principal_angles(a, b)(0), 1e-6F);
}

TEST(PrincipalAngles, AscendAndDoNotDependOnTheBasis) {
  Random random(1);
  Mat<double> a = Mat<double>::Zero(6, 3), b = Mat<double>::Zero(6, 3);
  const double angles[] = {1e-9, 0.25, 1.25};
  for (Index i = 0; i < 3; ++i) {
    a(2 * i, i) = 1;
    b(2 * i, i) = std::cos(angles[i]);
    b(2 * i + 1, i) = std::sin(angles[i]);
  }
  const Mat<double> other =
      b * (random.normal_matrix<double>({3, 3}) + 3 * Mat<double>::Identity(3, 3));
  for (const Mat<double>& basis : {b, Mat<double>(b * 1e200), Mat<double>(other)}) {
    const Mat<double> got = principal_angles(a, basis);
    ASSERT_EQ(shape_of(got), (Shape{3, 1}));
    for (Index i = 0; i < 3; ++i) EXPECT_NEAR(got(i), angles[i], 3e-15);
    EXPECT_LT((principal_angles(basis, a) - got).norm(), 1e-15);
  }
}

TEST(PrincipalAngles, OfSubspacesOfDifferentDimensions) {
  const Mat<double> plane = matrix({{1, 0}, {0, 1}, {0, 0}});
  const Mat<double> line = matrix({{0.6}, {0}, {0.8}});
  for (const Mat<double>& got : {principal_angles(plane, line), principal_angles(line, plane)}) {
    ASSERT_EQ(got.size(), 1);
    EXPECT_NEAR(got(0), std::atan2(0.8, 0.6), 3e-16);
  }
}

TEST(PrincipalAngles, ErrorsNameTheArgumentAndTheRule) {
  const Mat<double> a = matrix({{1, 0}, {0, 1}, {0, 0}}),
                    dependent = matrix({{1, 2}, {1, 2}, {1, 2}});
  EXPECT_EQ(message_of<std::domain_error>([&] { principal_angles(a, dependent); }),
            "principal_angles: b is 3x2 of rank 1; its columns must be linearly independent");
  EXPECT_EQ(message_of<std::domain_error>([&] { principal_angles(Mat<double>(a * 0), a); }),
            "principal_angles: a is 3x2 of rank 0; its columns must be linearly independent");
  EXPECT_NE(message_of<std::domain_error>([&] { principal_angles(a, Mat<double>(a * nan)); }), "");
  EXPECT_NE(message_of<ShapeError>([&] { principal_angles(a, Mat<double>(a.transpose())); }), "");
  EXPECT_NE(message_of<ShapeError>([&] { principal_angles(a, Mat<double>(3, 0)); }), "");
  const Mat<double> wide = matrix({{1, 0, 1}, {0, 1, 1}});  // more columns than rows
  EXPECT_NE(message_of<std::domain_error>([&] { principal_angles(wide, wide); }), "");
}

// --- alignment -----------------------------------------------------------------------------------

TEST(Alignment, LeastSquaresFindsTheMapThatMadeTheScores) {
  Random random(2);
  const auto codes = random.normal_matrix<double>({20, 3}),
             map = random.normal_matrix<double>({3, 2});
  const Alignment<double> found = align(codes, Mat<double>(codes * map));
  EXPECT_LT((found.map - map).norm(), 1e-14);
  EXPECT_LT(found.error, 1e-14);
  EXPECT_EQ(found.rank, 3);
  EXPECT_LT((found(codes) - codes * map).norm(), 1e-13);
}

TEST(Alignment, LeastSquaresLeavesAResidualOrthogonalToTheCodes) {
  Random random(3);
  const auto codes = random.normal_matrix<double>({20, 3}),
             scores = random.normal_matrix<double>({20, 2});
  const Alignment<double> found = align(codes, scores);
  const Mat<double> rest = found(codes) - scores;
  EXPECT_LT((codes.transpose() * rest).norm(), 1e-13);
  EXPECT_NEAR(found.error, rest.norm(), 1e-14);
}

TEST(Alignment, OfSeveralMapsTheOneOfLeastNorm) {
  Random random(4);
  const auto code = random.normal_matrix<double>({10, 1}),
             scores = random.normal_matrix<double>({10, 1});
  Mat<double> codes(10, 3);
  codes << code, 2 * code, Mat<double>::Zero(10, 1);
  const Alignment<double> found = align(codes, scores);
  EXPECT_EQ(found.rank, 1);
  const double slope = align(code, scores).map(0);
  EXPECT_LT((found.map - matrix({{slope / 5}, {2 * slope / 5}, {0}})).norm(), 1e-15);
  const Alignment<double> none = align(Mat<double>(codes * 0), scores);
  EXPECT_EQ(none.rank, 0);
  EXPECT_TRUE(none.map.isZero(0));
  EXPECT_NEAR(none.error, scores.norm(), 1e-15);
}

TEST(Alignment, ProcrustesFindsRotationsAndReflections) {
  Random random(5);
  const auto codes = random.normal_matrix<double>({20, 2});
  for (const Mat<double>& map :
       {rotation(1), Mat<double>(rotation(1) * matrix({{1, 0}, {0, -1}}))}) {
    const Alignment<double> found = procrustes(codes, Mat<double>(codes * map * 3));
    EXPECT_LT((found.map - map).norm(), 1e-15);  // the scale is not its affair
    EXPECT_EQ(found.rank, 2);
  }
}

TEST(Alignment, ProcrustesIsOrthogonalWhereItIsNotUnique) {
  Mat<double> codes = Mat<double>::Zero(5, 3), scores = codes;
  codes(0, 0) = 1, scores(0, 1) = 2;
  const Alignment<double> found = procrustes(codes, scores);
  EXPECT_EQ(found.rank, 1);
  EXPECT_LT((found.map.transpose() * found.map - Mat<double>::Identity(3, 3)).norm(), 1e-15);
  EXPECT_NEAR(found.map(0, 1), 1, 1e-15);
  EXPECT_NEAR(found.error, 1, 1e-15);
  const Alignment<double> none = procrustes(Mat<double>(codes * 0), scores);
  EXPECT_EQ(none.rank, 0);
  EXPECT_LT((none.map.transpose() * none.map - Mat<double>::Identity(3, 3)).norm(), 1e-15);
}

TEST(Alignment, NoOtherRotationIsNearer) {
  Random random(6);
  const auto codes = random.normal_matrix<double>({8, 2}),
             scores = random.normal_matrix<double>({8, 2});
  const double least = procrustes(codes, scores).error;
  for (int i = 0; i < 628; ++i) {
    const Mat<double> turned = rotation(i / 100.0), mirrored = turned * matrix({{1, 0}, {0, -1}});
    EXPECT_GE((codes * turned - scores).norm(), least - 1e-14);
    EXPECT_GE((codes * mirrored - scores).norm(), least - 1e-14);
  }
}

TEST(Alignment, ErrorsNameTheArgumentAndTheRule) {
  const Mat<double> codes = Mat<double>::Ones(4, 2), scores = Mat<double>::Ones(4, 3);
  EXPECT_EQ(message_of<ShapeError>([&] { procrustes(codes, scores); }),
            "procrustes: codes is 4x2 and scores is 4x3; a rotation needs as many columns in both");
  EXPECT_EQ(message_of<ShapeError>([&] { align(codes, Mat<double>(scores.topRows(3))); }),
            "align: codes is 4x2 and scores is 3x3; both must have one row for each sample, and at "
            "least one row and one column");
  EXPECT_NE(message_of<ShapeError>([&] { align(Mat<double>(0, 2), Mat<double>(0, 2)); }), "");
  EXPECT_EQ(message_of<std::domain_error>([&] { align(codes, Mat<double>(scores * nan)); }),
            "align: scores(0, 0) is nan; every element must be finite");
}

}  // namespace
}  // namespace assay
