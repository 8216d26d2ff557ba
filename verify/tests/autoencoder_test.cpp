// The linear auto-encoder: layouts, errors, what descent reports. That it finds the subspace of PCA
// is claim 9.

#include "assay/autoencoder.hpp"
#include "testing.hpp"

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <string>

namespace autoencoder {

using assay::Decoder;
using assay::Descent;
using assay::Grads;
using assay::Graph;
using assay::LinearAutoencoder;
using assay::Mat;
using assay::message_of;
using assay::Random;

struct ForgetsTheDecoder : assay::TiedReconstructionLoss {
  template <assay::Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& w, const Mat<T>& y,
                              const Mat<T>& saved) {
    Grads<T, 2> g = TiedReconstructionLoss::backward(dy, x, w, y, saved);
    const Mat<T> left = saved.leftCols(x.cols()).lazyProduct(w);
    g[1] = x.transpose().lazyProduct(left) * T(T(-2) * dy(0, 0) / assay::count<T>(x.rows()));
    return g;
  }
};
struct MeanOverElements : assay::TiedReconstructionLoss {
  template <assay::Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>& w, const Mat<T>& y,
                              const Mat<T>& saved) {
    return TiedReconstructionLoss::backward(Mat<T>(dy / assay::count<T>(x.cols())), x, w, y, saved);
  }
};

TEST(TiedReconstructionLoss, WrongBackwardsAreCaught) {
  EXPECT_FALSE(assay::verify::backward_matches<ForgetsTheDecoder>({.cases = 60}));
  EXPECT_FALSE(assay::verify::backward_matches<MeanOverElements>({.cases = 60}));
}

TEST(TiedReconstructionLoss, ShapesThatDoNotFitAreRefused) {
  const auto message = [](const Mat<double>& x, const Mat<double>& w) {
    try {
      static_cast<void>(assay::tied_reconstruction_loss(x, w));
    } catch (const assay::ShapeError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message(Mat<double>(5, 3), Mat<double>(4, 2)),
            "tied_reconstruction_loss: x is 5x3 and w is 4x2; x.cols must equal w.rows");
  EXPECT_NE(message(Mat<double>(0, 3), Mat<double>(3, 2)).find("over no samples"),
            std::string::npos);
}

Mat<double> data(std::uint64_t seed = 1) {
  Random random(seed);
  Mat<double> x = random.normal_matrix<double>({40, 3});
  x.col(0) *= 3;
  x.col(1) *= 2;
  return x.rowwise() - x.colwise().mean();
}

TEST(LinearAutoencoder, LossIsThatOfTheReconstructionTiedAndUntied) {
  const Mat<double> x = data();
  for (const Decoder kind : {Decoder::tied, Decoder::untied}) {
    Random random(3);
    LinearAutoencoder<double> ae(3, 2, random, kind);
    Graph<double> g;
    const double loss = ae.loss(g.borrow(x)).value()(0);
    const Mat<double> back = ae.reconstruct(x);
    EXPECT_NEAR(loss, (x - back).squaredNorm() / 40, 1e-13);
    EXPECT_TRUE(ae(g.borrow(x)).value().isApprox(back, 1e-14));
    EXPECT_TRUE(ae.decode(ae.encode(x)).isApprox(back, 1e-14));
    EXPECT_EQ(ae.parameter_count(), kind == Decoder::tied ? 6 : 12);
  }
}

TEST(LinearAutoencoder, GradientsOfBothKindsAreThoseOfDifferences) {
  const Mat<double> x = data();
  for (const Decoder kind : {Decoder::tied, Decoder::untied}) {
    Random random(4);
    LinearAutoencoder<double> ae(3, 2, random, kind);
    assay::verify::Matrices weights;
    for (const auto* p : ae.parameters()) weights.emplace_back(p->value);
    Graph<double> g;
    const auto loss_at = [&](const assay::verify::Matrices& w) {
      const auto parameters = ae.parameters();
      for (std::size_t i = 0; i < w.size(); ++i) parameters[i]->value = w[i];
      g.clear();
      return ae.loss(g.borrow(x));
    };
    const auto report = assay::verify::check_function(
        [&](const assay::verify::Matrices& w) { return loss_at(w).value(); },
        [&](const assay::verify::Matrices& w, const Mat<double>& dy) {
          ae.zero_grad();
          g.backward(loss_at(w), dy);
          assay::verify::Matrices gradients;
          for (const auto* p : ae.parameters()) gradients.emplace_back(p->grad);
          return gradients;
        },
        weights);
    EXPECT_TRUE(report.ok()) << report.message();
  }
}

TEST(LinearAutoencoder, DescentSaysHowItEnded) {
  const Mat<double> x = data();
  Random random(5);
  LinearAutoencoder<double> ae(3, 1, random);
  std::vector<double> losses;
  const auto watch = [&](std::size_t step, double loss) {
    EXPECT_EQ(step, losses.size());
    losses.push_back(loss);
  };
  const Descent<double> early = ae.descend(x, {{}, 3, {}, watch});
  EXPECT_FALSE(early.converged);
  EXPECT_EQ(early.steps, 3U);
  EXPECT_EQ(losses.size(), 4U);
  EXPECT_EQ(losses.back(), early.loss);
  for (std::size_t i = 1; i < losses.size(); ++i) EXPECT_LT(losses[i], losses[i - 1]);
  const Descent<double> end = ae.descend(x);
  EXPECT_TRUE(end.converged);
  EXPECT_LT(end.loss, early.loss);
  EXPECT_LT(end.gradient, 1e-12);
  EXPECT_EQ(ae.descend(x).steps, 0U);
}

TEST(LinearAutoencoder, WhatCannotBeTrainedIsRefused) {
  using D = LinearAutoencoder<double>;
  Random random(6);
  EXPECT_EQ(message_of<std::invalid_argument>([&] { D(3, 4, random); }),
            "LinearAutoencoder: components is 4 and features is 3; components must be from 1 to "
            "features");
  EXPECT_NE(message_of<std::invalid_argument>([] { D(3, 0); }), "");
  EXPECT_NE(message_of<std::invalid_argument>([] {
              D(3, 2).descend(data());
            }).find("weights of 0 are stationary"),
            std::string::npos);
  D ae(3, 2, random);
  EXPECT_NE(message_of<assay::ShapeError>([&] {
              ae.descend(Mat<double>::Ones(5, 2));
            }).find("x is 5x2 and encoder is 3x2"),
            std::string::npos);
  Mat<double> x = data();
  x(7, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(message_of<std::domain_error>([&] { ae.descend(x); }).find("x(7, 1)"),
            std::string::npos);
  EXPECT_NE(message_of<std::domain_error>([&] {
              ae.descend(data(), {100.0, 1000, {}, {}});
            }).find("learning_rate 100"),
            std::string::npos);
}

TEST(LinearAutoencoder, DataOfZerosAreReconstructedAtOnce) {
  Random random(7);
  LinearAutoencoder<float> ae(3, 2, random);
  const Descent<float> d = ae.descend(Mat<float>::Zero(4, 3));
  EXPECT_TRUE(d.converged);
  EXPECT_EQ(d.steps, 0U);
  EXPECT_EQ(d.loss, 0.0F);
}

}  // namespace autoencoder
