#include "assay/pca.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include "assay/gemm.hpp"
#include "assay/pca/spectrum.hpp"

namespace assay {

using detail::pca::Matrix;
using detail::pca::Moments;
using detail::pca::Principal;
using Eigen::Index;

namespace {

constexpr Index block_rows = 192;  // of 500 doubles each: what the second-level cache holds
constexpr double worth = 1e-3;     // a variance relative to the first, for a scatter matrix

std::string shown(double x) {
  std::ostringstream out;
  out.precision(3);
  out << x;
  return out.str();
}

void require_option(bool ok, const std::string& what) {
  if (!ok) throw std::invalid_argument("PCA: " + what);
}

/// n samples from `first` on, as rows.
template <class T>
Matrix rows_of(const Eigen::Ref<const Mat<T>>& x, Samples samples, Index first, Index n) {
  if (samples == Samples::columns) {
    return x.middleCols(first, n).transpose().template cast<double>();
  }
  return x.middleRows(first, n).template cast<double>();
}

template <class T>
Moments moments_of(const Eigen::Ref<const Mat<T>>& x, const PCAOptions& o, Moments::Form form) {
  const bool rows = o.samples == Samples::rows;
  const Index n = rows ? x.rows() : x.cols(), d = rows ? x.cols() : x.rows();
  // A QR costs (rows + d) d^2: of few rows at once most of it would go into d.
  const Index at_once = form == Moments::Form::scatter ? block_rows : std::max(block_rows, 3 * d);
  Moments m(d, o.center, form);
  for (Index first = 0; first < n; first += at_once) {
    const Index size = std::min(at_once, n - first);
    if constexpr (std::is_same_v<T, double>) {
      if (rows) {
        m.add(x.middleRows(first, size));
        continue;
      }
    }
    m.add(rows_of<T>(x, o.samples, first, size));
  }
  return m;
}

[[noreturn]] void refuse_range(const char* what) {
  throw std::domain_error(std::string("PCA::fit: the variances of x ") + what +
                          " its type; scale x");
}
void require_range(const Moments& m) {
  if (!std::isfinite(m.sum_of_squares())) refuse_range("overflow");
  if (m.underflows()) refuse_range("underflow");
}

template <class T>
double noise(Index samples, Index features) {
  return detail::pca::noise(samples, features,
                            static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace

std::string_view to_string(PCASolver solver) {
  switch (solver) {
    case PCASolver::automatic:
      return "automatic";
    case PCASolver::covariance:
      return "covariance";
    case PCASolver::svd:
      return "svd";
    case PCASolver::randomized:
      return "randomized";
  }
  return "?";
}

template <std::floating_point T>
PCA<T>::PCA(PCAOptions options) : options_(options) {
  const PCAOptions& o = options_;
  require_option(!(o.components && o.variance_share),
                 "components and variance_share are both given; one of them says how many");
  require_option(
      !o.components || *o.components >= 1,
      "components is " + std::to_string(o.components.value_or(0)) + "; it must be at least 1");
  require_option(
      !o.variance_share || (*o.variance_share > 0 && *o.variance_share <= 1),
      "variance_share is " + shown(o.variance_share.value_or(0)) + "; it must be in (0, 1]");
  require_option(o.ddof >= 0, "ddof is " + std::to_string(o.ddof) + "; it must not be negative");
  require_option(!o.variance_share || o.solver != PCASolver::randomized,
                 "variance_share needs all variances, and the randomized solver finds the leading "
                 "ones only");
}

// --- fit -----------------------------------------------------------------------------------------

template <std::floating_point T>
void PCA<T>::require_shape(std::string_view function, Index samples, Index features) {
  const auto refuse = [&](const std::string& what) {
    throw ShapeError(std::string(function) + ": x is " + std::to_string(samples) + " samples of " +
                     std::to_string(features) + " features; " + what);
  };
  if (samples == 0 || features == 0) refuse("neither may be 0");
  if (options_.center && samples == 1) refuse("a single sample has no variance about its mean");
  if (options_.ddof >= samples) {
    refuse("ddof is " + std::to_string(options_.ddof) + " and must be less than the samples");
  }
  const Index most = std::min(samples, features);
  if (options_.components.value_or(1) > most) {
    refuse("components is " + std::to_string(*options_.components) + " and must not exceed " +
           std::to_string(most) + ", the smaller of the two");
  }
  samples_ = samples;
}

template <std::floating_point T>
PCA<T>& PCA<T>::fit(const Eigen::Ref<const Mat<T>>& x) {
  PCA fitted(options_);  // an error leaves this one as it was
  const bool rows = options_.samples == Samples::rows;
  fitted.require_shape("PCA::fit", rows ? x.rows() : x.cols(), rows ? x.cols() : x.rows());
  try {
    fitted.fit_any(x);
  } catch (const std::domain_error&) {
    detail::pca::require_finite<T>("PCA::fit", "x", x);  // the better explanation
    throw;
  }
  return *this = std::move(fitted);
}

template <std::floating_point T>
void PCA<T>::fit_any(const Eigen::Ref<const Mat<T>>& x) {
  using Form = Moments::Form;
  const Index d = options_.samples == Samples::rows ? x.cols() : x.rows();
  const bool wide = samples_ < d;
  const PCASolver asked = options_.solver;
  std::string why = std::string(to_string(asked)) + " was asked for";
  if (asked == PCASolver::randomized) return fit_randomized(x, std::move(why));
  if (asked == PCASolver::covariance) {
    const auto form = wide ? Form::factor : Form::scatter;
    take_moments(moments_of<T>(x, options_, form), asked, std::move(why));
    return;
  }
  if (asked == PCASolver::automatic) {
    if (wide) {
      why = "svd, since there are fewer samples (" + std::to_string(samples_) +
            ") than features (" + std::to_string(d) + ")";
    } else {
      if (take_moments(moments_of<T>(x, options_, Form::scatter), asked, "")) return;
      why = std::move(reason_);
    }
  }
  take_moments(moments_of<T>(x, options_, Form::factor), PCASolver::svd, std::move(why));
}

template <std::floating_point T>
void PCA<T>::fit_randomized(const Eigen::Ref<const Mat<T>>& x, std::string reason) {
  const Moments seen = moments_of<T>(x, options_, Moments::Form::scatter);
  require_range(seen);
  const Matrix centred = seen.centred(rows_of<T>(x, options_.samples, 0, samples_));
  const Index k = options_.components.value_or(std::min(centred.rows(), centred.cols()));
  solver_ = PCASolver::randomized;
  reason_ = std::move(reason) + "; approximate, by 8 power iterations";
  take(detail::pca::from_random_range(centred, k, options_.seed), seen);
}

template <std::floating_point T>
bool PCA<T>::take_moments(const Moments& m, PCASolver solver, std::string reason) {
  require_range(m);
  const auto k = options_.components;
  const Principal found =
      m.form() == Moments::Form::scatter
          ? detail::pca::from_scatter(m.matrix(), samples_, k, noise<T>(samples_, m.features()))
      : solver == PCASolver::covariance ? detail::pca::from_gram(m.matrix(), k)
                                        : detail::pca::from_factor(m.matrix());
  if (solver == PCASolver::automatic) {
    const Vec<double> shares = found.relative();
    // With a share of 1 the rank is wanted, for which the smallest counts.
    const bool all = options_.variance_share.value_or(0) == 1.0 && shares(0) > 0;
    const double last = shares((all ? shares.size() : wanted(found, m.sum_of_squares())) - 1);
    const bool weak = shares(0) > 0 && last < worth;
    reason_ =
        std::string(weak ? "svd" : "covariance") + ", since the last component asked for has " +
        shown(shares(0) > 0 ? last : 1) + " of the variance of the first, " +
        (weak ? "of which a scatter matrix, whose condition number is squared, would lose more "
                "than three digits"
              : "so that squaring the condition number loses at most three digits");
    if (weak) return false;
    solver_ = PCASolver::covariance;
  } else {
    solver_ = solver;
    reason_ = std::move(reason);
  }
  take(found, m);
  return true;
}

template <std::floating_point T>
Index PCA<T>::wanted(const Principal& found, double sum_of_squares) const {
  if (options_.components) return *options_.components;
  const Index n = found.values.size();
  if (!options_.variance_share) return n;
  if (!(sum_of_squares > 0)) {
    throw std::domain_error("PCA::fit: variance_share of constant data; x must have some variance");
  }
  const double share = *options_.variance_share;
  const double least = noise<T>(samples_, found.directions.rows());
  const Vec<double> sizes = found.relative();
  double sum = 0;
  for (Index k = 0; k < n; ++k) {
    if (sizes(k) <= least) return k;
    sum += found.values(k) * found.values(k);
    if (share < 1 && sum >= share * sum_of_squares * (1 - least)) return k + 1;
  }
  return n;
}

template <std::floating_point T>
void PCA<T>::take(const Principal& found, const Moments& m) {
  const Index n = found.values.size(), d = m.features(), most = std::min(samples_, d);
  const double sum = m.sum_of_squares();
  const Index k = wanted(found, sum);
  const auto freedom = static_cast<double>(samples_ - options_.ddof);
  const Vec<double> values = found.values.head(k);
  Matrix directions = found.directions.leftCols(k);
  detail::pca::fix_signs(directions);
  components_ = directions.cast<T>();
  mean_ = m.mean().cast<T>();
  singular_values_ = values.cast<T>();
  variance_ = (values.array().square() / freedom).template cast<T>();
  total_variance_ = static_cast<T>(sum / freedom);
  ratio_ = Vec<T>::Zero(k);
  if (sum > 0) ratio_ = (values.array().square() / sum).template cast<T>();
  if (!std::isfinite(total_variance_)) refuse_range("overflow");
  if (sum > 0 && total_variance_ < std::numeric_limits<T>::min()) refuse_range("underflow");

  const double least = noise<T>(samples_, d);
  const Vec<double> sizes = found.relative();
  rank_ = (sizes.array() > least).count();
  determined_ = 0;
  while (determined_ < std::min(k, rank_)) {
    const Index next = determined_ + 1;
    if (next < n && sizes(next - 1) - sizes(next) <= least) break;
    determined_ = next;
  }
  if (found.full_rank) rank_ = most;
  if (!found.whole) {
    reason_ += "; the leading " + std::to_string(n) + " of " + std::to_string(most) +
               " variances were computed";
    if (!found.full_rank && rank_ == n) reason_ += ", so that the rank may be larger than that";
  }
  if (options_.whiten && k > rank_) {
    throw std::domain_error("PCA::fit: whiten, and component " + std::to_string(rank_) + " of " +
                            std::to_string(k) + " has no variance (the rank is " +
                            std::to_string(rank_) + "); only variances above 0 can be scaled to 1");
  }
}

// --- use -----------------------------------------------------------------------------------------

template <std::floating_point T>
void PCA<T>::require_fitted(std::string_view function) const {
  if (components_.size() != 0) return;
  throw std::logic_error("PCA::" + std::string(function) + ": nothing is fitted; call fit first");
}

template <std::floating_point T>
Mat<T> PCA<T>::transform(const Eigen::Ref<const Mat<T>>& x) const {
  require_fitted("transform");
  const bool rows = options_.samples == Samples::rows;
  require((rows ? x.cols() : x.rows()) == mean_.size(), "PCA::transform",
          {{"x", shape_of(x)}, {"components", shape_of(components_)}},
          "a sample has one number for each row of the components");
  const Index n = rows ? x.rows() : x.cols(), k = components_.cols();
  Mat<T> directions = components_;
  if (options_.whiten) directions *= variance_.cwiseSqrt().cwiseInverse().asDiagonal();
  Mat<T> scores(rows ? n : k, rows ? k : n), block;
  for (Index first = 0; first < n; first += block_rows) {
    const Index size = std::min(block_rows, n - first);
    if (rows) {
      block = x.middleRows(first, size).rowwise() - mean_.transpose();
      scores.middleRows(first, size) = detail::product(block, directions);
    } else {
      block = x.middleCols(first, size).colwise() - mean_;
      scores.middleCols(first, size) = detail::product(directions.transpose(), block);
    }
  }
  if (!scores.allFinite()) detail::pca::require_finite<T>("PCA::transform", "x", x);
  return scores;
}

template <std::floating_point T>
Mat<T> PCA<T>::fit_transform(const Eigen::Ref<const Mat<T>>& x) {
  return fit(x).transform(x);
}

template <std::floating_point T>
Mat<T> PCA<T>::inverse_transform(const Eigen::Ref<const Mat<T>>& scores) const {
  require_fitted("inverse_transform");
  const bool rows = options_.samples == Samples::rows;
  require((rows ? scores.cols() : scores.rows()) == components_.cols(), "PCA::inverse_transform",
          {{"scores", shape_of(scores)}, {"components", shape_of(components_)}},
          "a sample has one score for each component");
  Mat<T> directions = components_;
  if (options_.whiten) directions *= variance_.cwiseSqrt().asDiagonal();
  Mat<T> x;
  if (rows) {
    x = detail::product(scores, directions.transpose()).rowwise() + mean_.transpose();
  } else {
    x = detail::product(directions, scores).colwise() + mean_;
  }
  if (!x.allFinite()) detail::pca::require_finite<T>("PCA::inverse_transform", "scores", scores);
  return x;
}

template <std::floating_point T>
const Mat<T>& PCA<T>::components() const {
  require_fitted("components");
  return components_;
}
template <std::floating_point T>
const Vec<T>& PCA<T>::mean() const {
  require_fitted("mean");
  return mean_;
}
template <std::floating_point T>
const Vec<T>& PCA<T>::explained_variance() const {
  require_fitted("explained_variance");
  return variance_;
}
template <std::floating_point T>
const Vec<T>& PCA<T>::explained_variance_ratio() const {
  require_fitted("explained_variance_ratio");
  return ratio_;
}
template <std::floating_point T>
const Vec<T>& PCA<T>::singular_values() const {
  require_fitted("singular_values");
  return singular_values_;
}
template <std::floating_point T>
T PCA<T>::total_variance() const {
  require_fitted("total_variance");
  return total_variance_;
}
template <std::floating_point T>
Index PCA<T>::rank() const {
  require_fitted("rank");
  return rank_;
}
template <std::floating_point T>
Index PCA<T>::determined() const {
  require_fitted("determined");
  return determined_;
}
template <std::floating_point T>
PCASolver PCA<T>::solver() const {
  require_fitted("solver");
  return solver_;
}
template <std::floating_point T>
const std::string& PCA<T>::reason() const {
  require_fitted("reason");
  return reason_;
}
template <std::floating_point T>
Index PCA<T>::samples_seen() const {
  require_fitted("samples_seen");
  return samples_;
}

template class PCA<float>;
template class PCA<double>;

}  // namespace assay
