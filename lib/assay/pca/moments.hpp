#pragma once
// The mean and the scatter of samples, summed up block by block; parts merge.

#include <string_view>

#include "assay/matrix.hpp"

namespace assay {

template <class T>
using Vec = Eigen::Matrix<T, Eigen::Dynamic, 1>;

namespace detail::pca {

/// Float data are taken as double: their products are exact there, and all is compiled once.
using Matrix = Mat<double>;
using Column = Vec<double>;

/// Of samples x_n with mean m and X having the rows (x_n - m)', either the scatter matrix S = X' X
/// or a factor of it, R' R = S with at most d rows. Blocks and parts are merged by
///   S = S_a + S_b + n_a n_b / (n_a + n_b) (m_a - m_b) (m_a - m_b)'
/// (Chan, Golub and LeVeque 1983): each block is centred about its own mean, and nothing is ever
/// subtracted from a sum of squares. The factor is kept as one QR after the other, in which the
/// last term is a row more.
class Moments {
 public:
  enum class Form { scatter, factor };

  Moments(Eigen::Index features, bool center, Form form);

  /// Adds n x d samples, best some hundred at once.
  void add(const Eigen::Ref<const Matrix>& samples);
  void merge(const Moments& other);

  [[nodiscard]] Eigen::Index samples() const { return samples_; }
  [[nodiscard]] Eigen::Index features() const { return mean_.size(); }
  [[nodiscard]] Form form() const { return form_; }
  /// 0 if nothing is centred.
  [[nodiscard]] Column mean() const { return origin_ + mean_; }
  /// n x d samples less their mean.
  [[nodiscard]] Matrix centred(Matrix samples) const;
  /// The lower half of S, or R.
  [[nodiscard]] const Matrix& matrix() const { return matrix_; }
  [[nodiscard]] double sum_of_squares() const;  ///< trace of S
  /// Samples differ, and yet the squares of what they differ by are next to nothing.
  [[nodiscard]] bool underflows() const;
  [[nodiscard]] std::size_t memory() const;  ///< bytes held in matrices

 private:
  void fold(Eigen::Index rows, const Column& mean, Eigen::Index samples);
  void append(Eigen::Index rows);
  void reserve(Eigen::Index rows);

  bool center_;
  Form form_;
  bool differ_ = false;  ///< looked at only as long as the sum of squares is tiny
  Eigen::Index samples_ = 0;
  /// The first sample; means are kept relative to it. Where they are large beside the scatter, what
  /// is lost of them would else be lost of the scatter; and a constant column has exactly none.
  Column origin_;
  Column mean_, block_mean_;
  Matrix matrix_;
  Matrix block_;  ///< rows to fold in
};

/// Throws std::domain_error "function: x(3, 7) is nan; every number must be finite" if one is not.
template <class T>
void require_finite(std::string_view function, std::string_view name,
                    const Eigen::Ref<const Mat<T>>& x);

}  // namespace detail::pca
}  // namespace assay
