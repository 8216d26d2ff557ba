// fixtures/sklearn/pca.json: components, variances and scores of scikit-learn's PCA.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "assay/data.hpp"
#include "assay/pca.hpp"
#include "fixtures.hpp"
#include "golden.hpp"

namespace assay::verify {
namespace {

using Json = nlohmann::json;
using Matrix = Mat<double>;

/// Absolute for directions and ratios, elsewhere relative to the largest number compared.
constexpr double limit = 1e-12;
/// Of the components' variances, below which the scatter matrix has lost more than three digits.
constexpr double steepest = 1e-3;

Matrix matrix(const Json& j) {
  const auto rows = j.at("rows").get<Eigen::Index>(), cols = j.at("cols").get<Eigen::Index>();
  const auto& data = j.at("data");
  if (static_cast<Eigen::Index>(data.size()) != rows * cols) throw std::runtime_error("a shape");
  Matrix m(rows, cols);
  for (Eigen::Index i = 0; i < m.size(); ++i) {
    m(i / cols, i % cols) = data.at(static_cast<std::size_t>(i)).get<double>();
  }
  return m;
}

Matrix data_of(const Json& c) {
  if (!c.at("data").is_null()) return matrix(c.at("data"));
  const std::string name = c.at("name");
  std::string_view text;
  if (name == "iris.csv") text = fixtures::iris_csv();
  if (name == "wine_data.csv") text = fixtures::wine_csv();
  if (name == "digits.csv.gz") text = fixtures::digits_csv_gz();
  if (text.empty()) throw std::runtime_error("no data " + name);
  const std::uint64_t skip = name == "digits.csv.gz" ? 0 : 1;
  const Matrix all = data::parse_csv(text, name, {.skip = skip}).values;
  return all.leftCols(all.cols() - 1);  // the last is the label
}

class Comparison {
 public:
  Comparison(std::string of, CheckResult& result) : of_(std::move(of)), result_(result) {}

  void compare(const std::string& what, const Matrix& ours, const Matrix& theirs, double unit) {
    const std::string name = of_ + ": " + what;
    const bool same = ours.rows() == theirs.rows() && ours.cols() == theirs.cols();
    const double apart = same ? (ours - theirs).cwiseAbs().maxCoeff() / unit : 1.0 / 0.0;
    const bool ok = apart <= limit;
    result_.elements += static_cast<std::uint64_t>(theirs.size());
    result_.values.push_back({name, fmt::format("scikit-learn's within {:.0e}", limit),
                              fmt::format("{:.1e} apart", apart), std::nullopt, ok});
    if (ok || !result_.failures.empty()) return;
    Failure x;
    x.operation = result_.subject;
    x.scalar = result_.scalar;
    x.check = result_.check;
    x.got = fmt::format("{:.3e}", apart);
    x.message = fmt::format(
        "{}<double>: {} is not scikit-learn's\n  apart      {:.3e}\n  limit      {:.0e}",
        x.operation, name, apart, limit);
    result_.failures.push_back(std::move(x));
  }

 private:
  std::string of_;
  CheckResult& result_;
};

/// The signs with which ours are theirs.
Matrix signs(const Matrix& ours, const Matrix& theirs) {
  return (ours.cwiseProduct(theirs).colwise().sum().array() < 0)
      .select(-Matrix::Ones(1, ours.cols()), Matrix::Ones(1, ours.cols()));
}

void compare(const std::string& of, const PCA<double>& plain, const PCA<double>& white,
             const Matrix& data, const Json& c, CheckResult& result) {
  Comparison to(of, result);
  const Matrix theirs = matrix(c.at("directions")).transpose();
  const Matrix sign = signs(plain.components(), theirs);
  const auto turned = [&sign](const Matrix& m) -> Matrix { return m * sign.row(0).asDiagonal(); };
  const auto scaled = [&](const std::string& what, const Matrix& ours, const char* key) {
    const Matrix expected = matrix(c.at(key));
    to.compare(what, ours, expected, expected.cwiseAbs().maxCoeff());
  };
  const Matrix first = data.topRows(matrix(c.at("scores")).rows());
  to.compare("components", turned(plain.components()), theirs, 1);
  scaled("mean", plain.mean().transpose(), "mean");
  scaled("explained variance", plain.explained_variance().transpose(), "explained_variance");
  scaled("explained variance ratio", plain.explained_variance_ratio().transpose(),
         "explained_variance_ratio");
  scaled("singular values", plain.singular_values().transpose(), "singular_values");
  scaled("scores", turned(plain.transform(first)), "scores");
  // Each is the score over its deviation, so that errors grow as those become small.
  const double spread = plain.singular_values()(0) / plain.singular_values()(theirs.cols() - 1);
  const Matrix whitened = matrix(c.at("whitened"));
  to.compare("whitened scores", turned(white.transform(first)), whitened,
             whitened.cwiseAbs().maxCoeff() * spread);
}

void replay(const Json& c, CheckResult& result) {
  const std::string name = c.at("name");
  const Matrix data = data_of(c);
  PCAOptions options{.components = c.at("components").get<Eigen::Index>()}, whitened = options;
  whitened.whiten = true;
  const Matrix variance = matrix(c.at("explained_variance"));
  const bool is_steep = variance(0, variance.cols() - 1) < steepest * variance(0, 0);
  ++result.counts[is_steep ? "steep spectrum" : "flat spectrum"];
  for (const PCASolver solver :
       {PCASolver::automatic, PCASolver::svd, PCASolver::covariance, PCASolver::randomized}) {
    if (solver == PCASolver::covariance && is_steep) continue;
    // Approximate unless the random range is the whole space.
    if (solver == PCASolver::randomized &&
        *options.components + 10 < std::min(data.rows(), data.cols()))
      continue;
    options.solver = whitened.solver = solver;
    ++result.counts[std::string(to_string(solver))];
    compare(fmt::format("{}, {}", name, to_string(solver)), PCA<double>(options).fit(data),
            PCA<double>(whitened).fit(data), data, c, result);
  }
  options.solver = whitened.solver = PCASolver::svd;
  IncrementalPCA<double> plain(options), white(whitened);
  constexpr Eigen::Index batch = 7;
  for (Eigen::Index i = 0; i < data.rows(); i += batch) {
    const Matrix rows = data.middleRows(i, std::min(batch, data.rows() - i));
    plain.partial_fit(rows);
    white.partial_fit(rows);
  }
  ++result.counts["batches"];
  compare(name + ", in batches of 7", plain.result(), white.result(), data, c, result);
}

}  // namespace

namespace golden {

void add_sklearn_checks(std::vector<Check>& checks) {
  Check c;
  CheckResult& blank = c.blank;
  blank.kind = Kind::golden;
  blank.subject = "sklearn-pca";
  blank.scalar = "double";
  blank.check = "replay";
  blank.about = fmt::format(
      "components (up to sign), mean, variances, singular values, scores and whitened scores of "
      "planted data, iris, wine and digits, by every solver that is exact there and in batches, "
      "against scikit-learn's within {:.0e} of the largest",
      limit);
  blank.blind = "an error that both make";
  blank.origin = "scikit-learn 1.2.1 of Debian 12; fixtures/sklearn/pca.json, written by make.py";
  c.whole = true;
  c.cases = 1;
  c.run = [](std::uint64_t, std::uint64_t, CheckResult& result) {
    const Json file = Json::parse(fixtures::sklearn_pca());
    for (const Json& one : file.at("cases")) replay(one, result);
  };
  c.conclude = [](CheckResult& r) {
    for (const char* what : {"steep spectrum", "flat spectrum", "covariance", "svd", "batches"}) {
      if (r.verdict != Verdict::correct || r.counts.contains(what)) continue;
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("no case of '{}'", what);
    }
  };
  checks.push_back(std::move(c));
}

}  // namespace golden
}  // namespace assay::verify
