#include <algorithm>

#include "assay/pca.hpp"

namespace assay {

using detail::pca::Moments;
using Eigen::Index;

template <std::floating_point T>
IncrementalPCA<T>::IncrementalPCA(PCAOptions options) : options_(options) {
  static_cast<void>(PCA<T>(options));  // its rules hold here
  if (options.solver != PCASolver::randomized) return;
  throw std::invalid_argument(
      "IncrementalPCA: solver is randomized, which goes over the data again and again; it must be "
      "automatic, svd or covariance");
}

template <std::floating_point T>
IncrementalPCA<T>& IncrementalPCA<T>::partial_fit(const Eigen::Ref<const Mat<T>>& batch) {
  using Form = Moments::Form;
  const bool rows = options_.samples == Samples::rows;
  const Index n = rows ? batch.rows() : batch.cols(), d = rows ? batch.cols() : batch.rows();
  require(n > 0 && d > 0, "IncrementalPCA::partial_fit", {{"batch", shape_of(batch)}},
          "neither samples nor features may be 0");
  detail::pca::require_finite<T>("IncrementalPCA::partial_fit", "batch", batch);
  if (!moments_) {
    const bool scatter = options_.solver == PCASolver::covariance;
    moments_.emplace(d, options_.center, scatter ? Form::scatter : Form::factor);
    pending_.resize(std::max<Index>(64, 2 * d), d);
  }
  if (d != moments_->features()) {
    throw ShapeError("IncrementalPCA::partial_fit: batch has " + std::to_string(d) +
                     " features and the batches before had " +
                     std::to_string(moments_->features()) + "; all have the same");
  }
  for (Index first = 0; first < n;) {
    const Index size = std::min(n - first, pending_.rows() - pending_rows_);
    auto to = pending_.middleRows(pending_rows_, size);
    if (rows) {
      to = batch.middleRows(first, size).template cast<double>();
    } else {
      to = batch.middleCols(first, size).transpose().template cast<double>();
    }
    first += size;
    pending_rows_ += size;
    if (pending_rows_ == pending_.rows()) {
      moments_->add(pending_);
      pending_rows_ = 0;
    }
  }
  return *this;
}

template <std::floating_point T>
IncrementalPCA<T>& IncrementalPCA<T>::merge(const IncrementalPCA& other) {
  const auto kind = [](const PCAOptions& o) { return o.solver == PCASolver::covariance; };
  if (options_.center != other.options_.center || kind(options_) != kind(other.options_)) {
    throw std::invalid_argument(
        "IncrementalPCA::merge: other centres or solves differently; what it keeps is another "
        "thing");
  }
  if (!other.moments_) return *this;
  if (!moments_) {
    moments_ = other.moments_;
    pending_ = other.pending_;
    pending_rows_ = other.pending_rows_;
    return *this;
  }
  if (other.moments_->features() != moments_->features()) {
    throw ShapeError("IncrementalPCA::merge: other has " +
                     std::to_string(other.moments_->features()) + " features and this one " +
                     std::to_string(moments_->features()) + "; both have the same");
  }
  const Moments all = other.all();  // before this one changes: other may be this one
  moments_ = this->all();
  pending_rows_ = 0;
  moments_->merge(all);
  return *this;
}

template <std::floating_point T>
Moments IncrementalPCA<T>::all() const {
  Moments m = *moments_;
  m.add(pending_.topRows(pending_rows_));
  return m;
}

template <std::floating_point T>
PCA<T> IncrementalPCA<T>::result() const {
  PCA<T> pca(options_);
  pca.require_shape("IncrementalPCA::result", samples_seen(), moments_ ? moments_->features() : 0);
  if (options_.solver == PCASolver::covariance) {
    pca.take_moments(all(), PCASolver::covariance, "covariance was asked for");
  } else {
    pca.take_moments(all(), PCASolver::svd,
                     "svd, since a triangular factor merges as well as a scatter matrix and keeps "
                     "small singular values");
  }
  return pca;
}

template <std::floating_point T>
Index IncrementalPCA<T>::samples_seen() const {
  return (moments_ ? moments_->samples() : 0) + pending_rows_;
}

template <std::floating_point T>
std::size_t IncrementalPCA<T>::memory() const {
  return sizeof(double) * static_cast<std::size_t>(pending_.size()) +
         (moments_ ? moments_->memory() : 0);
}

template class IncrementalPCA<float>;
template class IncrementalPCA<double>;

}  // namespace assay
