// Claims 1 and 2: the singular value decomposition of the example, and what principal components
// are.

#include <array>
#include <cmath>

#include "assay/subspace.hpp"
#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

Exact column(std::initializer_list<Rational> numbers) {
  Exact v(static_cast<Index>(numbers.size()), 1);
  Index i = 0;
  for (const Rational& x : numbers) v(i++) = x;
  return v;
}
const Exact& example() {
  static const Exact x = exact({{5, 1, 1}, {1, 5, -1}});
  return x;
}
Exact identity(Index n, const Rational& scale) {
  return diagonal(std::vector<Rational>(static_cast<std::size_t>(n), scale));
}
Rational determinant(const Exact& m) { return m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0); }

// --- 1: the decomposition ------------------------------------------------------------------------

void svd_of_the_example(Trial& t) {
  const Exact& x = example();
  const Exact left = times(x, x.transpose()), right = times(x.transpose(), x);
  require_same(t, "X X' = [27 9; 9 27]", left, exact({{27, 9}, {9, 27}}));
  for (const int eigenvalue : {36, 18}) {
    require_same(t, "an eigenvalue is a root of det(X X' - l I)",
                 determinant(left - identity(2, eigenvalue)), Rational(0));
  }
  const std::array u{column({1, 1}), column({1, -1})};
  const std::array v{column({1, 1, 0}), column({2, -2, 1})};
  const std::array<Rational, 2> values{36, 18};
  for (std::size_t i = 0; i < 2; ++i) {
    require_same(t, "X X' u = l u", times(left, u.at(i)), u.at(i) * values.at(i));
    require_same(t, "X' X v = l v", times(right, v.at(i)), v.at(i) * values.at(i));
    // X v = s u with both of length one: (X v)(X v)' = l |v|^2 u u' / |u|^2.
    const Exact xv = times(x, v.at(i));
    require_same(t, "X v is parallel to u, of length s",
                 times(xv, xv.transpose()) * squared_norm(u.at(i)),
                 times(u.at(i), u.at(i).transpose()) * (values.at(i) * squared_norm(v.at(i))));
  }
  require_same(t, "the vectors are orthogonal", dot(u[0], u[1]) + dot(v[0], v[1]), Rational(0));
  require_same(t, "the third right vector is (1, -1, -4): X takes it to 0",
               times(x, column({1, -1, -4})), column({0, 0}));
  require_same(t, "|X|^2 = 36 + 18", squared_norm(x), Rational(54));
  require_same(t, "X = s1 u1 v1' + s2 u2 v2'",
               times(u[0], v[0].transpose()) * Rational(3) + times(u[1], v[1].transpose()), x);
}

/// Singular values and vectors of U diag(s) V', from the library.
template <class T>
void svd_of_planted(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  const std::uint64_t which = t.number() % 4, least = which == 1 || which == 2 ? 2 : 1;
  const auto m = static_cast<Index>(least + random.below(5));
  const auto n = static_cast<Index>(least + random.below(5));
  const Index k = std::min(m, n);
  std::vector<double> s;
  for (Index i = 0; i < k; ++i)
    s.push_back(std::ldexp(1 + random.uniform(), -2 * static_cast<int>(i)));
  constexpr std::array kinds{"distinct", "s1 = s2", "rank < min(m, n)", "X = 0"};
  t.count(kinds.at(which));
  if (which == 1) s[1] = s[0];
  if (which == 2) s.back() = 0;
  if (which == 3) std::fill(s.begin(), s.end(), 0.0);
  Mat<double> x = Mat<double>::Zero(m, n);
  const Mat<double> u = orthonormal(random, m, k), v = orthonormal(random, n, k);
  Index rank = 0;
  for (Index i = 0; i < k; ++i) {
    const double si = s[static_cast<std::size_t>(i)];
    x += u.col(i) * (si * v.col(i).transpose());
    rank += si > 0 ? 1 : 0;
  }
  const LowRank<T> got = low_rank(Mat<T>(x.cast<T>()), k);
  const double allowed = 4 * static_cast<double>(m + n) * s[0] * std::ldexp(1.0, -f.digits);
  require_that(t, got.rank == rank, "the rank is the number of singular values above 0",
               {{"got", std::to_string(got.rank)}, {"expected", std::to_string(rank)}});
  const bool tied = which == 1;
  require_that(t, got.determined == (tied ? 0 : rank),
               "vectors are determined up to the first tie and to the rank",
               {{"got", std::to_string(got.determined)}});
  for (Index i = 0; i < k; ++i) {
    require_near(t, "a singular value is the planted one",
                 static_cast<double>(got.singular_values(i)), s[static_cast<std::size_t>(i)],
                 allowed);
  }
  const Mat<double> rest =
      got.product().template cast<double>() - x.cast<T>().template cast<double>();
  require_at_most(t, "all singular values together rebuild X", rest.norm(), 0, 4 * allowed);
  if (tied || rank == 0) return;
  const Mat<T> first = got.a.col(0), expected = u.col(0).cast<T>();
  const double gap = s[0] - (k > 1 ? s[1] : 0);
  require_at_most(t, "the first left vector is the planted one",
                  static_cast<double>(principal_angles(first, expected)(0)), 0, 4 * allowed / gap);
}

// --- 2: principal components ---------------------------------------------------------------------

void components_of_the_example(Trial& t) {
  const Exact& x = example();
  // Columns are samples: directions are in two dimensions, the left vectors of centred data.
  const Exact scatter = covariance_of(x.transpose()) * Rational(3);
  require_same(t, "the scatter of columns is [32/3 -8/3; -8/3 56/3]", scatter,
               exact({{Rational(32, 3), Rational(-8, 3)}, {Rational(-8, 3), Rational(56, 3)}}));
  require_same(t, "its eigenvalues (44 +- 4 sqrt 13)/3 have the sum 88/3", trace(scatter),
               Rational(88, 3));
  require_same(t, "and the product 192", determinant(scatter), Rational(192));
  const Exact u = column({1, 1}), turned = times(scatter, u);
  require_that(t, turned(0) * u(1) != turned(1) * u(0),
               "u1 of the uncentred matrix would be an eigenvector of the scatter");
  // Rows are samples: three dimensions, and one direction only.
  const Exact rows = covariance_of(x) * Rational(2);
  const Exact v = column({2, -2, 1}), uncentred = column({1, 1, 0});
  require_same(t, "the scatter of rows is 2 (2, -2, 1)(2, -2, 1)'", rows,
               times(v, v.transpose()) * Rational(2));
  require_same(t, "so its rank is 1 and its only eigenvalue 18", times(rows, v), v * Rational(18));
  require_same(t, "v1 of the uncentred matrix explains nothing at all", times(rows, uncentred),
               uncentred * Rational(0));
}

struct Spectrum {
  const char* kind;
  Index samples;
  std::vector<double> variances;
  Index rank, determined;
};

/// Variances fall by a factor from 2 to 8, where they are neither equal nor 0.
Spectrum spectrum(Trial& t, Random& random) {
  const std::uint64_t which = t.number() % 5;
  const Index d = which == 1 ? 1 : 2 + static_cast<Index>(random.below(4));
  Spectrum s{"distinct", d + 1 + static_cast<Index>(random.below(20)), {}, d, d};
  double next = 1 + random.uniform();
  for (Index i = 0; i < d; ++i, next /= 2 + 6 * random.uniform()) s.variances.push_back(next);
  const bool all = t.number() % 20 == 3;  // of the variances are 0
  const auto at = all ? 0 : static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(d)));
  if (which == 1) s.kind = "d = 1";
  if (which == 2) {  // the tie takes away the directions from its first on
    s.kind = "tie";
    const std::size_t first = std::min(at, s.variances.size() - 2);
    s.variances[first + 1] = s.variances[first];
    s.determined = static_cast<Index>(first);
  } else if (which == 3) {
    s.kind = "k > rank";
    std::fill(s.variances.begin() + static_cast<std::ptrdiff_t>(at), s.variances.end(), 0.0);
    s.rank = s.determined = static_cast<Index>(at);
  } else if (which == 4) {
    s.kind = "fewer samples than features";
    s.samples = 2 + static_cast<Index>(random.below(static_cast<std::uint64_t>(d - 1)));
    s.rank = s.determined = s.samples - 1;
    std::fill(s.variances.begin() + s.rank, s.variances.end(), 0.0);
  }
  t.count(s.kind);
  if (s.rank == 0) t.count("constant data");
  return s;
}

/// Both layouts of data with a planted spectrum.
template <class T>
void components_of_planted(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  const Spectrum s = spectrum(t, random);
  const auto d = static_cast<Index>(s.variances.size());
  const bool shifted = s.determined == s.rank && s.rank > 0;  // a shift rounds ties and zeros away
  Mat<double> mean = Mat<double>::Zero(d, 1);
  if (shifted) mean = random.normal_matrix<double>({d, 1});
  const Planted p = planted(random, s.samples, s.variances, mean);
  const Mat<T> x = p.x.cast<T>(), transposed = x.transpose();
  const PCA<T> rows = PCA<T>(pca_options(Samples::rows, true, 0)).fit(x);
  const PCA<T> columns = PCA<T>(pca_options(Samples::columns, true, 0)).fit(transposed);
  const double noise = variance_noise(f, p.x);
  const auto variance = [&](Index i) {
    return i < d && i >= 0 ? p.variances[static_cast<std::size_t>(i)] : 0;
  };
  for (const PCA<T>* pca : {&rows, &columns}) {
    require_that(t, pca->components().rows() == d, "directions live where the samples live");
    require_that(t, pca->rank() == s.rank, "the rank is the number of variances above 0",
                 {{"got", std::to_string(pca->rank())}, {"expected", std::to_string(s.rank)}});
    require_that(
        t, pca->determined() == s.determined,
        "directions are determined up to the first tie and to the rank",
        {{"got", std::to_string(pca->determined())}, {"expected", std::to_string(s.determined)}});
    for (Index i = 0; i < pca->components().cols(); ++i) {
      require_near(t, "a variance is the planted one",
                   static_cast<double>(pca->explained_variance()(i)), variance(i), noise);
    }
    for (Index i = 0; i < s.determined; ++i) {
      const double below = variance(i) - variance(i + 1);
      const double gap = i > 0 ? std::min(below, variance(i - 1) - variance(i)) : below;
      const Mat<T> got = pca->components().col(i), expected = p.directions.col(i).cast<T>();
      require_at_most(t, "a direction is the planted one",
                      static_cast<double>(principal_angles(got, expected)(0)), 0, noise / gap);
    }
  }
  for (Index i = 0; i < s.determined; ++i) {
    const T along = rows.components().col(i).dot(columns.components().col(i));
    require_that(t, along > T(0), "a direction has the same sign in both layouts");
  }
}

template <class T>
void edges(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const auto n = static_cast<Index>(2 + random.below(4));
  const auto d = static_cast<Index>(t.number() % 4 == 1 ? 1 : 1 + random.below(4));
  const Mat<T> x = random.normal_matrix<T>({n, d}), one = x.topRows(1);
  for (const Index ddof : {0, 1}) {
    require_error<std::invalid_argument>(
        t, [&] { PCA<T>(pca_options(Samples::rows, true, ddof)).fit(one); }, {"PCA", "sample"});
  }
  t.count("N = 1");
  const PCA<T> alone = PCA<T>(pca_options(Samples::rows, false, 0)).fit(one);
  const Mat<T> direction = one.transpose();
  require_that(t, alone.rank() == 1, "a single sample about 0 has one direction");
  require_at_most(
      t, "which is its own",
      static_cast<double>(principal_angles(Mat<T>(alone.components().leftCols(1)), direction)(0)),
      0, 16 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  PCAOptions many = pca_options(Samples::rows, true, 0);
  many.components = std::min(n, d) + 1;
  require_error<std::invalid_argument>(t, [&] { PCA<T>(many).fit(x); }, {"PCA", "components"});
  Mat<T> constant(n, d);
  for (Index i = 0; i < n; ++i) constant.row(i) = one;
  const PCA<T> none = PCA<T>(pca_options(Samples::rows, true, 0)).fit(constant);
  require_that(t, none.rank() == 0 && none.determined() == 0 && none.explained_variance().isZero(0),
               "constant data have no direction and no variance");
  t.count("constant data");
  if (d == 1) {
    t.count("d = 1");
    const PCA<T> pca = PCA<T>(pca_options(Samples::rows, true, 0)).fit(x);
    require_that(t, pca.components()(0) == T(1), "the direction in one dimension is 1");
  }
}

}  // namespace

void add_pca_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t few = plan.cases / 4;
  const auto in_each_format = [&](const Statement& s, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, few, in_format(f, attempt)));
    }
  };
  const auto exactly = [&](const Statement& s, Try attempt) {
    checks.push_back(fixed_check(s, "rational", 1, std::move(attempt)));
  };
  exactly({"claim-1a-svd-of-the-example",
           "X = [5 1 1; 1 5 -1]: X X' = [27 9; 9 27], eigenvalues 36 and 18, v1 = (1,1,0)/sqrt 2, "
           "v2 = (2,-2,1)/3, exactly",
           "other matrices",
           {}},
          svd_of_the_example);
  in_each_format(
      {"claim-1b-svd-of-planted",
       "the library's singular values and vectors of U diag(s) V' are those planted",
       "more than 5 rows",
       {"distinct", "s1 = s2", "rank < min(m, n)", "X = 0"}},
      [](auto type, Trial& t, const Format& f) { svd_of_planted<decltype(type)>(t, f); });
  exactly({"claim-2a-not-the-components",
           "the singular vectors of 1(a) are no principal components: centred, columns as samples "
           "have other directions, rows as samples one alone, to which v1 is orthogonal",
           "other matrices",
           {}},
          components_of_the_example);
  in_each_format(
      {"claim-2b-components-of-planted",
       "the library's directions, variances, rank and number of determined directions are those "
       "planted, in both layouts",
       "more than 5 features",
       {"distinct", "tie", "k > rank", "d = 1", "fewer samples than features", "constant data"}},
      [](auto type, Trial& t, const Format& f) { components_of_planted<decltype(type)>(t, f); });
  in_each_format({"claim-2c-edges",
                  "a single sample cannot be centred, min(N, d) + 1 directions are an error, "
                  "constant data have no direction",
                  "",
                  {"N = 1", "d = 1", "constant data"}},
                 [](auto type, Trial& t, const Format& f) { edges<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
