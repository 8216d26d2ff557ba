#pragma once
#include "assay/ops/softmax.hpp"

namespace assay {

/// y = x - log sum of e^x over an axis        dx = dy - p sum of dy, p = e^y
/// For the largest, whose p may be close to 1, that would cancel; there
/// dx = dy (1 - p) - p (sum of dy over the others), with 1 - p summed from the others.
/// Equal infinities count as equal numbers, as in softmax.
template <Axis axis>
struct LogSoftmax {
  static constexpr auto name =
      reduced_name<axis>("log_softmax", "log_softmax_rowwise", "log_softmax_colwise");
  static constexpr Ulps claimed{.value = 4, .derivative = 3, .units = envelope};
  static Shape shape(Shape x) { return x; }
  template <Real T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& signed_p) {
    detail::Exponentials<axis, T> e(x);
    Mat<T> y(x.rows(), x.cols()), log_sum(e.rest.rows(), e.rest.cols());
    detail::in_blocks<T>(log_sum.size(), [in = e.rest.data(), out = log_sum.data()](
                                             Eigen::Index l) { out[l] = fn::log1p(in[l]); });
    detail::along_lines<axis>(
        shape_of(x),
        [](Eigen::Index k, Eigen::Index l, const T* in, const T* m, const T* log_z, T* out) {
          out[k] = detail::below(in[k], m[l]) - log_z[l];
        },
        x.data(), e.largest.data(), log_sum.data(), y.data());
    e.normalise();
    signed_p = std::move(e.e);
    return y;
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
          detail::accumulate(a[l], a_lost[l], fn::select(leads, T(0), up[k]));
          detail::accumulate(q[l], q_lost[l], fn::select(leads, T(0), p[k]));
          b[l] += fn::select(leads, up[k], T(0));
        },
        dy.data(), signed_p.data(), others.data(), lost.data(), rest.data(), lost_rest.data(),
        leader.data());
    detail::along_lines<axis>(
        s,
        [](Eigen::Index k, Eigen::Index l, const T* up, const T* p, const T* a, const T* q,
           const T* b, T* out) {
          const T for_leader = up[k] * q[l] + p[k] * a[l];  // its p has the sign turned
          const T for_others = up[k] - p[k] * (a[l] + b[l]);
          out[k] = fn::select(p[k] < T(0), for_leader, for_others);
        },
        dy.data(), signed_p.data(), others.data(), rest.data(), leader.data(), dx.data());
    return {std::move(dx)};
  }
};
inline constexpr Call<LogSoftmax<Axis::all>> log_softmax;
inline constexpr Call<LogSoftmax<Axis::rowwise>> log_softmax_rowwise;
inline constexpr Call<LogSoftmax<Axis::colwise>> log_softmax_colwise;

}  // namespace assay
