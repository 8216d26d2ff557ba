#pragma once
// The scalar that the operations of linear algebra compute in, wider than the one they are given,
// and how a wide matrix is handed from a forward to its backward.

#include <array>
#include <cmath>
#include <type_traits>

#include "assay/op.hpp"
#include "assay/rational.hpp"
#include "assay/twofold.hpp"

namespace assay::detail {

/// Up to 32 rows `exact`, beyond them `fast`; other scalars than the built-in compute in
/// themselves. `fast` still has 11 bits more than double, and neither overflows where the result
/// does not.
template <class T>
struct Widened {
  using exact = T;
  using fast = T;
};
template <>
struct Widened<float> {
  using exact = Twofold<long double>;
  using fast = long double;
};
template <>
struct Widened<double> {
  using exact = Twofold<long double>;
  using fast = long double;
};
template <>
struct Widened<long double> {
  using exact = Twofold<long double>;
  using fast = exact;
};
template <class T>
struct Widened<Dual<T>> {
  using exact = Dual<typename Widened<T>::exact>;
  using fast = Dual<typename Widened<T>::fast>;
};

/// f(std::type_identity<W>{}) for the scalar W that matrices of n rows of T are computed in.
template <class T, class F>
auto in_wide(Eigen::Index n, const F& f) {
  using W = Widened<T>;
  if constexpr (!std::is_same_v<typename W::exact, typename W::fast>) {
    if (n > 32) return f(std::type_identity<typename W::fast>{});
  }
  return f(std::type_identity<typename W::exact>{});
}

template <class W, class T>
W widened(const T& x) {
  if constexpr (std::is_same_v<W, T>) {
    return x;
  } else if constexpr (is_dual<T>) {
    return {widened<decltype(W::v)>(x.v), widened<decltype(W::d)>(x.d)};
  } else {
    return W(x);
  }
}
template <class W, class T>
Mat<W> widened(const Mat<T>& m) {
  return m.unaryExpr([](const T& x) { return widened<W>(x); });
}
template <class T, class W>
T narrowed(const W& x) {
  if constexpr (std::is_same_v<W, T>) {
    return x;
  } else if constexpr (is_dual<T>) {
    return {narrowed<decltype(T::v)>(x.v), narrowed<decltype(T::d)>(x.d)};
  } else {
    return static_cast<T>(static_cast<long double>(x));
  }
}
template <class T, class W>
Mat<T> narrowed(const Mat<W>& m) {
  return m.unaryExpr([](const W& x) { return narrowed<T>(x); });
}

/// x = (high + low) 2^exponent as three T, whatever the range of T.
template <class T, class W>
std::array<T, 3> parts(const W& x) {
  if constexpr (is_dual<T>) {
    const auto v = parts<decltype(T::v)>(x.v), d = parts<decltype(T::d)>(x.d);
    return {T{v[0], d[0]}, T{v[1], d[1]}, T{v[2], d[2]}};
  } else {
    const auto top = static_cast<long double>(x);
    int e = 0;
    const T high = static_cast<T>(std::frexp(top, &e));
    if (!std::isfinite(top)) return {static_cast<T>(top), T(0), T(0)};
    const W rest = x - W(std::ldexp(static_cast<long double>(high), e));
    return {high, static_cast<T>(std::ldexp(static_cast<long double>(rest), -e)), count<T>(e)};
  }
}
template <class W, class T>
W joined(const T& high, const T& low, const T& exponent) {
  if constexpr (is_dual<T>) {
    return {joined<decltype(W::v)>(high.v, low.v, exponent.v),
            joined<decltype(W::d)>(high.d, low.d, exponent.d)};
  } else {
    const auto scaled = [e = static_cast<int>(exponent)](T x) {
      return W(std::ldexp(static_cast<long double>(x), e));
    };
    return scaled(high) + scaled(low);
  }
}

/// A wide matrix in the scalar that is handed on: three blocks side by side, or itself.
template <class T, class W>
Mat<T> packed(const Mat<W>& m) {
  if constexpr (std::is_same_v<T, W>) {
    return m;
  } else {
    Mat<T> p(m.rows(), 3 * m.cols());
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      for (Eigen::Index i = 0; i < m.rows(); ++i) {
        const auto x = parts<T>(m(i, j));
        for (Eigen::Index k = 0; k < 3; ++k) {
          p(i, k * m.cols() + j) = x[static_cast<std::size_t>(k)];
        }
      }
    }
    return p;
  }
}
template <class W, class T>
Mat<W> unpacked_matrix(const Mat<T>& p) {
  if constexpr (std::is_same_v<T, W>) {
    return p;
  } else {
    const Eigen::Index n = p.cols() / 3;
    Mat<W> m(p.rows(), n);
    for (Eigen::Index j = 0; j < n; ++j) {
      for (Eigen::Index i = 0; i < p.rows(); ++i) {
        m(i, j) = joined<W>(p(i, j), p(i, n + j), p(i, 2 * n + j));
      }
    }
    return m;
  }
}

}  // namespace assay::detail
