#pragma once
#include "assay/reductions.hpp"

namespace assay {
namespace detail {

/// x - m. Equal infinities are taken to differ by 0, as equal numbers do.
template <class T>
T below(const T& x, const T& m) {
  if constexpr (fn::detail::Native<T>) {
    return fn::select(x == m, T(0), x - m);
  } else {
    return is_infinite(m) && value_of(x) == value_of(m) ? T(0) : T(x - m);
  }
}

/// e^(x - m), with what the subtraction loses: beside a far larger m it would be most of x's last
/// places, for each x others.
template <class T>
T exp_difference(const T& x, const T& m) {
  const T d = below(x, m);
  const T e = fn::exp(d);
  if constexpr (fn::detail::Native<T>) {
    const T back = d - x;  // d + low = x - m exactly
    const T low = (x - (d - back)) - (m + back);
    return e + e * fn::select(std::abs(low) < 1, low, T(0));  // beyond that e is 0 or d infinite
  } else {
    return e;
  }
}

/// Over each line with the largest element m, the first if there are several: e^(x - m), and
/// `rest`, their sum without the first largest, whose own is 1. What is small beside 1 is so kept
/// apart from it: log1p(rest) and the leader's 1 - p = rest / (1 + rest) lose nothing.
template <Axis axis, class T>
struct Exponentials {
  Mat<T> largest, rest;
  Mat<T> e;  ///< the leader's is -1: its sign tells it from the others

  explicit Exponentials(const Mat<T>& x) : rest(zeros<axis, T>(shape_of(x))) {
    const Shape s = shape_of(x);
    largest = rest;
    e.resize(s.rows, s.cols);
    if (x.size() == 0) return;
    largest = heads<axis>(x);
    Mat<T> searching = Mat<T>::Constant(rest.rows(), rest.cols(), T(1)), lost = rest;
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* in, T* m) {
          m[l] = fn::select(in[k] > m[l], in[k], m[l]);
        },
        x.data(), largest.data());
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* in, const T* m, T* out) {
          out[k] = exp_difference(in[k], m[l]);
        },
        x.data(), largest.data(), e.data());
    along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* in, const T* m, T* vacant, T* total, T* low,
           T* out) {
          const T one = fn::select(in[k] >= m[l], vacant[l], T(0));  // 1 at the leader, 0 elsewhere
          vacant[l] -= one;
          accumulate(total[l], low[l], fn::select(one == T(0), out[k], T(0)));
          out[k] = fn::select(one == T(0), out[k], T(-1));
        },
        x.data(), largest.data(), searching.data(), rest.data(), lost.data(), e.data());
  }

  /// e becomes the probabilities, the leader's with its sign turned.
  void normalise() {
    combine_with_lines<axis>(e, rest, [](const T& a, const T& b) { return T(a / (T(1) + b)); });
  }
};

template <class T>
T probability(const T& signed_p) {
  return fn::select(signed_p < T(0), T(-signed_p), signed_p);
}
template <class T>
Mat<T> probabilities(const Mat<T>& signed_p) {
  Mat<T> p(signed_p.rows(), signed_p.cols());
  along_lines<Axis::all>(
      shape_of(p),
      [](Eigen::Index k, Eigen::Index, const T* in, T* out) { out[k] = probability(in[k]); },
      signed_p.data(), p.data());
  return p;
}

}  // namespace detail

/// y = e^x / sum of e^x over an axis        dx = y (dy - <dy, y>)
/// For the largest, whose y may be close to 1, that would cancel; there
/// dx = y (dy (1 - y) - <dy, y> over the others), with 1 - y summed from the others.
/// Equal infinities count as equal numbers: of +inf those share 1, of -inf alone all do.
template <Axis axis>
struct Softmax {
  static constexpr auto name = reduced_name<axis>("softmax", "softmax_rowwise", "softmax_colwise");
  static constexpr Ulps claimed{.value = 4, .derivative = 4, .units = envelope};
  static Shape shape(Shape x) { return x; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& signed_p) {
    detail::Exponentials<axis, T> e(x);
    e.normalise();
    signed_p = std::move(e.e);
    return detail::probabilities(signed_p);
  }
  template <Real T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& signed_p) {
    const Shape s = shape_of(dy);
    Mat<T> dx(s.rows, s.cols), others = detail::zeros<axis, T>(s), rest = others, leader = others,
                               lost = others, lost_rest = others;
    detail::along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* up, const T* p, T* a, T* a_lost, T* q,
           T* q_lost, T* b) {
          const bool leads = p[k] < T(0);
          const T term = detail::probability(p[k]) * up[k];
          detail::accumulate(a[l], a_lost[l], fn::select(leads, T(0), term));
          detail::accumulate(q[l], q_lost[l], fn::select(leads, T(0), p[k]));
          b[l] += fn::select(leads, term, T(0));
        },
        dy.data(), signed_p.data(), others.data(), lost.data(), rest.data(), lost_rest.data(),
        leader.data());
    detail::along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* up, const T* p, const T* a, const T* q,
           const T* b, T* out) {
          const T for_leader = up[k] * q[l] - a[l];
          const T for_others = up[k] - (a[l] + b[l]);
          out[k] = detail::probability(p[k]) * fn::select(p[k] < T(0), for_leader, for_others);
        },
        dy.data(), signed_p.data(), others.data(), rest.data(), leader.data(), dx.data());
    return {std::move(dx)};
  }
};
inline constexpr Call<Softmax<Axis::all>> softmax;
inline constexpr Call<Softmax<Axis::rowwise>> softmax_rowwise;  ///< each row sums to 1
inline constexpr Call<Softmax<Axis::colwise>> softmax_colwise;  ///< each column sums to 1

}  // namespace assay
