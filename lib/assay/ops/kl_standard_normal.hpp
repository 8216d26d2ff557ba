#pragma once
#include "assay/gaussian.hpp"

namespace assay {

/// KL(N(mean, e^logvar) || N(0, 1)), one number a row: y_i = 1/2 sum over j of
/// (mean^2 + e^logvar - 1 - logvar), which is >= 0 and 0 only where mean and logvar are
/// dmean = dy mean, dlogvar = dy (e^logvar - 1) / 2
/// mean and logvar are n x d. Nothing cancels near 0. The mean over a batch is mean() of it.
/// Kingma and Welling 2014, appendix B, there with the other sign.
struct KlStandardNormal {
  static constexpr auto name = "kl_standard_normal";
  static constexpr auto domain = on(all_reals, log_variances);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static Shape shape(Shape mu, Shape logvar) {
    require(mu == logvar, name, {{"mean", mu}, {"logvar", logvar}}, "they must be of one shape");
    return {mu.rows, 1};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& mu, const Mat<T>& logvar) {
    Mat<T> y = Mat<T>::Constant(mu.rows(), 1, T(0));
    for (Eigen::Index j = 0; j < mu.cols(); ++j) {
      const T *m = mu.data() + j * mu.rows(), *v = logvar.data() + j * mu.rows();
      detail::fill_column<T>(
          [=](Eigen::Index i, const T& before) {
            return before + (m[i] * (m[i] / T(2)) + fn::half_expm1_minus(v[i]));
          },
          y.data(), y.rows());
    }
    return y;
  }
  template <Real T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& mu, const Mat<T>& logvar,
                              const Mat<T>&) {
    Mat<T> dm = mu, dv = logvar;
    for (Eigen::Index j = 0; j < mu.cols(); ++j) {
      const T* d = dy.data();
      detail::fill_column<T>([=](Eigen::Index i, const T& m) { return d[i] * m; },
                             dm.data() + j * mu.rows(), mu.rows());
      detail::fill_column<T>(
          [=](Eigen::Index i, const T& v) { return d[i] * (fn::expm1(v) / T(2)); },
          dv.data() + j * mu.rows(), mu.rows());
    }
    return {std::move(dm), std::move(dv)};
  }
};
inline constexpr Call<KlStandardNormal> kl_standard_normal;

}  // namespace assay
