#pragma once
#include "assay/map.hpp"

namespace assay {

/// z = mean + deviation . noise, element by element        dmean = dz, ddeviation = dz . noise,
/// dnoise = dz . deviation
/// Of standard normal noise z is a sample of N(mean, deviation^2), and the gradients are those of
/// the pathwise estimator (Kingma and Welling 2014). All three are of one shape, a row a sample. A
/// deviation of 0 gives the mean and still has a gradient; a negative one is the same distribution
/// as its magnitude.
struct Reparameterize {
  static constexpr auto name = "reparameterize";
  static constexpr auto domain = on(all_reals, all_reals, exact);
  static constexpr Ulps claimed{.value = 2, .derivative = 1, .units = envelope};
  static Shape shape(Shape mu, Shape deviation, Shape noise) {
    require(mu == deviation && mu == noise, name,
            {{"mean", mu}, {"deviation", deviation}, {"noise", noise}},
            "they must be of one shape");
    return mu;
  }
  template <Field T>
  static Mat<T> forward(const Mat<T>& mu, const Mat<T>& deviation, const Mat<T>& noise) {
    return mu + deviation.cwiseProduct(noise);
  }
  template <Field T>
  static Grads<T, 3> backward(const Mat<T>& dz, const Mat<T>&, const Mat<T>& deviation,
                              const Mat<T>& noise, const Mat<T>&) {
    return {dz, dz.cwiseProduct(noise), dz.cwiseProduct(deviation)};
  }
};
inline constexpr Call<Reparameterize> reparameterize;

}  // namespace assay
