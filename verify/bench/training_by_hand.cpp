// What somebody would write with Eigen alone who knew the gradients: the limit for a library.

#include <Eigen/Core>
#include <memory>

#include "training.hpp"

namespace assay::bench {
namespace {

using M = Eigen::MatrixXf;
using Row = Eigen::RowVectorXf;

M matrix(int rows, int cols, const std::vector<float>& v) {
  return Eigen::Map<const M>(v.data(), rows, cols);
}

/// Values, gradients and moments side by side.
struct Learner {
  Eigen::VectorXf w, g, m, v;
  Method method;
  int t = 0;

  void start(Eigen::Index n, Method how) {
    method = how;
    w.setZero(n);
    g.setZero(n);
    m.setZero(n);
    v.setZero(n);
  }
  void step() {
    if (method == Method::sgd) {
      w -= learning_rate * g;
      return;
    }
    ++t;
    const double c1 = 1 - std::pow(0.9, t), c2 = std::sqrt(1 - std::pow(0.999, t));
    const auto size = static_cast<float>(static_cast<double>(adam_rate) * c2 / c1);
    const auto epsilon = static_cast<float>(1e-8 * c2);
    constexpr Eigen::Index chunk = 2048;  // all four in the first-level cache
    for (Eigen::Index i = 0; i < w.size(); i += chunk) {
      const Eigen::Index n = std::min(chunk, w.size() - i);
      auto wi = w.segment(i, n).array();
      auto mi = m.segment(i, n).array();
      auto vi = v.segment(i, n).array();
      const auto gi = g.segment(i, n).array();
      mi = 0.9F * mi + 0.1F * gi;
      vi = 0.999F * vi + 0.001F * gi.square();
      wi -= size * mi / (vi.sqrt() + epsilon);
    }
  }
};

struct Layer {
  Eigen::Map<M> w, dw;
  Eigen::Map<Row> b, db;
};

/// The layers' parameters in one learner.
std::vector<Layer> layers(Learner& l, const std::vector<std::pair<int, int>>& sizes,
                          Method method) {
  Eigen::Index n = 0;
  for (const auto& [in, out] : sizes) n += in * out + out;
  l.start(n, method);
  std::vector<Layer> all;
  Eigen::Index at = 0;
  std::uint64_t seed = 1;
  for (const auto& [in, out] : sizes) {
    const Eigen::Index bias = at + static_cast<Eigen::Index>(in) * out;
    all.push_back({{l.w.data() + at, in, out},
                   {l.g.data() + at, in, out},
                   {l.w.data() + bias, out},
                   {l.g.data() + bias, out}});
    all.back().w = matrix(in, out, weight(in, out, seed++));
    at = bias + out;
  }
  return all;
}

void forward(const M& x, const Layer& l, M& y) {
  y.noalias() = x * l.w;
  y.rowwise() += l.b;
}
void relu_forward(const M& x, const Layer& l, M& y) {
  forward(x, l, y);
  y = y.cwiseMax(0);
}
void weights_backward(const M& x, const M& dy, Layer& l) {
  l.dw.noalias() = x.transpose() * dy;
  l.db = dy.colwise().sum();
}
void relu_backward(const M& dy, const Layer& l, const M& x, M& dx) {
  dx.noalias() = dy * l.w.transpose();
  dx = (x.array() > 0).select(dx, 0);
}

struct Mlp {
  Learner learner;
  std::vector<Layer> l;
  M x, h1, h2, z, d1, d2;
  std::vector<std::int64_t> label;

  float step() {
    relu_forward(x, l[0], h1);
    relu_forward(h1, l[1], h2);
    forward(h2, l[2], z);
    const Eigen::Index n = z.rows();
    const Eigen::VectorXf largest = z.rowwise().maxCoeff();
    float loss = 0;
    for (Eigen::Index i = 0; i < n; ++i)
      loss -= z(i, label[static_cast<std::size_t>(i)]) - largest(i);
    z.colwise() -= largest;
    z = z.array().exp();
    const Eigen::VectorXf total = z.rowwise().sum();
    loss += total.array().log().sum();
    z.array().colwise() *= 1.0F / (static_cast<float>(n) * total.array());
    for (Eigen::Index i = 0; i < n; ++i) {
      z(i, label[static_cast<std::size_t>(i)]) -= 1.0F / static_cast<float>(n);
    }
    weights_backward(h2, z, l[2]);
    relu_backward(z, l[2], h2, d2);
    weights_backward(h1, d2, l[1]);
    relu_backward(d2, l[1], h1, d1);
    weights_backward(x, d1, l[0]);
    learner.step();
    return loss / static_cast<float>(n);
  }
};

struct Vae {
  Learner learner;
  std::vector<Layer> l;
  M x, eps, h, mu, log_var, sd, z, g, logits, dlogits, dg, dz, dmu, dlv, dh;

  float step() {
    const float n = static_cast<float>(x.rows());
    relu_forward(x, l[0], h);
    forward(h, l[1], mu);
    forward(h, l[2], log_var);
    sd = (0.5F * log_var.array()).exp();
    z = mu.array() + sd.array() * eps.array();
    relu_forward(z, l[3], g);
    forward(g, l[4], logits);
    const auto e = (-logits.array().abs()).exp().eval();
    const float reconstruction =
        (logits.array().max(0) - x.array() * logits.array() + e.log1p()).sum();
    const float divergence =
        -0.5F * (1 + log_var.array() - mu.array().square() - sd.array().square()).sum();
    dlogits = ((logits.array() >= 0).select(1 / (1 + e), e / (1 + e)) - x.array()) / n;
    weights_backward(g, dlogits, l[4]);
    relu_backward(dlogits, l[4], g, dg);
    weights_backward(z, dg, l[3]);
    dz.noalias() = dg * l[3].w.transpose();
    dmu = dz + mu / n;
    dlv = dz.array() * eps.array() * sd.array() * 0.5F + 0.5F * (sd.array().square() - 1) / n;
    weights_backward(h, dmu, l[1]);
    weights_backward(h, dlv, l[2]);
    dh.noalias() = dmu * l[1].w.transpose();
    dh.noalias() += dlv * l[2].w.transpose();
    dh = (h.array() > 0).select(dh, 0);
    weights_backward(x, dh, l[0]);
    learner.step();
    return (reconstruction + divergence) / n;
  }
};

struct Autoencoder {
  M x, w, v, dw, dv, code, difference, dcode;

  float step() {
    code.noalias() = x * w;
    difference.noalias() = code * v;
    difference -= x;
    const float n = static_cast<float>(x.size());
    const float loss = difference.squaredNorm() / n;
    difference *= 2 / n;
    dv.noalias() = code.transpose() * difference;
    dcode.noalias() = difference * v.transpose();
    dw.noalias() = x.transpose() * dcode;
    w -= learning_rate * dw;
    v -= learning_rate * dv;
    return loss;
  }
};

}  // namespace

Step mlp_by_hand(const MlpSizes& s, Method method) {
  const auto m = std::make_shared<Mlp>();
  m->l = layers(m->learner, {{s.in, s.hidden1}, {s.hidden1, s.hidden2}, {s.hidden2, s.classes}},
                method);
  m->x = matrix(s.batch, s.in, numbers(static_cast<std::size_t>(s.batch * s.in), 1, 99));
  m->label = labels(s.batch, s.classes);
  return [m] { return m->step(); };
}

Step vae_by_hand() {
  const auto m = std::make_shared<Vae>();
  m->l = layers(m->learner, {{64, 128}, {128, 8}, {128, 8}, {8, 128}, {128, 64}}, Method::adam);
  m->x = matrix(64, 64, numbers(64 * 64, 1, 99)).cwiseAbs();
  m->eps = matrix(64, 8, numbers(64 * 8, 2, 98));
  return [m] { return m->step(); };
}

Step autoencoder_by_hand() {
  const auto m = std::make_shared<Autoencoder>();
  m->x = matrix(1797, 64, numbers(1797 * 64, 1, 99));
  m->w = matrix(64, 2, weight(64, 2, 1));
  m->v = matrix(2, 64, weight(2, 64, 2));
  return [m] { return m->step(); };
}

}  // namespace assay::bench
