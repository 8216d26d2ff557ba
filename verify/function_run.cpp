#include "function_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hint_patterns.hpp"

namespace assay::verify {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

Values to_values(const Mat<double>& m) {
  Values v{m.rows(), m.cols(), {}};
  for (double x : m.reshaped()) v.values.push_back(hex(x));
  return v;
}

}  // namespace

Mat<double> random_upstream(Shape shape, std::uint64_t seed) {
  Mat<double> dy(shape.rows, shape.cols);
  std::uint64_t n = 0;
  for (double& v : dy.reshaped()) {
    const std::uint64_t bits = case_seed(seed, "upstream", n++);
    v = (2 * static_cast<double>(bits % 32) - 31) / 8;
  }
  return dy;
}

double random_component(std::uint64_t seed, std::uint64_t n) {
  const std::uint64_t bits = case_seed(seed, "direction", n);
  const double v = 1 + std::ldexp(static_cast<double>(bits >> 12), -52);
  return bits % 2 == 0 ? v : -v;
}

FunctionRun::FunctionRun(const Kernel& kernel, const FunctionOptions& options,
                         FunctionReport& report)
    : kernel_(kernel), options_(options), report_(report), noise_(noise_of(kernel, options.seed)) {
  for (std::uint64_t u = 0; u < options.upstreams; ++u) {
    upstreams_.push_back(
        random_upstream(shape_of(kernel.value()), case_seed(options.seed, "upstreams", u)));
    gradients_.push_back(kernel.gradients(upstreams_.back()));
  }
  for (const Mat<double>& x : kernel.inputs()) size_ += x.size();
  largest_of_.assign(kernel.inputs().size(), 0);
  evidence_.resize(kernel.inputs().size());
}

bool FunctionRun::wrong(const Excess& e) const {
  if (!std::isfinite(e.bound)) return false;
  if (!e.bent) return std::abs(e.value) > options_.limits * e.bound;
  const double slack = options_.limits * e.side_bound;
  return std::min(e.left, e.right) > slack || std::max(e.left, e.right) < -slack;
}

void FunctionRun::each_element() {
  for (std::size_t k = 0; k < kernel_.inputs().size(); ++k) {
    for (Eigen::Index i = 0; i < kernel_.inputs()[k].size(); ++i) element({k, i});
  }
}

bool FunctionRun::element(Place at) {
  const auto [k, i] = at;
  const Moved moved = [&, x = kernel_.inputs()](double step) mutable {
    Matrices m = x;
    m[at.k].data()[at.i] += step;
    return m;
  };
  const Claimed claimed = [&](std::size_t u, const Matrices& up, const Matrices& down) {
    return gradients_[u][at.k].data()[at.i] * (up[at.k].data()[at.i] - down[at.k].data()[at.i]);
  };
  // A power of two, so that x + h differs from x by h exactly, or nearly so.
  const double scale = std::exp2(std::floor(std::log2(kernel_.magnitude(k, i))) - 3);
  double rounding = 0;
  for (const Matrices& g : gradients_) {
    rounding =
        std::max(rounding, std::abs(g[k].data()[i]) * std::numeric_limits<double>::epsilon());
  }
  const std::vector<Excess> found =
      excesses(kernel_, noise_, moved, claimed, scale, rounding, upstreams_);
  bool right = true;
  for (std::size_t u = 0; u < found.size(); ++u) right = judge(at, u, found[u]) && right;
  return right;
}

bool FunctionRun::judge(Place at, std::size_t upstream, const Excess& e) {
  if (!std::isfinite(e.bound)) {
    count("no difference quotient");
    return true;
  }
  if (upstream == 0) ++report_.result.elements;
  const double got = gradients_[upstream][at.k].data()[at.i];
  const double reference = got + e.value;
  const bool right = !wrong(e);
  Evidence seen;
  seen.got = got;
  seen.reference = reference;
  seen.size = std::abs(reference);
  seen.x = kernel_.inputs()[at.k].data()[at.i];
  seen.right = right;
  if (e.one_sided) count("one-sided");
  if (e.bent) {
    count("at a kink");
  } else {
    const double visible = options_.limits * e.bound;
    if (std::abs(reference) > visible) {
      largest_of_[at.k] = std::max(largest_of_[at.k], std::abs(reference));
      evidence_[at.k].push_back(seen);
    } else if (got != 0) {
      count("too small to be told from 0");
    }
    largest_ = std::max(largest_, std::abs(reference));
    worst_bound_ = std::max(worst_bound_, e.bound);
    const double error = std::max(0.0, std::abs(e.value) - e.bound);
    const double scale = std::max(std::abs(reference), std::abs(got));
    if (error > 0) {
      report_.worst_relative_error = std::max(report_.worst_relative_error, error / scale);
    }
  }
  if (!right) fail(at, upstream, e);
  return right;
}

void FunctionRun::fail(Place at, std::size_t upstream, const Excess& e) {
  count("failed");
  CheckResult& r = report_.result;
  if (!r.failures.empty()) return;
  const double got = gradients_[upstream][at.k].data()[at.i];
  const double reference = got + e.value;
  Failure f;
  f.operation = r.subject;
  f.scalar = r.scalar;
  f.check = r.check;
  for (const Mat<double>& x : kernel_.inputs()) f.inputs.push_back(to_values(x));
  f.upstream = to_values(upstreams_[upstream]);
  const Eigen::Index rows = kernel_.inputs()[at.k].rows();
  f.input = static_cast<std::int64_t>(at.k);
  f.row = at.i % rows;
  f.col = at.i / rows;
  f.got = fmt::format("{}", got);
  f.bound = fmt::format("{:.1e}", e.bent ? e.side_bound : e.bound);
  f.reference = e.bent ? fmt::format("{} .. {}", got + std::min(e.left, e.right),
                                     got + std::max(e.left, e.right))
                       : fmt::format("{}", reference);
  f.units = r.units;
  f.claimed = options_.limits;
  f.ulp = std::abs(e.value) / e.bound;
  f.message = fmt::format(
      "{}<double>: backward disagrees with finite differences\n"
      "  at         {}{}\n"
      "  backward   {}   (gradient of {})\n"
      "  reference  {}  +- {}        ({}relative error {:.1e})",
      r.subject, hex(kernel_.inputs()[at.k].data()[at.i]),
      fmt::format(" = {}, upstream {} of {}", kernel_.inputs()[at.k].data()[at.i], upstream + 1,
                  upstreams_.size()),
      f.got, kernel_.place(at.k, at.i), f.reference, f.bound,
      e.bent ? "from the left and the right of a kink; " : "",
      std::abs(e.value) / std::max(std::abs(reference), std::abs(got)));
  r.failures.push_back(std::move(f));
}

std::string FunctionRun::hint_for(std::size_t k) const {
  const patterns::Split split(evidence_[k]);
  if (split.wrong.empty()) return "";
  for (const std::string& t :
       {patterns::zero(double_format, split), patterns::factor(double_format, split)}) {
    if (!t.empty()) return t;
  }
  // Compared as exactly as the differences are.
  const double error = 1e-6 * largest_of_[k];
  const Mat<double>& g = gradients_[0][k];
  if (evidence_[k].size() != static_cast<std::size_t>(g.size()) * upstreams_.size()) return "";
  Mat<double> reference(g.rows(), g.cols());
  for (Eigen::Index i = 0; i < g.size(); ++i) {
    reference.data()[i] = evidence_[k][static_cast<std::size_t>(i) * upstreams_.size()].reference;
  }
  const auto near = [&](const Mat<double>& m) {
    return (m - reference).cwiseAbs().maxCoeff() <= error;
  };
  if (g.size() > 1 && g.rows() == g.cols() && near(g.transpose())) {
    return "the gradient is transposed";
  }
  for (std::size_t j = 0; j < gradients_[0].size(); ++j) {
    const Mat<double>& other = gradients_[0][j];
    if (j != k && g.size() > 1 && shape_of(other) == shape_of(g) && near(other)) {
      return fmt::format("this is returned as the gradient of {}: are the two exchanged?",
                         kernel_.input(j));
    }
  }
  return "";
}

void FunctionRun::conclude() {
  CheckResult& r = report_.result;
  if (!r.failures.empty()) {
    r.verdict = Verdict::wrong;
    Failure& f = r.failures.front();
    if (f.input >= 0) f.hint = hint_for(static_cast<std::size_t>(f.input));
    if (!f.hint.empty()) f.message += fmt::format("\n  hint       {}", f.hint);
  }
  report_.detection_limit = largest_ > 0 ? options_.limits * worst_bound_ / largest_ : infinite;
  std::string none;
  for (std::size_t k = 0; k < largest_of_.size() && size_ <= options_.large; ++k) {
    if (largest_of_[k] > 0 || kernel_.inputs()[k].size() == 0) continue;
    none = kernel_.input(k);
    r.notes.push_back(
        fmt::format("nothing depends on {} here: its gradient and its differences are 0", none));
  }
  if (r.verdict != Verdict::correct) return;
  const bool any =
      std::any_of(largest_of_.begin(), largest_of_.end(), [](double x) { return x > 0; });
  if (r.elements == 0) {
    r.verdict = Verdict::inconclusive;
    r.reason =
        "f has no difference quotient at this point, in any direction: it jumps, or is not "
        "finite beside it";
  } else if (!any) {
    r.verdict = Verdict::inconclusive;
    r.reason =
        "nothing depends on the inputs here: the gradient and all differences are 0, or too "
        "small to be told from 0";
  } else if (!(report_.detection_limit < 1)) {
    r.verdict = Verdict::inconclusive;
    r.reason = "the differences are as uncertain as the gradient is large";
  }
}

}  // namespace assay::verify
