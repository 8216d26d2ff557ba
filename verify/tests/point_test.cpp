// One given point of any size: a single wrong element is found and named.

#include "assay/verify/point.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/ops/matmul.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/verify.hpp"
#include "testing.hpp"

namespace points {

using namespace assay;
using namespace assay::verify;

/// y = x + (W x)^2 / 64, W dense and fixed: the Jacobian I + diag(W x) W / 32 is dense.
/// W_ij = ((7 i + 3 j + 1) mod 19 - 9.5) / 16
struct Dense {
  static constexpr auto name = "dense";
  static Shape shape(Shape x) {
    require(x.cols == 1, name, {{"x", x}}, "x must be a column");
    return x;
  }
  /// 32 W
  static int weight(Eigen::Index i, Eigen::Index j) {
    return static_cast<int>(2 * ((7 * i + 3 * j + 1) % 19) - 19);
  }
  template <Field T>
  static Mat<T> product(const Mat<T>& x) {
    Mat<T> s = Mat<T>::Constant(x.rows(), 1, T(0));
    for (Eigen::Index j = 0; j < x.rows(); ++j) {
      for (Eigen::Index i = 0; i < x.rows(); ++i) s(i, 0) += T(weight(i, j)) * x(j, 0);
    }
    return s / T(32);
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    const Mat<T> s = product<T>(x);
    return x + s.cwiseProduct(s) / T(64);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    const Mat<T> ds = dy.cwiseProduct(product<T>(x)) / T(1024);
    Mat<T> g = dy;
    for (Eigen::Index j = 0; j < x.rows(); ++j) {
      for (Eigen::Index i = 0; i < x.rows(); ++i) g(j, 0) += T(weight(i, j)) * ds(i, 0);
    }
    return {g};
  }
};

/// One entry of the 300 x 300 Jacobian is off by 1e-10 of itself.
struct OneEntry : Dense {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    Grads<T, 1> g = Dense::backward<T>(dy, x, y);
    if (x.rows() <= 211) return g;
    const T entry = product<T>(x)(123, 0) * T(weight(123, 211)) / T(1024);
    g[0](211, 0) += dy(123, 0) * entry / T(1000000) / T(10000);
    return g;
  }
};

Mat<double> column(Eigen::Index n) {
  Mat<double> x(n, 1);
  for (Eigen::Index i = 0; i < n; ++i)
    x(i, 0) = std::round(64 * std::sin(1.0 + 2.0 * double(i))) / 64;
  return x;
}

TEST(Point, ARightDenseOperationOfThreeHundredInputsIsCorrect) {
  const Report r = check_point<Dense>({column(300)});
  EXPECT_TRUE(r.ok()) << r.message();
  ASSERT_EQ(r.checks.size(), 3U);
  EXPECT_EQ(r.checks[0].elements, 4U * 300U);
  EXPECT_EQ(r.checks[2].elements, 300U);
}

TEST(Point, OneEntryOfADenseJacobianOffByOnePartInTenBillionIsFoundAndNamed) {
  const Report r = check_point<OneEntry>({column(300)});
  ASSERT_EQ(r.verdict(), Verdict::wrong);
  const CheckResult& high = r.checks.at(0);
  ASSERT_EQ(high.failures.size(), 1U) << r.message();
  EXPECT_EQ(high.failures[0].row, 211);
  EXPECT_EQ(high.failures[0].col, 0);
  EXPECT_NE(high.failures[0].message.find("gradient of x at row 211, column 0"), std::string::npos)
      << high.failures[0].message;
  EXPECT_NE(high.failures[0].message.find("relative error"), std::string::npos);
}

/// A B with one element of the gradient of A off by a relative 1e-10.
struct OneOfManyElements {
  static constexpr auto name = "one_of_many";
  static Shape shape(Shape a, Shape b) { return MatMul::shape(a, b); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    return MatMul::forward<T>(a, b);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>& y) {
    Grads<T, 2> g = MatMul::backward<T>(dy, a, b, y);
    if (a.size() > 5000) g[0](17, 41) *= T(1) + T(1) / T(100000) / T(100000);
    return g;
  }
};

TEST(Point, OneElementOfTenThousandIsFoundAndNamed) {
  Mat<double> a(100, 100);
  for (Eigen::Index i = 0; i < a.size(); ++i) a.data()[i] = std::sin(double(i));
  const Report r = check_point<OneOfManyElements>({a, column(100)}, {.draws = 2});
  ASSERT_EQ(r.verdict(), Verdict::wrong);
  const Failure& f = r.checks.at(0).failures.at(0);
  EXPECT_EQ(f.input, 0);
  EXPECT_EQ(f.row, 17);
  EXPECT_EQ(f.col, 41);
}

/// Wrong where the gradient is returned as 0.
struct ForgottenElement : Dense {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    Grads<T, 1> g = Dense::backward<T>(dy, x, y);
    if (x.rows() > 77) g[0](77, 0) = T(0);
    return g;
  }
};
TEST(Point, AnElementReturnedAsZeroIsFound) {
  const Report r = check_point<ForgottenElement>({column(100)});
  ASSERT_EQ(r.verdict(), Verdict::wrong);
  EXPECT_EQ(r.checks.at(0).failures.at(0).row, 77);
}

/// Right as mathematics, but computed in float.
struct InFloat : Dense {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& y) {
    Grads<T, 1> g = Dense::backward<T>(dy, x, y);
    if constexpr (std::is_same_v<T, double>) {
      g[0] = g[0].template cast<float>().template cast<double>().eval();
    }
    return g;
  }
};
TEST(Point, WhatIsRightInHighPrecisionOnlyIsFoundInTheTypeThatIsWrong) {
  const Report r = check_point<InFloat>({column(100)});
  EXPECT_EQ(r.checks.at(0).verdict, Verdict::correct) << r.message();
  EXPECT_EQ(r.checks.at(1).verdict, Verdict::correct) << r.message();
  EXPECT_EQ(r.checks.at(2).verdict, Verdict::wrong);
}

TEST(Point, SmallAndElementwiseOnesAreJudgedElementByElement) {
  const Report small = check_point<OneEntry>({column(5)});
  EXPECT_TRUE(small.ok()) << small.message();
  Mat<double> x(20, 20);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = 2 * double(i) - 400;
  const Report wide = check_point(sigmoid.op, {x});
  EXPECT_TRUE(wide.ok()) << wide.message();
}

TEST(Point, WhatCannotBeUsedIsRefused) {
  const auto message = [](const std::vector<Mat<double>>& at, const PointOptions& o = {}) {
    return message_of<std::invalid_argument>([&] { return check_point<Dense>(at, o); });
  };
  EXPECT_NE(message({}).find("0 inputs are given"), std::string::npos);
  EXPECT_NE(message({Mat<double>(0, 1)}).find("hold no elements"), std::string::npos);
  EXPECT_NE(message({Mat<double>{{infinity}}}).find("must be finite"), std::string::npos);
  EXPECT_NE(message({Mat<double>(2, 2).setOnes()}).find("x must be a column"), std::string::npos);
  EXPECT_NE(message({column(3)}, {.draws = 0}).find("draws is 0"), std::string::npos);
  EXPECT_NE(message({column(3)}, {.upstream = Mat<double>(2, 1)}).find("of one shape"),
            std::string::npos);
}

}  // namespace points
