#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "assay/pca/decompositions.hpp"

namespace assay::detail::pca {
namespace {

using Eigen::Index;

/// Sums of squares below this have lost digits to underflow.
constexpr double tiny = std::numeric_limits<double>::min() / std::numeric_limits<double>::epsilon();

}  // namespace

Moments::Moments(Index features, bool center, Form form)
    : center_(center),
      form_(form),
      origin_(Column::Zero(features)),
      mean_(Column::Zero(features)),
      block_mean_(Column::Zero(features)),
      matrix_(Matrix::Zero(form == Form::scatter ? features : 0, features)) {}

void Moments::reserve(Index rows) {
  if (block_.rows() < rows) block_.resize(rows, features());
}

void Moments::add(const Eigen::Ref<const Matrix>& samples) {
  const Index n = samples.rows();
  if (n == 0) return;
  reserve(n + 1);
  if (!center_) {
    block_.topRows(n) = samples;
    return fold(n, mean_, n);
  }
  if (samples_ == 0) origin_ = samples.row(0).transpose();
  for (Index j = 0; j < features(); ++j) {
    auto z = block_.col(j).head(n).array();
    z = samples.col(j).array() - origin_(j);
    block_mean_(j) = z.sum() / static_cast<double>(n);
    z -= block_mean_(j);
  }
  fold(n, block_mean_, n);
}

void Moments::merge(const Moments& other) {
  const Index rows = form_ == Form::factor ? other.matrix_.rows() : 0;
  reserve(rows + 1);
  block_.topRows(rows) = other.matrix_.topRows(rows);
  fold(rows, other.mean_ + (other.origin_ - origin_), other.samples_);
  if (form_ == Form::scatter) matrix_ += other.matrix_;
  differ_ = differ_ || other.differ_;
}

/// The first `rows` rows of block_ are centred samples, or a factor of their scatter.
void Moments::fold(Index rows, const Column& mean, Index samples) {
  if (center_ && samples_ > 0) {
    const double share = static_cast<double>(samples) /
                         (static_cast<double>(samples_) + static_cast<double>(samples));
    const Column away = mean - mean_;
    block_.row(rows++) = std::sqrt(static_cast<double>(samples_) * share) * away.transpose();
    mean_ += share * away;
  } else if (center_) {
    mean_ = mean;
  }
  samples_ += samples;
  if (form_ == Form::scatter) {
    matrix_.selfadjointView<Eigen::Lower>().rankUpdate(block_.topRows(rows).transpose());
  } else {
    append(rows);
  }
  if (!differ_ && sum_of_squares() < tiny) differ_ = (block_.topRows(rows).array() != 0.0).any();
}

void Moments::append(Index rows) {
  Matrix stack(matrix_.rows() + rows, features());
  stack << matrix_, block_.topRows(rows);
  if (stack.rows() > features()) stack = triangle(std::move(stack));
  matrix_ = std::move(stack);
}

Matrix Moments::centred(Matrix samples) const {
  samples.rowwise() -= origin_.transpose();
  samples.rowwise() -= mean_.transpose();
  return samples;
}

double Moments::sum_of_squares() const {
  return form_ == Form::scatter ? matrix_.trace() : matrix_.squaredNorm();
}

std::size_t Moments::memory() const {
  return sizeof(double) *
         static_cast<std::size_t>(3 * mean_.size() + matrix_.size() + block_.size());
}

bool Moments::underflows() const { return differ_ && sum_of_squares() < tiny; }

template <class T>
void require_finite(std::string_view function, std::string_view name,
                    const Eigen::Ref<const Mat<T>>& x) {
  for (Index j = 0; j < x.cols(); ++j) {
    for (Index i = 0; i < x.rows(); ++i) {
      if (std::isfinite(x(i, j))) continue;
      std::ostringstream out;
      out << function << ": " << name << "(" << i << ", " << j << ") is " << x(i, j)
          << "; every number must be finite";
      throw std::domain_error(out.str());
    }
  }
}

template void require_finite(std::string_view, std::string_view,
                             const Eigen::Ref<const Mat<float>>&);
template void require_finite(std::string_view, std::string_view,
                             const Eigen::Ref<const Mat<double>>&);

}  // namespace assay::detail::pca
