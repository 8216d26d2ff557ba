#pragma once
#include "assay/gaussian.hpp"

namespace assay {

/// z' = mean' + L noise', row by row        dmean = dz, dL = dz' noise, dnoise = dz L
/// L is lower triangular, L(i, i) = e^(l_ii): a sample of N(mean, L L'). mean and noise are n x d;
/// factor is n x d (d + 1) / 2, each row a matrix L of its own, packed row by row as
/// l_00, l_10, l_11, l_20, ..., where l_ij = L(i, j) beside the diagonal.
struct ReparameterizeFull {
  static constexpr auto name = "reparameterize_full";
  static constexpr auto domain = on(all_reals, log_variances, exact);
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  static Shape shape(Shape mu, Shape factor, Shape noise) {
    require(mu == noise, name, {{"mean", mu}, {"noise", noise}}, "they must be of one shape");
    detail::require_packed(name, mu, factor);
    return mu;
  }
  /// Shapes that fit a mean, which random ones seldom do.
  static std::array<Shape, 3> fitting(Shape mu) {
    return {mu, Shape{mu.rows, packed_size(mu.cols)}, mu};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& mu, const Mat<T>& factor, const Mat<T>& noise) {
    Mat<T> z = mu;
    for (Eigen::Index i = 0; i < z.cols(); ++i) {
      for (Eigen::Index j = 0; j <= i; ++j) {
        const auto l = factor.col(detail::packed_at(i, j));
        for (Eigen::Index n = 0; n < z.rows(); ++n) {
          z(n, i) += i == j ? fn::mul_exp(noise(n, j), l(n)) : T(l(n) * noise(n, j));
        }
      }
    }
    return z;
  }
  template <Real T>
  static Grads<T, 3> backward(const Mat<T>& dz, const Mat<T>&, const Mat<T>& factor,
                              const Mat<T>& noise, const Mat<T>&) {
    Mat<T> dl(factor.rows(), factor.cols());
    Mat<T> dnoise = Mat<T>::Constant(dz.rows(), dz.cols(), T(0));
    for (Eigen::Index i = 0; i < dz.cols(); ++i) {
      for (Eigen::Index j = 0; j <= i; ++j) {
        const Eigen::Index at = detail::packed_at(i, j);
        for (Eigen::Index n = 0; n < dz.rows(); ++n) {
          const T &g = dz(n, i), &l = factor(n, at), &e = noise(n, j);
          dl(n, at) = g * (i == j ? fn::mul_exp(e, l) : e);
          dnoise(n, j) += i == j ? fn::mul_exp(g, l) : T(g * l);
        }
      }
    }
    return {dz, std::move(dl), std::move(dnoise)};
  }
};
inline constexpr Call<ReparameterizeFull> reparameterize_full;

}  // namespace assay
