// check_point: an operation as a WholeGradient, or, where it is small, as one case.

#include "assay/verify/point.hpp"

#include <fmt/format.h>

#include <cmath>

#include "check.hpp"
#include "evaluate.hpp"
#include "function_run.hpp"
#include "hint.hpp"
#include "reference.hpp"

namespace assay::verify {
namespace {

using In = WholeGradient::In;
using Moving = Dual<Enclosure>;

/// So many input elements are judged one by one.
constexpr Eigen::Index small = 64;

const Format& format_of(In in) { return in == In::float_ ? float_format : double_format; }

Mat<double> in_format(const Format& f, const Mat<double>& m) {
  return m.unaryExpr([&](double x) { return rounded(f, x); });
}

Case at_point(const Operation& op, const Format& f, const std::vector<Mat<double>>& inputs,
              const PointOptions& o) {
  Case c;
  for (const Mat<double>& x : inputs) c.inputs.push_back(in_format(f, x));
  const Shape out = op.in_double->shape(shapes_of(inputs));
  c.upstream = in_format(f, o.upstream ? *o.upstream : random_upstream(out, o.seed));
  return c;
}

void require_usable(const Operation& op, const std::vector<Mat<double>>& inputs,
                    const PointOptions& o) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(fmt::format("check_point: {}: {}", op.name, why));
  };
  if (inputs.size() != op.arity()) {
    refuse(fmt::format("{} inputs are given, the operation has {}", inputs.size(), op.arity()));
  }
  Eigen::Index elements = 0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    elements += inputs[k].size();
    for (double x : inputs[k].reshaped()) {
      if (std::isfinite(x) && op.inputs[k].contains(x)) continue;
      refuse(fmt::format("{} is {} in {}; it must be finite and in the domain", "an element", x,
                         input_name(op.arity(), k)));
    }
  }
  if (elements == 0) refuse("the inputs hold no elements");
  const Shape out = op.in_double->shape(shapes_of(inputs));
  if (out.size() == 0)
    refuse(fmt::format("the output is {}: there is no gradient", to_string(out)));
  if (o.draws == 0) refuse("draws is 0; at least one direction is needed");
  if (o.upstream) {
    require(shape_of(*o.upstream) == out, "check_point",
            {{"the output", out}, {"the upstream", shape_of(*o.upstream)}},
            "they must be of one shape");
  }
}

template <class T>
std::vector<T> flat(const std::vector<Mat<T>>& m) {
  std::vector<T> all;
  for (const Mat<T>& x : m) {
    for (const T& v : x.reshaped()) all.push_back(v);
  }
  return all;
}

/// The inputs as dual numbers that move by v, which is as long as all of them.
std::vector<Mat<Moving>> moving(const std::vector<Mat<double>>& inputs, std::span<const double> v) {
  std::vector<Mat<Moving>> x = to_dual(inputs);
  std::size_t n = 0;
  for (Mat<Moving>& m : x) {
    for (Moving& e : m.reshaped()) e.d = Enclosure(v[n++]);
  }
  return x;
}

WholeGradient whole(const Operation& op, const std::vector<Mat<double>>& inputs,
                    const PointOptions& o) {
  WholeGradient g;
  g.name = op.name;
  const Limit limit = derivative_limit(op);
  g.limit = op.claimed ? limit.figure : o.limit;
  g.plain_ulp = limit.units == Units::ulp && limit.near_zero == Units::ulp;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    g.parts.push_back({input_name(op.arity(), k), shape_of(inputs[k])});
    g.longest = std::max({g.longest, inputs[k].rows(), inputs[k].cols()});
  }
  const auto case_in = [op, inputs, o](In in) { return at_point(op, format_of(in), inputs, o); };
  g.point = [op, case_in](In in) {
    Case c = case_in(in);
    for (std::size_t k = 0; k < op.arity(); ++k) {
      if (op.inputs[k].exact) c.inputs[k].setConstant(std::numeric_limits<double>::quiet_NaN());
    }
    c.inputs.push_back(c.upstream);
    return flat(c.inputs);
  };
  g.judged = [op, case_in](In in) {
    const Outcome out = evaluate(op, format_of(in), case_in(in));
    if (!out.broken.empty()) throw std::runtime_error(out.broken);
    return flat(out.gradients);
  };
  g.wide = [op, case_in](In in) {
    const Case c = case_in(in);
    const std::vector<Mat<Enclosure>> x = to_enclosures(c.inputs);
    return flat(op.rule<Enclosure>().gradients(to_enclosures({c.upstream})[0], views(x)));
  };
  g.slope = [op, case_in](In in, std::span<const double> v) {
    const Case c = case_in(in);
    const std::vector<Mat<Moving>> x = moving(c.inputs, v);
    const Mat<Moving> y = op.rule<Moving>().forward(views(x));
    Enclosure sum(0);
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      sum += Enclosure(c.upstream.data()[j]) * y.data()[j].d;
    }
    return sum;
  };
  g.turned = [op, case_in](In in, std::span<const double> nudge) {
    const Case c = case_in(in);
    const std::vector<Mat<Moving>> x = moving(c.inputs, nudge);
    std::size_t n = 0;
    for (const Mat<double>& m : c.inputs) n += static_cast<std::size_t>(m.size());
    const Mat<Moving> dy = moving({c.upstream}, nudge.subspan(n))[0];
    std::vector<Enclosure> change;
    for (const Moving& e : flat(op.rule<Moving>().gradients(dy, views(x)))) change.push_back(e.d);
    return change;
  };
  return g;
}

/// The examinations of a random case, of this one.
Report one_by_one(const Operation& op, const std::vector<Mat<double>>& inputs,
                  const PointOptions& o) {
  require_subnormals();
  Report report;
  for (const Format& f : {float_format, double_format}) {
    const Case c = at_point(op, f, inputs, o);
    for (std::string_view name : {"derivative", "differences"}) {
      CheckResult& r = report.checks.emplace_back();
      r.subject = op.name;
      r.scalar = f.name;
      r.check = name;
      r.about = "every element at the given point, as of a random case";
      r.cases = 1;
      const Limit limit = derivative_limit(op);
      r.claimed_derivative = limit.figure;
      r.units = limit.units == Units::ulp ? "ulp" : "envelope";
      const auto n = static_cast<std::uint64_t>(small);
      // Differences look at one element a seed.
      for (std::uint64_t seed = 0; seed < (name == "derivative" ? 1 : n); ++seed) {
        const auto p = examination(name)({op, f, c, 0, seed, &r});
        if (!p) continue;
        if (p->inconclusive) {
          ++r.counts["inconclusive"];
          continue;
        }
        r.verdict = Verdict::wrong;
        r.failures.push_back(to_failure(op, f, name, c, 0, seed, 0, *p));
        break;
      }
      if (r.verdict == Verdict::wrong || (r.elements > 0 && r.counts.count("inconclusive") == 0)) {
        continue;
      }
      r.verdict = Verdict::inconclusive;
      r.reason = "nothing could be judged at this point";
    }
  }
  return report;
}

}  // namespace

Report check_point(const Operation& op, const std::vector<Mat<double>>& inputs,
                   const PointOptions& options) {
  require_usable(op, inputs, options);
  Eigen::Index elements = 0;
  for (const Mat<double>& x : inputs) elements += x.size();
  if (elements <= small || op.elementwise) return one_by_one(op, inputs, options);
  const Outcome out = evaluate(op, double_format, at_point(op, double_format, inputs, options));
  if (out.broken.empty()) return check_gradient(whole(op, inputs, options), options);
  Report report;
  CheckResult& r = report.checks.emplace_back();
  r.subject = op.name;
  r.scalar = "double";
  r.check = "point";
  r.cases = 1;
  r.verdict = Verdict::wrong;
  Failure& f = r.failures.emplace_back();
  f.operation = op.name;
  f.scalar = r.scalar;
  f.check = r.check;
  f.message = fmt::format("{}<double>: {}", op.name, out.broken);
  return report;
}

}  // namespace assay::verify
