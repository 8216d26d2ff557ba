#pragma once
// The linear auto-encoder: codes = x W, reconstruction = codes V, trained by gradient descent on
//
//   L = |X - X W V|^2 / N        tied: V = W', gradient -2 (2C - C W W' - W W' C) W, C = X'X / N
//
// On centred data its minima are the subspace of PCA (Baldi and Hornik 1989): with tied weights
// W = U_k R with R'R = I where k is at most the rank and the k-th variance is larger than the next;
// with weights of their own W = U_k A and V = A^-1 U_k' for any invertible A. All other stationary
// points are saddles: W = 0, and subspaces of other eigenvectors.

#include <functional>
#include <optional>

#include "assay/factor.hpp"
#include "assay/nn/module.hpp"
#include "assay/ops/squared_error.hpp"
#include "assay/ops/tied_reconstruction_loss.hpp"
#include "assay/ops/transpose.hpp"
#include "assay/optim/flat.hpp"
#include "assay/optim/sgd.hpp"
#include "assay/random.hpp"

namespace assay {

/// The transpose of the encoder's weights, or weights of its own.
enum class Decoder { tied, untied };

struct DescentOptions {
  std::optional<double> learning_rate;  ///< 1 / (8 l), l at least the largest eigenvalue of C
  std::size_t max_steps = 10'000;
  /// Converged: |gradient| at most so many times tr C; default 64 eps, near what rounding leaves.
  std::optional<double> tolerance;
  /// Called before each step with its number, from 0, and the loss.
  std::function<void(std::size_t, double)> watch;
};

template <class T>
struct Descent {
  bool converged = false;
  std::size_t steps = 0;
  T loss = T(0);      ///< after the last step
  T gradient = T(0);  ///< its Frobenius norm, there
};

/// Data are N x d as they come: their second moments about 0 count, so centre them first for PCA.
template <Real T>
class LinearAutoencoder : public nn::Module<T> {
 public:
  Parameter<T> encoder;  ///< W, d x k
  Parameter<T> decoder;  ///< V, k x d; empty if tied

  /// Weights from U(-1/sqrt(d), 1/sqrt(d)), the encoder's first. Throws std::invalid_argument
  /// unless 1 <= components <= features.
  LinearAutoencoder(Eigen::Index features, Eigen::Index components, Random& random,
                    Decoder kind = Decoder::tied)
      : LinearAutoencoder(features, components, kind) {
    const double bound = 1 / std::sqrt(static_cast<double>(features));
    encoder.value = random.uniform_matrix<T>({features, components}, -bound, bound);
    if (!tied()) decoder.value = random.uniform_matrix<T>({components, features}, -bound, bound);
  }
  /// All zero: to be loaded or set. Descent does not start from there.
  LinearAutoencoder(Eigen::Index features, Eigen::Index components, Decoder kind = Decoder::tied)
      : kind_(kind) {
    if (components < 1 || components > features) {
      throw std::invalid_argument("LinearAutoencoder: components is " + std::to_string(components) +
                                  " and features is " + std::to_string(features) +
                                  "; components must be from 1 to features");
    }
    encoder = Parameter<T>(Mat<T>::Constant(features, components, T(0)));
    if (!tied()) decoder = Parameter<T>(Mat<T>::Constant(components, features, T(0)));
  }

  [[nodiscard]] bool tied() const { return kind_ == Decoder::tied; }
  [[nodiscard]] Mat<T> decoder_weights() const {
    return tied() ? Mat<T>(encoder.value.transpose()) : Mat<T>(decoder.value);
  }

  /// N x k. Throws ShapeError, as the others do.
  [[nodiscard]] Mat<T> encode(const Mat<T>& x) const { return matmul(x, encoder.value); }
  /// N x d.
  [[nodiscard]] Mat<T> decode(const Mat<T>& codes) const {
    return matmul(codes, decoder_weights());
  }
  [[nodiscard]] Mat<T> reconstruct(const Mat<T>& x) const { return decode(encode(x)); }

  /// The reconstruction.
  Var<T> forward(const Var<T>& x) override {
    Graph<T>& g = x.graph();
    const Var<T> w = g.parameter(encoder);
    return matmul(matmul(x, w), tied() ? transpose(w) : g.parameter(decoder));
  }
  /// |x - reconstruction|^2 / N, a node of x's graph; x itself gets no gradient unless tied.
  Var<T> loss(const Var<T>& x) {
    if (tied()) return tied_reconstruction_loss(x, x.graph().parameter(encoder));
    return div(squared_error_sum(forward(x), x), count<T>(x.shape().rows));
  }

  /// Gradient descent with a fixed rate on all of x (N x d) until the gradient vanishes. Throws
  /// ShapeError, std::domain_error where an element of x is not finite or the loss ceases to be,
  /// std::invalid_argument for a start from which not all components can be learned.
  Descent<T> descend(const Mat<T>& x, const DescentOptions& options = {}) {
    require(x.rows() > 0 && x.cols() == encoder.value.rows(), "LinearAutoencoder::descend",
            {{"x", shape_of(x)}, {"encoder", shape_of(encoder.value)}},
            "x must have rows, and x.cols must equal encoder.rows");
    require_finite(x, "x");
    require_start();
    const Mat<T> moments = detail::product(x.transpose(), x) / count<T>(x.rows());
    const T variance = moments.trace(), tolerance = tolerance_of(options) * variance;
    const T rate = options.learning_rate ? T(*options.learning_rate) : default_rate(moments);
    Flat<T> flat(this->parameters());
    Graph<T> graph;
    Descent<T> d;
    for (;; ++d.steps) {
      graph.clear();
      flat.zero_grad();
      const Var<T> y = loss(graph.borrow(x));
      graph.backward(y);
      d.loss = y.value()(0, 0);
      d.gradient = length(flat.grads());
      if (!(d.gradient < std::numeric_limits<T>::infinity())) diverged(d.steps, rate);
      if (options.watch) options.watch(d.steps, static_cast<double>(d.loss));
      d.converged = d.gradient <= tolerance;
      if (d.converged || d.steps == options.max_steps) return d;
      sgd_step(flat.values(), std::span<const T>(flat.grads()), rate);
    }
  }

 protected:
  std::vector<nn::NamedParameter<T>> own_parameters() override {
    std::vector<nn::NamedParameter<T>> all{{"encoder", &encoder, nn::Stored::matrix}};
    if (!tied()) all.push_back({"decoder", &decoder, nn::Stored::matrix});
    return all;
  }

 private:
  static void require_finite(const Mat<T>& m, const char* name) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      for (Eigen::Index i = 0; i < m.rows(); ++i) {
        if (m(i, j) - m(i, j) == T(0)) continue;
        throw std::domain_error(std::string("LinearAutoencoder::descend: ") + name + "(" +
                                std::to_string(i) + ", " + std::to_string(j) +
                                ") is not a finite number");
      }
    }
  }
  static T length(std::span<const T> v) {
    using std::sqrt;
    T squares(0);
    for (const T& x : v) squares += x * x;
    return sqrt(squares);
  }
  static T tolerance_of(const DescentOptions& o) {
    return o.tolerance ? T(*o.tolerance) : T(64) * std::numeric_limits<T>::epsilon();
  }

  /// l <= |C^16|_F^(1/16), at most d^(1/32) times the largest eigenvalue. Where all singular values
  /// of W are below 2, steps of 1 / (8 l) stay there, and near a minimum they shrink what is wrong.
  static T default_rate(const Mat<T>& moments) {
    using std::pow, std::sqrt;
    T bound(1), root(1);
    Mat<T> power = moments;
    for (int squarings = 0; squarings <= 4; ++squarings, root /= T(2)) {
      const T size = length({power.data(), static_cast<std::size_t>(power.size())});
      if (!(size > T(0))) return T(1);  // nothing to learn: the gradient is 0
      bound *= pow(size, root);
      power /= size;
      if (squarings < 4) power = detail::product(power, power);
    }
    return T(1) / (T(8) * bound);
  }

  /// A step multiplies [W; V'] from the left, so its rank never grows: W = 0 stays where it is,
  /// columns that are equal stay equal.
  void require_start() const {
    Mat<T> start(encoder.value.rows() + decoder.value.cols(), encoder.value.cols());
    start.topRows(encoder.value.rows()) = encoder.value;
    if (!tied()) start.bottomRows(decoder.value.cols()) = decoder.value.transpose();
    require_finite(start, tied() ? "W" : "[W; V']");
    const Eigen::Index k = start.cols();
    Eigen::Index rank = 0;
    for (Eigen::Index j = 0; j < k; ++j) {  // Gram-Schmidt, twice: what is left is not rounding
      auto column = start.col(j);
      const T before = column.norm();
      for (int pass = 0; pass < 2; ++pass) {
        for (Eigen::Index i = 0; i < rank; ++i) column -= start.col(i) * start.col(i).dot(column);
      }
      const T after = column.norm();
      if (after > T(64) * std::numeric_limits<T>::epsilon() * before) {
        start.col(rank++) = Mat<T>(column / after);
      }
    }
    if (rank == k) return;
    const std::string weights = tied() ? "the initial W" : "[W; V'] of the initial W and V";
    throw std::invalid_argument(
        "LinearAutoencoder::descend: " + weights + " has rank " + std::to_string(rank) +
        " and components is " + std::to_string(k) +
        (rank == 0 ? "; weights of 0 are stationary: the gradient is 0 and no step leaves them"
                   : "; a step never raises the rank, so it must be k from the start"));
  }
  [[noreturn]] static void diverged(std::size_t step, const T& rate) {
    throw std::domain_error("LinearAutoencoder::descend: in step " + std::to_string(step) +
                            " the gradient is not finite; learning_rate " +
                            std::to_string(static_cast<double>(rate)) + " must be smaller");
  }

  Decoder kind_;
};

}  // namespace assay
