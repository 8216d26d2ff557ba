// Whether a fault can be wrong in an operation: a case that shows it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "faults.hpp"

namespace assay::verify {
namespace {

/// Where backwards are wrong if they are: at these numbers every input is held.
std::vector<double> special_points(const Operation& op, const Format& f) {
  std::vector<double> x{0,
                        1,
                        -1,
                        1.7005,
                        0.3705,
                        -5.0005,
                        25,
                        -25,
                        0x1p-40,
                        90,
                        -90,
                        650,
                        -650,
                        1e-30,
                        0.5,
                        2,
                        800,
                        -800,
                        -std::numeric_limits<double>::infinity()};
  x.push_back(std::ldexp(1.0, 3 * f.max_exponent / 4));
  for (const Kink& k : op.kinks) x.push_back(k.at);
  for (const Interval& i : op.inputs) {
    for (double end : {i.lo, i.hi}) {
      if (std::isfinite(end)) x.push_back(end);
    }
  }
  for (double& v : x) v = rounded(f, v);
  return x;
}

bool in_domain(const Operation& op, std::size_t k, double x) {
  const bool minus_infinity = std::isinf(x) && std::isinf(op.inputs[k].lo);
  if (!minus_infinity && !op.inputs[k].contains(x)) return false;
  return std::none_of(op.kinks.begin(), op.kinks.end(), [&](const Kink& kink) {
    return kink.input == k && kink.kind == Kink::Kind::pole && kink.at == x;
  });
}

/// The case with every element of input k, or of all (k = arity), at x; nothing where x is not in
/// the domain.
std::optional<Case> held_at(const Operation& op, const Format& f, Case c, std::size_t k, double x) {
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    if (i != k && k != c.inputs.size()) continue;
    if (!in_domain(op, i, x)) return std::nullopt;
    c.inputs[i].setConstant(x);
  }
  if (op.arrange && arranged(op, f, c.inputs) != c.inputs) return std::nullopt;
  return c;
}

template <class T>
std::vector<Mat<T>> cast(const std::vector<Mat<double>>& m) {
  std::vector<Mat<T>> out;
  for (const Mat<double>& x : m) out.push_back(x.template cast<T>());
  return out;
}

/// Runs the backward, and with two inputs once more with the first in both places.
template <class T>
void run_backward(const Rule<T>& rule, const Case& c) {
  std::vector<Mat<T>> x = cast<T>(c.inputs);
  Mat<T> dy = c.upstream.template cast<T>();
  static_cast<void>(rule.gradients(dy, views(x)));
  if (x.size() != 2) return;
  const std::array<Shape, 2> shapes{shape_of(x[0]), shape_of(x[0])};
  const Shape y = rule.shape(shapes);
  const std::array<View<T>, 2> both{&x[0], &x[0]};
  static_cast<void>(rule.gradients(Mat<T>::Constant(y.rows, y.cols, T(-3)), both));
}

bool changes(const Operation& wrong, const Format& f, const Case& c, Planted& planted) {
  planted.changed = false;
  try {
    if (f == float_format) {
      run_backward(*wrong.in_float, c);
    } else {
      run_backward(*wrong.in_double, c);
    }
  } catch (const std::exception&) {
    // A refusal of the right rule, or of a gradient of another shape: `changed` tells.
  }
  return planted.changed;
}

/// Whether there is a case in which the fault changes the gradient by more than is claimed.
bool has_witness(const FaultTask& t, const FaultPlan& plan) {
  const auto planted = std::make_shared<Planted>();
  const Operation wrong = plant(*t.operation, t.fault, planted);
  const std::uint64_t seed = case_seed(plan.seed, t.id(), 0);
  for (std::uint64_t n = 0; n < plan.witnesses; ++n) {
    const Case c = generate(*t.operation, t.format, case_seed(seed, "witness", n));
    if (changes(wrong, t.format, c, *planted)) return true;
    if (n % 16 != 0 || c.upstream.size() == 0) continue;
    for (double x : special_points(*t.operation, t.format)) {
      for (std::size_t k = 0; k <= c.inputs.size(); ++k) {
        const auto held = held_at(*t.operation, t.format, c, k, x);
        if (held && changes(wrong, t.format, *held, *planted)) return true;
      }
    }
  }
  return false;
}

// --- second derivatives --------------------------------------------------------------------------

bool moderate(const Mat<double>& m) { return m.size() > 0 && m.cwiseAbs().maxCoeff() <= 40; }

/// One or all elements of an input at 0, where that is legal.
void put_zeros(const Operation& op, const Format& f, Case& c, std::uint64_t n) {
  const std::size_t k = n % c.inputs.size();
  if (op.inputs[k].exact || !in_domain(op, k, 0)) return;
  Case held = c;
  if (n % 3 == 0) {
    held.inputs[k].setZero();
  } else {
    held.inputs[k](0, 0) = 0;
  }
  if (!op.arrange || arranged(op, f, held.inputs) == held.inputs) c = std::move(held);
}

/// The case in motion along short numbers, every 0 of it moved by a step.
std::vector<Mat<Moving>> in_motion(const Operation& op, const Case& c, std::uint64_t seed,
                                   double step) {
  std::vector<Mat<Moving>> x;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    std::uint64_t n = 0;
    x.push_back(c.inputs[k].unaryExpr([&](double v) {
      const std::uint64_t bits = case_seed(seed, "direction", 100 * k + n++);
      if (op.inputs[k].exact) return Moving(Enclosure(v));
      const double at = v == 0 ? step : v;
      return Moving(Enclosure(at), Enclosure(static_cast<double>(bits % 63) / 16 - 1.9375));
    }));
  }
  return x;
}

std::vector<Mat<Moving>> gradients(const Operation& op, const Case& c,
                                   const std::vector<Mat<Moving>>& x) {
  const Mat<Moving> dy = c.upstream.unaryExpr([](double v) { return Moving(Enclosure(v)); });
  return op.rule<Moving>().gradients(dy, views(x));
}

/// A second derivative that jumps at 0, as elu's does, has no value there that could be wrong.
bool smooth_at_zero(const Operation& right, const Case& c, std::uint64_t seed) {
  const auto there = gradients(right, c, in_motion(right, c, seed, 0));
  for (double step : {0x1p-40, -0x1p-40}) {
    const auto beside = gradients(right, c, in_motion(right, c, seed, step));
    for (std::size_t k = 0; k < there.size(); ++k) {
      for (Eigen::Index i = 0; i < there[k].size(); ++i) {
        const Big a = there[k].data()[i].d.middle(), b = beside[k].data()[i].d.middle();
        if (!(abs(a - b) <= ldexp(abs(a) + abs(b), -20) + ldexp(Big(1), -30))) return false;
      }
    }
  }
  return true;
}

std::string no_second_witness(const FaultTask& t, const FaultPlan& plan) {
  const Operation& op = *t.operation;
  const auto planted = std::make_shared<Planted>();
  const Operation wrong = plant(op, t.fault, planted);
  const bool at_zero = t.fault.number == 11;
  const WithContext context(first_precision);
  bool jumps = false;
  constexpr std::uint64_t draws = 60;
  for (std::uint64_t n = 0; n < draws; ++n) {
    const std::uint64_t seed = case_seed(plan.seed, t.id(), n);
    Case c = generate(op, t.format, seed);
    if (!moderate(c.upstream) || !std::all_of(c.inputs.begin(), c.inputs.end(), moderate)) continue;
    if (at_zero) put_zeros(op, t.format, c, n);
    try {
      planted->changed = false;
      static_cast<void>(gradients(wrong, c, in_motion(op, c, seed, 0)));
      if (!planted->changed) continue;
      if (!at_zero || smooth_at_zero(op, c, seed)) return {};
      jumps = true;
    } catch (const std::exception&) {
      continue;  // an input that the rule refuses
    }
  }
  return jumps ? "the second derivative jumps where it would be wrong"
               : fmt::format("it changes no second derivative in {} cases", draws);
}

}  // namespace

std::string no_witness(const FaultTask& t, const FaultPlan& plan) {
  switch (t.fault.in) {
    case Fault::In::elsewhere:
      return t.cannot ? t.cannot() : "";
    case Fault::In::sweep:
      return {};
    case Fault::In::second:
      return no_second_witness(t, plan);
    case Fault::In::gradient:
    case Fault::In::bits:
    case Fault::In::everywhere:
      break;
  }
  if (has_witness(t, plan)) return {};
  return fmt::format("it changes no gradient beyond the claim in {} cases and at special points",
                     plan.witnesses);
}

}  // namespace assay::verify
