// How exact PCA is: every solver against 50 digits, at condition numbers from 2 to 1e16.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "assay/jacobi.hpp"
#include "assay/pca.hpp"
#include "assay/random.hpp"
#include "assay/wide.hpp"
#include "golden.hpp"

namespace assay::verify {
namespace {

using Eigen::Index;

constexpr Index samples = 28, features = 14, few = 3;
constexpr Index random_width = few + 10;  // what the randomized solver looks at
constexpr double hopeless = 0.1;          // a limit from which nothing is claimed
constexpr double start = 50;              // how bad a random start may be
constexpr std::array conditions{2.0, 1e4, 1e8, 1e12, 1e16};

/// turned: normal factors times a random orthogonal matrix, about a mean of 1, rounded to T, which
/// bounds the condition number that the data really have. graded: every column in its own units.
enum class Build { turned, graded };

template <class T>
Mat<T> data(Build kind, double condition) {
  Random random(static_cast<std::uint64_t>(condition));
  Mat<double> x = random.normal_matrix<double>({samples, features});
  for (Index j = 0; j < features; ++j) {
    const double t = static_cast<double>(j) / (features - 1);
    x.col(j) *= (1 - t / 2) * std::pow(condition / 2, -t);
  }
  if (kind == Build::graded) return x.cast<T>();
  const Mat<double> v =
      assay::detail::rotated<double>(random.normal_matrix<double>({features, features}) +
                                     random.normal_matrix<double>({features, features}).transpose())
          .vectors;
  return ((x * v).array() + 1).cast<T>();
}

struct Truth {
  Mat<Dec50> centred, vectors;
  std::vector<double> values;  ///< singular values
  double largest_sample = 0;
};
template <class T>
Truth truth(const Mat<T>& x) {
  Truth t;
  t.centred = x.template cast<double>().template cast<Dec50>();
  for (Index j = 0; j < features; ++j) {
    Dec50 sum(0);
    for (Index i = 0; i < samples; ++i) sum += t.centred(i, j);
    const Dec50 mean = sum / Dec50(samples);
    for (Index i = 0; i < samples; ++i) t.centred(i, j) -= mean;
  }
  const auto found = assay::detail::orthogonalised<Dec50>(t.centred);
  t.vectors = found.vectors;
  for (Index j = 0; j < features; ++j) t.values.push_back(static_cast<double>(found.values(j, 0)));
  t.largest_sample = x.template cast<double>().rowwise().norm().maxCoeff();
  return t;
}

/// What a direction's error must not exceed. The sums over N samples are right to N eps of the
/// largest singular value, of its square in a scatter matrix; a perturbation turns a vector by
/// itself over the distance to the next value (Davis and Kahan 1970, Wedin 1972). All is done in
/// double, and then rounded to T.
struct Limits {
  double direction = 0, variance = 0, score = 0;
};
template <class T>
Limits limits(const Truth& t, Index i, PCASolver solver) {
  const auto at = [&t](Index j) { return t.values[static_cast<std::size_t>(j)]; };
  const bool squared = solver == PCASolver::covariance;
  const auto size = [&](Index j) { return squared ? at(j) * at(j) : at(j); };
  double gap = size(0);
  for (Index j = 0; j < features; ++j) {
    if (j != i) gap = std::min(gap, std::abs(size(i) - size(j)));
  }
  double error = samples * std::numeric_limits<double>::epsilon() * size(0);
  if (solver == PCASolver::randomized) {
    error += start * std::pow(at(random_width) / at(i), 17) * size(0);  // 8 power iterations
  }
  const double rounding = std::numeric_limits<T>::epsilon();
  Limits l;
  l.direction = error / gap + rounding;
  l.variance = (squared ? 1 : 2) * error / size(i) + 2 * rounding;
  l.score = l.direction + features * rounding;
  return l;
}

/// Figures of one solver on one data set.
struct Figure {
  double worst = 0, limit = 0, worst_share = 0;
  Index resolved = 0;
  void add(double error, double allowed) {
    if (allowed > hopeless) return;
    ++resolved;
    limit = std::max(limit, allowed);
    worst = std::max(worst, error);
    worst_share = std::max(worst_share, error / allowed);
    if (!std::isfinite(error)) worst_share = error;
  }
};

template <class T>
class Table {
 public:
  explicit Table(CheckResult& result) : result_(result) {}

  void judge(Build kind, double condition) {
    const Mat<T> x = data<T>(kind, condition);
    const Truth t = truth(x);
    ++result_.counts[kind == Build::turned ? "turned" : "graded"];
    for (const auto solver : {PCASolver::svd, PCASolver::covariance, PCASolver::randomized}) {
      const Index k = solver == PCASolver::randomized ? few : features;
      const PCA<T> pca = PCA<T>({.components = k, .solver = solver}).fit(x);
      const Mat<T> scores = pca.transform(x);
      Figure directions, variances, projections;
      for (Index i = 0; i < k; ++i) {
        const Limits l = limits<T>(t, i, solver);
        directions.add(direction_error(t, pca.components(), i), l.direction);
        variances.add(variance_error(t, pca.explained_variance()(i), i), l.variance);
        projections.add(score_error(t, pca.components(), scores, i), l.score);
      }
      const std::string of =
          fmt::format("{}<{}>, {}, cond {:.0e}: ", to_string(solver), result_.scalar,
                      kind == Build::turned ? "turned" : "graded", condition);
      const double actual = t.values.front() / t.values.back();
      line(of + "components", directions, k, actual);
      line(of + "variances", variances, k, actual);
      line(of + "scores", projections, k, actual);
    }
  }

 private:
  /// 1 or -1, whichever brings ours nearer.
  static Dec50 sign(const Truth& t, const Mat<T>& v, Index i) {
    Dec50 dot(0);
    for (Index j = 0; j < features; ++j) dot += t.vectors(j, i) * Dec50(v(j, i));
    return dot < Dec50(0) ? Dec50(-1) : Dec50(1);
  }
  static double direction_error(const Truth& t, const Mat<T>& v, Index i) {
    const Dec50 s = sign(t, v, i);
    Dec50 squares(0);
    for (Index j = 0; j < features; ++j) {
      const Dec50 apart = t.vectors(j, i) * s - Dec50(v(j, i));
      squares += apart * apart;
    }
    return std::sqrt(static_cast<double>(squares));
  }
  static double variance_error(const Truth& t, T got, Index i) {
    const double value = t.values[static_cast<std::size_t>(i)];
    return std::abs(static_cast<double>(got) * (samples - 1) / (value * value) - 1);
  }
  /// Relative to the largest sample.
  static double score_error(const Truth& t, const Mat<T>& v, const Mat<T>& scores, Index i) {
    const Dec50 s = sign(t, v, i);
    double worst = 0;
    for (Index n = 0; n < samples; ++n) {
      Dec50 score(0);
      for (Index j = 0; j < features; ++j) score += t.centred(n, j) * t.vectors(j, i);
      worst = std::max(worst, std::abs(static_cast<double>(score * s - Dec50(scores(n, i)))));
    }
    return worst / t.largest_sample;
  }

  void line(const std::string& name, const Figure& f, Index k, double condition) {
    const bool ok = f.worst_share <= 1;
    result_.elements += static_cast<std::uint64_t>(f.resolved);
    result_.counts["compared"] += static_cast<std::uint64_t>(f.resolved);
    result_.counts["beyond the solver"] += static_cast<std::uint64_t>(k - f.resolved);
    result_.values.push_back({name,
                              fmt::format("{} of {} within {:.1e} (data: cond {:.1e})", f.resolved,
                                          k, f.limit, condition),
                              fmt::format("{:.1e}; {:.2f} of the limit", f.worst, f.worst_share),
                              std::nullopt, ok});
    if (ok || !result_.failures.empty()) return;
    Failure x;
    x.operation = result_.subject;
    x.scalar = result_.scalar;
    x.check = result_.check;
    x.got = fmt::format("{:.3e}", f.worst);
    x.message = fmt::format(
        "{}<{}>: {} is less exact than claimed\n  error      {:.3e}, {:.3f} of its limit",
        x.operation, x.scalar, name, f.worst, f.worst_share);
    result_.failures.push_back(std::move(x));
  }

  CheckResult& result_;
};

template <class T>
Check accuracy_check(const Format& f) {
  Check c;
  c.blank.kind = Kind::golden;
  c.blank.subject = "pca-accuracy";
  c.blank.scalar = f.name;
  c.blank.check = "against-50-digits";
  c.blank.about = fmt::format(
      "components, variances (relative) and scores (to the largest sample) of {} samples of {} "
      "features against one-sided Jacobi rotations in 50 digits, for every solver, at condition "
      "numbers from 2 to 1e16. Within N eps s_1 / gap and one rounding, where s_1 and the gap are "
      "singular values, or their squares after the covariance solver; what that leaves above {} is "
      "not compared but counted",
      samples, features, hopeless);
  c.blank.blind = "components beyond the solver; many samples";
  c.blank.origin = "Jacobi rotations (lib/assay/jacobi.hpp) in 50 decimal digits on the same data";
  c.whole = true;
  c.cases = 1;
  c.run = [](std::uint64_t, std::uint64_t, CheckResult& result) {
    Table<T> table(result);
    for (const double condition : conditions) {
      for (const Build kind : {Build::turned, Build::graded}) table.judge(kind, condition);
    }
  };
  c.conclude = [](CheckResult& r) {
    const auto n = r.counts.find("compared");
    if (r.verdict != Verdict::correct || (n != r.counts.end() && n->second > 500)) return;
    r.verdict = Verdict::inconclusive;
    r.reason = "less than 500 figures were compared";
  };
  return c;
}

}  // namespace

namespace golden {

void add_pca_accuracy_checks(std::vector<Check>& checks) {
  checks.push_back(accuracy_check<double>(double_format));
  checks.push_back(accuracy_check<float>(float_format));
}

}  // namespace golden
}  // namespace assay::verify
