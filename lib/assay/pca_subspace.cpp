#include <algorithm>
#include <cmath>
#include <limits>

#include "assay/gemm.hpp"
#include "assay/pca/spectrum.hpp"
#include "assay/random.hpp"

namespace assay::detail::pca {
namespace {

using Eigen::Index;

/// Vectors in the subspace; products are of whole processor vectors.
Index width_for(Index wanted) { return (2 * wanted + 11) / 8 * 8; }

class Subspace {
 public:
  Subspace(const Matrix& s, Index width)
      : s_(s), v_(orthonormal(Random(0).normal_matrix<double>({s.rows(), width}))) {
    rayleigh_ritz();
  }

  [[nodiscard]] const Column& values() const { return values_; }
  [[nodiscard]] const Matrix& vectors() const { return v_; }
  /// |S v - l v| of each of the leading ones.
  [[nodiscard]] Column residuals(Index leading) const {
    return (sv_.leftCols(leading) - v_.leftCols(leading) * values_.head(leading).asDiagonal())
        .colwise()
        .norm()
        .transpose();
  }
  /// By how much a product with S raises an eigenvector of l over those the filter damps.
  [[nodiscard]] double growth(double l) const {
    const double x = 2.0 * l / values_(values_.size() - 1) - 1.0;
    return x + std::sqrt(std::max(0.0, x * x - 1.0));
  }

  /// V becomes T_degree((S - c) / c) V, where 2 c is the smallest value found, scaled at the
  /// largest.
  void filter(Index degree) {
    const double c = values_(values_.size() - 1) / 2.0, first = c / (values_(0) - c);
    double scale = first;
    Matrix before = v_, now = (sv_ - c * v_) * (scale / c), next(v_.rows(), v_.cols());
    for (Index i = 1; i < degree; ++i) {
      const double following = 1.0 / (2.0 / first - scale);
      product_to(next, s_, now, false);
      next = (next - c * now) * (2.0 * following / c) - (scale * following) * before;
      before.swap(now);
      now.swap(next);
      scale = following;
    }
    v_ = orthonormal(now);
    rayleigh_ritz();
  }

 private:
  void rayleigh_ritz() {
    sv_ = product(s_, v_);
    Pairs ritz = eigenpairs(product(v_.transpose(), sv_));
    values_ = std::move(ritz.values);
    v_ = product(v_, ritz.vectors);
    sv_ = product(sv_, ritz.vectors);
  }

  const Matrix& s_;
  Matrix v_, sv_;
  Column values_;
};

}  // namespace

bool pays(Index d, Index wanted) { return d >= 128 && 8 * width_for(wanted) <= d; }

std::optional<Pairs> leading_eigenpairs(const Matrix& s, Index wanted) {
  const Index d = s.rows();
  const Index width = width_for(wanted);
  constexpr double eps = std::numeric_limits<double>::epsilon();
  Subspace v(s, width);
  double last = std::numeric_limits<double>::infinity();
  // All eigenpairs take about as long as d / 4 products with this many vectors.
  for (Index left = d / 6; left > 0;) {
    if (!(v.values()(width - 1) > eps * v.values()(0))) return {};
    const Column residuals = v.residuals(wanted + 1);
    const double unit = eps * v.values()(0), residual = residuals.head(wanted).maxCoeff();
    // The next one need only be known not to be the same.
    const bool is_apart =
        residuals(wanted) < std::max(4 * unit, (v.values()(wanted - 1) - v.values()(wanted)) / 2);
    const bool stalls =
        residual > last / 2 && residual < 4 * std::sqrt(static_cast<double>(d)) * unit;
    if (is_apart && (residual < 4 * unit || stalls)) return Pairs{v.values(), v.vectors()};
    last = residual;
    const double missing = std::log(residual / unit) / std::log(v.growth(v.values()(wanted - 1)));
    if (left < d / 6 - 12 && !(missing < static_cast<double>(left))) return {};
    // Of the random start more than half the digits must not go into the first vector.
    const double most = -std::log(eps) / 2.0 / std::log(v.growth(v.values()(0)));
    const auto degree = std::clamp(static_cast<Index>(std::min(most, 12.0)), Index(1), left);
    v.filter(degree);
    left -= degree;
  }
  return {};
}

}  // namespace assay::detail::pca
