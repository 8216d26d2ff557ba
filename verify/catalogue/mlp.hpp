#pragma once
// The network of the worked examples 3(a), y_hat = h0 + h1 relu(w0 + w1 x1 + w2 x2) with the
// squared error: by hand, and on both graphs.

#include <array>
#include <cmath>

#include "assay/graph.hpp"
#include "assay/ops/linear.hpp"
#include "assay/ops/relu.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/rational.hpp"
#include "claims.hpp"

namespace assay::verify::claims {

template <class T>
using Five = std::array<T, 5>;  // of w0 w1 w2 h0 h1
inline constexpr std::array names{"w0", "w1", "w2", "h0", "h1"};

template <class T>
struct Sample {
  T x1, x2, y;
};
template <class T>
struct Pass {
  T z, a, y_hat, loss;
  Five<T> gradient;
};

// --- by hand -------------------------------------------------------------------------------------

inline Pass<Rational> by_hand(const Five<Rational>& p, const Sample<Rational>& s) {
  const Rational z = p[0] + p[1] * s.x1 + p[2] * s.x2, a = z > 0 ? z : Rational(0);
  const Rational y_hat = p[3] + p[4] * a, r = y_hat - s.y, d = Rational(2) * r;
  const Rational dz = z > 0 ? d * p[4] : Rational(0);
  return {z, a, y_hat, r * r, {dz, dz * s.x1, dz * s.x2, d, d * a}};
}
inline Five<Rational> descended(const Five<Rational>& p, const Five<Rational>& g,
                                const Rational& rate) {
  Five<Rational> q;
  for (std::size_t i = 0; i < q.size(); ++i) q.at(i) = p.at(i) - rate * g.at(i);
  return q;
}
inline Five<Rational> sum(const Five<Rational>& a, const Five<Rational>& b) {
  return descended(a, b, Rational(-1));
}

/// The sums of the magnitudes of all terms, products multiplied out.
inline Pass<Rational> magnitudes(const Five<Rational>& p, const Sample<Rational>& s) {
  const Five<Rational> w{abs(p[0]), abs(p[1]), abs(p[2]), abs(p[3]), abs(p[4])};
  const Rational x1 = abs(s.x1), x2 = abs(s.x2), z = w[0] + w[1] * x1 + w[2] * x2;
  const bool active = by_hand(p, s).z > 0;
  const Rational a = active ? z : Rational(0), y_hat = w[3] + w[4] * a, r = y_hat + abs(s.y);
  const Rational d = Rational(2) * r, dz = active ? d * w[4] : Rational(0);
  return {z, a, y_hat, r * r, {dz, dz * x1, dz * x2, d, d * a}};
}

/// How often a term is rounded until it is part of the result: a product adds the counts of its
/// factors and 1, a sum of n terms at most n - 1; doubling is exact.
inline constexpr int z_roundings = 3, y_hat_roundings = z_roundings + 2,
                     r_roundings = y_hat_roundings + 1;
inline constexpr Pass<int> roundings{z_roundings,
                                     z_roundings,
                                     y_hat_roundings,
                                     2 * r_roundings + 1,
                                     {r_roundings + 1, r_roundings + 2, r_roundings + 2,
                                      r_roundings, r_roundings + z_roundings + 1}};

/// k roundings change a term by at most this share of it.
inline Rational share(const Format& f, int k) {
  const Rational ku = Rational(k) * Rational(std::ldexp(1.0, -f.digits));
  return ku / (Rational(1) - ku);
}

// --- with the library ----------------------------------------------------------------------------

/// What both graphs have in common: the mistakes are made here, too.
template <class T>
struct Model {
  Five<T> p, g{};

  void zero_grad() { g.fill(T(0)); }
  void step(const T& rate) { sgd_step(std::span<T>(p), std::span<const T>(g), rate); }
};

template <class T>
struct ScalarModel : Model<T> {
  static constexpr const char* graph = "scalar graph";

  /// Adds the gradient of scale times the loss.
  Pass<T> sweep(const Sample<T>& s, const T& scale = T(1)) {
    Tape<T> tape;
    const auto [z, a, y_hat] = record(tape, s);
    const Scalar<T> loss = squared_error(y_hat, s.y);
    tape.backward(loss * scale);
    return {z.value(), a.value(), y_hat.value(), loss.value(), this->g};
  }
  /// Adds the gradient of dy y_hat.
  void pull_back(const Sample<T>& s, const T& dy) {
    Tape<T> tape;
    tape.backward(record(tape, s)[2] * dy);
  }

 private:
  std::array<Scalar<T>, 3> record(Tape<T>& tape, const Sample<T>& s) {
    const Parameters<T> w = tape.parameters(this->p, this->g);
    const Scalar<T> z = w[0] + w[1] * s.x1 + w[2] * s.x2, a = relu(z);
    return {z, a, w[3] + w[4] * a};
  }
};

template <class T>
struct MatrixModel : Model<T> {
  static constexpr const char* graph = "matrix graph";

  Pass<T> sweep(const Sample<T>& s, const T& scale = T(1)) {
    Graph<T> nodes;
    const auto [z, a, y_hat] = record(nodes, s);
    const Var<T> loss = squared_error_sum(y_hat, one(s.y));
    nodes.backward(loss, one(scale));
    keep();
    return {z.value()(0), a.value()(0), y_hat.value()(0), loss.value()(0), this->g};
  }
  void pull_back(const Sample<T>& s, const T& dy) {
    Graph<T> nodes;
    nodes.backward(record(nodes, s)[2], one(dy));
    keep();
  }

 private:
  static Mat<T> one(const T& x) { return Mat<T>::Constant(1, 1, x); }
  std::array<Var<T>, 3> record(Graph<T>& nodes, const Sample<T>& s) {
    Mat<T> w(2, 1), x(1, 2);
    w << this->p[1], this->p[2];
    x << s.x1, s.x2;
    w0_ = Parameter<T>(one(this->p[0]));
    w_ = Parameter<T>(w);
    h0_ = Parameter<T>(one(this->p[3]));
    h1_ = Parameter<T>(one(this->p[4]));
    const Var<T> z = linear(nodes.constant(x), nodes.parameter(w_), nodes.parameter(w0_)),
                 a = relu(z);
    return {z, a, linear(a, nodes.parameter(h1_), nodes.parameter(h0_))};
  }
  void keep() {
    const Five<T> d{w0_.grad(0), w_.grad(0), w_.grad(1), h0_.grad(0), h1_.grad(0)};
    for (std::size_t i = 0; i < d.size(); ++i) this->g.at(i) += d.at(i);
  }

  Parameter<T> w0_, w_, h0_, h1_;
};

/// attempt(model) with the parameters in each graph.
template <class T, class Attempt>
void on_both(Trial& t, const Five<T>& p, Attempt attempt) {
  ScalarModel<T> scalars;
  scalars.p = p;
  t.count(scalars.graph);
  attempt(scalars);
  MatrixModel<T> matrices;
  matrices.p = p;
  t.count(matrices.graph);
  attempt(matrices);
}

}  // namespace assay::verify::claims
