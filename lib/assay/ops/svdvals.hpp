#pragma once
#include "assay/well_posed.hpp"

namespace assay {

/// y = the singular values of A, descending, min(m, n) x 1        A = U diag(y) V'
/// dA = U diag(dy) V'
///
/// Values that are equal to the last place are differentiable only together: their upstream
/// gradients must be equal. At a value of 0 the derivative is one-sided, for a singular value is
/// never negative: its upstream gradient must be 0. Otherwise backward throws std::domain_error.
struct SvdVals {
  static constexpr auto name = "svdvals";
  // Of elements within 2^30 of each other in size (detail::spectral_range).
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) { return {std::min(a.rows, a.cols), 1}; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    const Eigen::Index m = a.rows(), n = a.cols();
    return detail::in_wide<T>(std::min(m, n), [&]<class W>(std::type_identity<W>) {
      const auto s = detail::singular_spectrum(name, detail::widened<W>(a));
      Mat<W> all(1 + m + n, s.values.rows());  // the values, U, V
      all.topRows(1) = s.values.transpose();
      all.middleRows(1, m) = s.u;
      all.bottomRows(n) = s.v;
      saved = detail::packed<T>(all);
      return detail::narrowed<T>(s.values);
    });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    const Eigen::Index m = a.rows(), n = a.cols(), k = std::min(m, n);
    return detail::in_wide<T>(k, [&]<class W>(std::type_identity<W>) {
      const Mat<W> all = detail::unpacked_matrix<W>(saved);
      const Mat<W> values = all.topRows(1).transpose();
      for (Eigen::Index i = 0; i < k; ++i) {
        if (detail::repeated<T>(values(i, 0), W(0), values(0, 0), m + n) &&
            !detail::is_exactly_zero(dy(i, 0))) {
          throw std::domain_error(std::string(name) + ": singular value " + std::to_string(i) +
                                  " of a is " + detail::text(values(i, 0)) +
                                  ", 0 to the last place; there its derivative is one-sided only");
        }
        for (Eigen::Index j = i + 1; j < k; ++j) {
          if (dy(i, 0) == dy(j, 0)) continue;
          if (!detail::repeated<T>(values(i, 0), values(j, 0), values(0, 0), m + n)) break;
          detail::refuse_repeated(name, "singular values", i, j, values(i, 0), values(j, 0));
        }
      }
      Mat<W> u = all.middleRows(1, m);
      for (Eigen::Index j = 0; j < k; ++j) {
        for (Eigen::Index i = 0; i < m; ++i) u(i, j) *= detail::widened<W>(dy(j, 0));
      }
      const Mat<W> v = all.bottomRows(n);
      return Grads<T, 1>{detail::narrowed<T>(detail::plain_product(u, v.transpose()))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) {
    detail::separate_singular_values(inputs[0]);
  }
};
inline constexpr Call<SvdVals> svdvals;

}  // namespace assay
