// The variational auto-encoder: heads, losses, sampling, errors, estimators, wrong backwards.

#include "assay/vae.hpp"

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <cmath>
#include <string>

#include "assay/estimators.hpp"
#include "assay/optim/adam.hpp"
#include "testing.hpp"

namespace latent {

using assay::Grads;
using assay::Mat;

struct WholeLogVariance : assay::ReparameterizeLogvar {
  template <assay::Real T>
  static Grads<T, 3> backward(const Mat<T>& dz, const Mat<T>& mu, const Mat<T>& v, const Mat<T>& e,
                              const Mat<T>& z) {
    Grads<T, 3> g = ReparameterizeLogvar::backward(dz, mu, v, e, z);
    g[1] *= T(2);
    return g;
  }
};
struct DiagonalNotExponentiated : assay::ReparameterizeFull {
  template <assay::Real T>
  static Grads<T, 3> backward(const Mat<T>& dz, const Mat<T>& mu, const Mat<T>& l, const Mat<T>& e,
                              const Mat<T>& z) {
    Grads<T, 3> g = ReparameterizeFull::backward(dz, mu, l, e, z);
    for (Eigen::Index i = 0; i < dz.cols(); ++i) {
      g[1].col(assay::detail::packed_at(i, i)) = dz.col(i).cwiseProduct(e.col(i));
    }
    return g;
  }
};
struct ForgetsMinusOne : assay::KlStandardNormal {
  template <assay::Real T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& mu, const Mat<T>& v,
                              const Mat<T>& y) {
    Grads<T, 2> g = KlStandardNormal::backward(dy, mu, v, y);
    for (Eigen::Index i = 0; i < v.size(); ++i) {
      g[1].data()[i] = dy(i % v.rows(), 0) * assay::fn::exp(v.data()[i]) / T(2);
    }
    return g;
  }
};
struct ForgetsDistance : assay::KlNormal {
  template <assay::Real T>
  static Grads<T, 4> backward(const Mat<T>& dy, const Mat<T>& m0, const Mat<T>& v0,
                              const Mat<T>& m1, const Mat<T>& v1, const Mat<T>& y) {
    Grads<T, 4> g = KlNormal::backward(dy, m0, v0, m1, v1, y);
    g[3] = -g[1];
    return g;
  }
};

}  // namespace latent

namespace assay {
namespace {

using verify::backward_matches;
using verify::Options;

const Options few{.cases = 60, .seed = 42, .out = ""};

VAE<double> model(Random& random, VAEOptions options) {
  const Eigen::Index heads = head_size(options.covariance, options.latent);
  return {nn::Sequential<double>{nn::Linear<double>(6, 8, random), assay::tanh,
                                 nn::Linear<double>(8, heads, random)},
          nn::Sequential<double>{nn::Linear<double>(options.latent, 8, random), assay::tanh,
                                 nn::Linear<double>(8, 6, random)},
          options};
}

TEST(Vae, WrongBackwardsAreCaught) {
  EXPECT_FALSE(backward_matches<latent::WholeLogVariance>(few));
  EXPECT_FALSE(backward_matches<latent::DiagonalNotExponentiated>(few));
  EXPECT_FALSE(backward_matches<latent::ForgetsMinusOne>(few));
  EXPECT_FALSE(backward_matches<latent::ForgetsDistance>(few));
}

TEST(Vae, TheExcessOfTheExponentialDoesNotCancel) {
  EXPECT_EQ(fn::expm1_minus(0.0), 0);
  EXPECT_DOUBLE_EQ(fn::expm1_minus(0x1p-30), 0x1p-61 * (1 + 0x1p-30 / 3));
  EXPECT_EQ(fn::expm1_minus(-0x1p-400), 0x1p-801);
  EXPECT_DOUBLE_EQ(fn::expm1_minus(1.0), 0.71828182845904523536);
  EXPECT_DOUBLE_EQ(fn::expm1_minus(-1.0), 0.36787944117144232160);
  EXPECT_DOUBLE_EQ(fn::expm1_minus(1.374), std::expm1(1.374) - 1.374);
  EXPECT_EQ(fn::expm1_minus(1e4), std::numeric_limits<double>::infinity());
  EXPECT_EQ(fn::expm1_minus(-1e300), 1e300);
  EXPECT_TRUE(std::isnan(fn::expm1_minus(std::numeric_limits<double>::quiet_NaN())));
  double worst = 0;
  for (double x = -3; x < 3; x += 0x1.7p-12) {
    const auto exact = static_cast<double>(std::expm1(static_cast<long double>(x)) - x);
    const double ulp = std::nextafter(exact, 1e9) - exact;
    if (std::abs(x) > 0x1p-5) worst = std::max(worst, std::abs(fn::expm1_minus(x) - exact) / ulp);
  }
  EXPECT_LT(worst, 4);
}

TEST(Vae, HeadsHaveTheirSizes) {
  EXPECT_EQ(head_size(Covariance::identity, 7), 7);
  EXPECT_EQ(head_size(Covariance::diagonal, 7), 14);
  EXPECT_EQ(head_size(Covariance::full, 7), 35);
  EXPECT_EQ(latent_size(Covariance::full, 35), 7);
  EXPECT_EQ(message_of<std::exception>([] { return head_size(Covariance::full, 0); }),
            "head_size: the latent size is 0; it must be positive");
  EXPECT_EQ(message_of<std::exception>([] { return latent_size(Covariance::diagonal, 7); }),
            "latent_size: the number of outputs is 7; it must be even and positive");
  EXPECT_EQ(
      message_of<std::exception>([] { return latent_size(Covariance::full, 6); }),
      "latent_size: the number of outputs is 6; it must be d + d (d + 1) / 2 of a positive d");
}

TEST(Vae, AFullFactorIsPackedRowByRow) {
  const Mat<double> mu{{0, 0}}, noise{{1, 10}}, l{{std::log(2.0), 3, std::log(4.0)}};
  const Mat<double> z = reparameterize_full(mu, l, noise);
  EXPECT_DOUBLE_EQ(z(0, 0), 2);   // e^(log 2) 1
  EXPECT_DOUBLE_EQ(z(0, 1), 43);  // 3 * 1 + e^(log 4) 10
}

TEST(Vae, EveryModelTrains) {
  for (const Covariance c : {Covariance::identity, Covariance::diagonal, Covariance::full}) {
    for (const Reconstruction how :
         {Reconstruction::mse, Reconstruction::bce, Reconstruction::gaussian}) {
      Random random(7);
      VAE<double> vae =
          model(random, {.latent = 3, .covariance = c, .reconstruction = how, .variance = 0.25});
      const Mat<double> x = random.uniform_matrix<double>({12, 6}, 0, 1);
      Flat<double> flat(vae.parameters());
      Adam<double> adam({.learning_rate = 0.01});
      double first = 0, last = 0;
      for (int step = 0; step < 60; ++step) {
        Graph<double> graph;
        flat.zero_grad();
        const NegativeElbo<double> e = vae.loss(graph.borrow(x), random, 0.1);
        graph.backward(e.loss);
        adam.step(flat.values(), flat.grads());
        EXPECT_GE(e.divergence.value()(0), 0);
        EXPECT_DOUBLE_EQ(e.loss.value()(0),
                         e.reconstruction.value()(0) + 0.1 * e.divergence.value()(0));
        (step == 0 ? first : last) = e.loss.value()(0);
      }
      EXPECT_LT(last, first);
    }
  }
}

TEST(Vae, SamplesAreDecodedFromThePriorAndReconstructionsFromThePosterior) {
  Random random(3);
  VAE<double> vae = model(random, {.latent = 2});
  const Mat<double> x = random.uniform_matrix<double>({4, 6}, 0, 1);
  Random a(11), b(11);
  EXPECT_EQ(vae.sample(5, a), vae.decode_means(b.normal_matrix<double>({5, 2})));
  EXPECT_EQ(vae.reconstruct(x), vae.decode_means(vae.latent_means(x)));
  Graph<double> graph;
  const Mat<double> z = vae.encode(graph.borrow(x)).sample(a).value();
  EXPECT_EQ(vae.reconstruct(x, b), vae.decode_means(z));
  EXPECT_NE(vae.reconstruct(x, b), vae.reconstruct(x));
  EXPECT_TRUE((vae.sample(50, a).array() > 0).all());  // probabilities, not logits
  EXPECT_TRUE((vae.sample(50, a).array() < 1).all());
  EXPECT_EQ(vae.sample(0, a).rows(), 0);
  EXPECT_EQ(vae.named_parameters().front().name, "encoder.0.weight");
  EXPECT_EQ(vae.named_parameters().back().name, "decoder.2.bias");
}

TEST(Vae, BadInputIsAnErrorThatNamesArgumentAndRule) {
  Random random(3);
  VAE<double> bce = model(random, {.latent = 2});
  VAE<double> gaussian =
      model(random, {.latent = 2, .reconstruction = Reconstruction::gaussian, .variance = -1});
  Mat<double> x = Mat<double>::Constant(2, 6, 0.5);
  const auto loss = [&](VAE<double>& vae, double weight) {
    Graph<double> graph;
    return message_of<std::exception>(
        [&] { return vae.loss(graph.constant(x), random, weight).loss.value(); });
  };
  EXPECT_EQ(loss(bce, 1), "");
  EXPECT_EQ(loss(bce, -0.5),
            "negative_elbo: kl_weight is -0.5; it must be finite and not negative");
  EXPECT_EQ(loss(gaussian, 1),
            "reconstruction_loss: variance is -1; it must be positive and finite");
  x(1, 2) = 1.5;
  EXPECT_EQ(loss(bce, 1),
            "reconstruction_loss: x(1, 2) is 1.5; with Reconstruction::bce every element must lie "
            "in [0, 1]");
  x(1, 2) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(loss(bce, 1).find("x(1, 2) is nan"), std::string::npos);
  Graph<double> graph;
  const Var<double> head = graph.constant(Mat<double>::Zero(3, 5));
  EXPECT_EQ(
      message_of<std::exception>([&] { return Posterior<double>(head, Covariance::diagonal, 2); }),
      "Posterior: head is 3x5; head.cols must be 4 for 2 latent numbers");
  EXPECT_EQ(message_of<std::exception>([&] {
              return Posterior<double>(head, Covariance::full, 2).sample(Mat<double>::Zero(3, 1));
            }),
            "Posterior::sample: mean is 3x2 and noise is 3x1; they must be of one shape");
  EXPECT_EQ(message_of<std::exception>([&] { return bce.decode(head); }),
            "VAE::decode: z is 3x5; z.cols must be the latent size, 2");
  EXPECT_EQ(message_of<std::exception>([&] { return bce.sample(-1, random); }),
            "VAE::sample: n is -1; it must not be negative");
}

TEST(Vae, ExtremeLogVariancesStayWhatTheyAre) {
  const Mat<double> zero{{0.0}}, noise{{2.0}};
  for (const double v : {-700.0, 700.0}) {
    const Mat<double> lv{{v}};
    EXPECT_DOUBLE_EQ(kl_standard_normal(zero, lv)(0), (std::expm1(v) - v) / 2);
    EXPECT_NEAR(reparameterize_logvar(zero, lv, noise)(0) / (2 * std::exp(v / 2)), 1, 1e-15);
  }
  const Mat<float> far{{-700.0F}}, none{{0.0F}}, one{{1.0F}};
  EXPECT_EQ(kl_standard_normal(none, far)(0), 349.5F);
  EXPECT_EQ(reparameterize_logvar(one, far, one)(0), 1);
  EXPECT_TRUE(std::isinf(kl_standard_normal(none, Mat<float>(-far))(0)));
}

TEST(Estimators, AreWhatTheirFormulasSay) {
  const Mat<double> mu{{1, -2}}, sigma{{0.5, 2}}, e{{1, -1}, {0.25, 3}, {-2, 0}};
  const auto f = [](const Var<double>& z) { return sum_rowwise(square(z)); };
  const SampleGradients<double> path = pathwise_gradients(f, mu, sigma, e);
  const SampleGradients<double> score = score_function_gradients(f, mu, sigma, e, 0.75);
  for (Eigen::Index i = 0; i < e.rows(); ++i) {
    const Eigen::RowVectorXd z = mu + sigma.cwiseProduct(e.row(i));
    for (Eigen::Index j = 0; j < 2; ++j) {
      EXPECT_DOUBLE_EQ(path.mean(i, j), 2 * z(j));
      EXPECT_DOUBLE_EQ(path.deviation(i, j), 2 * z(j) * e(i, j));
      const double share = (z.squaredNorm() - 0.75) / sigma(j);
      EXPECT_DOUBLE_EQ(score.mean(i, j), share * e(i, j));
      EXPECT_DOUBLE_EQ(score.deviation(i, j), share * (e(i, j) * e(i, j) - 1));
    }
  }
}

TEST(Estimators, BadInputIsAnError) {
  const Mat<double> mu{{1, -2}}, sigma{{0.5, 0}}, e{{1, -1}};
  const auto f = [](const Var<double>& z) { return sum_rowwise(z); };
  const auto whole = [](const Var<double>& z) { return z; };
  EXPECT_EQ(
      message_of<std::exception>([&] { return score_function_gradients(f, mu, sigma, e).mean; }),
      "score_function_gradients: deviation(0, 1) is 0; it must be positive");
  EXPECT_EQ(
      message_of<std::exception>([&] { return pathwise_gradients(whole, mu, sigma, e).mean; }),
      "pathwise_gradients: z is 1x2 and f(z) is 1x2; f must give one number for each row of z");
  EXPECT_EQ(message_of<std::exception>(
                [&] { return pathwise_gradients(f, mu, sigma, Mat<double>(0, 2)).mean; }),
            "pathwise_gradients: mean is 1x2 and noise is 0x2; noise must have a row for each "
            "sample, one at least, and d columns");
}

}  // namespace
}  // namespace assay
