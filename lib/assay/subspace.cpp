#include "assay/subspace.hpp"

#include <cmath>
#include <limits>

#include "assay/jacobi.hpp"
#include "assay/pca.hpp"

namespace assay {
namespace {

using Eigen::Index;

/// What angles and maps are computed in, so that only the last rounding is that of float or double.
using Wide = long double;

template <class T>
void require_finite(std::string_view op, std::string_view name, const Mat<T>& m) {
  for (Index j = 0; j < m.cols(); ++j) {
    for (Index i = 0; i < m.rows(); ++i) {
      if (std::isfinite(m(i, j))) continue;
      throw std::domain_error(std::string(op) + ": " + std::string(name) + "(" + std::to_string(i) +
                              ", " + std::to_string(j) + ") is " + detail::text(m(i, j)) +
                              "; every element must be finite");
    }
  }
}

/// Relative to a column, what rounding in T leaves of one that depends on the others.
template <class T>
Wide noise(const Mat<T>& m) {
  const auto n = static_cast<Wide>(std::max(m.rows(), m.cols()));
  return n * static_cast<Wide>(std::numeric_limits<T>::epsilon());
}

/// A = Q R: the columns of Q are orthonormal, as many as A's columns are independent. The first
/// `kept` are taken in their order, then always the one that is farthest from those before.
struct Factors {
  Mat<Wide> q, r;
};
Factors gram_schmidt(const Mat<Wide>& a, Wide noise, Index kept = 0) {
  const Index n = a.cols();
  Mat<Wide> rest = a, q(a.rows(), std::min(a.rows(), n));
  Mat<Wide> r = Mat<Wide>::Zero(q.cols(), n);
  Mat<Wide> lengths(1, n);
  for (Index j = 0; j < n; ++j) {
    lengths(j) = a.col(j).stableNorm();
    if (lengths(j) > 0) rest.col(j) /= lengths(j);
  }
  std::vector<bool> taken(static_cast<std::size_t>(n), false);
  Index rank = 0;
  while (rank < q.cols()) {
    Index best = rank;
    Wide top = 0;
    for (Index j = 0; j < n && rank >= kept; ++j) {
      const Wide length = rest.col(j).norm();
      if (!taken[static_cast<std::size_t>(j)] && length > top) top = length, best = j;
    }
    if (rank >= kept && top <= noise) break;
    taken[static_cast<std::size_t>(best)] = true;
    Mat<Wide> next = rest.col(best);
    for (int twice = 0; twice < 2; ++twice) {  // once leaves rounding errors along the others
      next /= next.norm();
      next -= q.leftCols(rank) * (q.leftCols(rank).transpose() * next);
    }
    q.col(rank) = next / next.norm();
    ++rank;
    rest -= q.col(rank - 1) * (q.col(rank - 1).transpose() * rest);
  }
  q.conservativeResize(Eigen::NoChange, rank);
  r = q.transpose() * a;
  return {q, r};
}

template <class T>
Mat<Wide> basis(std::string_view name, const Mat<T>& m) {
  Mat<Wide> q = gram_schmidt(m.template cast<Wide>(), noise(m)).q;
  if (q.cols() == m.cols()) return q;
  throw std::domain_error("principal_angles: " + std::string(name) + " is " +
                          to_string(shape_of(m)) + " of rank " + std::to_string(q.cols()) +
                          "; its columns must be linearly independent");
}

template <class T>
void require_samples(std::string_view op, const Mat<T>& codes, const Mat<T>& scores) {
  require(codes.rows() == scores.rows() && codes.size() > 0 && scores.size() > 0, op,
          {{"codes", shape_of(codes)}, {"scores", shape_of(scores)}},
          "both must have one row for each sample, and at least one row and one column");
  require_finite(op, "codes", codes);
  require_finite(op, "scores", scores);
}

template <class T>
Alignment<T> aligned(const Mat<Wide>& codes, const Mat<Wide>& scores, const Mat<Wide>& map,
                     Index rank) {
  return {map.cast<T>(), static_cast<T>((codes * map - scores).norm()), rank};
}

}  // namespace

template <std::floating_point T>
LowRank<T> low_rank(const Mat<T>& x, Index k) {
  const Index most = std::min(x.rows(), x.cols());
  if (k < 1 || k > most) {
    throw std::invalid_argument("low_rank: x is " + to_string(shape_of(x)) + " and k is " +
                                std::to_string(k) + "; k must be from 1 to " +
                                std::to_string(most) + ", the lesser of rows and columns");
  }
  require_finite("low_rank", "x", x);
  // Scaled by a power of 2, which is exact, so that squares stay in range.
  int exponent = 0;
  std::frexp(x.cwiseAbs().maxCoeff(), &exponent);
  const auto scaled = [](const Mat<T>& m, int e) {
    return Mat<T>(m.unaryExpr([e](T v) { return std::ldexp(v, e); }));
  };
  const Mat<T> y = scaled(x, -exponent);
  PCAOptions options;  // the left singular vectors are the directions of the columns, uncentred
  options.samples = Samples::columns, options.center = false, options.ddof = 0;
  options.solver = PCASolver::svd;
  PCA<T> pca(options);
  pca.fit(y);
  const Mat<T> s = pca.singular_values();
  LowRank<T> r;
  r.a = pca.components().leftCols(k);
  r.rank = pca.rank();
  r.determined = std::min(k, pca.determined());
  r.b = y.transpose() * r.a;
  for (Index j = r.rank; j < k; ++j) r.b.col(j).setZero();
  r.b = scaled(r.b, exponent);
  r.squared_error = std::ldexp(s.bottomRows(most - k).squaredNorm(), 2 * exponent);
  r.singular_values = scaled(s, exponent);
  return r;
}

template <std::floating_point T>
Mat<T> principal_angles(const Mat<T>& a, const Mat<T>& b) {
  require(a.rows() == b.rows() && a.size() > 0 && b.size() > 0, "principal_angles",
          {{"a", shape_of(a)}, {"b", shape_of(b)}},
          "both must have the same number of rows, at least one, and at least one column");
  require_finite("principal_angles", "a", a);
  require_finite("principal_angles", "b", b);
  Mat<Wide> p = basis("a", a), q = basis("b", b);
  if (p.cols() < q.cols()) std::swap(p, q);
  // A cosine near 1 does not tell a small angle, nor a sine near 1 one that is nearly right.
  const Mat<Wide> along = p.transpose() * q, across = q - p * along;
  const Mat<Wide> cosines = detail::orthogonalised(along).values;
  const Mat<Wide> sines = detail::orthogonalised(across).values.colwise().reverse();
  Mat<T> angles(q.cols(), 1);
  for (Index i = 0; i < angles.rows(); ++i) {
    angles(i) = static_cast<T>(std::atan2(sines(i), cosines(i)));
  }
  return angles;
}

template <std::floating_point T>
Alignment<T> align(const Mat<T>& codes, const Mat<T>& scores) {
  require_samples("align", codes, scores);
  const Mat<Wide> z = codes.template cast<Wide>(), s = scores.template cast<Wide>();
  const Factors f = gram_schmidt(z, noise(codes));  // z = Q R, R' = P L': z = Q L P'
  const Index rank = f.q.cols();
  if (rank == 0) return aligned<T>(z, s, Mat<Wide>::Zero(z.cols(), s.cols()), rank);
  const Mat<Wide> p = gram_schmidt(f.r.transpose(), 0).q, l = f.r * p;
  const auto inverse = detail::invert("align", l).inverse;
  return aligned<T>(z, s, p * (inverse * (f.q.transpose() * s)), rank);
}

template <std::floating_point T>
Alignment<T> procrustes(const Mat<T>& codes, const Mat<T>& scores) {
  require_samples("procrustes", codes, scores);
  require(codes.cols() == scores.cols(), "procrustes",
          {{"codes", shape_of(codes)}, {"scores", shape_of(scores)}},
          "a rotation needs as many columns in both");
  const Mat<Wide> z = codes.template cast<Wide>(), s = scores.template cast<Wide>();
  const Mat<Wide> m = z.transpose() * s;  // U S V'
  const detail::Spectrum<Wide> right = detail::orthogonalised(m);
  const Index k = m.cols();
  Index rank = 0;
  while (rank < k && right.values(rank) > noise(codes) * right.values(0)) ++rank;
  Mat<Wide> u(k, rank + k);  // beyond the rank any orthonormal columns
  u << m * right.vectors.leftCols(rank), Mat<Wide>::Identity(k, k);
  return aligned<T>(z, s, gram_schmidt(u, 0, rank).q * right.vectors.transpose(), rank);
}

template LowRank<float> low_rank(const Mat<float>&, Index);
template LowRank<double> low_rank(const Mat<double>&, Index);
template Mat<float> principal_angles(const Mat<float>&, const Mat<float>&);
template Mat<double> principal_angles(const Mat<double>&, const Mat<double>&);
template Alignment<float> align(const Mat<float>&, const Mat<float>&);
template Alignment<double> align(const Mat<double>&, const Mat<double>&);
template Alignment<float> procrustes(const Mat<float>&, const Mat<float>&);
template Alignment<double> procrustes(const Mat<double>&, const Mat<double>&);

}  // namespace assay
