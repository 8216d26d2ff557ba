// The same with the library: graphs recorded anew in each step.

#include <memory>

#include "assay/nn/layers.hpp"
#include "assay/ops/cross_entropy.hpp"
#include "assay/optim/adam.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/vae.hpp"
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

VAE<float> vae() {
  nn::Linear<float> heads(128, 16);
  heads.weight.value << matrix(128, 8, weight(128, 8, 2)), matrix(128, 8, weight(128, 8, 3));
  return {nn::Sequential<float>{layer(64, 128, 1), relu, std::move(heads)},
          nn::Sequential<float>{layer(8, 128, 4), relu, layer(128, 64, 5)},
          {.latent = 8, .reconstruction = Reconstruction::bce}};
}

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
  const auto t = std::make_shared<Training<VAE<float>>>(vae(), Method::adam);
  const M x = matrix(64, 64, numbers(64 * 64, 1, 99)).cwiseAbs();
  const M noise = matrix(64, 8, numbers(64 * 8, 2, 98));
  return [t, x, noise] {
    return t->step(
        [&](Graph<float>& g, VAE<float>& model) { return model.loss(g.borrow(x), noise, 1).loss; });
  };
}

Step autoencoder_assay() {
  const auto t = std::make_shared<Training<Autoencoder>>(Autoencoder{}, Method::sgd);
  const M x = matrix(1797, 64, numbers(1797 * 64, 1, 99));
  return
      [t, x] { return t->step([&](Graph<float>& g, Autoencoder& a) { return a(g.borrow(x)); }); };
}

}  // namespace assay::bench
