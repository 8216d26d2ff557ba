#include "assay/line.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "assay/random.hpp"
#include "assay/wide.hpp"
#include "testing.hpp"

namespace assay {
namespace {

template <class T>
Mat<T> column(std::initializer_list<T> numbers) {
  Mat<T> v(static_cast<Eigen::Index>(numbers.size()), 1);
  Eigen::Index i = 0;
  for (const T& x : numbers) v(i++) = x;
  return v;
}

TEST(Line, KnowsWhatItWasMadeOf) {
  const auto b = column<double>({1, 2}), u = column<double>({0, -1});
  const Line<double> line(b, u);
  EXPECT_EQ(line.dimension(), 2);
  EXPECT_EQ(line.base(), b);
  EXPECT_EQ(line.direction(), u);
  EXPECT_EQ(line.coordinate(column<double>({5, 5})), -3);
  EXPECT_EQ(line.project(column<double>({5, 5})), column<double>({1, 5}));
  EXPECT_EQ(line.residual(column<double>({5, 5})), column<double>({4, 0}));
  EXPECT_EQ(line.squared_distance(column<double>({5, 5})), 16);
  EXPECT_EQ(line.distance(column<double>({5, 5})), 4);
}

TEST(Line, ManyPointsAreRows) {
  Random random(1);
  const auto b = random.normal_matrix<double>({3, 1}), x = random.normal_matrix<double>({7, 3});
  const auto line = Line<double>::along(b, random.normal_matrix<double>({3, 1}));
  const Mat<double> t = line.coordinates(x), p = line.projections(x), r = line.residuals(x);
  const Mat<double> distance = line.distances(x), square = line.squared_distances(x);
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const Mat<double> point = x.row(i).transpose();
    EXPECT_EQ(t(i), line.coordinate(point));
    EXPECT_EQ(Mat<double>(p.row(i).transpose()), line.project(point));
    EXPECT_EQ(Mat<double>(r.row(i).transpose()), line.residual(point));
    EXPECT_EQ(distance(i), line.distance(point));
    EXPECT_EQ(square(i), line.squared_distance(point));
  }
  EXPECT_EQ(shape_of(line.distances(Mat<double>(0, 3))), (Shape{0, 1}));
  EXPECT_EQ(shape_of(line.projections(Mat<double>(0, 3))), (Shape{0, 3}));
}

TEST(Line, OtherLengthsAreErrorsThatNameTheRule) {
  const auto b = column<double>({0, 0});
  const auto message = message_of<std::invalid_argument>([&] {
    Line<double>(b, column<double>({3, 4}));
  });
  EXPECT_EQ(message, "Line: u is 2x1 and u'u is 25; u must have length 1 (Line::along normalises)");
  EXPECT_EQ(Line<double>::along(b, column<double>({3, 4})).direction(), column<double>({0.6, 0.8}));
  EXPECT_EQ(message_of<std::invalid_argument>([&] { Line<double>::along(b, b); }),
            "Line::along: direction is 0; it must not be");
  // Rationals have no rounding to forgive.
  const Rational off(1'000'000'001, 1'000'000'000);
  EXPECT_NE(message_of<std::invalid_argument>(
                [&] { Line<Rational>(column<Rational>({0}), column<Rational>({off})); }),
            "");
}

TEST(Line, RoundingOfADirectionIsForgiven) {
  Random random(3);
  for (const Eigen::Index d : {1, 2, 10, 100, 1000}) {
    Mat<float> u = random.normal_matrix<float>({d, 1});
    u /= u.norm();
    EXPECT_NO_THROW(Line<float>(Mat<float>::Zero(d, 1), u));
    EXPECT_THROW(Line<float>(Mat<float>::Zero(d, 1), u * 1.01F), std::invalid_argument);
  }
}

TEST(Line, ShapesAndNaNsAreErrorsThatNameTheArgument) {
  const auto b = column<double>({0, 0}), u = column<double>({1, 0});
  const Line<double> line(b, u);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message_of<ShapeError>([&] { Line<double>(column<double>({0}), u); }),
            "Line: b is 1x1 and u is 2x1; both must be d x 1 with one d of at least 1");
  EXPECT_NE(message_of<ShapeError>([&] { Line<double>(Mat<double>(0, 1), Mat<double>(0, 1)); }),
            "");
  EXPECT_NE(message_of<ShapeError>([&] { Line<double>(b.transpose(), u.transpose()); }), "");
  EXPECT_EQ(message_of<ShapeError>([&] { static_cast<void>(line.project(u.transpose())); }),
            "Line: x is 1x2 and u is 2x1; a point must have the shape of u");
  EXPECT_EQ(
      message_of<ShapeError>([&] { static_cast<void>(line.distances(Mat<double>::Zero(4, 3))); }),
      "Line: x is 4x3 and u is 2x1; each row of x must be a point of as many coordinates as "
      "u has");
  EXPECT_EQ(message_of<std::domain_error>([&] {
              Line<double>(column<double>({0, nan}), u);
            }),
            "Line: b(1, 0) is nan; every element must be finite");
  EXPECT_EQ(message_of<std::domain_error>([&] {
              Line<double>(b, column<double>({nan, 0}));
            }),
            "Line: u(0, 0) is nan; every element must be finite");
  EXPECT_NE(message_of<std::domain_error>([&] {
              Line<double>::along(b, column<double>({nan, 0}));
            }).find("direction(0, 0)"),
            std::string::npos);
  EXPECT_NE(message_of<std::domain_error>([&] {
              static_cast<void>(line.distance(column<double>({1, nan})));
            }).find("x(0, 1)"),
            std::string::npos);
}

TEST(Line, DistancesNeitherOverflowNorVanish) {
  const double huge = 1e300, tiny = 1e-300;
  const Line<double> axis(column<double>({0, 0}), column<double>({1, 0}));
  EXPECT_EQ(axis.distance(column<double>({huge, huge})), huge);
  EXPECT_EQ(axis.distance(column<double>({huge, tiny})), tiny);
  EXPECT_EQ(axis.squared_distance(column<double>({0, huge})),
            std::numeric_limits<double>::infinity());
  const auto u = Line<double>::along(column<double>({0, 0}), column<double>({3e300, 4e300}));
  EXPECT_EQ(u.direction(), column<double>({0.6, 0.8}));
}

TEST(Line, ManyDimensionsAreExactToTheWiderType) {
  Random random(5);
  const Eigen::Index d = 100;  // beyond 32 in long double
  const auto b = random.normal_matrix<double>({d, 1}), x = random.normal_matrix<double>({d, 1});
  const auto line = Line<double>::along(b, random.normal_matrix<double>({d, 1}));
  const auto wide = [](const Mat<double>& m) {
    return Mat<Dec50>(m.unaryExpr([](double v) { return Dec50(v); }));
  };
  const auto exact = Line<Dec50>::along(wide(b), wide(line.direction()));
  const auto near = [&](double got, const Dec50& expected) {
    return abs(Dec50(got) / expected - 1) < 1e-15;
  };
  EXPECT_TRUE(near(line.distance(x), exact.distance(wide(x))));
  EXPECT_TRUE(near(line.coordinate(x), exact.coordinate(wide(x))));
}

TEST(Line, DualsCarryTheDerivativeOfTheDistance) {
  using D = Dual<double>;
  const Line<D> line(column<D>({D(1), D(1)}), column<D>({D(0.6), D(0.8)}));
  const auto x = column<D>({{3, 1}, {4, 0}});
  // The distance is <x - b, n> with n = (0.8, -0.6).
  EXPECT_NEAR(line.distance(x).v, 0.2, 1e-15);
  EXPECT_NEAR(line.distance(x).d, -0.8, 1e-14);
}

}  // namespace
}  // namespace assay
