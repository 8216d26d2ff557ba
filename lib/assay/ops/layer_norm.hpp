#pragma once
#include "assay/ops/normalise.hpp"

namespace assay {

/// Each row: y = (x - mean) r g + b, r = 1 / sqrt(variance + eps), the variance over x.cols
/// dx, dg, db: detail::Normalisation        gain and bias are rows; 0 < eps <= 1
/// The statistics are taken in twice the digits. The claim holds for |x| <= 32: beyond, dx of a row
/// whose variance exceeds eps by as much as the digits hold is known in its larger terms only.
struct LayerNorm {
  static constexpr auto name = "layer_norm";
  static constexpr Ulps claimed{.value = 1, .derivative = 1, .units = envelope};
  double eps = 1e-5;
  Domain<3> domain = detail::checked_eps(name, eps);

  static Shape shape(Shape x, Shape gain, Shape bias) {
    detail::require_rows_of_parameters(name, x, gain, bias);
    require(x.cols > 0, name, {{"x", x}}, "the mean over no columns is undefined");
    return x;
  }
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, const Mat<T>& gain, const Mat<T>& bias,
                               Mat<T>& saved) const {
    detail::Normalisation<Axis::rowwise, T> rows(x, eps);
    saved = rows.saved();
    return rows.forward(gain, bias);
  }
  template <Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& gain,
                                     const Mat<T>&, const Mat<T>&, const Mat<T>& saved) const {
    return detail::Normalisation<Axis::rowwise, T>(x, saved, nullptr).backward(dy, gain, eps);
  }
};

/// layer_norm(x, gain, bias, {.eps = ...}), of matrices or nodes.
template <class X, class G, class B>
auto layer_norm(const X& x, const G& gain, const B& bias, const LayerNorm& options = {}) {
  return Call<LayerNorm>{options}(x, gain, bias);
}

}  // namespace assay
