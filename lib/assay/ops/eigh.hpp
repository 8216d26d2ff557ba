#pragma once
#include "assay/well_posed.hpp"

namespace assay {

/// y = [values | V], n x (n + 1), where (A + A')/2 = V diag(values) V', ascending
/// dA = (B + B')/2, B = V (diag(dvalues) + F o V' dV) V', F(i, j) = 1 / (values(j) - values(i))
///
/// Of v and -v the one is meant whose first larger element (at least 5/8 of the largest) is
/// positive. Where values repeat to the last place, their vectors are not determined: backward
/// throws std::domain_error, unless the upstream gradients of both vectors are 0 and those of both
/// values equal. A derivative that is many orders of magnitude smaller than the terms of its sum
/// over the other vectors is exact only to 2^-100 of them; no accuracy is claimed of it.
struct EigH {
  static constexpr auto name = "eigh";
  // Of elements within 2^30 of each other in size (detail::spectral_range).
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) {
    detail::require_square(name, a);
    return {a.rows, a.rows + 1};
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const auto s =
          detail::symmetric_spectrum(name, detail::symmetric_part(detail::widened<W>(a)));
      Mat<W> y(a.rows(), a.rows() + 1);
      y.col(0) = s.values;
      y.rightCols(a.rows()) = s.vectors;
      saved = detail::packed<T>(y);
      return detail::narrowed<T>(y);
    });
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    const Eigen::Index n = a.rows();
    return detail::in_wide<T>(n, [&]<class W>(std::type_identity<W>) {
      const Mat<W> y = detail::unpacked_matrix<W>(saved), values = y.leftCols(1);
      const Mat<W> v = y.rightCols(n), upstream = detail::widened<W>(dy);
      const W top = detail::largest(values);
      const auto still = [&dy, n](Eigen::Index k) {
        for (Eigen::Index i = 0; i < n; ++i) {
          if (!detail::is_exactly_zero(dy(i, k + 1))) return false;
        }
        return true;
      };
      Mat<W> inner = detail::plain_product(v.transpose(), upstream.rightCols(n));
      for (Eigen::Index j = 0; j < n; ++j) {
        for (Eigen::Index i = 0; i < n; ++i) {
          if (i == j) {
            inner(i, i) = upstream(i, 0);
          } else if (still(i) && still(j) && dy(i, 0) == dy(j, 0)) {
            inner(i, j) = W(0);
          } else if (detail::repeated<T>(values(i, 0), values(j, 0), top, n)) {
            detail::refuse_repeated(name, "eigenvalues", std::min(i, j), std::max(i, j),
                                    values(std::min(i, j), 0), values(std::max(i, j), 0));
          } else {
            inner(i, j) /= values(j, 0) - values(i, 0);
          }
        }
      }
      const Mat<W> b = detail::plain_product(v, detail::plain_product(inner, v.transpose()));
      return Grads<T, 1>{detail::narrowed<T>(detail::symmetric_part(b))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::separate_eigenvectors(inputs[0]); }
};
inline constexpr Call<EigH> eigh;

}  // namespace assay
