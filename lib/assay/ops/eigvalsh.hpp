#pragma once
#include "assay/well_posed.hpp"

namespace assay {

/// y = the eigenvalues of S = (A + A')/2, ascending, n x 1        dA = V diag(dy) V'
///
/// Eigenvalues that are equal to the last place are differentiable only together: their upstream
/// gradients must be equal, otherwise backward throws std::domain_error.
struct EigValsH {
  static constexpr auto name = "eigvalsh";
  // Of elements within 2^30 of each other in size (detail::spectral_range).
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) {
    detail::require_square(name, a);
    return {a.rows, 1};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const auto s =
          detail::symmetric_spectrum(name, detail::symmetric_part(detail::widened<W>(a)));
      Mat<W> both(a.rows(), a.rows() + 1);
      both.col(0) = s.values;
      both.rightCols(a.rows()) = s.vectors;
      saved = detail::packed<T>(both);
      return detail::narrowed<T>(s.values);
    });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    const Eigen::Index n = a.rows();
    return detail::in_wide<T>(n, [&]<class W>(std::type_identity<W>) {
      const Mat<W> both = detail::unpacked_matrix<W>(saved);
      const Mat<W> values = both.leftCols(1);
      for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = i + 1; j < n; ++j) {
          if (dy(i, 0) == dy(j, 0)) continue;
          if (!detail::repeated<T>(values(i, 0), values(j, 0), detail::largest(values), n)) break;
          detail::refuse_repeated(name, "eigenvalues", i, j, values(i, 0), values(j, 0));
        }
      }
      const Mat<W> v = both.rightCols(n);
      Mat<W> scaled = v;
      for (Eigen::Index k = 0; k < n; ++k) {
        for (Eigen::Index i = 0; i < n; ++i) scaled(i, k) *= detail::widened<W>(dy(k, 0));
      }
      return Grads<T, 1>{detail::narrowed<T>(detail::plain_product(scaled, v.transpose()))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::separate_eigenvalues(inputs[0]); }
};
inline constexpr Call<EigValsH> eigvalsh;

}  // namespace assay
