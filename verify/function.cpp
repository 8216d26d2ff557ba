#include "assay/verify/function.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "function_run.hpp"

namespace assay::verify {
namespace {

Eigen::Index element_count(const Matrices& inputs) {
  Eigen::Index n = 0;
  for (const Mat<double>& x : inputs) n += x.size();
  return n;
}

void require_usable(const Matrices& inputs, const FunctionOptions& o) {
  const auto refuse = [](const std::string& why) {
    throw std::invalid_argument("check_function: " + why);
  };
  if (element_count(inputs) == 0) refuse("inputs hold no elements");
  if (!(o.limits >= 1) || !std::isfinite(o.limits)) {
    refuse(fmt::format("limits is {}; it must be at least 1, and finite", o.limits));
  }
  if (o.upstreams == 0) refuse("upstreams is 0; at least one upstream gradient is needed");
  if (o.draws == 0) refuse("draws is 0; at least one direction is needed");
  if (o.large < 1) refuse(fmt::format("large is {}; it must be at least 1", o.large));
  if (!o.input_names.empty() && o.input_names.size() != inputs.size()) {
    refuse(fmt::format("{} input names for {} inputs", o.input_names.size(), inputs.size()));
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!inputs[k].allFinite()) refuse(fmt::format("input {} is not finite", k));
  }
}

/// An output without elements: the gradient of nothing is 0.
void require_zeros(const Kernel& kernel, CheckResult& r) {
  const Matrices g = kernel.gradients(kernel.value());
  for (std::size_t k = 0; k < g.size(); ++k) {
    for (Eigen::Index i = 0; i < g[k].size(); ++i) {
      ++r.elements;
      if (g[k].data()[i] == 0) continue;
      throw Broken(fmt::format("the output holds no elements, but the gradient of {} is {}, not 0",
                               kernel.place(k, i), g[k].data()[i]));
    }
  }
}

/// One direction at another point: a vjp that has kept what it needs of the first.
void look_elsewhere(const Forward& f, const Vjp& vjp, const Kernel& here,
                    const FunctionOptions& options, FunctionReport& report) {
  Matrices x = here.inputs();
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (Eigen::Index i = 0; i < x[k].size(); ++i) x[k].data()[i] += here.magnitude(k, i) / 16;
  }
  if (!here.value_at(x)) return;
  FunctionOptions one = options;
  one.draws = one.upstreams = 1;
  FunctionReport there;
  there.result = report.result;
  there.result.failures.clear();
  const Kernel kernel(f, vjp, x, one);
  FunctionRun r(kernel, one, there);
  r.along_directions();
  if (there.result.failures.empty()) return;
  Failure failure = std::move(there.result.failures.front());
  failure.message +=
      "\n  point      every input moved by 1/16 of its magnitude; at the inputs given "
      "it is right: does it keep what it needs of an earlier call?";
  report.result.verdict = Verdict::wrong;
  report.result.failures.push_back(std::move(failure));
}

void run(const Kernel& kernel, const FunctionOptions& options, FunctionReport& report) {
  if (kernel.value().size() == 0) {
    require_zeros(kernel, report.result);
    return;
  }
  const Mat<double> dy = random_upstream(shape_of(kernel.value()), options.seed);
  kernel.require_purity(dy);
  FunctionRun r(kernel, options, report);
  if (element_count(kernel.inputs()) <= options.large) {
    r.each_element();
  } else {
    r.along_directions();
  }
  r.conclude();
}

}  // namespace

void record_broken(CheckResult& r, const std::string& why) {
  r.verdict = Verdict::wrong;
  Failure f;
  f.operation = r.subject;
  f.scalar = r.scalar;
  f.check = r.check;
  f.message = fmt::format("{}<double>: {}", r.subject, why);
  r.failures.push_back(std::move(f));
}

FunctionReport check_function(
    const std::function<Mat<double>(const Matrices&)>& f,
    const std::function<Matrices(const Matrices&, const Mat<double>&)>& vjp, const Matrices& inputs,
    const FunctionOptions& options) {
  require_usable(inputs, options);
  FunctionReport report;
  CheckResult& r = report.result;
  r.subject = options.name;
  r.scalar = "double";
  r.check = "differences";
  r.about = "the vector-Jacobian product against differences in double, extrapolated";
  r.blind = "a wrong forward; errors below the detection limit";
  r.units = "detection limits";
  r.claimed_derivative = options.limits;
  r.cases = 1;
  try {
    const Kernel kernel(f, vjp, inputs, options);
    run(kernel, options, report);
    const bool more = r.failures.empty() && kernel.value().size() > 0;
    if (more) look_elsewhere(f, vjp, kernel, options, report);
  } catch (const Broken& e) {
    record_broken(r, e.what());
  }
  return report;
}

std::string FunctionReport::message() const {
  const std::string name = result.subject + "<double>";
  std::string text;
  if (!result.failures.empty()) {
    text = result.failures.front().message;
    const auto n = result.counts.find("failed");
    if (n != result.counts.end() && n->second > 1) {
      text += fmt::format("\n  wrong      {} elements, over all upstreams", n->second);
    }
    if (detection_limit > 0) text += fmt::format("\n  detection limit {:.1e}", detection_limit);
    return text;
  }
  if (!ok()) {
    text = name + ": inconclusive: " + result.reason;
  } else {
    text =
        fmt::format("{}: {} gradient elements agree; relative errors below {:.1e} cannot be seen",
                    name, result.elements, detection_limit);
  }
  for (const auto& [what, n] : result.counts) text += fmt::format("\n  {}: {}", what, n);
  for (const std::string& note : result.notes) text += "\n  " + note;
  return text;
}

}  // namespace assay::verify
