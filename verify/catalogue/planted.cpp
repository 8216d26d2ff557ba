#include "planted.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <sstream>

#include "assay/data/csv.hpp"
#include "assay/jacobi.hpp"
#include "fixtures.hpp"

namespace assay::verify::claims {

using Eigen::Index;

void require_at_most(Trial& t, const std::string& rule, double a, double b, double allowed) {
  require_that(t, a <= b + allowed, rule,
               {{"left", fmt::format("{}", a)},
                {"right", fmt::format("{}", b)},
                {"allowed", fmt::format("{}", allowed)}});
}
void require_near(Trial& t, const std::string& rule, double a, double b, double allowed) {
  require_that(t, std::abs(a - b) <= allowed, rule,
               {{"got", fmt::format("{}", a)},
                {"expected", fmt::format("{}", b)},
                {"allowed", fmt::format("{}", allowed)}});
}

// --- exact ---------------------------------------------------------------------------------------

Exact exact(std::initializer_list<std::initializer_list<Rational>> rows) {
  Exact m(static_cast<Index>(rows.size()), static_cast<Index>(rows.begin()->size()));
  Index i = 0;
  for (const auto& row : rows) {
    Index j = 0;
    for (const Rational& x : row) m(i, j++) = x;
    ++i;
  }
  return m;
}

Rational rational(Random& random) {
  const auto numerator = static_cast<std::int64_t>(random.below(17)) - 8;
  return {numerator, static_cast<std::int64_t>(1 + random.below(4))};
}

Exact rational_matrix(Random& random, Shape s) {
  Exact m(s.rows, s.cols);
  for (Rational& x : m.reshaped()) x = rational(random);
  return m;
}

Exact unit_vector(Random& random, Index d) {
  Exact u(d, 1);
  const auto last = static_cast<Index>(random.below(static_cast<std::uint64_t>(d)));
  u(last) = Rational(0);
  for (Index i = 0; i < d; ++i) {
    if (i != last) u(i) = rational(random);
  }
  const Rational s = squared_norm(u), sign(random.below(2) == 0 ? 1 : -1);
  for (Rational& x : u.reshaped()) x = sign * (x + x) / (s + Rational(1));
  u(last) = sign * (s - Rational(1)) / (s + Rational(1));
  return u;
}

Exact orthogonal(Random& random, Index n) {
  Exact q = assay::detail::identity<Rational>(n);
  for (Index k = 0; k < n; ++k) {
    const Exact u = unit_vector(random, n);
    const Exact along = times(u.transpose(), q);
    for (Index j = 0; j < n; ++j) {
      for (Index i = 0; i < n; ++i) q(i, j) -= Rational(2) * u(i) * along(j);
    }
  }
  return q;
}

Exact times(const Exact& a, const Exact& b) { return assay::detail::plain_product(a, b); }
Exact times(const Exact& a, const Exact& b, const Exact& c) { return times(times(a, b), c); }

Exact diagonal(const std::vector<Rational>& values) {
  const auto n = static_cast<Index>(values.size());
  Exact m = Exact::Constant(n, n, Rational(0));
  for (Index i = 0; i < n; ++i) m(i, i) = values[static_cast<std::size_t>(i)];
  return m;
}
Rational dot(const Exact& a, const Exact& b) {
  Rational sum(0);
  for (Index i = 0; i < a.size(); ++i) sum += a(i) * b(i);
  return sum;
}
Rational squared_norm(const Exact& a) {
  Rational sum(0);
  for (const Rational& x : a.reshaped()) sum += x * x;
  return sum;
}
Rational trace(const Exact& a) {
  Rational sum(0);
  for (Index i = 0; i < a.rows(); ++i) sum += a(i, i);
  return sum;
}
Exact mean_of(const Exact& rows) {
  Exact m = Exact::Constant(1, rows.cols(), Rational(0));
  for (Index i = 0; i < rows.rows(); ++i) m += rows.row(i);
  for (Rational& x : m.reshaped()) x /= count<Rational>(rows.rows());
  return m;
}
Exact covariance_of(const Exact& rows) {
  Exact centred = rows;
  const Exact mean = mean_of(rows);
  for (Index i = 0; i < rows.rows(); ++i) centred.row(i) -= mean;
  Exact c = times(centred.transpose(), centred);
  for (Rational& x : c.reshaped()) x /= count<Rational>(rows.rows());
  return c;
}

std::string text(const Exact& a) {
  std::ostringstream out;
  for (Index i = 0; i < a.rows(); ++i) {
    out << (i == 0 ? "" : "; ");
    for (Index j = 0; j < a.cols(); ++j) out << (j == 0 ? "" : " ") << a(i, j);
  }
  return out.str();
}

void require_same(Trial& t, const std::string& rule, const Exact& left, const Exact& right) {
  require_that(t, shape_of(left) == shape_of(right) && left == right, rule,
               {{"left", text(left)}, {"right", text(right)}});
}
void require_same(Trial& t, const std::string& rule, const Rational& left, const Rational& right) {
  require_that(t, left == right, rule, {{"left", left.str()}, {"right", right.str()}});
}

// --- data ----------------------------------------------------------------------------------------

Mat<double> orthonormal(Random& random, Index n, Index k, bool centred) {
  const Index ones = centred ? 1 : 0;
  Mat<double> q(n, k + ones);
  if (centred) q.col(0).setConstant(1 / std::sqrt(static_cast<double>(n)));
  for (Index j = ones; j < q.cols(); ++j) {
    Mat<double> next;
    double left = 0;
    while (left < 0.01) {  // of a vector that nearly depends on the others no digits would be left
      next = random.normal_matrix<double>({n, 1});
      const double length = next.norm();
      for (int twice = 0; twice < 2; ++twice) {
        next -= q.leftCols(j) * (q.leftCols(j).transpose() * next);
      }
      left = next.norm() / length;
    }
    q.col(j) = next / next.norm();
  }
  return q.rightCols(k);
}

Planted planted(Random& random, Index samples, const std::vector<double>& variances,
                const Mat<double>& mean) {
  const auto d = static_cast<Index>(variances.size());
  const Index k = std::min(d, samples - 1);
  Planted p{Mat<double>::Zero(samples, d), mean, orthonormal(random, d, d), variances};
  Mat<double> scores = orthonormal(random, samples, k, true);
  for (Index j = 0; j < k; ++j) {
    scores.col(j) *=
        std::sqrt(static_cast<double>(samples) * variances[static_cast<std::size_t>(j)]);
  }
  p.x = scores * p.directions.leftCols(k).transpose();
  p.x.rowwise() += mean.col(0).transpose();
  return p;
}

double variance_noise(const Format& f, const Mat<double>& x) {
  const auto n = static_cast<double>(x.rows()), d = static_cast<double>(x.cols());
  return 8 * (d + std::sqrt(n)) * std::ldexp(x.squaredNorm() / n, 1 - f.digits);
}

const Data& real_data(std::uint64_t which) {
  static const std::array<Data, 3> all = [] {
    const auto features = [](std::string_view bytes, const char* name, std::uint64_t skip) {
      const Mat<double> m = data::parse_csv(bytes, name, {.skip = skip}).values;
      return Mat<double>(m.leftCols(m.cols() - 1));
    };
    return std::array<Data, 3>{{{"digits", features(fixtures::digits_csv_gz(), "digits.csv.gz", 0)},
                                {"iris", features(fixtures::iris_csv(), "iris.csv", 1)},
                                {"wine", features(fixtures::wine_csv(), "wine_data.csv", 1)}}};
  }();
  return all.at(which);
}

}  // namespace assay::verify::claims
