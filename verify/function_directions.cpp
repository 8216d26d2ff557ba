// Large inputs: <g, v> against differences along random directions v, and the way down from a
// direction that disagrees to the element that is wrong.

#include <fmt/format.h>

#include <cmath>

#include "function_run.hpp"

namespace assay::verify {

FunctionRun::Place FunctionRun::place(Eigen::Index flat) const {
  std::size_t k = 0;
  while (flat >= kernel_.inputs()[k].size()) flat -= kernel_.inputs()[k++].size();
  return {k, flat};
}

Excess FunctionRun::along(std::size_t upstream, const std::vector<double>& direction,
                          Eigen::Index first, Eigen::Index last) const {
  const auto each = [&](const auto& visit) {
    Eigen::Index begin = 0;
    for (std::size_t k = 0; k < kernel_.inputs().size(); ++k) {
      const Eigen::Index size = kernel_.inputs()[k].size();
      const Eigen::Index from = std::max(first, begin), to = std::min(last, begin + size);
      for (Eigen::Index n = from; n < to; ++n) visit(k, n - begin, n);
      begin += size;
    }
  };
  const Moved moved = [&](double step) {
    Matrices m = kernel_.inputs();
    each([&](std::size_t k, Eigen::Index i, Eigen::Index n) {
      m[k].data()[i] += step * direction[static_cast<std::size_t>(n)];
    });
    return m;
  };
  // With the steps that were really made: x + h v is rounded.
  const Claimed claimed = [&](std::size_t, const Matrices& up, const Matrices& down) {
    long double sum = 0;
    each([&](std::size_t k, Eigen::Index i, Eigen::Index) {
      sum += static_cast<long double>(gradients_[upstream][k].data()[i]) *
             (static_cast<long double>(up[k].data()[i]) - down[k].data()[i]);
    });
    return static_cast<double>(sum);
  };
  double squares = 0;
  each([&](std::size_t k, Eigen::Index i, Eigen::Index n) {
    const double term = gradients_[upstream][k].data()[i] * direction[static_cast<std::size_t>(n)];
    squares += term * term;
  });
  const double rounding = std::numeric_limits<double>::epsilon() * std::sqrt(squares);
  return excesses(kernel_, noise_, moved, claimed, 0x1p-3, rounding,
                  std::span(upstreams_).subspan(upstream, 1))
      .front();
}

void FunctionRun::along_directions() {
  for (std::uint64_t draw = 0; draw < options_.draws; ++draw) {
    const std::size_t upstream = draw % upstreams_.size();
    const std::uint64_t seed = case_seed(options_.seed, "draw", draw);
    std::vector<double> direction;
    double term = 0;
    for (Eigen::Index n = 0; n < size_; ++n) {
      const auto [k, i] = place(n);
      direction.push_back(random_component(seed, static_cast<std::uint64_t>(n)) *
                          kernel_.magnitude(k, i));
      const double g = gradients_[upstream][k].data()[i];
      term = std::max(term, std::abs(g * direction.back()));
      largest_of_[k] = std::max(largest_of_[k], std::abs(g));
    }
    const Excess e = along(upstream, direction, 0, size_);
    if (!std::isfinite(e.bound)) {
      count("no difference quotient");
      continue;
    }
    if (e.bent) count("at a kink");
    report_.result.elements = static_cast<std::uint64_t>(size_);
    largest_ = std::max(largest_, term);
    worst_bound_ = std::max(worst_bound_, e.bound);
    if (!wrong(e)) continue;
    bisect(upstream, direction, e);
    return;
  }
}

void FunctionRun::bisect(std::size_t upstream, const std::vector<double>& direction,
                         const Excess& e) {
  Eigen::Index first = 0, last = size_;
  Eigen::Index sure_first = first, sure_last = last;  // the smallest range that is surely wrong
  while (last - first > 1) {
    const Eigen::Index middle = first + (last - first) / 2;
    const Excess left = along(upstream, direction, first, middle);
    const Excess right = along(upstream, direction, middle, last);
    const bool left_wrong = wrong(left), right_wrong = wrong(right);
    const bool go_left = left_wrong || (!right_wrong && std::abs(left.value) * right.bound >=
                                                            std::abs(right.value) * left.bound);
    (go_left ? last : first) = middle;
    if (left_wrong || right_wrong) {
      sure_first = first;
      sure_last = last;
    }
  }
  if (!element(place(first))) return;
  // Errors that only add up along a direction: one by one, where they were last seen.
  constexpr Eigen::Index most = 2000;
  for (Eigen::Index n = sure_first; n < std::min(sure_last, sure_first + most); ++n) {
    if (n != first && !element(place(n))) return;
  }
  fail_along(upstream, e);
}

void FunctionRun::fail_along(std::size_t upstream, const Excess& e) {
  CheckResult& r = report_.result;
  Failure f;
  f.operation = r.subject;
  f.scalar = r.scalar;
  f.check = r.check;
  f.input = -1;
  f.units = r.units;
  f.claimed = options_.limits;
  f.ulp = std::abs(e.value) / e.bound;
  f.bound = fmt::format("{:.1e}", e.bound);
  f.got = std::string("0");
  f.reference = fmt::format("{}", e.value);
  f.message = fmt::format(
      "{}<double>: backward disagrees with finite differences along a random direction of all {} "
      "elements\n"
      "  excess     {}  +- {:.1e}   (of <dy, f> over what the gradient says, upstream {} of {})\n"
      "  no single element is off by what its own difference can see: small errors of many",
      r.subject, size_, e.value, e.bound, upstream + 1, upstreams_.size());
  r.failures.push_back(std::move(f));
}

}  // namespace assay::verify
