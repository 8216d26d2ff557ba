#pragma once
// Eigenvalues of symmetric matrices and singular values, by Jacobi's rotations, in every scalar.
//
// The rotations are found in plain numbers, which converge; a dual or an interval is then refined
// by a formula that is smooth in it, so that neither a derivative nor a proof goes through the
// iteration.

#include <algorithm>

#include "assay/factor.hpp"

namespace assay::detail {

/// Column k of `vectors` belongs to values(k, 0).
template <class T>
struct Spectrum {
  Mat<T> values;
  Mat<T> vectors;
};

template <class T>
struct Rotation {
  T c, s, t;

  /// J' [[a, b], [b, d]] J is diagonal for J = [[c, s], [-s, c]]; its diagonal is a - t b, d + t b.
  static Rotation annihilating(const T& a, const T& b, const T& d) {
    const T difference = d - a, twice = b + b;
    const T length = root(T(difference * difference + twice * twice));
    T t;
    if (!is_interval<T> && length == T(0)) {  // squares underflow: any angle does, but not 0 / 0
      t = twice < T(0) ? T(-1) : twice > T(0) ? T(1) : T(0);
    } else {
      t = difference < T(0) ? T(-twice / (length - difference)) : T(twice / (length + difference));
    }
    const T c = T(1) / root(T(T(1) + t * t));
    return {c, t * c, t};
  }
  template <class Columns>
  void turn(Columns& m, Eigen::Index p, Eigen::Index q) const {
    for (Eigen::Index i = 0; i < m.rows(); ++i) {
      const T x = m(i, p), y = m(i, q);
      m(i, p) = c * x - s * y;
      m(i, q) = s * x + c * y;
    }
  }
};

inline constexpr int most_sweeps =
    60;  // some 6 to 12 are needed; the bound is against endless ones

template <class T>
Mat<T> identity(Eigen::Index n) {
  Mat<T> m = Mat<T>::Constant(n, n, T(0));
  for (Eigen::Index i = 0; i < n; ++i) m(i, i) = T(1);
  return m;
}

/// The columns in the given order.
template <class T>
Mat<T> in_order(const Mat<T>& m, const std::vector<Eigen::Index>& order) {
  Mat<T> r(m.rows(), m.cols());
  for (Eigen::Index k = 0; k < m.cols(); ++k) r.col(k) = m.col(order[static_cast<std::size_t>(k)]);
  return r;
}

/// 0, 1, ... sorted by `less`, equal ones as they come.
template <class Less>
std::vector<Eigen::Index> sorted(Eigen::Index n, const Less& less) {
  std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
  std::stable_sort(order.begin(), order.end(), less);
  return order;
}

/// Of plain numbers, ascending. Of few rows the largest element off the diagonal is rotated away
/// first: where elements are far apart in size, another order would mix rows that hardly touch; and
/// elements are followed far below the last place, because small elements of V come from them
/// alone. Of many rows, for which a search would cost more than the rotation, they are taken in
/// turn.
template <class N>
Spectrum<N> rotated(Mat<N> s) {
  const Eigen::Index n = s.rows();
  const N eps = std::numeric_limits<N>::epsilon();
  Mat<N> v = identity<N>(n);
  const auto rotate = [&](Eigen::Index p, Eigen::Index q) {
    const auto j = Rotation<N>::annihilating(s(p, p), s(p, q), s(q, q));
    const N a = s(p, p) - j.t * s(p, q), d = s(q, q) + j.t * s(p, q);
    j.turn(s, p, q);
    for (Eigen::Index i = 0; i < n; ++i) s(p, i) = s(i, p), s(q, i) = s(i, q);
    s(p, p) = a, s(q, q) = d;
    s(p, q) = s(q, p) = N(0);
    j.turn(v, p, q);
  };
  if (n <= 8) {
    N negligible = eps;
    for (int i = 0; i < 5; ++i) negligible *= negligible;  // eps^32
    for (Eigen::Index turns = 0; turns < most_sweeps * n * n; ++turns) {
      Eigen::Index p = 0, q = 0;
      N top(0);
      for (Eigen::Index j = 1; j < n; ++j) {
        for (Eigen::Index i = 0; i < j; ++i) {
          const N size = magnitude(s(i, j));
          if (size <= top || size < negligible * magnitude(N(s(i, i) - s(j, j)))) continue;
          top = size, p = i, q = j;
        }
      }
      if (p == q) break;
      rotate(p, q);
    }
  } else {
    bool moved = true;
    for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
      moved = false;
      for (Eigen::Index p = 0; p < n; ++p) {
        for (Eigen::Index q = p + 1; q < n; ++q) {
          const N size = std::max(magnitude(s(p, p)), magnitude(s(q, q)));
          if (magnitude(s(p, q)) <= eps * eps * size) continue;
          rotate(p, q);
          moved = true;
        }
      }
    }
  }
  const auto order = sorted(n, [&](Eigen::Index a, Eigen::Index b) { return s(a, a) < s(b, b); });
  return {in_order(Mat<N>(s.diagonal().transpose()), order).transpose(), in_order(v, order)};
}

/// Of plain numbers, descending: A V has orthogonal columns, whose lengths are the singular values.
/// a has no more columns than rows.
template <class N>
Spectrum<N> orthogonalised(Mat<N> a) {
  const Eigen::Index n = a.cols();
  const N eps = std::numeric_limits<N>::epsilon();
  struct Dot {
    N value{0}, size{0};
  };
  const auto dot = [&a](Eigen::Index p, Eigen::Index q) {
    Dot d;
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
      const N term = a(i, p) * a(i, q);
      d.value += term;
      d.size += magnitude(term);
    }
    return d;
  };
  Mat<N> v = identity<N>(n);
  bool moved = true;
  for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
    moved = false;
    for (Eigen::Index p = 0; p < n; ++p) {
      for (Eigen::Index q = p + 1; q < n; ++q) {
        const Dot d = dot(p, q);
        if (magnitude(d.value) <= count<N>(n + a.rows()) * eps * d.size) continue;
        const auto j = Rotation<N>::annihilating(dot(p, p).value, d.value, dot(q, q).value);
        j.turn(a, p, q);
        j.turn(v, p, q);
        moved = true;
      }
    }
  }
  Mat<N> lengths(1, n);
  for (Eigen::Index k = 0; k < n; ++k) lengths(0, k) = root(dot(k, k).value);
  const auto order =
      sorted(n, [&](Eigen::Index p, Eigen::Index q) { return lengths(0, p) > lengths(0, q); });
  return {in_order(lengths, order).transpose(), in_order(v, order)};
}

// --- duals and intervals -------------------------------------------------------------------------

template <class T>
constexpr int depth() {
  if constexpr (is_dual<T>) return 1 + depth<decltype(T::v)>();
  return 0;
}
/// How often a refinement doubles what is right before every part of a T is.
template <class T>
inline constexpr int refinements = depth<T>() + (is_interval<plain_t<T>> ? 1 : 0);

template <class T>
Mat<number_t<T>> plain_numbers(const Mat<T>& m) {
  return m.unaryExpr([](const T& x) { return plain_number(x); });
}

/// A constant; the middle of each part of an interval.
template <class T, class N>
T constant(const N& x) {
  if constexpr (is_dual<T>) {
    return T{constant<decltype(T::v)>(x), constant<decltype(T::d)>(N(0))};
  } else {
    return T(x);
  }
}
template <class T>
T middle_of(const T& x) {
  if constexpr (is_dual<T>) {
    return {middle_of(x.v), middle_of(x.d)};
  } else if constexpr (is_interval<T>) {
    return T(x.middle());
  } else {
    return x;
  }
}

/// Eigenvectors of G from nearly those, with gram(V) = V' G V, and the eigenvalues (Ogita and
/// Aishima 2018). What is wrong in V is squared; of an interval that much is added to either side.
template <class T, class Gram>
Mat<T> refine(Mat<T>& v, const Gram& gram) {
  const Eigen::Index n = v.cols();
  if constexpr (is_interval<plain_t<T>>) v = v.unaryExpr([](const T& x) { return middle_of(x); });
  const Mat<T> g = gram(v), r = identity<T>(n) - plain_product(v.transpose(), v);
  Mat<T> values(n, 1), e(n, n);
  for (Eigen::Index i = 0; i < n; ++i) values(i, 0) = g(i, i) / (T(1) - r(i, i));
  T squares(0), steepest(0);
  for (Eigen::Index j = 0; j < n; ++j) {
    for (Eigen::Index i = 0; i < n; ++i) {
      if (i == j) {
        e(i, i) = r(i, i) / T(2);
      } else {
        const T gap = values(j, 0) - values(i, 0);
        e(i, j) = (g(i, j) + values(j, 0) * r(i, j)) / gap;
        steepest += magnitude(T(values(j, 0) / gap));
      }
      squares += e(i, j) * e(i, j);
    }
  }
  v += plain_product(v, e);
  if constexpr (is_interval<plain_t<T>>) {
    using P = plain_t<T>;
    using N = number_t<T>;
    const T either = T(P(N(-1), N(1))) * count<T>(4 * n) * squares * (T(1) + steepest);
    for (T& x : v.reshaped()) x += either;
    for (T& x : values.reshaped()) x += either * x;
  }
  return values;
}

/// Throws std::domain_error about two numbers that are too near to each other.
template <class N>
[[noreturn]] void refuse_repeated(std::string_view op, std::string_view what, Eigen::Index i,
                                  Eigen::Index j, const N& x, const N& y) {
  throw std::domain_error(std::string(op) + ": " + std::string(what) + " " + std::to_string(i) +
                          " and " + std::to_string(j) + " of a are " + text(x) + " and " + text(y) +
                          ", equal to the last place; where they repeat, neither they nor their "
                          "vectors are differentiable one by one");
}

/// Whether x and y are one number to the last place of T, of a spectrum whose largest is `top`.
/// Intervals say so themselves: their quotient is not bounded.
template <class T, class W>
bool repeated(const W& x, const W& y, const W& top, Eigen::Index n) {
  if constexpr (is_interval<plain_t<T>>) {
    return false;
  } else {
    using N = number_t<W>;
    const N a = magnitude(plain_number(x)), b = magnitude(plain_number(y));
    const N gap = magnitude(N(plain_number(x) - plain_number(y)));
    const N place = widened<N>(std::numeric_limits<plain_t<T>>::epsilon()) * std::max(a, b);
    return gap <= std::max(place, N(noise<W>(n) * magnitude(plain_number(top))));
  }
}

/// The largest magnitude.
template <class T>
T largest(const Mat<T>& values) {
  T top(0);
  for (const T& x : values.reshaped()) {
    if (plain_number(magnitude(x)) > plain_number(top)) top = magnitude(x);
  }
  return top;
}

/// A spectrum whose derivatives are asked for may not repeat.
template <class T, class N>
void require_distinct(std::string_view op, std::string_view what, const Mat<N>& values) {
  if constexpr (depth<T>() > 0 && !is_interval<plain_t<T>>) {
    for (Eigen::Index i = 0; i + 1 < values.rows(); ++i) {
      if (!repeated<N>(values(i, 0), values(i + 1, 0), largest(values), values.rows())) continue;
      refuse_repeated(op, what, i, i + 1, values(i, 0), values(i + 1, 0));
    }
  }
}

/// Each vector has the sign with which the first of its larger elements is positive. An element is
/// one of them from 5/8 of the largest on: two that are equal may differ by a rounding error.
template <class N>
void fix_signs(Mat<N>& v) {
  for (Eigen::Index j = 0; j < v.cols(); ++j) {
    N top(0);
    for (Eigen::Index i = 0; i < v.rows(); ++i) top = std::max(top, magnitude(v(i, j)));
    Eigen::Index i = 0;
    while (magnitude(v(i, j)) * N(8) < top * N(5)) ++i;
    if (v(i, j) < N(0)) v.col(j) = -v.col(j);
  }
}

/// S = V diag(values) V', ascending.
template <class T>
Spectrum<T> symmetric_spectrum(std::string_view op, const Mat<T>& s) {
  using N = number_t<T>;
  Spectrum<N> plain = rotated(plain_numbers(s));
  fix_signs(plain.vectors);
  require_distinct<T>(op, "eigenvalues", plain.values);
  const auto lift = [](const N& x) { return constant<T>(x); };
  Spectrum<T> r{plain.values.unaryExpr(lift), plain.vectors.unaryExpr(lift)};
  for (int i = 0; i < refinements<T>; ++i) {
    r.values = refine(r.vectors, [&s](const Mat<T>& v) {
      return plain_product(v.transpose(), plain_product(s, v));
    });
  }
  return r;
}

/// A = U diag(values) V', descending; U and V have min(m, n) columns. Where a value is 0, its
/// column of U is 0.
template <class T>
struct Svd {
  Mat<T> u, values, v;
};
template <class T>
Svd<T> singular_spectrum(std::string_view op, const Mat<T>& a) {
  using N = number_t<T>;
  if (a.rows() < a.cols()) {
    Svd<T> r = singular_spectrum<T>(op, a.transpose());
    std::swap(r.u, r.v);
    return r;
  }
  const Spectrum<N> plain = orthogonalised(plain_numbers(a));
  require_distinct<T>(op, "singular values", plain.values);
  const auto lift = [](const N& x) { return constant<T>(x); };
  Svd<T> r{{}, plain.values.unaryExpr(lift), plain.vectors.unaryExpr(lift)};
  for (int i = 0; i < refinements<T>; ++i) {
    static_cast<void>(refine(r.v, [&a](const Mat<T>& v) {
      const Mat<T> w = plain_product(a, v);
      return plain_product(w.transpose(), w);
    }));
  }
  r.u = plain_product(a, r.v);
  for (Eigen::Index k = 0; k < r.u.cols(); ++k) {
    T squares(0);
    for (Eigen::Index i = 0; i < r.u.rows(); ++i) squares += r.u(i, k) * r.u(i, k);
    r.values(k, 0) = root(squares);
    if (plain.values(k, 0) == N(0)) continue;
    for (Eigen::Index i = 0; i < r.u.rows(); ++i) r.u(i, k) /= r.values(k, 0);
  }
  return r;
}

}  // namespace assay::detail
