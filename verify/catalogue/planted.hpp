#pragma once
// What the claims about principal components and lines (1-8) share: exact random numbers, data
// whose covariance is known, and real data.

#include <string>
#include <string_view>
#include <vector>

#include "assay/pca.hpp"
#include "assay/random.hpp"
#include "assay/rational.hpp"
#include "claims.hpp"

namespace assay::verify::claims {

/// a <= b, of numbers that rounding may have moved by `allowed` in all.
void require_at_most(Trial& t, const std::string& rule, double a, double b, double allowed = 0);
/// |a - b| <= allowed
void require_near(Trial& t, const std::string& rule, double a, double b, double allowed);
/// What f throws must be an Error and contain every word.
template <class Error, class F>
void require_error(Trial& t, const F& f, const std::vector<std::string>& words) {
  std::string got = "no error";
  try {
    f();
  } catch (const Error& e) {
    got = e.what();
  } catch (const std::exception& e) {
    got = std::string("another kind of error: ") + e.what();
  }
  for (const std::string& word : words) {
    require_that(t, got.find(word) != std::string::npos, "an error that names '" + word + "'",
                 {{"got", got}});
  }
}

// --- exact ---------------------------------------------------------------------------------------

using Exact = Mat<Rational>;

Exact exact(std::initializer_list<std::initializer_list<Rational>> rows);
/// Numerators from -8 to 8, denominators from 1 to 4.
Rational rational(Random& random);
Exact rational_matrix(Random& random, Shape s);
/// d x 1 of length one: the stereographic image of a point with rational coordinates.
Exact unit_vector(Random& random, Eigen::Index d);
/// n x n: the columns are orthonormal (n reflections at rational hyperplanes).
Exact orthogonal(Random& random, Eigen::Index n);

/// A B and A B C.
Exact times(const Exact& a, const Exact& b);
Exact times(const Exact& a, const Exact& b, const Exact& c);
Exact diagonal(const std::vector<Rational>& values);
Rational dot(const Exact& a, const Exact& b);
Rational squared_norm(const Exact& a);
Rational trace(const Exact& a);
/// Of rows: 1 x d.
Exact mean_of(const Exact& rows);
/// Of rows, with 1/N: d x d.
Exact covariance_of(const Exact& rows);
std::string text(const Exact& a);

/// left = right, of numbers or of matrices.
void require_same(Trial& t, const std::string& rule, const Exact& left, const Exact& right);
void require_same(Trial& t, const std::string& rule, const Rational& left, const Rational& right);

// --- data ----------------------------------------------------------------------------------------

/// n x k, orthonormal columns; orthogonal to the vector of ones if `centred`, which k < n allows.
Mat<double> orthonormal(Random& random, Eigen::Index n, Eigen::Index k, bool centred = false);

/// Rows with a known mean and covariance (1/N) V diag(variances) V'.
struct Planted {
  Mat<double> x;           ///< N x d
  Mat<double> mean;        ///< d x 1
  Mat<double> directions;  ///< d x d: V
  std::vector<double> variances;
};
/// `variances` descend; where N <= d all from the N-th on must be 0.
Planted planted(Random& random, Eigen::Index samples, const std::vector<double>& variances,
                const Mat<double>& mean);

inline PCAOptions pca_options(Samples samples, bool center, Eigen::Index ddof) {
  PCAOptions o;
  o.samples = samples, o.center = center, o.ddof = ddof;
  return o;
}

/// What rounding in the format may change in a variance: the data and their squares are rounded.
double variance_noise(const Format& f, const Mat<double>& x);

/// Feature columns alone.
struct Data {
  std::string_view name;
  Mat<double> x;
};
/// 0: digits, 1: iris, 2: wine.
const Data& real_data(std::uint64_t which);

}  // namespace assay::verify::claims
