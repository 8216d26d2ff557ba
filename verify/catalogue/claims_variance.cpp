// Claims 6 to 8: the variance along a direction, the error of a line, and the nearest matrix of
// rank one.

#include <cmath>

#include "assay/line.hpp"
#include "assay/subspace.hpp"
#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

/// With 1/N.
Rational variance_of(const Exact& numbers) { return covariance_of(numbers)(0); }

/// u'Cu
Rational form(const Exact& u, const Exact& c) { return times(u.transpose(), c, u)(0); }

struct RowsAndDirection {
  Exact x, u;
};
RowsAndDirection samples(Trial& t) {
  Random random(t.seed("numbers"));
  const auto n = static_cast<Index>(t.number() % 8 == 1 ? 1 : 1 + random.below(6));
  const auto d = static_cast<Index>(t.number() % 8 == 2 ? 1 : 1 + random.below(4));
  if (n == 1) t.count("N = 1");
  if (d == 1) t.count("d = 1");
  return {rational_matrix(random, {n, d}), unit_vector(random, d)};
}

// --- 6: the variance -----------------------------------------------------------------------------

void variance_along(Trial& t) {
  const auto [x, u] = samples(t);
  const Exact origin = Exact::Constant(u.rows(), 1, Rational(0));
  const Line<Rational> line(origin, u);
  require_same(t, "the variance of coordinates is u'Cu", variance_of(line.coordinates(x)),
               form(u, covariance_of(x)));
}

/// C = Q diag(l) Q', whose eigenvectors are rational.
void largest_variance(Trial& t) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>((t.number() % 4 == 1 ? 2 : 1) + random.below(3));
  const Exact q = orthogonal(random, d), u = unit_vector(random, d);
  std::vector<Rational> l;
  for (Index i = 0; i < d; ++i) l.push_back(abs(rational(random)));
  std::sort(l.begin(), l.end(), [](const Rational& a, const Rational& b) { return b < a; });
  if (t.number() % 4 == 1 && d > 1) l[1] = l[0];
  const Exact c = times(q, diagonal(l), q.transpose());
  const Rational along = form(u, c);
  require_that(t, along <= l[0], "u'Cu is at most l1", {{"u'Cu", along.str()}, {"l1", l[0].str()}});
  require_same(t, "it is l1 at the first eigenvector", form(q.col(0), c), l[0]);
  // l1 - u'Cu = sum of (l1 - li) <u, qi>^2: equality in the space of l1 alone.
  Rational missing(0);
  for (Index i = 0; i < d; ++i) {
    const Rational part = dot(u, q.col(i));
    missing += (l[0] - l[static_cast<std::size_t>(i)]) * part * part;
  }
  require_same(t, "what is missing is the share of the others", l[0] - along, missing);
  if (d > 1 && l[1] == l[0]) {
    t.count("l1 = l2");
    const Exact mixed = q.col(0) * Rational(3, 5) + q.col(1) * Rational(4, 5);
    require_same(t, "with a tie every unit vector of its plane has it", form(mixed, c), l[0]);
  }
  if (d > 1 && l[1] < l[0] && along < l[0]) t.count("less than l1");
  // 1/(N - 1) in place of 1/N.
  const Rational scale(7, 6);
  require_same(t, "another divisor has the same direction", times(c * scale, q.col(0)),
               q.col(0) * (scale * l[0]));
}

template <class T>
struct Fitted {
  Mat<T> x;
  PCA<T> pca;
  double noise;
};

/// Random rows about a random mean, fitted with 1/N.
template <class T>
Fitted<T> fitted(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(t.number() % 4 == 1 ? 1 : 1 + random.below(5));
  const auto n = static_cast<Index>(2 + random.below(20));
  if (d == 1) t.count("d = 1");
  Mat<double> x = random.normal_matrix<double>({n, d});
  x.rowwise() += random.normal_matrix<double>({1, d}).row(0);
  const Mat<T> rounded = x.cast<T>();
  return {rounded, PCA<T>(pca_options(Samples::rows, true, 0)).fit(rounded), variance_noise(f, x)};
}

/// A random line through the point.
template <class T>
Line<T> random_line(Random& random, const Mat<T>& point) {
  return Line<T>::along(point, random.normal_matrix<T>({point.rows(), 1}));
}

/// With 1/N, in double.
template <class T>
double variance_on(const Line<T>& line, const Mat<T>& x) {
  const Mat<double> at = line.coordinates(x).template cast<double>();
  return (at.array() - at.mean()).square().mean();
}
template <class T>
double error_of(const Line<T>& line, const Mat<T>& x) {
  return line.squared_distances(x).template cast<double>().mean();
}

template <class T>
void library_variance(Trial& t, const Format& f) {
  const auto [x, pca, noise] = fitted<T>(t, f);
  Random random(t.seed("lines"));
  const Mat<T> mean = pca.mean();
  const auto n = static_cast<double>(x.rows());
  const double l1 = static_cast<double>(pca.explained_variance()(0));
  for (Index i = 0; i < pca.components().cols(); ++i) {
    const auto line = Line<T>::along(mean, pca.components().col(i));
    require_near(t, "an explained variance is the variance of coordinates",
                 static_cast<double>(pca.explained_variance()(i)), variance_on(line, x), noise);
  }
  for (int i = 0; i < 4; ++i) {
    require_at_most(t, "no direction has more than the first",
                    variance_on(random_line(random, mean), x), l1, noise);
  }
  const PCA<T> other = PCA<T>(pca_options(Samples::rows, true, 1)).fit(x);
  require_near(t, "1/(N-1) has N/(N-1) of the variance",
               static_cast<double>(other.explained_variance()(0)), l1 * n / (n - 1),
               noise * n / (n - 1));
  require_that(t, other.components() == pca.components(), "1/(N-1) has the same directions");
}

// --- 7: largest variance and smallest error ------------------------------------------------------

void error_and_variance(Trial& t) {
  const auto [x, u] = samples(t);
  Random random(t.seed("point"));
  const Exact mean = mean_of(x).transpose();
  Exact b = rational_matrix(random, {u.rows(), 1});
  if (t.number() % 8 == 3) b = mean + u * rational(random), t.count("the line meets the mean");
  const Line<Rational> line(b, u);
  const Rational error = trace(mean_of(line.squared_distances(x)));
  const Rational c = trace(covariance_of(x)), off = line.squared_distance(mean);
  require_same(t, "MSE(u,b) + Var(u) = tr C + |(I - uu')(mu - b)|^2",
               error + variance_of(line.coordinates(x)), c + off);
  if (off > Rational(0)) t.count("the last term matters");
  const Line<Rational> centred(mean, u);
  require_same(t, "it vanishes for b = mu",
               trace(mean_of(centred.squared_distances(x))) + variance_of(centred.coordinates(x)),
               c);
}

/// ((1, 10), (-1, 10)) and b = 0: the variance is largest along e1, the error smallest along e2.
void uncentred_counterexample(Trial& t) {
  const Exact x = exact({{1, 10}, {-1, 10}}), zero = exact({{0}, {0}});
  const Exact mean = mean_of(x).transpose();
  const auto line = [](const Exact& b, bool first) {
    return Line<Rational>(b, first ? exact({{1}, {0}}) : exact({{0}, {1}}));
  };
  const auto error = [&](const Line<Rational>& l) { return mean_of(l.squared_distances(x))(0); };
  require_same(t, "the variance along e1", variance_of(line(zero, true).coordinates(x)),
               Rational(1));
  require_same(t, "the variance along e2", variance_of(line(zero, false).coordinates(x)),
               Rational(0));
  require_same(t, "the error of e1 through 0", error(line(zero, true)), Rational(100));
  require_same(t, "the error of e2 through 0", error(line(zero, false)), Rational(1));
  require_same(t, "the error of e1 through the mean", error(line(mean, true)), Rational(0));
  require_same(t, "the error of e2 through the mean", error(line(mean, false)), Rational(1));
}

template <class T>
void library_error(Trial& t, const Format& f) {
  const auto [x, pca, noise] = fitted<T>(t, f);
  Random random(t.seed("lines"));
  const Mat<T> mean = pca.mean();
  const double total = static_cast<double>(pca.total_variance());
  const auto first = Line<T>::along(mean, pca.components().col(0));
  const double least = error_of(first, x);
  require_near(t, "the first component's error is tr C - l1", least,
               total - static_cast<double>(pca.explained_variance()(0)), noise);
  for (int i = 0; i < 4; ++i) {
    const Line<T> line = random_line(random, mean);
    require_near(t, "MSE + Var = tr C through the mean", error_of(line, x) + variance_on(line, x),
                 total, noise);
    require_at_most(t, "no line has a smaller error", least, error_of(line, x), noise);
    const Mat<T> elsewhere = mean + random.normal_matrix<T>({mean.rows(), 1});
    require_at_most(t, "no line elsewhere has a smaller error", least,
                    error_of(random_line(random, elsewhere), x), noise);
  }
}

// --- 8: rank one ---------------------------------------------------------------------------------

/// For |a| = 1: |X - ab'|^2 = |X|^2 - |X'a|^2 + |b - X'a|^2.
void rank_one_identity(Trial& t) {
  const Exact x = samples(t).x;
  Random random(t.seed("factors"));
  const Exact a = unit_vector(random, x.rows()), b = rational_matrix(random, {x.cols(), 1});
  const Exact best = times(x.transpose(), a);
  const auto error = [&](const Exact& with) {
    return squared_norm(x - times(a, with.transpose()));
  };
  require_same(t, "|X - ab'|^2 = |X|^2 - |X'a|^2 + |b - X'a|^2", error(b),
               squared_norm(x) - squared_norm(best) + squared_norm(b - best));
  require_that(t, error(best) <= error(b), "X'a is the best b");
  if (error(best) < error(b)) t.count("another b is worse");
}

void rank_one_example(Trial& t) {
  const Exact x = exact({{5, 1, 1}, {1, 5, -1}});
  const Exact ab = exact({{1, 1, 0}, {1, 1, 0}});  // 2 u1 v1'
  require_same(t, "the nearest matrix of rank one leaves 18", squared_norm(x - ab * Rational(3)),
               Rational(18));
  require_same(t, "with both factors of length one 43 is left",
               squared_norm(x - ab * Rational(1, 2)), Rational(43));
  // |a|^2 |b|^2 is not constant: the scale is 6, not 1.
  require_same(t, "|3 (1 1 0; 1 1 0)|^2 = 36", squared_norm(ab * Rational(3)), Rational(36));
}

/// X = U diag(s) V' with rational factors.
void nearest_of_rank_one(Trial& t) {
  Random random(t.seed("numbers"));
  const auto n = static_cast<Index>((t.number() % 4 == 1 ? 2 : 1) + random.below(3));
  const Exact u = orthogonal(random, n), v = orthogonal(random, n), a = unit_vector(random, n);
  std::vector<Rational> s;
  for (Index i = 0; i < n; ++i) s.push_back(abs(rational(random)));
  std::sort(s.begin(), s.end(), [](const Rational& x, const Rational& y) { return y < x; });
  const std::uint64_t which = t.number() % 4;
  if (which == 1 && n > 1) s[1] = s[0], t.count("s1 = s2");
  if (which == 2) std::fill(s.begin(), s.end(), Rational(0)), t.count("X = 0");
  if (which == 3) t.count("any");
  const Exact x = times(u, diagonal(s), v.transpose());
  Rational rest(0);
  for (std::size_t i = 1; i < s.size(); ++i) rest += s[i] * s[i];
  const auto error = [&](const Exact& with) {
    return squared_norm(x - times(with, with.transpose(), x));  // b = X'a
  };
  require_same(t, "the first left vector leaves the squares of the others", error(u.col(0)), rest);
  require_that(t, error(a) >= rest, "no unit vector leaves less");
  if (which == 1 && n > 1) {
    const Exact mixed = u.col(0) * Rational(5, 13) - u.col(1) * Rational(12, 13);
    require_same(t, "with a tie any of its plane leaves the same", error(mixed), rest);
  }
}

template <class T>
void library_rank_one(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const std::uint64_t which = t.number() % 4, fewest = which == 1 ? 2 : 1;
  const auto m = static_cast<Index>(fewest + random.below(5));
  const auto n = static_cast<Index>(fewest + random.below(5));
  const Index k = std::min(m, n);
  Mat<double> s = random.uniform_matrix<double>({k, 1}, 0.5, 2);
  std::sort(s.data(), s.data() + k, std::greater<>());
  if (which == 1 && k > 1) s(1) = s(0), t.count("s1 = s2");
  if (which == 2) s.setZero(), t.count("X = 0");
  if (which == 3) t.count("any");
  const Mat<double> left = orthonormal(random, m, k), right = orthonormal(random, n, k);
  const Mat<T> x = (left * s.col(0).asDiagonal() * right.transpose()).cast<T>();
  const LowRank<T> got = low_rank(x, 1);
  const double noise = 8 * static_cast<double>(m + n) * s.squaredNorm() *
                       static_cast<double>(std::numeric_limits<T>::epsilon());
  const auto error = [&x](const Mat<T>& a, const Mat<T>& b) {
    return static_cast<double>((x - a * b.transpose()).squaredNorm());
  };
  const double least = error(got.a, got.b);
  require_near(t, "the error is the sum of the other squares", least,
               s.bottomRows(k - 1).squaredNorm(), noise);
  require_near(t, "the error is the one reported", static_cast<double>(got.squared_error), least,
               noise);
  require_that(t, got.determined == (which == 2 || (which == 1 && k > 1) ? 0 : 1),
               "whether the vector is determined");
  for (int i = 0; i < 4; ++i) {
    Mat<T> a = random.normal_matrix<T>({m, 1});
    a /= a.norm();
    require_at_most(t, "no a with b = X'a is nearer", least, error(a, x.transpose() * a), noise);
    const Mat<T> b = random.normal_matrix<T>({n, 1});
    require_at_most(t, "no a and b are nearer", least, error(a, b), noise);
  }
}

}  // namespace

void add_variance_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases, few = plan.cases / 4;
  const auto exactly = [&](const Statement& s, std::uint64_t cases, Try attempt) {
    checks.push_back(cases == 1 ? fixed_check(s, "rational", 1, std::move(attempt))
                                : random_check(s, "rational", cases, std::move(attempt)));
  };
  const auto in_each_format = [&](const Statement& s, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, few, in_format(f, attempt)));
    }
  };
  const std::vector<std::string> sizes{"N = 1", "d = 1"};
  exactly({"claim-6a-variance", "the variance of coordinates is u'Cu, exactly", "", sizes}, n,
          variance_along);
  exactly(
      {"claim-6b-largest-variance",
       "max of u'Cu over unit u is l1, only in its eigenspace; the same direction with 1/(N-1); "
       "exactly, for C = Q diag(l) Q'",
       "more than 4 dimensions",
       {"l1 = l2", "less than l1"}},
      few, largest_variance);
  in_each_format(
      {"claim-6c-variance-of-pca",
       "the library's variances are those of coordinates, no direction has more than the first, "
       "1/(N-1) changes the variances alone",
       "more than 5 dimensions",
       {"d = 1"}},
      [](auto type, Trial& t, const Format& f) { library_variance<decltype(type)>(t, f); });
  exactly({"claim-7a-error-and-variance",
           "MSE(u,b) + Var(u) = tr C + |(I - uu')(mu - b)|^2, exactly, by the library",
           "",
           {"N = 1", "d = 1", "the line meets the mean", "the last term matters"}},
          n, error_and_variance);
  exactly({"claim-7b-uncentred-counterexample",
           "(1,10) and (-1,10) with b = 0: the largest variance is along e1, the smallest error "
           "along e2",
           "other samples",
           {}},
          1, uncentred_counterexample);
  in_each_format({"claim-7c-error-of-pca",
                  "the line along the first component has the smallest error, tr C - l1",
                  "more than 5 dimensions",
                  {"d = 1"}},
                 [](auto type, Trial& t, const Format& f) { library_error<decltype(type)>(t, f); });
  exactly(
      {"claim-8a-rank-one-identity",
       "for |a| = 1: |X - ab'|^2 = |X|^2 - |X'a|^2 + |b - X'a|^2, so the best b is X'a; exactly",
       "",
       {"N = 1", "d = 1", "another b is worse"}},
      n, rank_one_identity);
  exactly(
      {"claim-8b-rank-one-example",
       "X = [5 1 1; 1 5 -1]: the nearest matrix of rank one leaves 18, one with both factors of "
       "length one 43",
       "other matrices",
       {}},
      1, rank_one_example);
  exactly({"claim-8c-nearest-of-rank-one",
           "the first left vector leaves the squares of the other singular values, no unit vector "
           "less; exactly, for X = U diag(s) V'",
           "more than 4 dimensions",
           {"any", "s1 = s2", "X = 0"}},
          few, nearest_of_rank_one);
  in_each_format(
      {"claim-8d-rank-one-of-library",
       "the library's approximation of rank one leaves what is planted, and none is nearer",
       "more than 6 dimensions",
       {"any", "s1 = s2", "X = 0"}},
      [](auto type, Trial& t, const Format& f) { library_rank_one<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
