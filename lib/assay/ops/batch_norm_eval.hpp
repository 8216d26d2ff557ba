#pragma once
#include "assay/elementary.hpp"
#include "assay/ops/attributes.hpp"

namespace assay {

/// In evaluation, with a mean and a variance given for each column:
/// y = (x - mean) r g + b, r = 1 / sqrt(variance + eps)        variance >= 0, 0 < eps <= 1
/// dx = dy g r, dg = sum of dy (x - mean) r, db = sum of dy,
/// dmean = -sum of dy g r, dvariance = -sum of dy g (x - mean) r^3 / 2        sums over the rows
struct BatchNormEval {
  static constexpr auto name = "batch_norm_eval";
  static constexpr Ulps claimed{.value = 3, .derivative = 3, .units = envelope};

  static constexpr Domain<5> checked(double eps) {
    if (!(eps > 0 && eps <= 1)) {
      require_value(false, name, "eps", eps, "it must be positive and at most 1");
    }
    constexpr Interval positive = open(0, std::numeric_limits<double>::infinity());
    return on(all_reals, all_reals, all_reals, exact(all_reals), exact(positive));
  }
  double eps = 1e-5;
  Domain<5> domain = checked(eps);

  static Shape shape(Shape x, Shape gain, Shape bias, Shape mean, Shape variance) {
    const Shape row{1, x.cols};
    require(gain == row && bias == row && mean == row && variance == row, name,
            {{"x", x}, {"gain", gain}, {"bias", bias}, {"mean", mean}, {"variance", variance}},
            "all but x must be rows as wide as x");
    return x;
  }
  /// Throws std::domain_error where a variance is negative.
  template <Real T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, const Mat<T>& gain, const Mat<T>& bias,
                               const Mat<T>& mean, const Mat<T>& variance) const {
    Mat<T> y(x.rows(), x.cols());
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      const T r = factor(variance, j);
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        y(i, j) = scaled(gain(0, j), x(i, j), mean(0, j), r) + bias(0, j);
      }
    }
    return y;
  }
  template <Real T>
  [[nodiscard]] Grads<T, 5> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& gain,
                                     const Mat<T>&, const Mat<T>& mean, const Mat<T>& variance,
                                     const Mat<T>&) const {
    Mat<T> dx(x.rows(), x.cols()), dgain = Mat<T>::Constant(1, x.cols(), T(0));
    Mat<T> dbias = dgain, dmean = dgain, dvariance = dgain;
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      const T r = factor(variance, j), g = gain(0, j);
      const Wide<T> cube = Wide<T>(r) * r * r / Wide<T>(2);
      for (Eigen::Index i = 0; i < x.rows(); ++i) {
        const T& up = dy(i, j);
        dx(i, j) = up * (g * r);
        dgain(0, j) += scaled(up, x(i, j), mean(0, j), r);
        dbias(0, j) += up;
        dmean(0, j) -= dx(i, j);
        dvariance(0, j) -= T(Wide<T>(up) * g * (Wide<T>(x(i, j)) - mean(0, j)) * cube);
      }
    }
    return {std::move(dx), std::move(dgain), std::move(dbias), std::move(dmean),
            std::move(dvariance)};
  }

 private:
  /// In whose range no product of these numbers overflows or underflows on the way.
  template <class T>
  using Wide = std::conditional_t<std::is_same_v<T, float>, double,
                                  std::conditional_t<std::is_same_v<T, double>, long double, T>>;
  template <class T>
  [[nodiscard]] T factor(const Mat<T>& variance, Eigen::Index j) const {
    const T& v = variance(0, j);
    if (v < T(0) || v != v) {
      std::ostringstream text;
      text << name << ": variance(0, " << j << ") is " << value_of(v)
           << "; it must not be negative";
      throw std::domain_error(text.str());
    }
    return T(1) / fn::sqrt(T(v + T(eps)));
  }
  /// k (x - mean) r; the difference may overflow where this does not, and so may (x - mean) r.
  template <class T>
  static T scaled(const T& k, const T& x, const T& mean, const T& r) {
    const T half = x / T(2) - mean / T(2), away = half * (r + r);
    if constexpr (std::is_floating_point_v<T>) {
      const bool overflows = std::abs(away) > std::numeric_limits<T>::max();
      return fn::select(overflows, T(k * half * (r + r)), T(k * away));
    } else {
      return k * away;
    }
  }
};

/// batch_norm_eval(x, gain, bias, mean, variance, {.eps = ...}), of matrices or nodes.
template <class X, class G, class B, class M, class V>
auto batch_norm_eval(const X& x, const G& gain, const B& bias, const M& mean, const V& variance,
                     const BatchNormEval& options = {}) {
  return Call<BatchNormEval>{options}(x, gain, bias, mean, variance);
}

}  // namespace assay
