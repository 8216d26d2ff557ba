#pragma once
#include "assay/factor.hpp"
#include "assay/well_posed.hpp"

namespace assay {

/// X = A^-1 B        dB = A'^-1 dX, dA = -dB X'        A is n x n, not singular; B is n x m
struct Solve {
  static constexpr auto name = "solve";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  static Shape shape(Shape a, Shape b) {
    detail::require_square(name, a);
    require(a.rows == b.rows, name, {{"a", a}, {"b", b}}, "a.rows must equal b.rows");
    return b;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b, Mat<T>& saved) {
    detail::require_finite(name, a);
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const Mat<W> inv = detail::inverted<W>(name, a).inverse;
      saved = detail::packed<T>(inv);
      return detail::narrowed<T>(apply(inv, a, b));
    });
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dx, const Mat<T>& a, const Mat<T>& b, const Mat<T>&,
                              const Mat<T>& saved) {
    return detail::in_wide<T>(a.rows(), [&]<class W>(std::type_identity<W>) {
      const Mat<W> inv = detail::unpacked_matrix<W>(saved), x = apply(inv, a, b);
      const Mat<W> db = apply(Mat<W>(inv.transpose()), Mat<T>(a.transpose()), dx);
      return Grads<T, 2>{detail::narrowed<T>(Mat<W>(-detail::plain_product(db, x.transpose()))),
                         detail::narrowed<T>(db)};
    });
  }
  static void arrange(std::span<Mat<double>> inputs) { detail::make_regular(inputs[0]); }

 private:
  /// A^-1 b, refined once by what A x still differs from b.
  template <class W, class T>
  static Mat<W> apply(const Mat<W>& inv, const Mat<T>& a, const Mat<T>& b) {
    const Mat<W> wide = detail::widened<W>(b);
    Mat<W> x = detail::plain_product(inv, wide);
    if constexpr (!std::is_same_v<W, T>) {
      const Mat<W> rest = wide - detail::plain_product(detail::widened<W>(a), x);
      x += detail::plain_product(inv, rest);
    }
    return x;
  }
};
inline constexpr Call<Solve> solve;

}  // namespace assay
