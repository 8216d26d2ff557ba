// Claims 6 to 8 together: largest variance, smallest error, rank one, singular value decomposition,
// eigenvectors and power iteration have one answer; and what leaves it as it is.

#include <cmath>

#include "assay/jacobi.hpp"
#include "assay/line.hpp"
#include "assay/subspace.hpp"
#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

template <class T>
PCA<T> fit(const Mat<T>& x, PCASolver solver = PCASolver::automatic) {
  PCAOptions o = pca_options(Samples::rows, true, 0);
  o.solver = solver;
  if (solver == PCASolver::randomized) o.components = 1;
  return PCA<T>(o).fit(x);
}

template <class T>
Mat<T> centred(const Mat<T>& x) {
  const Mat<T> mean = x.colwise().mean();
  return x.rowwise() - mean.row(0);
}

/// From a direction that no data know, until it moves no more.
template <class T>
Mat<T> power_iteration(const Mat<T>& c, Random& random) {
  Mat<T> v = random.normal_matrix<T>({c.rows(), 1});
  for (int i = 0; i < 20000; ++i) {
    Mat<T> next = c * v;
    next /= next.norm();
    const T moved = (next - v).norm();
    v = next;
    if (moved <= std::numeric_limits<T>::epsilon()) break;
  }
  return v;
}

/// The first direction in every way, each against the space of those of the largest variance.
template <class T>
void require_equivalent(Trial& t, const Mat<T>& x, const Mat<T>& space, double l1, double gap,
                        double noise) {
  Random random(t.seed("directions"));
  const Mat<T> y = centred(x), c = y.transpose() * y / count<T>(x.rows());
  const auto require_in_space = [&](const char* what, const Mat<T>& direction, double allowed) {
    const auto angle = static_cast<double>(principal_angles(direction, space)(0));
    require_at_most(t, what, angle, 0, 4 * allowed);
  };
  const double turned = noise / gap;
  require_in_space("PCA by covariance", fit(x, PCASolver::covariance).components().col(0), turned);
  require_in_space("PCA by SVD", fit(x, PCASolver::svd).components().col(0), turned);
  // Approximate: right in the variance, to which the square of the angle counts.
  require_in_space("the randomized PCA", fit(x, PCASolver::randomized).components().col(0),
                   std::sqrt(turned));
  const Mat<long double> wide = c.template cast<long double>();
  const auto spectrum = assay::detail::symmetric_spectrum<long double>("eigenvectors", wide);
  require_in_space("the first eigenvector of C", spectrum.vectors.rightCols(1).template cast<T>(),
                   turned);
  const LowRank<T> nearest = low_rank(Mat<T>(y.transpose()), 1);
  require_in_space("the first left singular vector", nearest.a, turned);
  require_in_space("power iteration", power_iteration(c, random), turned);

  const Mat<T> mean = x.colwise().mean().transpose();
  const auto n = static_cast<double>(x.rows());
  const double total = static_cast<double>(c.trace());
  const auto variance = [&](const Line<T>& line) {
    const Mat<double> at = line.coordinates(x).template cast<double>();
    return (at.array() - at.mean()).square().mean();
  };
  const auto error = [&](const Line<T>& line) {
    return line.squared_distances(x).template cast<double>().mean();
  };
  const auto first = Line<T>::along(mean, fit(x).components().col(0));
  require_near(t, "its variance is l1", variance(first), l1, noise);
  require_near(t, "its error is tr C - l1", error(first), total - l1, noise);
  require_near(t, "so is that of the nearest matrix of rank one",
               static_cast<double>(nearest.squared_error) / n, total - l1, noise);
  // Nearby and far: what is turned away from the first has less variance and more error.
  for (const double turn : {0.01, 0.1, 1.0, 100.0}) {
    const Mat<T> away = random.normal_matrix<T>({x.cols(), 1}) * static_cast<T>(turn);
    const auto other = Line<T>::along(mean, first.direction() + away);
    require_at_most(t, "a turned direction has no more variance", variance(other), l1, noise);
    require_at_most(t, "a turned direction has no smaller error", total - l1, error(other), noise);
  }
}

// --- 8e: planted, and real data ------------------------------------------------------------------

/// The first one, two or more variances are equal, the next at most half of them.
Planted with_ties(Trial& t, Random& random, std::uint64_t& tied) {
  const std::uint64_t which = t.number() % 3;
  const auto d = static_cast<std::size_t>(3 + random.below(3));
  tied = which == 0 ? 1 : which == 1 ? 2 + random.below(d - 2) : d;
  t.count(tied == 1 ? "no tie" : tied == d ? "all equal" : "tie");
  std::vector<double> variances(d, 1.0);
  for (std::size_t i = tied; i < d; ++i) {
    variances[i] = variances[i - 1] / (i == tied ? 2 + random.uniform() : 1 + random.uniform());
  }
  const double size = std::ldexp(1 + random.uniform(), static_cast<int>(random.below(21)) - 10);
  for (double& v : variances) v *= size;
  const auto samples = static_cast<Index>(d + 2 + random.below(20));
  const auto mean = random.normal_matrix<double>({static_cast<Index>(d), 1});
  return planted(random, samples, variances, Mat<double>(mean * std::sqrt(size)));
}

template <class T>
void equivalent(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  std::uint64_t tied = 0;
  const Planted p = with_ties(t, random, tied);
  const double next = tied < p.variances.size() ? p.variances[tied] : 0;
  require_equivalent<T>(t, p.x.cast<T>(), p.directions.leftCols(static_cast<Index>(tied)).cast<T>(),
                        p.variances[0], p.variances[0] - next, variance_noise(f, p.x));
}

void equivalent_on_data(Trial& t) {
  const Data& data = real_data(t.number());
  t.count(std::string(data.name));
  const PCA<double> pca = fit(data.x, PCASolver::svd);
  const double l1 = pca.explained_variance()(0), l2 = pca.explained_variance()(1);
  require_equivalent<double>(t, data.x, pca.components().leftCols(1), l1, l1 - l2,
                             variance_noise(double_format, data.x));
}

// --- 8f: what changes nothing --------------------------------------------------------------------

/// Variances to `noise`, and each of the directions that are determined to its own gap.
template <class T>
void require_alike(Trial& t, const std::string& what, const PCA<T>& got, const PCA<T>& expected,
                   const Mat<T>& directions, double scale, double noise) {
  const Index k = expected.components().cols();
  const auto variance = [&](Index i) {
    return i < k ? static_cast<double>(expected.explained_variance()(i)) * scale : 0;
  };
  for (Index i = 0; i < k; ++i) {
    require_near(t, what + ": a variance", static_cast<double>(got.explained_variance()(i)),
                 variance(i), noise);
    const double below = variance(i) - variance(i + 1);
    const double gap = i > 0 ? std::min(below, variance(i - 1) - variance(i)) : below;
    if (gap <= 64 * noise) continue;
    const Mat<T> a = got.components().col(i), b = directions.col(i);
    require_at_most(t, what + ": a direction", static_cast<double>(principal_angles(a, b)(0)), 0,
                    4 * noise / gap);
  }
}

template <class T>
void require_invariant(Trial& t, const Format& f, const Mat<double>& data) {
  Random random(t.seed("changes"));
  const Index n = data.rows(), d = data.cols();
  const Mat<T> x = data.cast<T>();
  const PCA<T> pca = fit(x);
  const Mat<T>& v = pca.components();
  const double size = std::sqrt(static_cast<double>(pca.total_variance()));

  const Mat<double> shift = random.normal_matrix<double>({1, d}) * size;
  const Mat<double> shifted = data.rowwise() + shift.row(0);
  const PCA<T> moved = fit(Mat<T>(shifted.cast<T>()));
  const double noise = variance_noise(f, data) + variance_noise(f, shifted);
  require_alike(t, "translation", moved, pca, v, 1, noise);
  require_at_most(t, "translation: the mean moves with it",
                  (moved.mean().template cast<double>() - pca.mean().template cast<double>() -
                   shift.row(0).transpose())
                      .norm(),
                  0, noise / size);

  const Mat<double> q = orthonormal(random, d, d);
  require_alike(t, "rotation", fit(Mat<T>((data * q).cast<T>())), pca,
                Mat<T>((q.transpose() * v.template cast<double>()).template cast<T>()), 1, noise);

  const std::vector<Index> order = random.permutation(n);
  Mat<T> permuted(n, d);
  for (Index i = 0; i < n; ++i) permuted.row(i) = x.row(order[static_cast<std::size_t>(i)]);
  require_alike(t, "permutation of samples", fit(permuted), pca, v, 1, noise);

  require_alike(t, "scaling by 3", fit(Mat<T>(x * T(-3))), pca, v, 9, 9 * noise);
  const PCA<T> doubled = fit(Mat<T>(x * T(4)));
  require_that(t,
               doubled.components() == v &&
                   doubled.explained_variance() == Vec<T>(pca.explained_variance() * T(16)),
               "scaling by 4 is not exact");
}

template <class T>
void invariant(Trial& t, const Format& f) {
  Random random(t.seed("numbers"));
  std::uint64_t tied = 0;
  require_invariant<T>(t, f, with_ties(t, random, tied).x);
}

void invariant_on_data(Trial& t) {
  const Data& data = real_data(t.number());
  t.count(std::string(data.name));
  require_invariant<double>(t, double_format, data.x);
}

}  // namespace

void add_equivalence_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t few = plan.cases / 8;
  const std::vector<std::string> ties{"no tie", "tie", "all equal"};
  const std::vector<std::string> files{"digits", "iris", "wine"};
  const auto add = [&](const Statement& planted, auto attempt, const std::string& on_data,
                       Try data) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(planted, f.name, few, in_format(f, attempt)));
    }
    checks.push_back(fixed_check({on_data, planted.about + "; on digits, iris and wine",
                                  "directions after the first", files},
                                 "double", files.size(), std::move(data)));
  };
  add(
      {"claim-8e-equivalences",
       "PCA by every solver, the first eigenvector, the first singular vector, rank one and power "
       "iteration give the direction of largest variance and smallest error, or one of a tie's",
       "more than 5 features", ties},
      [](auto type, Trial& t, const Format& f) { equivalent<decltype(type)>(t, f); },
      "claim-8e-equivalences-on-data", equivalent_on_data);
  add(
      {"claim-8f-invariances",
       "translation and permutation of samples change no direction and no variance, a rotation "
       "turns the directions, scaling by c the variances by c^2: exactly for c a power of 2",
       "more than 5 features", ties},
      [](auto type, Trial& t, const Format& f) { invariant<decltype(type)>(t, f); },
      "claim-8f-invariances-on-data", invariant_on_data);
}

}  // namespace assay::verify::claims
