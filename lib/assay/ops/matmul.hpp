#pragma once
#include <span>

#include "assay/op.hpp"
#include "assay/sink.hpp"

namespace assay {

/// Y = A B        dA = dY B', dB = A' dY        A is m x k, B is k x n
struct MatMul {
  static constexpr auto name = "matmul";
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static Shape shape(Shape a, Shape b) {
    require(a.cols == b.rows, name, {{"a", a}, {"b", b}}, "a.cols must equal b.rows");
    return {a.rows, b.cols};
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& a, const Mat<T>& b) {
    return detail::product(a, b);
  }
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>&) {
    return {detail::product(dy, b.transpose()), detail::product(a.transpose(), dy)};
  }
  template <Field T>
  static void backward_into(std::span<Sink<T>> dx, const Mat<T>& dy, const Mat<T>& a,
                            const Mat<T>& b, const Mat<T>&) {
    if (dx[0].wanted()) dx[0].add_product(dy, b.transpose());
    if (dx[1].wanted()) dx[1].add_product(a.transpose(), dy);
  }
};
inline constexpr Call<MatMul> matmul;

}  // namespace assay
