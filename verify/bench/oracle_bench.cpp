// The oracle on a cross-entropy of 8x10 logits, all 80 gradient elements: dual numbers element by
// element, the certified gradient, the whole check that a campaign makes of a case, and a check
// along one direction. Before anything is timed the references are compared with one of 500 bits.

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "assay/ops/cross_entropy.hpp"
#include "assay/random.hpp"
#include "bench.hpp"
#include "certified.hpp"
#include "evaluate.hpp"
#include "examine.hpp"
#include "reference_parts.hpp"

namespace assay::bench {
namespace {

using namespace assay::verify;

constexpr double allowed = 1e-20;
constexpr mpfr_prec_t sharp_precision = 500;

struct Workload {
  std::string name;
  Operation op;
  Case c;
  Outcome out;
};

template <Reduction reduction>
Workload workload(std::string name) {
  Random random(5);
  Labels labels;
  for (int i = 0; i < 8; ++i) labels.push_back(static_cast<Eigen::Index>(random.below(10)));
  Workload w{std::move(name), make_operation(CrossEntropy<reduction>{labels}), {}, {}};
  w.c.inputs.push_back(random.normal_matrix<double>({8, 10}));
  w.c.upstream = Mat<double>::Constant(1, 1, 1.0);
  w.out = evaluate(w.op, double_format, w.c);
  return w;
}

/// The largest relative distance, bounds included, of a reference from the element at 500 bits.
template <class Reference>
double distance(const Workload& w, const Reference& reference) {
  std::vector<Mat<Dual<Enclosure>>> x = to_dual(w.c.inputs);
  const WithContext context(sharp_precision);
  double largest = 0;
  for (Eigen::Index i = 0; i < x[0].size(); ++i) {
    x[0].data()[i].d = Enclosure(1);
    const Mat<Dual<Enclosure>> y = w.op.rule<Dual<Enclosure>>().forward(views(x));
    x[0].data()[i].d = Enclosure(0);
    const Bounded sharp = gradient_element(double_format, y, w.c.upstream).r;
    const Bounded r = reference(static_cast<std::size_t>(i));
    const Big off = abs(r.value - sharp.value) + r.bound + sharp.bound;
    const double relative = ratio(off, sharp.value);
    // Written so that a NaN stays.
    if (!(relative <= largest)) largest = relative;
  }
  return largest;
}

void require_good(const std::string& what, double distance) {
  fmt::print("{}: within {:.1e} of the gradient at {} bits\n", what, distance, sharp_precision);
  if (!(distance <= allowed)) {
    throw std::runtime_error(fmt::format("{}: a reference must be good to {}", what, allowed));
  }
}

MatrixReference by_elements(const Workload& w) {
  return matrix_reference(w.op, double_format, w.c.inputs, w.c.upstream);
}

/// Of a seed that is not left to dual numbers.
std::uint64_t certified_seed(const Workload& w) {
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    if (certified_reference(w.op, double_format, w.c, seed)) return seed;
  }
  throw std::runtime_error(w.name + ": the gradient is not certified");
}

void check_references(const Workload& w) {
  const auto certified = certified_reference(w.op, double_format, w.c, certified_seed(w));
  require_good(w.name + ", certified",
               distance(w, [&](std::size_t i) { return certified->gradient[0][i].r; }));
  const MatrixReference dual = by_elements(w);
  require_good(w.name + ", dual numbers",
               distance(w, [&](std::size_t i) { return dual.gradient[0][i].r; }));
}

/// Evaluation, reference and judgement, as for the first case of a campaign; one seed in sixteen
/// is judged by dual numbers.
void full_check(const Workload& w, std::uint64_t seed) {
  CheckResult result;
  const auto problem = examine_derivative({w.op, double_format, w.c, 0, seed, &result});
  if (problem || result.elements != 80) throw std::runtime_error(w.name + ": not found right");
}

void directional_check(const Workload& w, std::uint64_t seed) {
  const Outcome out = evaluate(w.op, double_format, w.c);
  const double figure = derivative_limit(w.op).figure;
  const Directional d = along_direction(w.op, double_format, w.c, out.gradients, figure, seed);
  if (d.verdict != Verdict::correct) throw std::runtime_error(w.name + ": not found right");
}

int compare(int argc, char** argv) {
  const std::vector<Workload> all{
      workload<Reduction::mean>("cross_entropy_mean 8x10"),
      workload<Reduction::sum>("cross_entropy_sum 8x10"),
  };
  std::vector<Timed> contenders;
  for (const Workload& w : all) {
    check_references(w);
    const auto seed = std::make_shared<std::uint64_t>(0);
    contenders.push_back({w.name, "dual numbers", [&w] { by_elements(w); }});
    contenders.push_back({w.name, "certified", [&w, s = certified_seed(w)] {
                            static_cast<void>(certified_reference(w.op, double_format, w.c, s));
                          }});
    contenders.push_back({w.name, "full check", [&w, seed] { full_check(w, ++*seed); }});
    contenders.push_back(
        {w.name, "along one direction", [&w, seed] { directional_check(w, ++*seed); }});
  }
  return run(argc, argv, contenders);
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  return assay::bench::guarded("oracle_bench", assay::bench::compare, argc, argv);
}
