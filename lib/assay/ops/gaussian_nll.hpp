#pragma once
#include "assay/elementary.hpp"
#include "assay/ops/labels.hpp"

namespace assay {

/// The negative log-likelihood of x under a normal distribution of mean m and variance v > 0:
/// y = (log v + (x - m)^2 / v) / 2, with `full` also + log(2 pi) / 2
/// dm = dy (m - x) / v, dx = -dm, dv = dy (1 - (x - m)^2 / v) / (2 v)
/// element by element, or their sum or mean. A variance that is not positive is an error; it is
/// never raised to a smallest one.
template <Reduction reduction>
struct GaussianNll {
  static constexpr auto name =
      reduced_name<reduction>("gaussian_nll_none", "gaussian_nll_mean", "gaussian_nll_sum");
  static constexpr auto domain =
      on(all_reals, all_reals, open(0, std::numeric_limits<double>::infinity()));
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  bool full = false;

  static Shape shape(Shape mean, Shape x, Shape variance) {
    require(mean == x && x == variance, name, {{"mean", mean}, {"x", x}, {"variance", variance}},
            "they must be of one shape");
    return detail::reduced_loss<reduction>(name, x, x);
  }
  /// Throws std::domain_error where a variance is not positive.
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& mean, const Mat<T>& x, const Mat<T>& variance) const {
    require_positive(variance);
    Mat<T> y(x.rows(), x.cols());
    const T constant = full ? log_two_pi<T>() : T(0);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const T &v = variance.data()[i], r = x.data()[i] - mean.data()[i];
      y.data()[i] = (constant + fn::log(v) + r * (r / v)) / T(2);
    }
    return detail::reduce_loss<reduction>(std::move(y));
  }
  template <Real T>
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& mean, const Mat<T>& x,
                                     const Mat<T>& variance, const Mat<T>&) const {
    const detail::ItemUpstream<reduction, T> upstream(dy, x.size());
    Mat<T> dm(x.rows(), x.cols()), dx(x.rows(), x.cols()), dv(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const T &v = variance.data()[i], r = x.data()[i] - mean.data()[i];
      const T half_r = x.data()[i] / T(2) - mean.data()[i] / T(2);
      const T u = divided(r, half_r, v);
      const T &g = upstream(i), half = g / T(2);
      const T pull = pulled(g, half_r, v, u);
      dx.data()[i] = pull;
      dm.data()[i] = -pull;
      // (x - m)^2 / v may overflow where its quotient by v does not, 1 / v where v is tiny.
      const T ratio = r * u;
      dv.data()[i] = ratio > T(2) ? T(half / v - half * u * u) : T(half * (T(1) - ratio) / v);
    }
    return {std::move(dm), std::move(dx), std::move(dv)};
  }

 private:
  /// r / v; where r = x - m overflows the quotient need not.
  template <class T>
  static T divided(const T& r, const T& half_r, const T& v) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isinf(r)) return half_r / v * T(2);
    }
    return r / v;
  }
  /// g u, u = r / v; where u overflows the product need not.
  template <class T>
  static T pulled(const T& g, const T& half_r, const T& v, const T& u) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isinf(u)) return g * half_r / v * T(2);
    }
    return g * u;
  }
  template <class T>
  static T log_two_pi() {
    using std::atan, std::log;
    return log(T(8) * atan(T(1)));
  }
  template <class T>
  static void require_positive(const Mat<T>& variance) {
    for (Eigen::Index j = 0; j < variance.cols(); ++j) {
      for (Eigen::Index i = 0; i < variance.rows(); ++i) {
        if (variance(i, j) > T(0)) continue;
        std::ostringstream text;
        text << name << ": variance(" << i << ", " << j << ") is " << value_of(variance(i, j))
             << "; it must be positive";
        throw std::domain_error(text.str());
      }
    }
  }
};

struct GaussianNllOptions {
  bool full = false;
  Reduction reduction = Reduction::mean;
};

/// gaussian_nll(mean, x, variance, {.full = ..., .reduction = ...}), of matrices or nodes.
template <class M, class X, class V>
auto gaussian_nll(const M& mean, const X& x, const V& variance, GaussianNllOptions options = {}) {
  return detail::with_reduction(options.reduction, [&](auto reduction) {
    return Call<GaussianNll<reduction()>>{{options.full}}(mean, x, variance);
  });
}

}  // namespace assay
