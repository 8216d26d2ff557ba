#pragma once
// Two estimators of the gradient of E[f(z)], z ~ N(mean, deviation^2), in mean and deviation: by
// the path, which needs the derivative of f, and by the score of the density, which needs only f.

#include <sstream>

#include "assay/graph.hpp"
#include "assay/ops/reparameterize.hpp"

namespace assay {

/// One row a sample; the estimates are the means over the rows.
template <class T>
struct SampleGradients {
  Mat<T> mean, deviation;
};

namespace detail {

template <class T>
void require_gaussian(std::string_view op, const Mat<T>& mu, const Mat<T>& deviation,
                      const Mat<T>& noise) {
  require(mu.rows() == 1 && shape_of(mu) == shape_of(deviation), op,
          {{"mean", shape_of(mu)}, {"deviation", shape_of(deviation)}},
          "both must be one row of d numbers");
  require(noise.cols() == mu.cols() && noise.rows() > 0, op,
          {{"mean", shape_of(mu)}, {"noise", shape_of(noise)}},
          "noise must have a row for each sample, one at least, and d columns");
}

template <class T>
void require_one_a_row(std::string_view op, const Var<T>& y, const Var<T>& z) {
  require(y.shape() == Shape{z.shape().rows, 1}, op, {{"z", z.shape()}, {"f(z)", y.shape()}},
          "f must give one number for each row of z");
}

}  // namespace detail

/// z = mean + deviation . noise: dmean = f'(z), ddeviation = f'(z) . noise     (Kingma and Welling)
/// mean and deviation are 1 x d, noise n x d and standard normal. f takes a node of n x d and gives
/// one of n x 1, each row from its own; it must be differentiable. Throws ShapeError.
template <class T, class F>
SampleGradients<T> pathwise_gradients(F f, const Mat<T>& mu, const Mat<T>& deviation,
                                      const Mat<T>& noise) {
  constexpr auto name = "pathwise_gradients";
  detail::require_gaussian(name, mu, deviation, noise);
  const Eigen::Index n = noise.rows();
  Graph<T> graph;
  const Var<T> m = graph.variable(mu.replicate(n, 1));
  const Var<T> s = graph.variable(deviation.replicate(n, 1));
  const Var<T> z = reparameterize(m, s, noise);
  const Var<T> y = f(z);
  detail::require_one_a_row(name, y, z);
  graph.backward(y, Mat<T>::Constant(n, 1, T(1)));
  return {m.grad(), s.grad()};
}

/// dmean = (f(z) - b) noise / deviation, ddeviation = (f(z) - b) (noise^2 - 1) / deviation, z as
/// above     (Williams 1992, REINFORCE). The baseline b, which must not depend on the samples,
/// changes the variance only. f need not be differentiable. Throws ShapeError, and
/// std::domain_error unless every deviation is positive.
template <class T, class F>
SampleGradients<T> score_function_gradients(F f, const Mat<T>& mu, const Mat<T>& deviation,
                                            const Mat<T>& noise, const T& baseline = T(0)) {
  constexpr auto name = "score_function_gradients";
  detail::require_gaussian(name, mu, deviation, noise);
  for (Eigen::Index j = 0; j < deviation.cols(); ++j) {
    if (deviation(0, j) > T(0)) continue;
    std::ostringstream text;
    text << name << ": deviation(0, " << j << ") is " << deviation(0, j) << "; it must be positive";
    throw std::domain_error(text.str());
  }
  const Eigen::Index n = noise.rows();
  Graph<T> graph;
  const Mat<T> s = deviation.replicate(n, 1);
  const Var<T> z = graph.constant(reparameterize(Mat<T>(mu.replicate(n, 1)), s, noise));
  const Var<T> y = f(z);
  detail::require_one_a_row(name, y, z);
  SampleGradients<T> g{Mat<T>(n, mu.cols()), Mat<T>(n, mu.cols())};
  for (Eigen::Index j = 0; j < mu.cols(); ++j) {
    for (Eigen::Index i = 0; i < n; ++i) {
      const T &e = noise(i, j), share = (y.value()(i, 0) - baseline) / s(i, j);
      g.mean(i, j) = share * e;
      g.deviation(i, j) = share * (e * e - T(1));
    }
  }
  return g;
}

}  // namespace assay
