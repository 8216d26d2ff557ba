#pragma once
#include "assay/gaussian.hpp"

namespace assay {

/// z = mean + e^(logvar / 2) . noise, element by element
/// dmean = dz, dlogvar = dz . noise . e^(logvar / 2) / 2, dnoise = dz . e^(logvar / 2)
/// reparameterize() with the deviation from the logarithm of its square, so that any number is
/// one; the product with the noise is formed even where e^(logvar / 2) is no number of the type.
struct ReparameterizeLogvar {
  static constexpr auto name = "reparameterize_logvar";
  static constexpr auto domain = on(all_reals, log_variances, exact);
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  static Shape shape(Shape mu, Shape logvar, Shape noise) {
    require(mu == logvar && mu == noise, name, {{"mean", mu}, {"logvar", logvar}, {"noise", noise}},
            "they must be of one shape");
    return mu;
  }
  template <Real T>
  static Mat<T> forward(const Mat<T>& mu, const Mat<T>& logvar, const Mat<T>& noise) {
    Mat<T> z = mu;
    const T *v = logvar.data(), *e = noise.data();
    detail::fill_column<T>(
        [=](Eigen::Index i, const T& m) { return m + fn::mul_exp(e[i], T(v[i] / T(2))); }, z.data(),
        z.size());
    return z;
  }
  template <Real T>
  static Grads<T, 3> backward(const Mat<T>& dz, const Mat<T>&, const Mat<T>& logvar,
                              const Mat<T>& noise, const Mat<T>&) {
    Mat<T> dv = dz, de = dz;
    const T *v = logvar.data(), *e = noise.data();
    detail::fill_column<T>(
        [=](Eigen::Index i, const T& d) { return d * (fn::mul_exp(e[i], T(v[i] / T(2))) / T(2)); },
        dv.data(), dv.size());
    detail::fill_column<T>(
        [=](Eigen::Index i, const T& d) { return fn::mul_exp(d, T(v[i] / T(2))); }, de.data(),
        de.size());
    return {dz, std::move(dv), std::move(de)};
  }
};
inline constexpr Call<ReparameterizeLogvar> reparameterize_logvar;

}  // namespace assay
