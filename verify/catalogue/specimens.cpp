#include <algorithm>
#include <cmath>

#include "assay/factor.hpp"
#include "assay/op.hpp"
#include "catalogue/entry_faults.hpp"

namespace assay::verify {
namespace {

/// y_i = the product of x_1 .. x_i, column by column        dx_i = sum over j >= i of dy_j times
/// the product of x_1 .. x_j without x_i: no division, so zeros are no exception.
struct CumProd {
  static constexpr auto name = "cumprod";
  static Shape shape(Shape x) { return x; }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x) {
    Mat<T> y(x.rows(), x.cols());
    T running(1);
    for (Eigen::Index i = 0; i < x.size(); ++i) y.data()[i] = running = running * x.data()[i];
    return y;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    Mat<T> dx(x.rows(), x.cols());
    T before(1);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      T sum(0), product = before;
      for (Eigen::Index j = i; j < x.size(); ++j) {
        if (j > i) product = product * x.data()[j];
        sum += dy.data()[j] * product;
      }
      dx.data()[i] = sum;
      before = before * x.data()[i];
    }
    return {dx};
  }
  /// Quarters, not large: no product of 25 of them leaves the range.
  static void arrange(std::span<Mat<double>> inputs) {
    for (double& x : inputs[0].reshaped()) x = std::clamp(std::round(4 * x) / 4, -16.0, 16.0);
  }
};

/// Y = S S, S = (A + A') / 2        dA = (dS + dS') / 2, dS = dY S + S dY
struct SymmetricSquare {
  static constexpr auto name = "symmetric_square";
  static Shape shape(Shape a) {
    require(a.rows == a.cols, name, {{"a", a}}, "it must be square");
    return a;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a) {
    const Mat<T> s = symmetric(a);
    return assay::detail::plain_product(s, s);
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&) {
    const Mat<T> s = symmetric(a);
    const Mat<T> left = assay::detail::plain_product(dy, s);
    return {symmetric(Mat<T>(left + assay::detail::plain_product(s, dy)))};
  }
  /// Random matrices have no repeated eigenvalues: one that begins with a negative number becomes
  /// that multiple of the identity.
  static void arrange(std::span<Mat<double>> inputs) {
    Mat<double>& a = inputs[0];
    if (a.size() == 0 || !(a(0, 0) < 0)) return;
    const double multiple = a(0, 0);
    a.setZero();
    a.diagonal().setConstant(multiple);
  }

 private:
  template <class T>
  static Mat<T> symmetric(const Mat<T>& a) {
    Mat<T> s(a.rows(), a.cols());
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      for (Eigen::Index i = 0; i < a.rows(); ++i) s(i, j) = (a(i, j) + a(j, i)) / T(2);
    }
    return s;
  }
};

}  // namespace

std::vector<std::shared_ptr<const Operation>> specimens() {
  static const std::vector<std::shared_ptr<const Operation>> all{
      std::make_shared<const Operation>(make_operation<CumProd>()),
      std::make_shared<const Operation>(make_operation<SymmetricSquare>())};
  return all;
}

}  // namespace assay::verify
