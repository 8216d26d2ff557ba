#pragma once
// One right rule and three wrong ones, as people write them.

#include <assay/assay.hpp>
#include <cmath>

struct Cube {
  static constexpr auto name = "cube";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <assay::Field T>
  static T f(const T& x) {
    return x * x * x;
  }
  template <assay::Field T>
  static T df(const T& x, const T&) {
    return T(3) * x * x;
  }
};

/// The textbook's: 0 where y rounds to 1.
struct MySigmoid {
  static constexpr auto name = "my_sigmoid";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <assay::Real T>
  static T f(const T& x) {
    using std::exp;
    return T(1) / (T(1) + exp(-x));
  }
  template <assay::Real T>
  static T df(const T&, const T& y) {
    return y * (T(1) - y);
  }
};

/// Without the minus.
struct Cosine {
  static constexpr auto name = "cosine";
  static constexpr auto domain = assay::on(assay::all_reals);
  template <assay::Real T>
  static T f(const T& x) {
    using std::cos;
    return cos(x);
  }
  template <assay::Real T>
  static T df(const T& x, const T&) {
    using std::sin;
    return sin(x);
  }
};

/// Y = X + b, b one row: its gradient is not summed over the rows.
struct Bias {
  static constexpr auto name = "bias";
  static assay::Shape shape(assay::Shape x, assay::Shape b) {
    assay::require(b == assay::Shape{1, x.cols}, name, {{"x", x}, {"b", b}},
                   "b must be one row, as wide as x");
    return x;
  }
  template <assay::Field T>
  static assay::Mat<T> forward(const assay::Mat<T>& x, const assay::Mat<T>& b) {
    return x + b.replicate(x.rows(), 1);
  }
  template <assay::Field T>
  static assay::Grads<T, 2> backward(const assay::Mat<T>& dy, const assay::Mat<T>&,
                                     const assay::Mat<T>&, const assay::Mat<T>&) {
    return {dy, dy};
  }
};
