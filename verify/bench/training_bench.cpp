// Training steps: hand-written Eigen, the library and, where installed, libtorch. Before anything
// is timed all must agree on the losses of the first steps.

#include <cmath>
#include <stdexcept>

#include "bench.hpp"
#include "training.hpp"

namespace assay::bench {
namespace {

struct Workload {
  std::string name;
  std::function<Step()> by_hand, assay, torch;
};

std::vector<Workload> workloads() {
  const auto mlp = [](std::string name, const MlpSizes& s, Method m) -> Workload {
    return {std::move(name), [=] { return mlp_by_hand(s, m); }, [=] { return mlp_assay(s, m); },
#ifdef ASSAY_BENCH_TORCH
            [=] { return mlp_torch(s, m); }
#else
            {}
#endif
    };
  };
  return {mlp("mlpS SGD", mlp_small, Method::sgd),
          mlp("mlpS Adam", mlp_small, Method::adam),
          mlp("mlpL SGD", mlp_large, Method::sgd),
          mlp("mlpL Adam", mlp_large, Method::adam),
#ifdef ASSAY_BENCH_TORCH
          {"VAE Adam", vae_by_hand, vae_assay, vae_torch},
          {"lin-AE SGD", autoencoder_by_hand, autoencoder_assay, autoencoder_torch}
#else
          {"VAE Adam", vae_by_hand, vae_assay, {}},
          {"lin-AE SGD", autoencoder_by_hand, autoencoder_assay, {}}
#endif
  };
}

void require_agreement(const Workload& w) {
  constexpr float tolerance = 1e-3F;
  const Step reference = w.by_hand();
  std::vector<std::pair<std::string, Step>> others{{"assay", w.assay()}};
#ifdef ASSAY_BENCH_BLAS
  others.emplace_back("assay with OpenBLAS", with_blas(w.assay()));
#endif
  if (w.torch) others.emplace_back("libtorch", w.torch());
  for (int step = 1; step <= 5; ++step) {
    const float expected = reference();
    for (auto& [name, other] : others) {
      const float got = other();
      if (std::abs(got - expected) <= tolerance * std::abs(expected)) continue;
      throw std::runtime_error(w.name + ": " + name + " has the loss " + std::to_string(got) +
                               " in step " + std::to_string(step) + " and not " +
                               std::to_string(expected));
    }
  }
}

int compare(int argc, char** argv) {
  std::vector<Timed> all;
  for (const Workload& w : workloads()) {
    require_agreement(w);
    const auto add = [&](const char* name, const Step& step) {
      all.push_back({w.name, name, [step] { static_cast<void>(step()); }});
    };
    add("hand-written Eigen", w.by_hand());
    add("assay", w.assay());
#ifdef ASSAY_BENCH_BLAS
    add("assay with OpenBLAS", with_blas(w.assay()));
#endif
    if (w.torch) add("libtorch", w.torch());
  }
  return run(argc, argv, all);
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::guarded("training_bench", assay::bench::compare, argc, argv);
}
