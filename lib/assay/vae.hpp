#pragma once
// The variational auto-encoder (Kingma and Welling 2014): the heads of an encoder, its loss, and
// the model. A batch is rows x features.

#include <optional>

#include "assay/nn/layers.hpp"
#include "assay/ops/gaussian_nll.hpp"
#include "assay/ops/mse.hpp"

namespace assay {

// --- the distribution that an encoder emits ------------------------------------------------------

// Scoped names hide nothing, but g++ says that they do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
/// The covariance of a latent Gaussian: I, diag(e^logvar), or L L' with a lower triangular L.
enum class Covariance { identity, diagonal, full };

/// How a reconstruction is judged.
enum class Reconstruction {
  mse,       ///< the mean over all elements of (output - x)^2
  bce,       ///< Bernoulli likelihood; the outputs are logits, x in [0, 1]
  gaussian,  ///< Gaussian likelihood of one given variance, with its constant
};
#pragma GCC diagnostic pop

/// How many numbers an encoder emits for d latent ones: d, 2d, d + d (d + 1) / 2. Throws
/// std::invalid_argument unless d is positive.
inline Eigen::Index head_size(Covariance covariance, Eigen::Index d) {
  require_value(d > 0, "head_size", "the latent size", d, "it must be positive");
  switch (covariance) {
    case Covariance::identity:
      return d;
    case Covariance::diagonal:
      return 2 * d;
    case Covariance::full:
      break;
  }
  return d + packed_size(d);
}

/// The d whose head_size() is `outputs`. Throws std::invalid_argument if there is none.
inline Eigen::Index latent_size(Covariance covariance, Eigen::Index outputs) {
  Eigen::Index d = 1;
  while (head_size(covariance, d) < outputs) ++d;
  require_value(head_size(covariance, d) == outputs, "latent_size", "the number of outputs",
                outputs,
                covariance == Covariance::diagonal ? "it must be even and positive"
                : covariance == Covariance::full   ? "it must be d + d (d + 1) / 2 of a positive d"
                                                   : "it must be positive");
  return d;
}

/// N(mean, covariance), one for each row that was encoded.
template <class T>
class Posterior {
 public:
  /// From the encoder's outputs, rows x head_size: the means, and behind them the logarithms of the
  /// variances or the packed factor L as in reparameterize_full(). Throws ShapeError.
  Posterior(const Var<T>& head, Covariance covariance, Eigen::Index d)
      : covariance_(covariance), mean_(checked(head, covariance, d)) {
    if (covariance == Covariance::identity) return;
    const Eigen::Index rows = head.shape().rows;
    mean_ = block(head, 0, 0, rows, d);
    spread_ = block(head, 0, d, rows, head.shape().cols - d);
  }

  [[nodiscard]] Covariance covariance() const { return covariance_; }
  [[nodiscard]] const Var<T>& mean() const { return mean_; }  ///< rows x d
  /// The logarithms of the variances (diagonal), the packed factor (full), nothing (identity).
  [[nodiscard]] const std::optional<Var<T>>& spread() const { return spread_; }

  /// One sample of each, rows x d, from standard normal noise of that shape. Throws ShapeError.
  [[nodiscard]] Var<T> sample(const Mat<T>& noise) const {
    require(shape_of(noise) == mean_.shape(), "Posterior::sample",
            {{"mean", mean_.shape()}, {"noise", shape_of(noise)}}, "they must be of one shape");
    if (covariance_ == Covariance::identity) return add(mean_, noise);
    return covariance_ == Covariance::diagonal ? reparameterize_logvar(mean_, *spread_, noise)
                                               : reparameterize_full(mean_, *spread_, noise);
  }
  [[nodiscard]] Var<T> sample(Random& random) const {
    return sample(random.normal_matrix<T>(mean_.shape()));
  }
  /// KL(N(mean, covariance) || N(0, I)) >= 0, rows x 1.
  [[nodiscard]] Var<T> divergence() const {
    if (covariance_ == Covariance::identity) return mul(sum_rowwise(square(mean_)), T(1) / T(2));
    return covariance_ == Covariance::diagonal ? kl_standard_normal(mean_, *spread_)
                                               : kl_standard_normal_full(mean_, *spread_);
  }

 private:
  static const Var<T>& checked(const Var<T>& head, Covariance covariance, Eigen::Index d) {
    const Eigen::Index expected = head_size(covariance, d);
    require(head.shape().cols == expected, "Posterior", {{"head", head.shape()}},
            "head.cols must be " + std::to_string(expected) + " for " + std::to_string(d) +
                " latent numbers");
    return head;
  }

  Covariance covariance_;
  Var<T> mean_;
  std::optional<Var<T>> spread_;
};

// --- the evidence lower bound --------------------------------------------------------------------

namespace detail {

template <class T>
void require_data(std::string_view op, const Mat<T>& x, Reconstruction how) {
  if constexpr (std::is_floating_point_v<T>) {
    if (x.size() == 0) return;
    const T lo = x.template minCoeff<Eigen::PropagateNaN>();
    const T hi = x.template maxCoeff<Eigen::PropagateNaN>();
    const bool unit = how == Reconstruction::bce;
    const T least = unit ? T(0) : std::numeric_limits<T>::lowest();
    const T most = unit ? T(1) : std::numeric_limits<T>::max();
    if (lo >= least && hi <= most) return;
    for (Eigen::Index k = 0; k < x.size(); ++k) {
      const std::string at =
          "x(" + std::to_string(k % x.rows()) + ", " + std::to_string(k / x.rows()) + ")";
      require_value(x.data()[k] >= least && x.data()[k] <= most, op, at, x.data()[k],
                    unit ? "with Reconstruction::bce every element must lie in [0, 1]"
                         : "every element must be finite");
    }
  }
}

}  // namespace detail

/// The loss of a decoder's outputs, 1 x 1: for bce and gaussian minus the log-likelihood, summed
/// over a row and averaged over the batch. Throws ShapeError, and std::invalid_argument where x is
/// no number, is not in [0, 1] for bce, or the variance is not positive.
template <class T>
Var<T> reconstruction_loss(const Var<T>& output, const Var<T>& x, Reconstruction how,
                           double variance = 1) {
  constexpr auto name = "reconstruction_loss";
  require(output.shape() == x.shape() && x.shape().rows > 0, name,
          {{"output", output.shape()}, {"x", x.shape()}},
          "they must be of one shape with one row at least");
  require_value(variance > 0 && std::isfinite(variance), name, "variance", variance,
                "it must be positive and finite");
  detail::require_data(name, x.value(), how);
  if (how == Reconstruction::mse) return mse(output, x);
  const Var<T> total =
      how == Reconstruction::bce
          ? bce_with_logits_sum(output, x)
          : gaussian_nll(output, x,
                         Mat<T>(Mat<T>::Constant(x.shape().rows, x.shape().cols, T(variance))),
                         {.full = true, .reduction = Reduction::sum});
  return mul(total, T(1) / count<T>(x.shape().rows));
}

/// Minus the evidence lower bound and its two terms, each 1 x 1 and as it is without the weight.
template <class T>
struct NegativeElbo {
  Var<T> loss;            ///< reconstruction + kl_weight divergence
  Var<T> reconstruction;  ///< as of reconstruction_loss()
  Var<T> divergence;      ///< the mean over the batch, >= 0
};

/// From the two terms; `divergence` has one number a row. The bound itself has the weight 1. Throws
/// std::invalid_argument unless the weight is >= 0 and finite.
template <class T>
NegativeElbo<T> negative_elbo(const Var<T>& reconstruction, const Var<T>& divergence,
                              double kl_weight) {
  require_value(kl_weight >= 0 && std::isfinite(kl_weight), "negative_elbo", "kl_weight", kl_weight,
                "it must be finite and not negative");
  const Var<T> average = mean(divergence);
  const Var<T> weighted = kl_weight == 1 ? average : mul(average, T(kl_weight));
  return {add(reconstruction, weighted), reconstruction, average};
}

// --- the model -----------------------------------------------------------------------------------

struct VAEOptions {
  Eigen::Index latent = 2;
  Covariance covariance = Covariance::diagonal;
  Reconstruction reconstruction = Reconstruction::bce;
  double variance = 1;  ///< of Reconstruction::gaussian
};

/// The encoder ends in head_size(covariance, latent) numbers; the decoder takes `latent` ones and
/// ends in the features, for bce in their logits. What is random draws from the generator given.
template <class T>
class VAE : public nn::Module<T> {
 public:
  VAE(nn::Sequential<T> encoder, nn::Sequential<T> decoder, const VAEOptions& options)
      : encoder_(std::move(encoder)), decoder_(std::move(decoder)), options_(options) {
    static_cast<void>(head_size(options.covariance, options.latent));
  }

  [[nodiscard]] const VAEOptions& options() const { return options_; }
  [[nodiscard]] nn::Sequential<T>& encoder() { return encoder_; }
  [[nodiscard]] nn::Sequential<T>& decoder() { return decoder_; }

  Posterior<T> encode(const Var<T>& x) {
    return {encoder_(x), options_.covariance, options_.latent};
  }
  /// The decoder's outputs: means, for bce logits.
  Var<T> decode(const Var<T>& z) {
    require(z.shape().cols == options_.latent, "VAE::decode", {{"z", z.shape()}},
            "z.cols must be the latent size, " + std::to_string(options_.latent));
    return decoder_(z);
  }
  /// The reconstruction through the mean of the posterior, without randomness.
  Var<T> forward(const Var<T>& x) override { return visible(decode(encode(x).mean())); }

  /// One sample of the posterior a row, from noise of rows x latent. With weight 1 the loss is
  /// minus the evidence lower bound (but for mse, which is no likelihood). Throws ShapeError and
  /// std::invalid_argument as its parts do.
  NegativeElbo<T> loss(const Var<T>& x, const Mat<T>& noise, double kl_weight) {
    const Posterior<T> p = encode(x);
    const Var<T> output = decode(p.sample(noise));
    return negative_elbo(reconstruction_loss(output, x, options_.reconstruction, options_.variance),
                         p.divergence(), kl_weight);
  }
  NegativeElbo<T> loss(const Var<T>& x, Random& random, double kl_weight) {
    return loss(x, random.normal_matrix<T>({x.shape().rows, options_.latent}), kl_weight);
  }

  /// n rows decoded from the prior N(0, I).
  Mat<T> sample(Eigen::Index n, Random& random) {
    require_value(n >= 0, "VAE::sample", "n", n, "it must not be negative");
    return decode_means(random.normal_matrix<T>({n, options_.latent}));
  }
  /// What the decoder makes of latent rows: means, for bce probabilities.
  Mat<T> decode_means(const Mat<T>& z) {
    Graph<T> graph;
    return visible(decode(graph.borrow(z))).value();
  }
  /// The means of the posteriors, rows x latent.
  Mat<T> latent_means(const Mat<T>& x) {
    Graph<T> graph;
    return encode(graph.borrow(x)).mean().value();
  }
  /// Each row encoded and decoded, through the mean of its posterior or through a sample of it.
  Mat<T> reconstruct(const Mat<T>& x) {
    Graph<T> graph;
    return forward(graph.borrow(x)).value();
  }
  Mat<T> reconstruct(const Mat<T>& x, Random& random) {
    Graph<T> graph;
    return visible(decode(encode(graph.borrow(x)).sample(random))).value();
  }

 protected:
  std::vector<typename nn::Module<T>::Child> children() override {
    return {{"encoder", &encoder_}, {"decoder", &decoder_}};
  }

 private:
  Var<T> visible(const Var<T>& output) const {
    return options_.reconstruction == Reconstruction::bce ? sigmoid(output) : output;
  }

  nn::Sequential<T> encoder_, decoder_;
  VAEOptions options_;
};

}  // namespace assay
