// Claim 3: what becomes of the components without centring.

#include <array>
#include <cmath>

#include "assay/subspace.hpp"
#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

Exact second_moment(const Exact& rows) {
  Exact m = times(rows.transpose(), rows);
  for (Rational& x : m.reshaped()) x /= count<Rational>(rows.rows());
  return m;
}

void second_moments(Trial& t) {
  Random random(t.seed("numbers"));
  const auto n = static_cast<Index>(t.number() % 8 == 2 ? 1 : 1 + random.below(6));
  const auto d = static_cast<Index>(t.number() % 8 == 3 ? 1 : 1 + random.below(4));
  Exact rows = rational_matrix(random, {n, d});
  if (t.number() % 4 == 1) {
    const Exact mean = mean_of(rows);
    for (Index i = 0; i < n; ++i) rows.row(i) -= mean;
    t.count("mu = 0");
  }
  if (n == 1) t.count("N = 1");
  if (d == 1) t.count("d = 1");
  const Exact mu = mean_of(rows).transpose();
  require_same(t, "X X'/N = C + mu mu'", second_moment(rows),
               covariance_of(rows) + times(mu, mu.transpose()));
}

/// C = Q diag(l) Q' and a mean along q1 or 0: the eigenvectors stay.
void parallel_mean(Trial& t) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(3));
  const Exact q = orthogonal(random, d);
  std::vector<Rational> l(static_cast<std::size_t>(d), Rational(0));
  for (std::size_t i = l.size() - 1; i-- > 0;) l[i] = l[i + 1] + abs(rational(random));
  const Rational c = t.number() % 2 == 0 ? Rational(0) : rational(random);
  t.count(c == Rational(0) ? "mu = 0" : "mu parallel PC1");
  const Exact mu = q.col(0) * c;
  const Exact moment = times(q, diagonal(l), q.transpose()) + times(mu, mu.transpose());
  for (Index i = 0; i < d; ++i) {
    const Rational added = i == 0 ? c * c : Rational(0);
    require_same(t, "an eigenvector of C is one of C + mu mu'", times(moment, q.col(i)),
                 q.col(i) * (l[static_cast<std::size_t>(i)] + added));
  }
  require_that(t, l[0] + c * c >= l[1], "the first stays the first");
}

void not_the_mean(Trial& t) {
  const Exact rows = exact({{10, 1}, {-10, 1}});
  require_same(t, "X X'/N = diag(100, 1): the first direction is e1", second_moment(rows),
               exact({{100, 0}, {0, 1}}));
  require_same(t, "the mean is e2", mean_of(rows), exact({{0, 1}}));
  require_same(t, "the centred first direction is e1 as well", covariance_of(rows),
               exact({{100, 0}, {0, 0}}));
}

template <class T>
void uncentred_bounds(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(4));
  std::vector<double> variances;
  double next = 1 + random.uniform();
  for (Index i = 0; i < d; ++i, next /= 2 + random.uniform()) variances.push_back(next);
  const Index n = d + 1 + static_cast<Index>(random.below(10));
  Planted p = planted(random, n, variances, Mat<double>::Zero(d, 1));
  const std::array kinds{"mu = 0", "mu parallel PC1", "mu orthogonal to PC1", "any mu"};
  const std::uint64_t which = t.number() % 4;
  t.count(kinds.at(which));
  const double size = std::ldexp(1 + random.uniform(), static_cast<int>(random.below(7)) - 3);
  if (which == 1) p.mean = p.directions.col(0) * size;
  if (which == 2) p.mean = p.directions.col(1) * size;
  if (which == 3) p.mean = random.normal_matrix<double>({d, 1}) * size;
  if (t.number() % 8 == 7) {  // small, between two directions: neither it nor they stay the first
    p.mean = (p.directions.col(0) + p.directions.col(1)) * std::sqrt(0.15);
  }
  p.x.rowwise() += p.mean.col(0).transpose();
  const Mat<T> x = p.x.cast<T>();
  const PCA<T> centred = PCA<T>(pca_options(Samples::rows, true, 0)).fit(x);
  const PCA<T> about_0 = PCA<T>(pca_options(Samples::rows, false, 0)).fit(x);
  const double l = static_cast<double>(centred.explained_variance()(0));
  const double moment = static_cast<double>(about_0.explained_variance()(0));
  const double mu = p.mean.squaredNorm(), noise = variance_noise(f, p.x);
  require_at_most(t, "l1(C) <= l1(C + mu mu')", l, moment, noise);
  require_at_most(t, "l1(C + mu mu') <= l1(C) + |mu|^2", moment, l + mu, noise);
  const Mat<double> first = about_0.components().col(0).template cast<double>();
  const double along = first.col(0).dot(p.mean.col(0));
  require_at_most(t, "|mu|^2 - l1(C) <= <PC1, mu>^2, for PC1 uncentred", mu - l, along * along,
                  noise);
  const Mat<T> a = centred.components().col(0), b = about_0.components().col(0);
  const auto angle = static_cast<double>(principal_angles(a, b)(0));
  if (which < 2) {
    require_at_most(t, "nothing changes", angle, 0, 4 * noise / (variances[0] - variances[1]));
  } else if (angle > 1e-3) {
    t.count("another direction");
    if (std::abs(along) < 0.9 * std::sqrt(mu)) t.count("and not that of the mean");
  }
}

}  // namespace

void add_uncentred_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases, few = plan.cases / 4;
  const auto exactly = [&](const Statement& s, std::uint64_t cases, Try attempt) {
    checks.push_back(cases == 1 ? fixed_check(s, "rational", 1, std::move(attempt))
                                : random_check(s, "rational", cases, std::move(attempt)));
  };
  exactly(
      {"claim-3a-second-moments", "X X'/N = C + mu mu', exactly", "", {"N = 1", "d = 1", "mu = 0"}},
      n, second_moments);
  const Statement bounds{
      "claim-3b-uncentred-bounds",
      "l1(C) <= l1(C + mu mu') <= l1(C) + |mu|^2 and cos^2(uncentred PC1, mu) >= 1 - "
      "l1(C)/|mu|^2; nothing changes for mu = 0 or parallel to PC1",
      "more than 5 features",
      {"mu = 0", "mu parallel PC1", "mu orthogonal to PC1", "any mu", "another direction",
       "and not that of the mean"}};
  for (const Format& f : plan.formats) {
    checks.push_back(
        random_check(bounds, f.name, few, in_format(f, [](auto type, Trial& t, const Format& g) {
                       uncentred_bounds<decltype(type)>(t, g);
                     })));
  }
  exactly(
      {"claim-3c-parallel-mean",
       "for mu = 0 or mu parallel to PC1 the eigenvectors of C + mu mu' are those of C, exactly",
       "",
       {"mu = 0", "mu parallel PC1"}},
      few, parallel_mean);
  exactly({"claim-3d-not-the-mean",
           "samples (10, 1) and (-10, 1): the uncentred first component is e1, the mean e2",
           "other samples",
           {}},
          1, not_the_mean);
}

}  // namespace assay::verify::claims
