// Where PyTorch is the one in error: fixtures/torch/tails.json, whose true values mpmath computed.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "evaluate.hpp"
#include "golden_torch.hpp"

namespace assay::verify::torch {
namespace {

constexpr mpfr_prec_t wide = 256;

/// 40 digits, and half a unit in the last.
Bounded truth_of(const Json& text) {
  const Big x(text.get<std::string>());
  return {x, abs(x) * Big("5e-40"), abs(x)};
}

/// One number of a case, and what it may be off by.
struct Quantity {
  std::string name;
  double ours = 0, theirs = 0;
  Bounded truth;
  Bounded oracle;  ///< ours, which must be theirs that mpmath computed
  Big unit;
  double limit = 0;
  bool near_zero = false;
  Json recorded;  ///< how many ulp the fixture says that PyTorch is off by
};

struct Tail {
  std::string name;
  std::shared_ptr<const Operation> op;
  Case c;
};

Tail read_tail(const Format& f, const Json& j) {
  Tail t;
  Json attributes = j.at("attributes");
  const Json& row = j.at("inputs");
  const auto matrix_of = [&](const Json& numbers) {
    return matrix(f, {{"rows", 1}, {"cols", numbers.size()}, {"data", numbers}});
  };
  t.c.inputs.push_back(matrix_of(row));
  if (j.contains("labels")) t.c.inputs.push_back(matrix_of(j.at("labels")));
  const bool one_element = attributes.contains("element");
  const auto element = one_element ? attributes.at("element").get<Eigen::Index>() : 0;
  attributes.erase("element");
  t.c.upstream = Mat<double>::Zero(1, one_element ? t.c.inputs[0].cols() : 1);
  t.c.upstream(0, element) = 1;
  const std::string name = j.at("operation");
  t.op = operation(name, attributes);
  for (const Mat<double>& x : t.c.inputs) {
    for (const double v : x.reshaped()) t.name += (t.name.empty() ? "" : ", ") + decimal(f, v);
  }
  t.name = fmt::format("{}({})", name, t.name);
  if (!j.at("attributes").empty()) t.name += " " + j.at("attributes").dump();
  return t;
}

/// The value and the derivatives, with what the operation claims of each.
std::vector<Quantity> quantities(const Format& f, const Json& j, const Tail& t) {
  const Outcome out = evaluate(*t.op, f, t.c);
  if (!out.broken.empty()) throw std::runtime_error(out.broken);
  const MatrixReference ref = matrix_reference(*t.op, f, t.c.inputs, t.c.upstream);
  if (!ref.resolved) throw std::runtime_error("the reference is not resolved");
  const auto change = matrix_envelope(*t.op, f, t.c.inputs, t.c.upstream, ref.precision);
  const WithContext context(wide);
  const auto ulp = [&](const Bounded& x) { return ulp_at(f, clamped(f, x.value)); };
  const Limit limit = derivative_limit(*t.op);
  const bool value_in_ulps = t.op->claimed && t.op->claimed->units == Units::ulp;
  const Json &theirs = j.at("theirs"), &truth = j.at("true"), &ulps = j.at("ulps");

  std::vector<Quantity> all;
  Eigen::Index at = 0;
  t.c.upstream.row(0).maxCoeff(&at);
  Quantity y;
  y.name = "value";
  y.ours = out.y(0, at);
  y.theirs = number(f, theirs.at("output"));
  y.truth = truth_of(truth.at("output"));
  y.oracle = {ref.y(0, at), ref.y_bound(0, at), abs(ref.y(0, at))};
  y.unit = value_in_ulps ? ulp(y.truth) : std::max(ulp(y.truth), ref.y_change(0, at));
  y.limit = t.op->claimed ? t.op->claimed->value : limit.figure;
  y.recorded = ulps.at("output");
  all.push_back(std::move(y));
  for (std::size_t i = 0; i < truth.at("gradient").size(); ++i) {
    const auto index = static_cast<Eigen::Index>(i);
    const MatrixReference::Element& g = ref.gradient[0].at(i);
    Quantity d;
    d.name = fmt::format("derivative {}", i);
    d.ours = out.gradients[0](0, index);
    d.theirs = number(f, theirs.at("gradient").at(i));
    d.truth = truth_of(truth.at("gradient").at(i));
    d.oracle = g.r;
    // The upstream is 1: the gradient of an elementwise rule is its derivative.
    d.unit = ulp(d.truth);
    if (t.op->elementwise) {
      const auto e = point_envelope(*t.op, f, {t.c.inputs[0].data(), 1}, 0, d.truth, ref.precision);
      d.near_zero = e.near_zero && limit.near_zero == Units::envelope;
      if (d.near_zero) d.unit = std::max(d.unit, e.change);
    } else if (limit.units == Units::envelope) {
      d.unit = std::max(d.unit, Big(change[0](0, index) + g.rounding));
    }
    d.limit = limit.figure;
    d.recorded = ulps.at("gradient").at(i);
    all.push_back(std::move(d));
  }
  return all;
}

/// How many ulp PyTorch is off by, in those of the number nearest to the truth, as was recorded.
double their_error(const Format& f, const Quantity& q) {
  if (!std::isfinite(q.theirs)) return std::numeric_limits<double>::infinity();
  const Big nearest(rounded(f, q.truth.value.to_double()));
  return ratio(abs(Big(q.theirs) - q.truth.value), ulp_at(f, nearest));
}

/// Three digits were recorded, and nothing where PyTorch's number is not finite. Fractions of an
/// ulp are those of the 40 digits.
bool as_recorded(const Json& recorded, double ulp) {
  if (recorded.is_null()) return std::isinf(ulp);
  const auto x = recorded.get<double>();
  return (x < 1 && ulp < 1) || std::abs(x - ulp) <= 0.006 * x;
}

void replay_tail(const Format& f, const Json& j, Record& record, CheckResult& result) {
  const Tail t = read_tail(f, j);
  const std::vector<Quantity> all = quantities(f, j, t);
  const WithContext context(wide);
  bool theirs_wrong = false, near_zero = false;
  for (const Quantity& q : all) {
    const Distance ours = distance(f, q.ours, q.truth, q.limit, q.unit);
    const Distance theirs = distance(f, q.theirs, q.truth, q.limit, q.unit);
    const double their_ulp = their_error(f, q);
    theirs_wrong = theirs_wrong || !theirs.within;
    near_zero = near_zero || q.near_zero;
    result.counts["numbers of PyTorch outside our claim"] += theirs.within ? 0 : 1;
    if (!q.near_zero) record.worst(&q != &all.front(), ours, q.ours, q.truth);
    const Big apart = abs(q.oracle.value - q.truth.value) - q.truth.bound - q.oracle.bound;
    const bool agrees = apart <= ldexp(ulp_at(f, clamped(f, q.truth.value)), -6);
    const bool same = as_recorded(q.recorded, their_ulp);
    if (!agrees) record.fail(t.name, q.name + ": our reference is not the true value");
    if (!same) {
      record.fail(t.name, fmt::format("{}: {} ulp recorded for PyTorch, {} found", q.name,
                                      q.recorded.dump(), figure(their_ulp)));
    }
    if (!ours.within) {
      record.fail(
          t.name, q.ours, q.truth, ours, q.limit,
          fmt::format("{}: our {} is farther from the truth than it claims", t.name, q.name));
    }
    record.line({fmt::format("{} {}: PyTorch's {} is {} ulp off", t.name, q.name,
                             decimal(f, q.theirs), figure(their_ulp)),
                 q.truth.value.str(20), decimal(f, q.ours), ours.ulp,
                 ours.within && agrees && same});
  }
  // There the claim is what one ulp in x changes, and nobody can do much better.
  if (near_zero) {
    ++result.counts["near a zero of the derivative"];
  } else if (!theirs_wrong) {
    record.fail(t.name, "PyTorch is within our claim: nothing to be told apart");
  }
}

void replay_tails(const Json& file, const Format& f, CheckResult& result) {
  Record record(f, result);
  for (const Json& j : file.at("cases")) {
    if (j.at("type").get<std::string>() != f.name) continue;
    ++result.counts["points"];
    try {
      replay_tail(f, j, record, result);
    } catch (const std::exception& x) {
      record.fail(j.at("operation"), x.what());
    }
  }
}

}  // namespace

void add_tail_checks(std::vector<Check>& checks) {
  const Source source{"torch-tails", "tails.json", fixtures::torch_tails};
  for (const Format& f : {double_format, float_format}) {
    checks.push_back(replay(
        source, f,
        "points where PyTorch is far from the truth: our value and derivatives are within what the "
        "operation claims of true values to 40 digits (mpmath), of PyTorch's at least one is not, "
        "but for zeros of a derivative, where the claim is wide; "
        "our oracle gives the true values too; ulp is our error, the line names PyTorch's",
        replay_tails));
  }
}

}  // namespace assay::verify::torch
