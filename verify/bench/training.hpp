#pragma once
// Training steps in float, in several implementations that start from the same numbers.

#include <cstdint>
#include <functional>
#include <vector>

namespace assay::bench {

struct MlpSizes {
  int in, hidden1, hidden2, classes, batch;  ///< hidden2 is 0 where there is one hidden layer
};
inline constexpr MlpSizes mlp_small{64, 128, 64, 10, 64};
inline constexpr MlpSizes mlp_large{784, 512, 512, 10, 128};

enum class Method { sgd, adam };

/// One step of training; returns the loss before it.
using Step = std::function<float()>;

/// ReLU layers and cross-entropy.
Step mlp_by_hand(const MlpSizes& sizes, Method method);
Step mlp_assay(const MlpSizes& sizes, Method method);
Step mlp_torch(const MlpSizes& sizes, Method method);

/// 64 -> 128 -> 2 x 8 -> 128 -> 64, batch 64, Adam: ReLU, Bernoulli likelihood from logits and the
/// divergence to the standard normal, summed over a row and averaged over the batch.
Step vae_by_hand();
Step vae_assay();
Step vae_torch();

/// 64 -> 2 -> 64 without biases, all 1797 rows, mean squared error, SGD.
Step autoencoder_by_hand();
Step autoencoder_assay();
Step autoencoder_torch();

/// The step with OpenBLAS's product instead of Eigen's.
Step with_blas(Step step);

inline constexpr float learning_rate = 0.01F;
inline constexpr float adam_rate = 1e-3F;

/// n numbers in [-scale, scale], the same for the same seed everywhere.
inline std::vector<float> numbers(std::size_t n, float scale, std::uint64_t seed) {
  std::vector<float> x(n);
  std::uint64_t s = seed * 2862933555777941757U + 3037000493U;
  for (float& v : x) {
    s = s * 6364136223846793005U + 1442695040888963407U;
    v = scale * (static_cast<float>(s >> 40U) / static_cast<float>(1U << 23U) - 1.0F);
  }
  return x;
}

/// A weight of in x out, column by column, and the classes of a batch.
inline std::vector<float> weight(int in, int out, std::uint64_t seed) {
  return numbers(static_cast<std::size_t>(in) * static_cast<std::size_t>(out),
                 1.7F / static_cast<float>(in > out ? in : out), seed);
}
inline std::vector<std::int64_t> labels(int n, int classes) {
  std::vector<std::int64_t> l(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < l.size(); ++i) l[i] = static_cast<std::int64_t>(i * 7) % classes;
  return l;
}

}  // namespace assay::bench
