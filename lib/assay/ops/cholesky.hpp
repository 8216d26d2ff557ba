#pragma once
#include "assay/factor.hpp"
#include "assay/well_posed.hpp"

namespace assay {

/// (A + A')/2 = L L', L lower triangular with a positive diagonal
/// dA = (S + S')/2, S = L'^-1 P L^-1, where P is the lower triangle of L' dL with half its
/// diagonal, computed as the reverse of the factorisation: in L' dL, which L'^-1 undoes, digits
/// would be lost
///
/// Only the symmetric part of A is read, so every element has a gradient of its own, and that is
/// half of what moving A(i, j) and A(j, i) together would give. It must be positive definite.
struct Cholesky {
  static constexpr auto name = "cholesky";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) {
    detail::require_square(name, a);
    return a;
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const Mat<W> l = detail::factor_cholesky(name, detail::symmetric_part(detail::widened<W>(a)));
      saved = detail::packed<T>(l);
      return detail::narrowed<T>(l);
    });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dl, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    const Eigen::Index n = a.rows();
    return detail::in_wide<T>(n, [&]<class W>(std::type_identity<W>) {
      const Mat<W> l = detail::unpacked_matrix<W>(saved);
      Mat<W> d = Mat<W>::Constant(n, n, W(0)), s = d;
      // Of dL only the lower triangle counts: the upper one of L is the constant 0.
      for (Eigen::Index j = 0; j < n; ++j) {
        for (Eigen::Index i = j; i < n; ++i) d(i, j) = detail::widened<W>(dl(i, j));
      }
      for (Eigen::Index j = n - 1; j >= 0; --j) {
        for (Eigen::Index i = n - 1; i > j; --i) {
          s(i, j) = d(i, j) / l(j, j);
          d(j, j) -= l(i, j) * s(i, j);
          for (Eigen::Index k = 0; k < j; ++k) {
            d(i, k) -= s(i, j) * l(j, k);
            d(j, k) -= s(i, j) * l(i, k);
          }
        }
        const W twice = d(j, j) / l(j, j);
        s(j, j) = twice / W(2);
        for (Eigen::Index k = 0; k < j; ++k) d(j, k) -= twice * l(j, k);
      }
      return Grads<T, 1>{detail::narrowed<T>(detail::symmetric_part(s))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::make_positive(inputs[0]); }
};
inline constexpr Call<Cholesky> cholesky;

}  // namespace assay
