#pragma once
#include "assay/ops/bce_with_logits_weighted.hpp"
#include "assay/ops/cross_entropy.hpp"

namespace assay {
namespace detail {

/// t x, with 0 inf = 0: no share of a class whose probability is 0.
template <class T>
T share_of(const T& t, const T& x) {
  if constexpr (std::is_floating_point_v<T>) {
    return fn::select(t == T(0), T(0), T(t * x));
  } else {
    return t * x;
  }
}

/// The rounding error of s = a + b.
template <class T>
T sum_error(const T& a, const T& b, const T& s) {
  if constexpr (std::is_floating_point_v<T>) {
    const T back = s - a;
    return (a - (s - back)) + (b - back);
  } else {
    return T(0);
  }
}

/// The rows of logits z and targets t, a column at a time. e^(z - m) is taken as c + f, where near
/// the largest c = 1 and f = e^(z - m) - 1, and far from it c = 0: so neither a small probability
/// nor a small difference of two is lost.
template <class T>
class SoftRows {
 public:
  SoftRows(const Mat<T>& z, const Mat<T>& t)
      : z_(z),
        t_(t),
        f_(z.rows(), z.cols()),
        m_(largest_of_rows(z)),
        near_(zero()),
        rest_(zero()),
        sum_(zero()),
        sum_lost_(zero()),
        log_total_(z.rows(), 1) {
    for (Eigen::Index j = 0; j < z.cols(); ++j) {
      split(at(z_, j), m_.data(), f_.data() + j * z.rows(), near_.data(), rest_.data(), z.rows());
      add(at(t_, j), sum_.data(), sum_lost_.data(), z.rows());
    }
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      log_total_(i, 0) = fn::log1p(T((near_(i, 0) - T(1)) + rest_(i, 0)));
    }
  }
  /// -log p of class j
  void losses(Eigen::Index j, T* __restrict out) const {
    const T *__restrict z = at(z_, j), *__restrict m = m_.data(), *__restrict log_total =
                                                                     log_total_.data();
    in_blocks<T>(z_.rows(), [=](Eigen::Index i) { out[i] = (m[i] - z[i]) + log_total[i]; });
  }
  /// p (sum of t) - t of class j
  void slopes(Eigen::Index j, T* __restrict out) const {
    const T* __restrict z = at(z_, j), * __restrict t = at(t_, j), * __restrict f = at(f_, j);
    const T* __restrict m = m_.data(), * __restrict near = near_.data(), * __restrict rest = rest_.data();
    const T* __restrict sum = sum_.data(), * __restrict lost = sum_lost_.data();
    in_blocks<T>(z_.rows(), [=](Eigen::Index i) {
      const T c = fn::select(is_near(z[i], m[i]), T(1), T(0)), product = t[i] * near[i];
      const T whole =
          (sum[i] * c - product) + (lost[i] * c - product_error(t[i], near[i], product));
      out[i] = (whole + (sum[i] * f[i] - t[i] * rest[i])) / (near[i] + rest[i]);
    });
  }
  /// p - 1 / n of class j of n
  [[nodiscard]] T from_uniform(Eigen::Index i, Eigen::Index j) const {
    const T c = is_near(z_(i, j), m_(i, 0)) ? T(1) : T(0), n = count<T>(z_.cols());
    const T whole = c - near_(i, 0) / n, change = f_(i, j) - rest_(i, 0) / n;
    return (whole + change) / (near_(i, 0) + rest_(i, 0));
  }

 private:
  static bool is_near(const T& z, const T& m) { return z - m >= T(-1) / T(2); }
  static const T* at(const Mat<T>& x, Eigen::Index j) { return x.data() + j * x.rows(); }
  [[nodiscard]] Mat<T> zero() const { return Mat<T>::Constant(z_.rows(), 1, T(0)); }

  static void split(const T* __restrict z, const T* __restrict m, T* __restrict f,
                    T* __restrict near, T* __restrict rest, Eigen::Index n) {
    in_blocks<T>(n, [=](Eigen::Index i) {
      const bool close = is_near(z[i], m[i]);
      f[i] = fn::select(close, fn::expm1(T(z[i] - m[i])), exp_below(z[i], m[i]));
      near[i] += fn::select(close, T(1), T(0));
      rest[i] += f[i];
    });
  }
  static void add(const T* __restrict t, T* __restrict sum, T* __restrict lost, Eigen::Index n) {
    in_blocks<T>(n, [=](Eigen::Index i) {
      const T total = sum[i] + t[i];
      lost[i] += sum_error(sum[i], t[i], total);
      sum[i] = total;
    });
  }

  const Mat<T>&z_, &t_;
  Mat<T> f_, m_, near_, rest_, sum_, sum_lost_, log_total_;
};

}  // namespace detail

/// Of the logits z and the targets t >= 0, one row an item: y_i = -sum over j of t_ij log p_ij, or
/// the sum or mean over i
/// dz = dy (p (sum of t) - t), dt = -dy log p        The targets of a row need not sum to 1.
/// With smoothing s among c classes, (1 - s) t + s / c stands for t.
template <Reduction reduction>
struct SoftCrossEntropy {
  static constexpr auto name = reduced_name<reduction>(
      "soft_cross_entropy_none", "soft_cross_entropy_mean", "soft_cross_entropy_sum");
  static constexpr Ulps claimed{.value = 3, .derivative = 6, .units = envelope};

  static constexpr Domain<2> checked(double smoothing) {
    static_cast<void>(detail::checked_smoothing(name, smoothing));
    return on(all_reals, exact(closed(0, 1)));
  }
  double smoothing = 0;
  Domain<2> domain = checked(smoothing);

  static Shape shape(Shape z, Shape t) {
    require(z == t, name, {{"logits", z}, {"targets", t}}, "they must be of one shape");
    require(z.cols > 0, name, {{"logits", z}}, "there must be at least one class");
    return detail::reduced_loss<reduction>(name, z, {z.rows, 1});
  }
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& z, const Mat<T>& t, Mat<T>& slopes) const {
    const Eigen::Index n = z.rows(), classes = z.cols();
    const T kept = T(1) - T(smoothing), share = T(smoothing) / count<T>(classes);
    const detail::SoftRows<T> rows(z, t);
    Mat<T> y = Mat<T>::Constant(n, 1, T(0));
    slopes.resize(n, 2 * classes);  // of the logits, then of the targets
    for (Eigen::Index j = 0; j < classes; ++j) {
      rows.slopes(j, slopes.data() + j * n);
      rows.losses(j, slopes.data() + (classes + j) * n);
      for (Eigen::Index i = 0; i < n; ++i) {
        T &slope = slopes(i, j), &loss = slopes(i, classes + j);
        if (smoothing == 0) {
          y(i, 0) += detail::share_of(t(i, j), loss);
        } else {
          y(i, 0) += (kept * t(i, j) + share) * loss;
          slope = kept * slope + T(smoothing) * rows.from_uniform(i, j);
          loss *= kept;
        }
      }
    }
    return detail::reduce_loss<reduction>(std::move(y));
  }
  template <Real T>
  [[nodiscard]] Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& z, const Mat<T>&,
                                     const Mat<T>&, const Mat<T>& slopes) const {
    const detail::ItemUpstream<reduction, T> upstream(dy, z.rows());
    Mat<T> dz = slopes.leftCols(z.cols()), dt = slopes.rightCols(z.cols());
    for (Eigen::Index j = 0; j < z.cols(); ++j) {
      for (Eigen::Index i = 0; i < z.rows(); ++i) {
        dz(i, j) *= upstream(i);
        dt(i, j) *= upstream(i);
      }
    }
    return {std::move(dz), std::move(dt)};
  }
};

/// cross_entropy(logits, targets, {.smoothing = ..., .reduction = ...}) with soft targets: a matrix
/// or a node of the shape of the logits.
template <class Z, class P>
requires(detail::Matrix<P> ||
         detail::Node<P>) auto cross_entropy(const Z& logits, const P& targets,
                                             CrossEntropyOptions options = {}) {
  return detail::with_reduction(options.reduction, [&](auto reduction) {
    return Call<SoftCrossEntropy<reduction()>>{{options.smoothing}}(logits, targets);
  });
}

}  // namespace assay
