#pragma once
// Matrix products, and the one place where another library's may be put in.

#include <atomic>

#include "assay/matrix.hpp"

namespace assay {

/// A column-major matrix in memory, or the transpose of one; rows and cols are those of the
/// operand.
template <class T>
struct Operand {
  const T* data = nullptr;
  Eigen::Index rows = 0, cols = 0;
  Eigen::Index stride = 0;  ///< between columns as stored
  bool transposed = false;
};

/// c = a b, or c += a b; c is column-major with `stride` between its columns, and overlaps neither.
template <class T>
using Gemm = void (*)(T* c, Eigen::Index stride, const Operand<T>& a, const Operand<T>& b,
                      bool accumulate);

/// Eigen's product unless set to another, such as a BLAS's: gemm<float> = my_sgemm. Set it before
/// the first product, or between steps; results then are as exact and as deterministic as it is.
template <class T>
inline std::atomic<Gemm<T>> gemm = nullptr;

namespace detail {

template <class M>
struct IsTransposed : std::false_type {};
template <class M>
struct IsTransposed<Eigen::Transpose<M>> : std::true_type {};

template <class M>
Operand<typename M::Scalar> operand(const M& m) {
  const auto stride = [](const auto& x) { return x.outerStride(); };
  if constexpr (IsTransposed<M>::value) {
    const auto& inner = m.nestedExpression();
    return {inner.data(), m.rows(), m.cols(), stride(inner), true};
  } else {
    return {m.data(), m.rows(), m.cols(), stride(m), false};
  }
}

/// The blocked product copies its operands into packed panels; where there is little to multiply
/// that takes longer than the product: then column by column, row by row, or term by term.
template <class To, class A, class B>
void eigen_product(To& to, const A& a, const B& b, bool accumulate) {
  constexpr Eigen::Index narrow = 4;
  const auto put = [accumulate](auto&& part, const auto& product) {
    if (accumulate) {
      part.noalias() += product;
    } else {
      part.noalias() = product;
    }
  };
  if (b.cols() <= narrow) {
    for (Eigen::Index j = 0; j < b.cols(); ++j) put(to.col(j), a * b.col(j));
  } else if (a.rows() <= narrow) {
    for (Eigen::Index i = 0; i < a.rows(); ++i) put(to.row(i), a.row(i) * b);
  } else if (a.cols() <= narrow) {
    put(to, a.lazyProduct(b));
  } else {
    put(to, a * b);
  }
}

template <class T>
void eigen_gemm(T* c, Eigen::Index stride, const Operand<T>& a, const Operand<T>& b,
                bool accumulate) {
  using Stored = Eigen::Map<const Mat<T>, 0, Eigen::OuterStride<>>;
  const auto stored = [](const Operand<T>& o) {
    return o.transposed ? Stored(o.data, o.cols, o.rows, Eigen::OuterStride<>(o.stride))
                        : Stored(o.data, o.rows, o.cols, Eigen::OuterStride<>(o.stride));
  };
  Eigen::Map<Mat<T>, 0, Eigen::OuterStride<>> to(c, a.rows, b.cols, Eigen::OuterStride<>(stride));
  const Stored x = stored(a), y = stored(b);
  if (a.transposed && b.transposed) {
    eigen_product(to, x.transpose(), y.transpose(), accumulate);
  } else if (a.transposed) {
    eigen_product(to, x.transpose(), y, accumulate);
  } else if (b.transposed) {
    eigen_product(to, x, y.transpose(), accumulate);
  } else {
    eigen_product(to, x, y, accumulate);
  }
}

// Products take the compiler seconds a file: in the library once, unless a user's flags allow wider
// vectors than the library was built for.
#if !defined(__AVX__) || defined(ASSAY_NATIVE)
extern template void eigen_gemm(float*, Eigen::Index, const Operand<float>&, const Operand<float>&,
                                bool);
extern template void eigen_gemm(double*, Eigen::Index, const Operand<double>&,
                                const Operand<double>&, bool);
#endif

/// to = a b or to += a b; a and b are plain matrices, maps of them, or transposes of those, and do
/// not overlap `to`. Eigen's blocked product is for built-in numbers; others take the plain one.
template <class To, class A, class B>
void product_to(To& to, const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b,
                bool accumulate) {
  using T = typename A::Scalar;
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    const Gemm<T> other = gemm<T>.load(std::memory_order_relaxed);
    (other ? other : Gemm<T>(eigen_gemm<T>))(to.data(), to.outerStride(), operand(a.derived()),
                                             operand(b.derived()), accumulate);
  } else if (accumulate) {
    to += a.derived().lazyProduct(b.derived());
  } else {
    to = a.derived().lazyProduct(b.derived());
  }
}

template <class A, class B>
Mat<typename A::Scalar> product(const Eigen::MatrixBase<A>& a, const Eigen::MatrixBase<B>& b) {
  Mat<typename A::Scalar> c(a.rows(), b.cols());
  product_to(c, a, b, false);
  return c;
}

}  // namespace detail
}  // namespace assay
