// The same with the library: graphs recorded anew in each step.

#include <memory>

#include "assay/nn/layers.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/sgd.hpp"
#include "training.hpp"

namespace assay::bench {
namespace {

using M = Mat<float>;

M matrix(int rows, int cols, const std::vector<float>& v) {
  return Eigen::Map<const M>(v.data(), rows, cols);
}

nn::Linear<float> layer(int in, int out, std::uint64_t seed) {
  nn::Linear<float> l(in, out);
  l.weight.value = matrix(in, out, weight(in, out, seed));
  return l;
}

/// A model's parameters, its optimiser and its graph.
template <class Model>
struct Training {
  Model model;
  Method method;
  Flat<float> flat{model.parameters()};
  SGD<float> sgd{SGDOptions{.learning_rate = double{learning_rate}}};
  Adam<float> adam{AdamOptions{.learning_rate = double{adam_rate}}};
  Graph<float> graph;

  Training(Model m, Method how) : model(std::move(m)), method(how) {}

  template <class Record>
  float step(Record record) {
    graph.clear();
    flat.zero_grad();
    const Var<float> loss = record(graph, model);
    graph.backward(loss);
    if (method == Method::sgd) {
      sgd.step(flat.values(), flat.grads());
    } else {
      adam.step(flat.values(), flat.grads());
    }
    return loss.value()(0, 0);
  }
};

struct Vae : nn::Module<float> {
  nn::Linear<float> hidden = layer(64, 128, 1), mean = layer(128, 8, 2), log_var = layer(128, 8, 3),
                    back = layer(8, 128, 4), out = layer(128, 64, 5);
  M eps = matrix(64, 8, numbers(64 * 8, 2, 98));

  Var<float> forward(const Var<float>& x) override {
    const Var<float> h = relu(hidden(x));
    const Var<float> mu = mean(h), lv = log_var(h);
    const Var<float> z = add(mu, mul(exp(mul(lv, 0.5F)), eps));
    const Var<float> logits = out(relu(back(z)));
    const Var<float> fit = bce_with_logits_sum(logits, x.value());
    const Var<float> divergence = mul(sum(sub(sub(add(lv, 1.0F), square(mu)), exp(lv))), -0.5F);
    return mul(add(fit, divergence), 1 / static_cast<float>(x.shape().rows));
  }

 protected:
  std::vector<Child> children() override {
    return {{"hidden", &hidden},
            {"mean", &mean},
            {"log_var", &log_var},
            {"back", &back},
            {"out", &out}};
  }
};

struct Autoencoder : nn::Module<float> {
  Parameter<float> w{matrix(64, 2, weight(64, 2, 1))}, v{matrix(2, 64, weight(2, 64, 2))};

  Var<float> forward(const Var<float>& x) override {
    Graph<float>& g = x.graph();
    return squared_error_mean(matmul(matmul(x, g.parameter(w)), g.parameter(v)), x);
  }

 protected:
  std::vector<nn::NamedParameter<float>> own_parameters() override {
    return {{"w", &w, nn::Stored::matrix}, {"v", &v, nn::Stored::matrix}};
  }
};

}  // namespace

Step mlp_assay(const MlpSizes& s, Method method) {
  using Net = nn::Sequential<float>;
  const auto t = std::make_shared<Training<Net>>(
      Net(layer(s.in, s.hidden1, 1), relu, layer(s.hidden1, s.hidden2, 2), relu,
          layer(s.hidden2, s.classes, 3)),
      method);
  const M x = matrix(s.batch, s.in, numbers(static_cast<std::size_t>(s.batch * s.in), 1, 99));
  const auto l = labels(s.batch, s.classes);
  const Labels label(l.begin(), l.end());
  return [t, x, label] {
    return t->step(
        [&](Graph<float>& g, Net& net) { return cross_entropy(net(g.borrow(x)), label); });
  };
}

Step vae_assay() {
  const auto t = std::make_shared<Training<Vae>>(Vae{}, Method::adam);
  const M x = matrix(64, 64, numbers(64 * 64, 1, 99)).cwiseAbs();
  return [t, x] { return t->step([&](Graph<float>& g, Vae& vae) { return vae(g.borrow(x)); }); };
}

Step autoencoder_assay() {
  const auto t = std::make_shared<Training<Autoencoder>>(Autoencoder{}, Method::sgd);
  const M x = matrix(1797, 64, numbers(1797 * 64, 1, 99));
  return
      [t, x] { return t->step([&](Graph<float>& g, Autoencoder& a) { return a(g.borrow(x)); }); };
}

}  // namespace assay::bench
