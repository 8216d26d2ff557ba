#pragma once
// Initial values, every number from the generator that is handed in. A weight is in x out.

#include "assay/random.hpp"

namespace assay::nn::init {

/// U(-bound, bound) with bound = gain sqrt(6 / (in + out)).     Glorot and Bengio 2010
template <class T>
Mat<T> xavier_uniform(Shape weight, Random& random, double gain = 1) {
  const double bound = gain * std::sqrt(6 / static_cast<double>(weight.rows + weight.cols));
  return random.uniform_matrix<T>(weight, -bound, bound);
}

/// N(0, d^2) with d = gain sqrt(2 / (in + out)).
template <class T>
Mat<T> xavier_normal(Shape weight, Random& random, double gain = 1) {
  const double d = gain * std::sqrt(2 / static_cast<double>(weight.rows + weight.cols));
  return random.normal_matrix<T>(weight, 0, d);
}

/// The gain of a leaky ReLU; slope 0 is that of ReLU, sqrt 2; slope 1 that of no activation, 1.
inline double leaky_relu_gain(double slope) { return std::sqrt(2 / (1 + slope * slope)); }

/// U(-bound, bound) with bound = gain sqrt(3 / in).     He et al. 2015
template <class T>
Mat<T> kaiming_uniform(Shape weight, Random& random, double gain = leaky_relu_gain(0)) {
  const double bound = gain * std::sqrt(3 / static_cast<double>(weight.rows));
  return random.uniform_matrix<T>(weight, -bound, bound);
}

/// N(0, d^2) with d = gain / sqrt(in).
template <class T>
Mat<T> kaiming_normal(Shape weight, Random& random, double gain = leaky_relu_gain(0)) {
  const double d = gain / std::sqrt(static_cast<double>(weight.rows));
  return random.normal_matrix<T>(weight, 0, d);
}

template <class T>
Mat<T> uniform(Shape s, Random& random, double lo, double hi) {
  return random.uniform_matrix<T>(s, lo, hi);
}

template <class T>
Mat<T> normal(Shape s, Random& random, double mean = 0, double deviation = 1) {
  return random.normal_matrix<T>(s, mean, deviation);
}

}  // namespace assay::nn::init
