// check_function where f and vjp take maps with strides: kernels that misread them are caught.

#include <gtest/gtest.h>

#include <cmath>

#include "assay/gtest.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

/// Y = exp(A) B, element by element through the strides.
double element(const StridedMap& m, Eigen::Index i, Eigen::Index j) {
  return m.data()[i * m.innerStride() + j * m.outerStride()];
}
/// As if the numbers were packed, column by column.
double misread(const StridedMap& m, Eigen::Index i, Eigen::Index j) {
  return m.data()[i + j * m.rows()];
}
/// As if they were packed, row by row.
double by_rows(const StridedMap& m, Eigen::Index i, Eigen::Index j) {
  return m.data()[i * m.cols() + j];
}
using Read = double (*)(const StridedMap&, Eigen::Index, Eigen::Index);

Mat<double> copy(const StridedMap& m, Read read) {
  return Mat<double>::NullaryExpr(m.rows(), m.cols(),
                                  [&](Eigen::Index i, Eigen::Index j) { return read(m, i, j); });
}

/// How the kernel reads each of its matrices.
struct Reads {
  Read a = element, b = element, dy = element;
};
auto forward(Reads in_f = {}) {
  return [in_f](const StridedMaps& x) {
    const Mat<double> a = copy(x[0], in_f.a), b = copy(x[1], in_f.b);
    return Mat<double>(a.array().exp().matrix() * b);
  };
}
auto backward(Reads in_vjp = {}) {
  return [in_vjp](const StridedMaps& x, const StridedMap& upstream) {
    const Mat<double> a = copy(x[0], in_vjp.a), b = copy(x[1], in_vjp.b);
    const Mat<double> dy = copy(upstream, in_vjp.dy), e = a.array().exp();
    return Matrices{Mat<double>((dy * b.transpose()).array() * e.array()),
                    Mat<double>(e.transpose() * dy)};
  };
}

const Matrices kPoint{Mat<double>{{0.5, -1.25, 2}, {1, 0.75, -3}},
                      Mat<double>{{3, 0.125}, {-2, 1.5}, {-0.75, 0.25}}};

void expect_wrong(const FunctionReport& r, std::string_view text) {
  EXPECT_EQ(r.result.verdict, Verdict::wrong) << r.message();
  EXPECT_NE(r.message().find(text), std::string::npos) << r.message();
}

TEST(FunctionLayout, ARightKernelAgreesInEveryLayout) {
  const FunctionReport r = check_function(forward(), backward(), kPoint);
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_EQ(r.result.counts.at("layouts"), 6U);
  EXPECT_TRUE(function_matches(forward(), backward(), kPoint));
}

TEST(FunctionLayout, StridesThatAreNotUsedAreFoundAndTheInputNamed) {
  expect_wrong(check_function(forward({.a = misread}), backward(), kPoint, {.name = "kernel"}),
               "kernel<double>: f gives another value where input 0 is a block of a larger matrix");
  expect_wrong(check_function(forward(), backward({.b = misread}), kPoint),
               "vjp gives another gradient of input 0 where input 1 is a block");
  expect_wrong(check_function(forward(), backward({.dy = misread}), kPoint),
               "where the upstream is a block");
  expect_wrong(check_function(forward(), backward({.a = misread}), kPoint),
               "hint       strides are not used, or those of another matrix");
}

TEST(FunctionLayout, BothMisreadingAlikeIsFound) {
  // Then the product with the upstream is right for the value, wherever the numbers lie.
  const Reads same{.a = misread, .b = misread, .dy = element};
  expect_wrong(check_function(forward(same), backward(same), kPoint), "f gives another value");
}

TEST(FunctionLayout, RowsTakenForColumnsAreFoundWherePackedOnesAreRightBySymmetry) {
  const Mat<double> symmetric{{0.5, -1}, {-1, 2}};
  const Reads rows{.a = by_rows, .b = by_rows, .dy = by_rows};
  const StridedMap packed(symmetric.data(), 2, 2, {2, 1});
  ASSERT_EQ(copy(packed, by_rows), symmetric);
  const auto trace = [](const Reads& r) {
    return [r](const StridedMaps& x) {
      return Mat<double>(Mat<double>::Constant(1, 1, copy(x[0], r.a).array().sin().sum()));
    };
  };
  const auto vjp = [rows](const StridedMaps& x, const StridedMap& dy) {
    return Matrices{Mat<double>(dy(0, 0) * copy(x[0], rows.a).array().cos())};
  };
  expect_wrong(check_function(trace({}), vjp, {symmetric}), "a block of a larger matrix");
}

TEST(FunctionLayout, StridesOfAnotherMatrixAreFound) {
  const auto of_first = [](const StridedMaps& x) {
    const Eigen::Index step = x[0].innerStride();
    Mat<double> y(x[0].rows(), x[0].cols());
    for (Eigen::Index j = 0; j < y.cols(); ++j) {
      for (Eigen::Index i = 0; i < y.rows(); ++i) {
        y(i, j) = x[0](i, j) * x[1].data()[i * step + j * x[1].outerStride()];
      }
    }
    return y;
  };
  const auto vjp = [](const StridedMaps& x, const StridedMap& dy) {
    return Matrices{Mat<double>(dy.cwiseProduct(x[1])), Mat<double>(dy.cwiseProduct(x[0]))};
  };
  const Matrices at{Mat<double>{{1, 2}, {3, 4}, {5, 6}}, Mat<double>{{-1, 3}, {2, 7}, {4, -2}}};
  expect_wrong(check_function(of_first, vjp, at), "f gives another value");
}

TEST(FunctionLayout, WritingBetweenTheNumbersIsFound) {
  const auto scribbling = [](const StridedMaps& x, const StridedMap& dy) {
    const auto end = (x[0].rows() - 1) * x[0].innerStride();
    if (x[0].outerStride() > x[0].rows()) const_cast<double*>(x[0].data())[end + 1] = 0;
    return backward()(x, dy);
  };
  expect_wrong(check_function(forward(), scribbling, kPoint),
               "vjp writes into the memory of what it is given");
}

TEST(FunctionLayout, WhatThrowsInOneLayoutIsSaid) {
  const auto picky = [](const StridedMaps& x) {
    if (x[0].innerStride() < 0) throw std::invalid_argument("negative stride");
    return forward()(x);
  };
  expect_wrong(check_function(picky, backward(), kPoint),
               "f throws \"negative stride\" where input 0 is a map that runs backwards");
}

TEST(FunctionLayout, AWrongGradientIsFoundWherePacked) {
  const auto wrong = [](const StridedMaps& x, const StridedMap& dy) {
    Matrices g = backward()(x, dy);
    g[1](0, 0) *= 1.001;
    return g;
  };
  expect_wrong(check_function(forward(), wrong, kPoint), "gradient of input 1 at row 0, column 0");
}

TEST(FunctionLayout, SumsInAnotherOrderAreNoDifference) {
  Mat<double> large(60, 40);
  for (Eigen::Index i = 0; i < large.size(); ++i) {
    large.data()[i] = 1e6 * std::sin(7.0 * static_cast<double>(i) + 1);
  }
  const auto sums = [](const StridedMaps& x) { return Mat<double>(x[0].colwise().sum()); };
  const auto vjp = [](const StridedMaps& x, const StridedMap& dy) {
    return Matrices{Mat<double>(dy.replicate(x[0].rows(), 1))};
  };
  const FunctionReport r = check_function(sums, vjp, {large});
  EXPECT_TRUE(r.ok()) << r.message();
}

}  // namespace
