#pragma once
// Principal component analysis, of a whole data set or batch by batch; of float and double,
// compiled once in the library. Float data are summed and decomposed in double, where their
// products are exact, and the results rounded.
//
//   C = sum_n (x_n - m) (x_n - m)' / (N - ddof) = V diag(l_1 >= l_2 >= ...) V'
//   scores = V' (x - m),  whitened: divided by sqrt(l)
//
// Pearson 1901, Hotelling 1933; solvers: Golub and Van Loan 2013 (8.3, 8.6), Zhou and Saad 2007,
// Halko, Martinsson and Tropp 2011; means and scatters of parts: Chan, Golub and LeVeque 1983.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/matrix.hpp"
#include "assay/pca/moments.hpp"

namespace assay {

/// Which way the data lie: N x d or d x N.
enum class Samples { rows, columns };

/// covariance  eigenvectors of the scatter matrix, which is summed over blocks that are centred in
///             cache: the fastest, but it squares the condition number. Variances below
///             eps l_1 are lost, directions are wrong by about eps l_1 / (distance to the next l).
/// svd         QR block by block, then the singular value decomposition of R: the condition number
///             is not squared, which small variances need; some 4 times as slow.
/// randomized  a random range refined by power iterations, with a seed: approximate, and good only
///             where the spectrum falls after the components asked for; never chosen by itself.
/// automatic   svd where there are fewer samples than features, or where the last component asked
///             for has less than 1/1000 of the variance of the first, else covariance.
enum class PCASolver { automatic, covariance, svd, randomized };
std::string_view to_string(PCASolver solver);

struct PCAOptions {
  Samples samples = Samples::rows;
  bool center = true;     ///< false: second moments about 0, and the mean is taken as 0
  Eigen::Index ddof = 1;  ///< variances are divided by N - ddof; 0 <= ddof < N
  /// How many directions; min(N, d) if neither this nor the share is given, never both.
  std::optional<Eigen::Index> components = {};
  /// The fewest directions with at least this share, in (0, 1], of the total variance; all of 1
  /// means as many as the rank.
  std::optional<double> variance_share = {};
  bool whiten = false;  ///< scores of unit variance; an error where a direction has none
  PCASolver solver = PCASolver::automatic;
  std::uint64_t seed = 0;  ///< of the randomized solver
};

namespace detail::pca {
struct Principal;
}

template <std::floating_point T>
class IncrementalPCA;

/// Instantiated for float and double. Errors: std::invalid_argument about an option, ShapeError
/// about a shape, std::domain_error about numbers in the data, each naming the argument and the
/// rule; std::logic_error before fit().
template <std::floating_point T>
class PCA {
 public:
  /// Throws std::invalid_argument: components < 1, a variance_share outside (0, 1], both of them,
  /// ddof < 0, a share with the randomized solver.
  explicit PCA(PCAOptions options = {});

  /// x is N x d, or d x N if columns are samples. Throws ShapeError if x is empty or components
  /// exceed min(N, d), or a single sample is to be centred, or ddof >= N; std::domain_error about
  /// NaN or infinite elements, variances beyond the range of T, whitening where a direction has no
  /// variance, a variance share of constant data. Constant columns are no error: they take no part.
  /// Directions beyond the rank are orthonormal to the others and otherwise arbitrary:
  /// determined() tells.
  PCA& fit(const Eigen::Ref<const Mat<T>>& x);

  /// Scores N x k (k x N if columns are samples) of data with d features. Throws ShapeError about
  /// another number of features, std::domain_error about NaN or infinite elements.
  [[nodiscard]] Mat<T> transform(const Eigen::Ref<const Mat<T>>& x) const;
  Mat<T> fit_transform(const Eigen::Ref<const Mat<T>>& x);
  /// From scores back to d features; of transform(x) the projection of x. Errors as there.
  [[nodiscard]] Mat<T> inverse_transform(const Eigen::Ref<const Mat<T>>& scores) const;

  /// d x k, orthonormal columns, by falling variance. In each the entry of largest magnitude is
  /// positive; of several that are equal up to 1/1024 the first.
  [[nodiscard]] const Mat<T>& components() const;
  [[nodiscard]] const Vec<T>& mean() const;                      ///< d
  [[nodiscard]] const Vec<T>& explained_variance() const;        ///< k
  [[nodiscard]] const Vec<T>& explained_variance_ratio() const;  ///< k; 0 of constant data
  [[nodiscard]] const Vec<T>& singular_values() const;           ///< k, of the centred data
  [[nodiscard]] T total_variance() const;                        ///< trace of C

  /// Singular values above (4 min(N, d) + sqrt(N)) eps times the largest; after the covariance
  /// solver variances above that share of the largest. At least so many where the solver found the
  /// leading ones only, which the reason says.
  [[nodiscard]] Eigen::Index rank() const;
  /// How many leading components are determined by the data up to sign: each within the rank and
  /// not equal in variance to its neighbours, by the measure of rank().
  [[nodiscard]] Eigen::Index determined() const;

  [[nodiscard]] PCASolver solver() const;           ///< the one used
  [[nodiscard]] const std::string& reason() const;  ///< why that one
  [[nodiscard]] Eigen::Index samples_seen() const;
  [[nodiscard]] const PCAOptions& options() const { return options_; }

 private:
  friend class IncrementalPCA<T>;
  void fit_any(const Eigen::Ref<const Mat<T>>& x);
  void fit_randomized(const Eigen::Ref<const Mat<T>>& x, std::string reason);
  /// From a scatter matrix or a factor of it. An automatic `solver` returns false, with the reason
  /// why, where the scatter matrix is not good enough.
  bool take_moments(const detail::pca::Moments& moments, PCASolver solver, std::string reason);
  void take(const detail::pca::Principal& found, const detail::pca::Moments& moments);
  [[nodiscard]] Eigen::Index wanted(const detail::pca::Principal& found,
                                    double sum_of_squares) const;
  void require_shape(std::string_view function, Eigen::Index samples, Eigen::Index features);
  void require_fitted(std::string_view function) const;

  PCAOptions options_;
  Eigen::Index samples_ = 0, rank_ = 0, determined_ = 0;
  PCASolver solver_ = PCASolver::automatic;
  std::string reason_;
  Mat<T> components_;
  Vec<T> mean_, variance_, ratio_, singular_values_;
  T total_variance_ = T(0);
};

/// PCA of data that come in batches, in memory of some 8 d^2 numbers however many there are.
///
/// The svd solver (and automatic) keeps the triangular factor R of the centred samples seen, so
/// that small singular values survive: a scatter matrix holds their squares and loses those below
/// sqrt(eps) of the largest. The covariance solver keeps the scatter matrix, for speed. Both keep
/// the mean, and merge with what another one saw:
///   S = S_a + S_b + n_a n_b / (n_a + n_b) (m_a - m_b) (m_a - m_b)'
template <std::floating_point T>
class IncrementalPCA {
 public:
  /// As PCA; throws std::invalid_argument for the randomized solver.
  explicit IncrementalPCA(PCAOptions options = {});

  /// Any number of samples, also one, also fewer than components. Throws ShapeError about another
  /// number of features than before, std::domain_error about NaN or infinite elements; the batch
  /// then is left out as a whole.
  IncrementalPCA& partial_fit(const Eigen::Ref<const Mat<T>>& batch);
  /// Adds all that `other` has seen. Throws std::invalid_argument if it centres or solves
  /// differently, ShapeError about another number of features.
  IncrementalPCA& merge(const IncrementalPCA& other);

  /// The fit to all samples seen; errors as PCA::fit. The order and the sizes of batches change it
  /// by rounding errors only.
  [[nodiscard]] PCA<T> result() const;
  [[nodiscard]] Eigen::Index samples_seen() const;
  /// Bytes held in matrices.
  [[nodiscard]] std::size_t memory() const;

 private:
  [[nodiscard]] detail::pca::Moments all() const;

  PCAOptions options_;
  std::optional<detail::pca::Moments> moments_;  ///< nothing before the first batch
  detail::pca::Matrix pending_;  ///< samples not in the moments yet, in its first rows
  Eigen::Index pending_rows_ = 0;
};

extern template class PCA<float>;
extern template class PCA<double>;
extern template class IncrementalPCA<float>;
extern template class IncrementalPCA<double>;

}  // namespace assay
