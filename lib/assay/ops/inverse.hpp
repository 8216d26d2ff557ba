#pragma once
#include "assay/factor.hpp"
#include "assay/well_posed.hpp"

namespace assay {

/// Y = A^-1        dA = -Y' dY Y'        A is square and not singular
struct Inverse {
  static constexpr auto name = "inverse";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a) {
    detail::require_square(name, a);
    return a;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const Mat<W> y = detail::inverted<W>(name, a).inverse;
      saved = detail::packed<T>(y);
      return detail::narrowed<T>(y);
    });
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>&,
                              const Mat<T>& saved) {
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const Mat<W> y = detail::unpacked_matrix<W>(saved);
      const Mat<W> left = detail::plain_product(y.transpose(), detail::widened<W>(dy));
      return Grads<T, 1>{detail::narrowed<T>(Mat<W>(-detail::plain_product(left, y.transpose())))};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::make_regular(inputs[0]); }
};
inline constexpr Call<Inverse> inverse;

}  // namespace assay
