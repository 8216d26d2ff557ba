// Second derivatives, forward over reverse: the derivative of <dy, y>'s gradient in a direction, by
// dual numbers through forward and backward in double, against the same at high precision, and that
// against second differences of the forward alone.

#include <fmt/format.h>

#include <cmath>

#include "catalogue/operations.hpp"
#include "second_order.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

/// One point: inputs, upstream and direction.
struct Point {
  Case c;
  std::vector<Mat<double>> v;
};

/// What is moved by one unit in the last place to see how much the result depends on it.
struct Nudge {
  enum class Of { nothing, input, upstream, direction };
  Of of = Of::nothing;
  std::size_t k = 0;
  Eigen::Index i = 0;
};

std::vector<Mat<Moving>> product(const Operation& op, const Point& p, const Nudge& n) {
  std::vector<Mat<Moving>> x;
  for (std::size_t k = 0; k < p.v.size(); ++k) {
    x.push_back(p.c.inputs[k].binaryExpr(
        p.v[k], [](double a, double b) { return Moving(Enclosure(a), Enclosure(b)); }));
  }
  Mat<Moving> dy = p.c.upstream.unaryExpr([](double a) { return Moving(Enclosure(a)); });
  const auto nudge = [](Enclosure& e, double at) {
    e += Enclosure(ulp_at(double_format, Big(at)));
  };
  if (n.of == Nudge::Of::input) nudge(x[n.k].data()[n.i].v, p.c.inputs[n.k].data()[n.i]);
  if (n.of == Nudge::Of::direction) nudge(x[n.k].data()[n.i].d, p.v[n.k].data()[n.i]);
  if (n.of == Nudge::Of::upstream) nudge(dy.data()[n.i].v, p.c.upstream.data()[n.i]);
  return op.rule<Moving>().gradients(dy, views(x));
}

struct Reference {
  std::vector<std::vector<Bounded>> h;  ///< an input's elements, column by column
  std::vector<std::vector<Big>> unit;   ///< the change under nudges, and one ulp
};

/// Nothing where the last precision does not resolve it or a number leaves the range.
std::optional<Reference> reference(const Operation& op, const Point& p) {
  for (mpfr_prec_t precision : {256, 1024, 4096}) {
    const WithContext context(precision);
    Enclosure::undecided() = false;
    const std::vector<Mat<Moving>> g = product(op, p, {});
    Reference r;
    bool resolved = !Enclosure::undecided();
    Big largest(0);  // |gradient| times |direction|
    for (std::size_t k = 0; k < g.size(); ++k) {
      for (Eigen::Index i = 0; i < g[k].size(); ++i) {
        largest = std::max(largest, abs(g[k].data()[i].v.middle() * Big(p.v[k].data()[i])));
      }
    }
    for (const Mat<Moving>& m : g) {
      r.h.emplace_back();
      r.unit.emplace_back();
      const Big coarse = ulp_at(double_format, largest);
      for (Eigen::Index i = 0; i < m.size(); ++i) {
        const Bounded b = bounded(m.data()[i].d);
        if (!isfinite(b.value) || abs(b.value) > ldexp(Big(1), 500)) return std::nullopt;
        const Big ulp = ulp_at(double_format, b.value);
        resolved = resolved && b.bound <= ulp / Big(64);
        r.h.back().push_back(b);
        r.unit.back().push_back(std::max(ulp, coarse));
      }
    }
    if (!resolved) continue;
    const auto add = [&](const Nudge& n) {
      const std::vector<Mat<Moving>> moved = product(op, p, n);
      for (std::size_t k = 0; k < moved.size(); ++k) {
        for (Eigen::Index i = 0; i < moved[k].size(); ++i) {
          const auto at = static_cast<std::size_t>(i);
          const Big change = abs(moved[k].data()[i].d.middle() - r.h[k][at].value);
          if (isfinite(change)) r.unit[k][at] += change;
        }
      }
    };
    for (std::size_t k = 0; k < p.v.size(); ++k) {
      for (Eigen::Index i = 0; i < p.v[k].size(); ++i) {
        if (op.inputs[k].exact) continue;
        add({Nudge::Of::input, k, i});
        add({Nudge::Of::direction, k, i});
      }
    }
    for (Eigen::Index i = 0; i < p.c.upstream.size(); ++i) add({Nudge::Of::upstream, 0, i});
    return r;
  }
  return std::nullopt;
}

/// In units of the nudges, or of an ulp of the gradient times the direction where that is more:
/// what forward over reverse derives is no formula that was designed to be exact, and may cancel.
constexpr double limit = 64;

/// Every element of the product in double, against the reference.
template <class Fail>
void in_double(const Entry& e, const Point& p, const Reference& r, std::uint64_t number,
               CheckResult& result, const Fail& fail) {
  const std::vector<Mat<double>> got = e.hessian_product(p.c, p.v);
  for (std::size_t k = 0; k < got.size(); ++k) {
    if (e.op->inputs[k].exact) continue;
    for (Eigen::Index i = 0; i < got[k].size(); ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double h = got[k].data()[i];
      ++result.elements;
      const Big error = abs(Big(h) - r.h[k][at].value);
      const double units = (error / r.unit[k][at]).to_double();
      Worst worst;
      worst.ulp = (error / ulp_at(double_format, r.h[k][at].value)).to_double();
      worst.envelope = units;
      worst.at_case = number;
      worst.got = fmt::format("{:.17g}", h);
      worst.reference = r.h[k][at].value.str(20);
      keep_worst(result.worst_product, std::move(worst));
      if (units <= limit) continue;
      Problem problem;
      problem.against = "the Hessian-vector product at high precision";
      problem.quantity = "H v";
      problem.input = k;
      problem.row = i % got[k].rows();
      problem.col = i / got[k].rows();
      problem.got = fmt::format("{:.17g}", h);
      problem.reference = r.h[k][at].value.str(20);
      problem.bound = r.h[k][at].bound.str(3);
      problem.ulp = units;
      problem.claimed = limit;
      problem.units = Units::envelope;
      fail(problem);
    }
  }
}

}  // namespace

Check second_order_check(const Entry& e, std::uint64_t cases) {
  Check c;
  c.blank.subject = e.op->name;
  c.blank.scalar = "double";
  c.blank.check = "second-order";
  c.blank.about =
      "Hessian-vector products, forward over reverse: dual numbers through forward and backward in "
      "double against the same at high precision, and that, and the Hessian's symmetry, against "
      "second differences of the forward alone; zeros in every fourth case";
  c.blank.blind = "where the second derivative jumps";
  c.cases = cases;
  c.run = [e](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    Point p{second_order_case(*e.op, number, seed), {}};
    const auto fail = [&](const Problem& problem) {
      if (!result.failures.empty()) return;
      result.failures.push_back(
          to_failure(*e.op, double_format, "second-order", p.c, number, seed, 0, problem));
    };
    if (const auto problem =
            examine_second_order_strictly({*e.op, double_format, p.c, number, seed, &result})) {
      fail(*problem);
    }
    p.v = draw_direction(*e.op, p.c, case_seed(seed, "v", 0));
    const std::optional<Reference> r = reference(*e.op, p);
    if (!r) {
      ++result.counts["not resolved or out of range"];
      return;
    }
    in_double(e, p, *r, number, result, fail);
  };
  c.conclude = [cases](CheckResult& r) {
    if (r.verdict == Verdict::correct && r.elements < (cases + 1) / 2) {
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("only {} elements compared in {} cases", r.elements, r.cases);
    }
  };
  return c;
}

}  // namespace assay::verify
