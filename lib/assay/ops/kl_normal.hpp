#pragma once
#include "assay/gaussian.hpp"

namespace assay {

/// KL(N(m0, e^v0) || N(m1, e^v1)), v the logarithms of variances, one number a row:
/// y_i = 1/2 sum over j of (e^x - 1 - x + r^2), x = v0 - v1, r = (m0 - m1) e^(-v1 / 2)
/// dm0 = dy r e^(-v1 / 2) = -dm1, dv0 = dy (e^x - 1) / 2, dv1 = -dy (e^x - 1 + r^2) / 2
/// All four are n x d.
struct KlNormal {
  static constexpr auto name = "kl_normal";
  static constexpr auto domain = on(all_reals, log_variances, all_reals, log_variances);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static Shape shape(Shape mean0, Shape logvar0, Shape mean1, Shape logvar1) {
    require(mean0 == logvar0 && mean0 == mean1 && mean0 == logvar1, name,
            {{"mean0", mean0}, {"logvar0", logvar0}, {"mean1", mean1}, {"logvar1", logvar1}},
            "they must be of one shape");
    return {mean0.rows, 1};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& m0, const Mat<T>& v0, const Mat<T>& m1, const Mat<T>& v1) {
    Mat<T> y = Mat<T>::Constant(m0.rows(), 1, T(0));
    for (Eigen::Index j = 0; j < m0.cols(); ++j) {
      for (Eigen::Index i = 0; i < m0.rows(); ++i) {
        const T r = fn::mul_exp(T(m0(i, j) - m1(i, j)), T(-v1(i, j) / T(2)));
        y(i, 0) += r * (r / T(2)) + fn::half_expm1_minus(T(v0(i, j) - v1(i, j)));
      }
    }
    return y;
  }
  template <Real T>
  static Grads<T, 4> backward(const Mat<T>& dy, const Mat<T>& m0, const Mat<T>& v0,
                              const Mat<T>& m1, const Mat<T>& v1, const Mat<T>&) {
    const Shape s = shape_of(m0);
    const Mat<T> empty(s.rows, s.cols);
    Grads<T, 4> g{empty, empty, empty, empty};
    for (Eigen::Index j = 0; j < s.cols; ++j) {
      for (Eigen::Index i = 0; i < s.rows; ++i) {
        const T d = m0(i, j) - m1(i, j), r = fn::mul_exp(d, T(-v1(i, j) / T(2)));
        const T e = fn::expm1(T(v0(i, j) - v1(i, j)));
        g[0](i, j) = dy(i, 0) * fn::mul_exp(d, T(-v1(i, j)));
        g[1](i, j) = dy(i, 0) * (e / T(2));
        g[2](i, j) = -g[0](i, j);
        g[3](i, j) = -(dy(i, 0) * (r * (r / T(2)) + e / T(2)));
      }
    }
    return g;
  }
};
inline constexpr Call<KlNormal> kl_normal;

}  // namespace assay
