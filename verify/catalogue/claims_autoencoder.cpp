// Claim 9: the linear auto-encoder finds the subspace of PCA.

#include <cmath>

#include "assay/autoencoder.hpp"
#include "assay/subspace.hpp"
#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

// --- exact ---------------------------------------------------------------------------------------

Exact moments(const Exact& x) {
  return times(x.transpose(), x) * (Rational(1) / count<Rational>(x.rows()));
}
Rational loss_of(const Exact& x, const Exact& w) { return tied_reconstruction_loss(x, w)(0); }
Exact gradient_of(const Exact& x, const Exact& w) {
  Exact saved;
  const Exact y = TiedReconstructionLoss::forward(x, w, saved);
  return TiedReconstructionLoss::backward(one(Rational(1)), x, w, y, saved)[1];
}

/// The same loss put together from operations.
Parameter<Rational> composed(const Exact& x, const Exact& w) {
  Parameter<Rational> p(w);
  Graph<Rational> g;
  const Var<Rational> data = g.constant(x), weights = g.parameter(p);
  const Var<Rational> back = matmul(matmul(data, weights), transpose(weights));
  g.backward(div(squared_error_sum(back, data), count<Rational>(x.rows())));
  return p;
}

void gradient(Trial& t) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(1 + random.below(4)),
             n = static_cast<Index>(1 + random.below(4));
  const auto k = static_cast<Index>(1 + random.below(static_cast<std::uint64_t>(d)));
  const Exact x = rational_matrix(random, {n, d});
  const Exact w =
      t.number() % 8 == 0 ? Exact::Constant(d, k, Rational(0)) : rational_matrix(random, {d, k});
  t.count(t.number() % 8 == 0 ? "W = 0" : k == d ? "k = d" : "k < d");
  const Exact c = moments(x), p = times(w, w.transpose());
  const Exact formula = times(c * Rational(2) - times(c, p) - times(p, c), w) * Rational(-2);
  require_same(t, "the gradient is -2(2C - CWW' - WW'C)W", gradient_of(x, w), formula);
  require_same(t, "the composition of operations has that gradient", Exact(composed(x, w).grad),
               formula);
}

/// 2d rows of mean 0 whose C has the columns of q as eigenvectors and the squares of s / d as
/// eigenvalues.
Exact rows_with(const Exact& q, const std::vector<Rational>& s) {
  const Index d = q.rows();
  Exact x(2 * d, d);
  x.topRows(d) = times(diagonal(s), q.transpose());
  x.bottomRows(d) = -x.topRows(d);
  return x;
}

void stationary(Trial& t) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(3));
  const auto k = static_cast<Index>(1 + random.below(static_cast<std::uint64_t>(d - 1)));
  const Exact q = orthogonal(random, d);
  std::vector<Rational> s;
  for (Index i = 0; i < d; ++i) s.emplace_back(static_cast<std::int64_t>(2 * (d - i)) + 1);
  const Exact x = rows_with(q, s);
  const std::vector<Index> chosen = random.permutation(d);
  Exact w(d, k);
  bool is_best = true;
  Rational left(0);  // what the eigenvectors chosen leave
  for (Index i = 0; i < d; ++i) {
    const Index j = chosen[static_cast<std::size_t>(i)];
    const Rational& root = s[static_cast<std::size_t>(j)];
    if (i < k) {
      w.col(i) = q.col(j);
      is_best = is_best && j < k;
    } else {
      left += root * root / count<Rational>(d);
    }
  }
  const Exact nothing = Exact::Constant(d, k, Rational(0));
  require_same(t, "k eigenvectors, whichever, are stationary", gradient_of(x, w), nothing);
  require_same(t, "they leave the variances of the others", loss_of(x, w), left);
  require_same(t, "W = 0 is stationary", gradient_of(x, nothing), nothing);
  require_that(t, loss_of(x, q.col(0) * Rational(1, 8)) < loss_of(x, nothing),
               "W = 0 is no minimum");
  t.count(is_best ? "the leading eigenvectors" : "wrong eigenvectors");
  if (is_best) return;
  // Turned a little from a wrong eigenvector to a leading one that is missing, by (12, 5) / 13.
  for (Index i = 0; i < k; ++i) {
    if (chosen[static_cast<std::size_t>(i)] < k) continue;
    for (Index m = k; m < d; ++m) {
      const Index missing = chosen[static_cast<std::size_t>(m)];
      if (missing >= k) continue;
      Exact turned = w;
      turned.col(i) = w.col(i) * Rational(12, 13) + q.col(missing) * Rational(5, 13);
      require_that(t, loss_of(x, turned) < left, "wrong eigenvectors are a saddle");
    }
  }
}

void freedom(Trial& t) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(3)),
             n = static_cast<Index>(2 + random.below(4));
  const Exact x = rational_matrix(random, {n, d}), w = rational_matrix(random, {d, 2});
  const Exact v = rational_matrix(random, {2, d}), r = orthogonal(random, 2);
  Exact a = rational_matrix(random, {2, 2});
  a(0, 0) += Rational(20);  // invertible, and not orthogonal
  a(1, 1) += Rational(20);
  const Rational det = a(0, 0) * a(1, 1) - a(0, 1) * a(1, 0);
  const Exact inverse = exact({{a(1, 1) / det, -a(0, 1) / det}, {-a(1, 0) / det, a(0, 0) / det}});
  const auto untied = [&](const Exact& encoder, const Exact& decoder) {
    return squared_error_sum(times(x, encoder, decoder), x)(0);
  };
  require_same(t, "untied: L(WA, A^-1 V) = L(W, V)", untied(times(w, a), times(inverse, v)),
               untied(w, v));
  require_same(t, "tied: L(WR) = L(W) for R'R = I", loss_of(x, times(w, r)), loss_of(x, w));
  t.count(loss_of(x, times(w, a)) == loss_of(x, w) ? "tied: L(WA) = L(W)"
                                                   : "tied: L(WA) is another");
}

// --- descent -------------------------------------------------------------------------------------

/// d x k leading directions, what they leave, and the data in T.
template <class T>
struct Problem {
  Mat<T> x, u;
  double left = 0;
  Index k = 0;
};
template <class T>
Problem<T> problem(Random& random, const std::vector<double>& variances, Index k) {
  const auto d = static_cast<Index>(variances.size());
  const Planted p = planted(random, d + 3 + static_cast<Index>(random.below(10)), variances,
                            Mat<double>::Zero(d, 1));
  Problem<T> r{p.x.cast<T>(), p.directions.leftCols(k).cast<T>(), 0, k};
  for (Index i = k; i < d; ++i) r.left += variances[static_cast<std::size_t>(i)];
  return r;
}
/// Falling by factors near 3/5.
std::vector<double> falling(Random& random, Index d) {
  std::vector<double> l;
  for (Index i = 0; i < d; ++i) {
    l.push_back(std::pow(0.6, static_cast<double>(i)) * (1 + random.uniform() / 8));
  }
  return l;
}
/// What descent leaves, 64 eps tr C, over twice the gap between variances, and some rounding.
template <class T>
double allowed() {
  return std::ldexp(static_cast<double>(std::numeric_limits<T>::epsilon()), 13);
}
template <class T>
double misfit(const Mat<T>& m) {  // from the unit matrix
  return static_cast<double>((m - Mat<T>::Identity(m.rows(), m.cols())).norm());
}
template <class T>
double largest_angle(const Mat<T>& a, const Mat<T>& b) {
  return static_cast<double>(principal_angles(a, b).maxCoeff());
}
const DescentOptions patient{{}, 40'000, {}, {}};

template <class T>
void tied(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(4));
  const auto k =
      static_cast<Index>(1 + random.below(static_cast<std::uint64_t>(std::min<Index>(d - 1, 3))));
  const Problem<T> p = problem<T>(random, falling(random, d), k);
  t.count(k == 1 ? "k = 1" : "k > 1");
  LinearAutoencoder<T> ae(d, k, random);
  const Descent<T> end = ae.descend(p.x, patient);
  require_that(t, end.converged, "descent does not converge");
  const Mat<T> w = ae.encoder.value, scores = p.x * p.u;
  require_at_most(t, "the largest principal angle", largest_angle(w, p.u), allowed<T>());
  require_at_most(t, "|WW' - UU'|",
                  static_cast<double>((w * w.transpose() - p.u * p.u.transpose()).norm()),
                  allowed<T>());
  require_at_most(t, "|W'W - I|", misfit<T>(w.transpose() * w), allowed<T>());
  require_near(t, "the loss is what PCA leaves", static_cast<double>(end.loss), p.left,
               allowed<T>());
  const Alignment<T> turn = align(ae.encode(p.x), scores);
  require_at_most(t, "codes, aligned, are the scores",
                  static_cast<double>(turn.error / scores.norm()), allowed<T>());
  require_at_most(t, "what aligns them is a rotation or reflection",
                  misfit<T>(turn.map.transpose() * turn.map), 4 * allowed<T>());
  if (k > 1 && misfit<T>(turn.map.cwiseAbs()) > 0.01) t.count("W is not U itself");
}

template <class T>
void untied(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const auto d = static_cast<Index>(2 + random.below(3));
  const auto k = static_cast<Index>(1 + random.below(static_cast<std::uint64_t>(d - 1)));
  const Problem<T> p = problem<T>(random, falling(random, d), k);
  LinearAutoencoder<T> ae(d, k, random, Decoder::untied);
  const Descent<T> end = ae.descend(p.x, patient);
  require_that(t, end.converged, "descent does not converge");
  const double some = 8 * allowed<T>();
  const Mat<T> w = ae.encoder.value, v = ae.decoder.value, scores = p.x * p.u;
  require_at_most(t, "the largest principal angle of the decoder",
                  largest_angle<T>(v.transpose(), p.u), some);
  require_at_most(t, "|WV - UU'|", static_cast<double>((w * v - p.u * p.u.transpose()).norm()),
                  some);
  const Alignment<T> map = align(ae.encode(p.x), scores);
  require_at_most(t, "codes, aligned, are the scores",
                  static_cast<double>(map.error / scores.norm()), some);
  // Only by an invertible map, not by a rotation.
  if (misfit<T>(w.transpose() * w) < 0.01) return t.count("W'W is nearly I");
  t.count("W'W is not I");
  require_that(t, procrustes(ae.encode(p.x), scores).error > T(10) * map.error,
               "a rotation aligns codes of untied weights as well");
}

/// Where the k-th variance is that of the next, or 0, the minimum is reached and is not unique.
template <class T>
void undetermined(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const Index d = 4, k = 2;
  std::vector<double> l = falling(random, d);
  const bool is_tie = t.number() % 2 == 0;
  if (is_tie) l[2] = l[1];
  if (!is_tie) l[1] = l[2] = l[3] = 0;
  t.count(is_tie ? "a tie" : "k > rank");
  const Problem<T> p = problem<T>(random, l, k);
  const Mat<T> determined = p.u.leftCols(1);
  std::vector<Mat<T>> ends;
  for (int start = 0; start < 2; ++start) {
    LinearAutoencoder<T> ae(d, k, random);
    const Descent<T> end = ae.descend(p.x, patient);
    require_near(t, "the loss is what PCA leaves", static_cast<double>(end.loss), p.left,
                 allowed<T>());
    ends.emplace_back(ae.encoder.value);
    require_at_most(t, "the direction that is determined is found",
                    largest_angle<T>(determined, ends.back()), allowed<T>());
  }
  if (largest_angle<T>(ends[0], ends[1]) > 0.01) {
    t.count(is_tie ? "a tie: another start, another subspace"
                   : "k > rank: another start, another subspace");
  }
}

void refused(Trial& t) {
  Random random(t.seed("numbers"));
  const Mat<double> x = random.normal_matrix<double>({12, 3});
  for (const Decoder kind : {Decoder::tied, Decoder::untied}) {
    LinearAutoencoder<double> ae(3, 2, kind);
    require_error<std::invalid_argument>(t, [&] { ae.descend(x); },
                                         {"rank 0", "components is 2", "stationary"});
    for (int step = 0; step < 5; ++step) {  // what would have happened
      Graph<double> g;
      ae.zero_grad();
      g.backward(ae.loss(g.borrow(x)));
      ae.encoder.value -= 0.1 * ae.encoder.grad;
      if (!ae.tied()) ae.decoder.value -= 0.1 * ae.decoder.grad;
    }
    require_that(t, ae.encoder.value.isZero(0), "descent moves W = 0");
    ae.encoder.value.setConstant(0.5);
    if (!ae.tied()) ae.decoder.value.setConstant(0.25);
    require_error<std::invalid_argument>(t, [&] { ae.descend(x); },
                                         {"rank 1", "components is 2", "never raises the rank"});
  }
  require_error<std::invalid_argument>(t, [] { LinearAutoencoder<double>(3, 4); },
                                       {"components is 4", "features is 3"});
}

void real(Trial& t) {
  const Data& data = real_data(t.number());
  t.count(std::string(data.name));
  const Mat<double> x = data.x.rowwise() - data.x.colwise().mean();
  PCAOptions options = pca_options(Samples::rows, true, 0);
  options.components = 2;
  const PCA<double> pca = PCA<double>(options).fit(data.x);
  const Mat<double> u = pca.components(), scores = pca.transform(data.x);
  const double left = pca.total_variance() - pca.explained_variance().sum();
  Random random(t.seed("weights"));
  LinearAutoencoder<double> ae(x.cols(), 2, random);
  const Descent<double> end = ae.descend(x);
  const Mat<double> w = ae.encoder.value;
  require_that(t, end.converged, "descent does not converge");
  require_near(t, "the loss is what PCA leaves", end.loss / left, 1, 1e-11);
  require_at_most(t, "the largest principal angle", largest_angle(w, u), 1e-9);
  require_at_most(t, "|WW' - UU'|", (w * w.transpose() - u * u.transpose()).norm(), 1e-9);
  const Alignment<double> turn = align(ae.encode(x), scores);
  require_at_most(t, "codes, aligned, are the scores", turn.error / scores.norm(), 1e-9);
  require_at_most(t, "by a rotation", misfit<double>(turn.map.transpose() * turn.map), 1e-9);

  LinearAutoencoder<double> other(x.cols(), 2, random, Decoder::untied);
  other.descend(x, {{}, t.number() == 0 ? 1500U : 20'000U, {}, {}});
  require_at_most(t, "untied: the largest principal angle of the decoder",
                  largest_angle<double>(other.decoder.value.transpose(), u), 1e-2);
  const Alignment<double> map = align(other.encode(x), scores);
  require_at_most(t, "untied: codes, aligned, are the scores", map.error / scores.norm(), 0.05);
  require_that(t, procrustes(other.encode(x), scores).error > 2 * map.error,
               "untied: a rotation aligns them as well");
}

}  // namespace

void add_autoencoder_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t few = plan.cases / 20;
  const auto exactly = [&](const Statement& s, Try attempt) {
    checks.push_back(random_check(s, "rational", few, std::move(attempt)));
  };
  const auto in_each_format = [&](const Statement& s, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, few, in_format(f, attempt)));
    }
  };
  exactly({"claim-9a-tied-gradient",
           "the gradient of |X - XWW'|^2 / N is -2(2C - CWW' - WW'C)W, exactly, of the operation "
           "and of the composition of others",
           "more than 4 features",
           {"W = 0", "k < d", "k = d"}},
          gradient);
  exactly({"claim-9b-stationary",
           "W = 0 and any k eigenvectors are stationary, exactly; all but the leading ones are "
           "saddles",
           "stationary points that are rotated",
           {"wrong eigenvectors", "the leading eigenvectors"}},
          stationary);
  exactly({"claim-9c-freedom",
           "untied weights may be changed by any invertible matrix, tied ones by a rotation alone",
           "more than 2 codes",
           {"tied: L(WA) is another"}},
          freedom);
  in_each_format({"claim-9d-tied-recovers-pca",
                  "after descent WW' = U_k U_k', principal angles are 0, W'W = I, the loss is what "
                  "PCA leaves, "
                  "and codes are scores after a rotation or reflection",
                  "variances closer than a factor of 2/3",
                  {"k = 1", "k > 1", "W is not U itself"}},
                 [](auto type, Trial& t, const Format& f) { tied<decltype(type)>(t, f); });
  in_each_format(
      {"claim-9e-untied-up-to-any-map",
       "with untied weights descent finds the subspace too, and codes are scores after an "
       "invertible map that is no rotation",
       "variances closer than a factor of 2/3",
       {"W'W is not I"}},
      [](auto type, Trial& t, const Format& f) { untied<decltype(type)>(t, f); });
  in_each_format(
      {"claim-9f-only-where-determined",
       "where the k-th variance is that of the next, or k exceeds the rank, the loss is that of "
       "PCA "
       "and the subspace depends on the start",
       "",
       {"a tie: another start, another subspace", "k > rank: another start, another subspace"}},
      [](auto type, Trial& t, const Format& f) { undetermined<decltype(type)>(t, f); });
  checks.push_back(fixed_check(
      {"claim-9g-zero-never-trains",
       "weights of 0 and weights with too small a rank are refused, with the reason; k > d too",
       "",
       {}},
      "double", 1, refused));
  checks.push_back(fixed_check({"claim-9h-real-data",
                                "two codes of digits and iris: tied and untied against PCA",
                                "other data",
                                {"digits", "iris"}},
                               "double", 2, real));
}

}  // namespace assay::verify::claims
