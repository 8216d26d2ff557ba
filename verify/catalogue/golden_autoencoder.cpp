// The worked example 1(g): loss, gradient and optimum of the tied auto-encoder, to which descent
// leads.

#include <utility>

#include "assay/ops/tied_reconstruction_loss.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify::golden {
namespace {

/// The example has its samples in columns; here they are rows, centred.
template <class T>
Mat<T> centred_rows(Replay<T>& r) {
  const Json& columns = fixture("pca-columns-are-samples").at("centred");
  Mat<T> x(static_cast<Eigen::Index>(columns.at(0).size()),
           static_cast<Eigen::Index>(columns.size()));
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    const std::vector<T> numbers = r.inputs(columns.at(static_cast<std::size_t>(j)));
    for (Eigen::Index i = 0; i < x.rows(); ++i) x(i, j) = numbers[static_cast<std::size_t>(i)];
  }
  return x;
}

/// The loss and its gradient in w.
template <class T>
std::pair<T, Mat<T>> sweep(const Mat<T>& x, const Mat<T>& w) {
  Mat<T> saved;
  const Mat<T> y = TiedReconstructionLoss::forward(x, w, saved);
  const Mat<T> dy = Mat<T>::Constant(1, 1, T(1));
  return {y(0), TiedReconstructionLoss::backward(dy, x, w, y, saved)[1]};
}

constexpr auto replay_tied = []<class T>(Replay<T>& r, const Json& f) {
  const Mat<T> x = centred_rows(r);
  const std::vector<T> start = r.inputs(f.at("W"));
  Mat<T> w = Eigen::Map<const Mat<T>>(start.data(), 2, 1);
  const auto [loss, gradient] = sweep(x, w);
  r.compare("loss", f.at("loss"), loss);
  for (std::size_t i = 0; i < 2; ++i) {
    r.compare("gradient " + std::to_string(i), f.at("gradient").at(i),
              gradient(static_cast<Eigen::Index>(i)));
  }
  if constexpr (!std::is_same_v<T, Rational>) {  // whose fractions would grow without end
    // 1/50 is below 1 / (8 l1); what is wrong falls by a factor near 0.87 a step, and the loss is
    // quadratic in it.
    for (int step = 0; step < 400; ++step) {
      const Mat<T> slope = sweep(x, w).second;
      for (Eigen::Index i = 0; i < 2; ++i) w(i) -= slope(i) / T(50);
    }
    r.compare("loss after descent", f.at("optimum"), sweep(x, w).first);
  }
};

}  // namespace

void add_autoencoder_checks(std::vector<Check>& checks) {
  const Example example{"tied-autoencoder", Units::envelope, 8};
  add_checks<Rational>(checks, example, replay_tied);
  checks.push_back(replay_check<Dec50>(example, double_format, replay_tied));
}

}  // namespace assay::verify::golden
