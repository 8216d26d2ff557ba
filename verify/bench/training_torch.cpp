// The same with libtorch, written as its users write it.

#include <torch/torch.h>

#include <memory>

#include "training.hpp"

namespace assay::bench {
namespace {

torch::Tensor column_major(const std::vector<float>& v, int rows, int cols) {
  return torch::from_blob(const_cast<float*>(v.data()), {cols, rows}).t().clone();
}

torch::nn::Linear layer(int in, int out, std::uint64_t seed) {
  torch::nn::Linear l(in, out);
  torch::NoGradGuard guard;
  l->weight.copy_(column_major(weight(in, out, seed), in, out).t());
  l->bias.zero_();
  return l;
}

std::shared_ptr<torch::optim::Optimizer> optimizer(std::vector<torch::Tensor> parameters,
                                                   Method method) {
  if (method == Method::sgd) {
    return std::make_shared<torch::optim::SGD>(std::move(parameters),
                                               torch::optim::SGDOptions(double{learning_rate}));
  }
  return std::make_shared<torch::optim::Adam>(std::move(parameters),
                                              torch::optim::AdamOptions(double{adam_rate}));
}

struct Vae : torch::nn::Module {
  torch::nn::Linear hidden = register_module("hidden", layer(64, 128, 1)),
                    mean = register_module("mean", layer(128, 8, 2)),
                    log_var = register_module("log_var", layer(128, 8, 3)),
                    back = register_module("back", layer(8, 128, 4)),
                    out = register_module("out", layer(128, 64, 5));
  torch::Tensor eps = column_major(numbers(64 * 8, 2, 98), 64, 8).contiguous();

  torch::Tensor loss(const torch::Tensor& x) {
    const torch::Tensor h = torch::relu(hidden(x));
    const torch::Tensor mu = mean(h), lv = log_var(h);
    const torch::Tensor z = mu + torch::exp(0.5 * lv) * eps;
    const torch::Tensor logits = out(torch::relu(back(z)));
    const torch::Tensor fit =
        torch::binary_cross_entropy_with_logits(logits, x, {}, {}, torch::Reduction::Sum);
    const torch::Tensor divergence = -0.5 * torch::sum(1 + lv - mu.square() - lv.exp());
    return (fit + divergence) / static_cast<double>(x.size(0));
  }
};

}  // namespace

Step mlp_torch(const MlpSizes& s, Method method) {
  torch::nn::Sequential net(layer(s.in, s.hidden1, 1), torch::nn::ReLU(),
                            layer(s.hidden1, s.hidden2, 2), torch::nn::ReLU(),
                            layer(s.hidden2, s.classes, 3));
  const auto o = optimizer(net->parameters(), method);
  const torch::Tensor x =
      column_major(numbers(static_cast<std::size_t>(s.batch * s.in), 1, 99), s.batch, s.in)
          .contiguous();
  const auto l = labels(s.batch, s.classes);
  const torch::Tensor label =
      torch::from_blob(const_cast<std::int64_t*>(l.data()), {s.batch}, torch::kLong).clone();
  return [net, o, x, label]() mutable {
    o->zero_grad();
    const torch::Tensor loss = torch::nn::functional::cross_entropy(net->forward(x), label);
    loss.backward();
    o->step();
    return loss.item<float>();
  };
}

Step vae_torch() {
  const auto m = std::make_shared<Vae>();
  const auto o = optimizer(m->parameters(), Method::adam);
  const torch::Tensor x = column_major(numbers(64 * 64, 1, 99), 64, 64).abs().contiguous();
  return [m, o, x] {
    o->zero_grad();
    const torch::Tensor loss = m->loss(x);
    loss.backward();
    o->step();
    return loss.item<float>();
  };
}

Step autoencoder_torch() {
  const torch::Tensor w = column_major(weight(64, 2, 1), 64, 2).contiguous().requires_grad_();
  const torch::Tensor v = column_major(weight(2, 64, 2), 2, 64).contiguous().requires_grad_();
  const auto o = optimizer({w, v}, Method::sgd);
  const torch::Tensor x = column_major(numbers(1797 * 64, 1, 99), 1797, 64).contiguous();
  return [w, v, o, x] {
    o->zero_grad();
    const torch::Tensor loss = torch::mse_loss(x.mm(w).mm(v), x);
    loss.backward();
    o->step();
    return loss.item<float>();
  };
}

}  // namespace assay::bench
