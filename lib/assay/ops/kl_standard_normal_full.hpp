#pragma once
#include "assay/gaussian.hpp"

namespace assay {

/// KL(N(mean, L L') || N(0, I)), one number a row:
/// y_i = 1/2 sum over the row of mean^2 + l^2 beside the diagonal + e^(2l) - 1 - 2l on it, >= 0
/// dmean = dy mean, dl = dy l beside the diagonal, dy (e^(2l) - 1) on it
/// mean is n x d, factor n x d (d + 1) / 2: L packed as in reparameterize_full().
struct KlStandardNormalFull {
  static constexpr auto name = "kl_standard_normal_full";
  static constexpr auto domain = on(all_reals, log_variances);
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static Shape shape(Shape mu, Shape factor) {
    detail::require_packed(name, mu, factor);
    return {mu.rows, 1};
  }
  /// Shapes that fit a mean, which random ones seldom do.
  static std::array<Shape, 2> fitting(Shape mu) {
    return {mu, Shape{mu.rows, packed_size(mu.cols)}};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& mu, const Mat<T>& factor) {
    Mat<T> y = Mat<T>::Constant(mu.rows(), 1, T(0));
    for (Eigen::Index i = 0; i < mu.cols(); ++i) {
      for (Eigen::Index n = 0; n < mu.rows(); ++n) {
        y(n, 0) += mu(n, i) * (mu(n, i) / T(2));
        for (Eigen::Index j = 0; j <= i; ++j) {
          const T& l = factor(n, detail::packed_at(i, j));
          y(n, 0) += i == j ? fn::half_expm1_minus(T(l + l)) : T(l * (l / T(2)));
        }
      }
    }
    return y;
  }
  template <Real T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& mu, const Mat<T>& factor,
                              const Mat<T>&) {
    Mat<T> dm(mu.rows(), mu.cols()), dl(factor.rows(), factor.cols());
    for (Eigen::Index i = 0; i < mu.cols(); ++i) {
      for (Eigen::Index n = 0; n < mu.rows(); ++n) {
        dm(n, i) = dy(n, 0) * mu(n, i);
        for (Eigen::Index j = 0; j <= i; ++j) {
          const T& l = factor(n, detail::packed_at(i, j));
          dl(n, detail::packed_at(i, j)) = dy(n, 0) * (i == j ? fn::expm1(T(l + l)) : l);
        }
      }
    }
    return {std::move(dm), std::move(dl)};
  }
};
inline constexpr Call<KlStandardNormalFull> kl_standard_normal_full;

}  // namespace assay
