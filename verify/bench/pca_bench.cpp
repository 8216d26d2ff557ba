// Ten principal components: numpy's covariance and eigh where installed, the library, Eigen. Before
// anything is timed the library's components are compared with long double.

#include "pca.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "assay/data.hpp"
#include "assay/jacobi.hpp"
#include "assay/pca.hpp"
#include "assay/random.hpp"
#include "bench.hpp"

namespace assay::bench {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Long = Mat<long double>;

constexpr Index wanted = 10;
constexpr double allowed = 1e-14;

struct Workload {
  std::string name;
  MatrixXd x;
  bool is_compared = true;  ///< the components are determined well
};

MatrixXd digits() {
  const MatrixXd all = data::read_csv(ASSAY_DIGITS).values;
  return all.leftCols(all.cols() - 1);
}

/// Normal factors with these deviations, reflected at a random hyperplane, about a mean of 3.
template <class Deviation>
MatrixXd factors(Index rows, Index cols, const Deviation& deviation) {
  Random random(1);
  MatrixXd x = random.normal_matrix<double>({rows, cols});
  for (Index j = 0; j < cols; ++j) x.col(j) *= deviation(j);
  const Eigen::VectorXd u = random.normal_matrix<double>({cols, 1}).reshaped().normalized();
  x -= (x * u).eval() * (2 * u.transpose());
  return x.array() + 3;
}

std::vector<Workload> workloads() {
  std::vector<Workload> all;
  all.push_back({"digits 1797x64", digits()});
  all.push_back({"planted 20000x500", factors(20000, 500, [](Index j) {
                   return j < wanted ? 10 * std::pow(0.85, j) : 0.5;
                 })});
  all.push_back({"noise 20000x500", factors(20000, 500, [](Index) { return 1.0; }), false});
  return all;
}

/// In long double, from ours by orthogonal iteration, or all at once if there are few features.
Long reference(const MatrixXd& x, const MatrixXd& ours) {
  Long centred = x.cast<long double>();
  centred.rowwise() -= centred.colwise().mean().eval();
  const Index d = x.cols();
  if (d <= 100) {
    const Long s = centred.transpose() * centred;
    return assay::detail::rotated<long double>(s).vectors.rowwise().reverse().leftCols(wanted);
  }
  Long v = ours.cast<long double>();
  for (int i = 0; i < 4; ++i) {
    const Long xv = centred * v;
    const Long turn = assay::detail::rotated<long double>(xv.transpose() * xv).vectors;
    v = (centred.transpose() * (xv * turn)).rowwise().reverse().eval();
    for (Index j = 0; j < wanted; ++j) {
      for (Index l = 0; l < j; ++l) v.col(j) -= v.col(l) * v.col(l).dot(v.col(j));
      v.col(j).normalize();
    }
  }
  return v;
}

double error(const Long& truth, const MatrixXd& v) {
  double worst = 0;
  for (Index j = 0; j < wanted; ++j) {
    const auto mine = v.col(j).cast<long double>();
    const long double sign = truth.col(j).dot(mine) < 0 ? -1 : 1;
    worst =
        std::max(worst, static_cast<double>((mine * sign - truth.col(j)).cwiseAbs().maxCoeff()));
  }
  return worst;
}

PCA<double> fitted(const MatrixXd& x, PCASolver solver) {
  PCA<double> pca({.components = wanted, .solver = solver});
  pca.fit(x);
  return pca;
}

int compare(int argc, char** argv) {
  const std::vector<Workload> all = workloads();
  std::vector<Timed> timed;
  std::vector<std::shared_ptr<Numpy>> numpy;
  for (const Workload& w : all) {
    const MatrixXd& x = w.x;
    const PCA<double> ours = fitted(x, PCASolver::automatic);
    fmt::print("{}: {}\n", w.name, ours.reason());
    if (w.is_compared) {
      const Long truth = reference(x, ours.components());
      const double apart = error(truth, ours.components());
      fmt::print("  worst component: assay {:.1e}, svd {:.1e}", apart,
                 error(truth, fitted(x, PCASolver::svd).components()));
#ifdef ASSAY_BENCH_NUMPY
      fmt::print(
          ", numpy {:.1e}",
          error(truth, Numpy(ASSAY_BENCH_NUMPY, ASSAY_BENCH_NUMPY_SCRIPT, x, wanted).components()));
#endif
      fmt::print("\n");
      if (!(apart <= allowed)) {
        throw std::runtime_error(fmt::format("{}: a component is off by {:.1e}, more than {:.0e}",
                                             w.name, apart, allowed));
      }
    }
#ifdef ASSAY_BENCH_NUMPY
    numpy.push_back(
        std::make_shared<Numpy>(ASSAY_BENCH_NUMPY, ASSAY_BENCH_NUMPY_SCRIPT, x, wanted));
    static_cast<void>(numpy.back()->seconds());
    timed.push_back({w.name, "numpy cov + eigh", {}, [n = numpy.back()] { return n->seconds(); }});
#endif
    const auto add = [&](const char* name, auto fit) {
      timed.push_back({w.name, name, [&x, fit] { static_cast<void>(fit(x)); }, {}});
    };
    add("assay", [](const MatrixXd& m) { return fitted(m, PCASolver::automatic); });
    add("assay svd", [](const MatrixXd& m) { return fitted(m, PCASolver::svd); });
    add("Eigen covariance", [](const MatrixXd& m) { return pca_by_covariance(m, wanted); });
    if (w.is_compared) {
      add("Eigen BDCSVD", [](const MatrixXd& m) { return pca_by_bdcsvd(m, wanted); });
    }
  }
  return run(argc, argv, timed);
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::guarded("pca_bench", assay::bench::compare, argc, argv);
}
