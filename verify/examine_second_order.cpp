#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "families.hpp"
#include "second_order.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

/// What moves: inputs along v and w, the upstream along u.
struct Directions {
  std::vector<Mat<double>> v, w;
  Mat<double> u;
};

Directions directions(const Examination& e) {
  const Mat<double>& dy = e.c.upstream;
  std::uint64_t n = 0;
  const std::uint64_t seed = case_seed(e.seed, "u", 0);
  return {draw_direction(e.op, e.c, case_seed(e.seed, "v", 0)),
          draw_direction(e.op, e.c, case_seed(e.seed, "w", 0)),
          Mat<double>::NullaryExpr(dy.rows(), dy.cols(), [&] { return short_number(seed, n++); })};
}

// --- the forward ---------------------------------------------------------------------------------

/// log2 of the farthest that an element is moved, in steps: two along v and w, or aside.
constexpr long reach = 12;

/// <dy + a u, f(x + a v + b w)>, a and b in steps of 2^h.
class Surface {
 public:
  Surface(const Examination& e, const Directions& d) : e_(e), d_(d) {}

  /// The mixed second derivative: central differences at one and two steps and one of Richardson's.
  /// `side` moves the point itself so far that nothing is seen of its other side.
  struct Estimate {
    Enclosure d;
    Big truncation;
  };
  [[nodiscard]] Estimate mixed(int side, long h) const {
    const Enclosure near = cross(1, 0, side, h), far = cross(2, 1, side, h);
    const Enclosure d = near + (near - far) / Enclosure(3);
    return {d, abs(d.middle() - near.middle())};
  }

  /// Element i of input k, moved.
  [[nodiscard]] Enclosure moved(std::size_t k, Eigen::Index i, long a, long b, int side,
                                long h) const {
    const double v = d_.v[k].data()[i], w = d_.w[k].data()[i];
    const double aside = 16 * (std::abs(v) + std::abs(w)) * static_cast<double>(1 + k);
    const double steps = static_cast<double>(a) * v + static_cast<double>(b) * w + side * aside;
    return Enclosure(e_.c.inputs[k].data()[i]) + Enclosure(ldexp(Big(steps), h));
  }

 private:
  [[nodiscard]] Enclosure at(long a, long b, int side, long h) const {
    std::vector<Mat<Enclosure>> x;
    for (std::size_t k = 0; k < d_.v.size(); ++k) {
      x.emplace_back(d_.v[k].rows(), d_.v[k].cols());
      for (Eigen::Index i = 0; i < x[k].size(); ++i) x[k].data()[i] = moved(k, i, a, b, side, h);
    }
    const Mat<Enclosure> y = e_.op.rule<Enclosure>().forward(views(x));
    Enclosure sum(0);
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      const Big step = ldexp(Big(static_cast<double>(a) * d_.u.data()[j]), h);
      sum += (Enclosure(e_.c.upstream.data()[j]) + Enclosure(step)) * y.data()[j];
    }
    return sum;
  }
  [[nodiscard]] Enclosure cross(long m, long log2_m, int side, long h) const {
    const Enclosure s =
        (at(m, m, side, h) - at(m, -m, side, h)) - (at(-m, m, side, h) - at(-m, -m, side, h));
    const long power = -2 * (h + log2_m + 1);
    return {ldexp(s.lo(), power), ldexp(s.hi(), power)};
  }

  const Examination& e_;
  const Directions& d_;
};

// --- the backward --------------------------------------------------------------------------------

/// Inputs in motion along `direction`, where they are moved to.
std::vector<Mat<Moving>> in_motion(const Surface& s, const Directions& d,
                                   const std::vector<Mat<double>>& direction, int side, long h) {
  std::vector<Mat<Moving>> x;
  for (std::size_t k = 0; k < direction.size(); ++k) {
    x.emplace_back(d.v[k].rows(), d.v[k].cols());
    for (Eigen::Index i = 0; i < x[k].size(); ++i) {
      x[k].data()[i] = Moving(s.moved(k, i, 0, 0, side, h), Enclosure(direction[k].data()[i]));
    }
  }
  return x;
}

/// The same mixed derivative from the rule, and what it is made of: its terms, and the gradient
/// times the lengths moved, beside which rounded constants of the rule are small.
struct Product {
  Enclosure d{0};
  Big terms{0};
};

/// <w, d gradient> along v, the upstream moving along u.
Product by_backward(const Examination& e, const Surface& s, const Directions& d) {
  const std::vector<Mat<Moving>> x = in_motion(s, d, d.v, 0, 0);
  const Mat<Moving> dy = e.c.upstream.binaryExpr(
      d.u, [](double at, double u) { return Moving(Enclosure(at), Enclosure(u)); });
  const std::vector<Mat<Moving>> g = e.op.rule<Moving>().gradients(dy, views(x));
  Product p;
  for (std::size_t k = 0; k < g.size(); ++k) {
    for (Eigen::Index i = 0; i < g[k].size(); ++i) {
      const Big w(d.w[k].data()[i]), v(d.v[k].data()[i]);
      if (w == Big(0)) continue;
      const Enclosure term = Enclosure(w) * g[k].data()[i].d;
      p.d += term;
      p.terms += abs(term.middle()) + abs(w * v * g[k].data()[i].v.middle());
    }
  }
  return p;
}

/// <v, d gradient> + <u, J w> along w: the same where the Hessian is symmetric.
Product turned_round(const Examination& e, const Surface& s, const Directions& d) {
  const std::vector<Mat<Moving>> x = in_motion(s, d, d.w, 0, 0);
  const std::vector<View<Moving>> in = views(x);
  const Mat<Moving> dy = e.c.upstream.unaryExpr([](double at) { return Moving(Enclosure(at)); });
  const Rule<Moving>& rule = e.op.rule<Moving>();
  Mat<Moving> saved;
  const Mat<Moving> y = rule.forward(in, saved);
  std::vector<Mat<Moving>> g(x.size());
  rule.backward(dy, in, y, saved, std::span(g));
  Product p;
  const auto add = [&](double factor, const Enclosure& slope) {
    if (factor == 0) return;
    const Enclosure term = Enclosure(factor) * slope;
    p.d += term;
    p.terms += abs(term.middle());
  };
  for (std::size_t k = 0; k < g.size(); ++k) {
    for (Eigen::Index i = 0; i < g[k].size(); ++i) add(d.v[k].data()[i], g[k].data()[i].d);
  }
  for (Eigen::Index j = 0; j < y.size(); ++j) add(d.u.data()[j], y.data()[j].d);
  return p;
}

/// Whether the backward takes other branches on either side of the point.
bool branches_beside(const Examination& e, const Surface& s, const Directions& d, long h) {
  const Mat<Moving> dy = e.c.upstream.unaryExpr([](double at) { return Moving(Enclosure(at)); });
  const auto path = [&](int side) {
    const std::vector<Mat<Moving>> x = in_motion(s, d, d.v, side, h);
    Enclosure::branches() = 0;
    static_cast<void>(e.op.rule<Moving>().gradients(dy, views(x)));
    return Enclosure::branches();
  };
  const std::uint64_t here = path(0);
  return path(-1) != here || path(1) != here;
}

// --- what is not judged --------------------------------------------------------------------------

/// How far the nearest element is from where the forward is known not to be smooth.
double free_distance(const Operation& op, const Case& c) {
  double d = 1;
  const auto offer = [&d](double distance) {
    if (distance > 0) d = std::min(d, distance);
  };
  std::vector<double> all;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Interval& in = op.inputs[k];
    if (in.exact) continue;
    for (const double x : c.inputs[k].reshaped()) {
      for (const Kink& kink : op.kinks) {
        if (kink.input == k) offer(std::abs(x - kink.at));
      }
      if (in.lo_open) offer(x - in.lo);
      if (in.hi_open) offer(in.hi - x);
      if (op.arrange) offer(std::abs(x));
      all.push_back(x);
    }
  }
  if (op.ties == Ties::none) return d;
  std::sort(all.begin(), all.end());
  for (std::size_t i = 1; i < all.size(); ++i) offer(all[i] - all[i - 1]);
  return d;
}

/// An element lies where the first derivative is known to jump.
bool at_exceptional_point(const Examination& e) {
  std::vector<double> all;
  for (std::size_t k = 0; k < e.c.inputs.size(); ++k) {
    for (const double x : e.c.inputs[k].reshaped()) {
      if (at_kink(e.op, e.format, k, x).exceptional) return true;
      all.push_back(x);
    }
  }
  std::sort(all.begin(), all.end());
  return e.op.ties != Ties::none && std::adjacent_find(all.begin(), all.end()) != all.end();
}

// --- the comparison ------------------------------------------------------------------------------

struct Compared {
  bool resolved = false;
  long h = 0;
  mpfr_prec_t precision = 256;
  Bounded reference;
  Product v_w, w_v;
};

constexpr mpfr_prec_t budget = 2200;

/// At growing precision until both bounds are far below what is judged.
Compared compare(const Examination& e, const Surface& s, const Directions& d) {
  double largest = 1;
  for (const Mat<double>& x : e.c.inputs) {
    if (x.size() > 0) largest = std::max(largest, x.cwiseAbs().maxCoeff());
  }
  const long top = std::ilogb(largest) + reach;
  const long scale = std::min<long>(0, std::ilogb(free_distance(e.op, e.c)) - reach);
  Compared r;
  long shrink = 0;
  for (int round = 0; round < 8 && r.precision <= budget; ++round) {
    r.h = scale - static_cast<long>(r.precision) / 4 - shrink;
    r.precision = std::max<mpfr_prec_t>(r.precision, top - 2 * r.h + 80);
    const WithContext context(r.precision);
    r.v_w = by_backward(e, s, d);
    r.w_v = turned_round(e, s, d);
    const Surface::Estimate estimate = s.mixed(0, r.h);
    const Big noise = estimate.d.radius();
    r.reference = {estimate.d.middle(), estimate.truncation + noise, Big(0)};
    const Big terms = std::max(abs(r.reference.value), std::max(r.v_w.terms, r.w_v.terms));
    if (!isfinite(terms) || !isfinite(r.reference.bound)) {
      // Wide enclosures become finite with more bits; a NaN of the backward alone stays.
      r.resolved = round > 1 && missing_bits(r.reference, -100) <= 0;
      if (r.resolved) return r;
      r.precision *= 2;
      continue;
    }
    const long unit = std::max(terms.exponent() - 52, -100L);
    const Big other = std::max(r.v_w.d.radius(), r.w_v.d.radius());
    const auto missing = [&](const Big& bound) {
      return missing_bits({r.reference.value, bound, Big(0)}, unit);
    };
    if (missing(r.reference.bound + other) <= 0) {
      r.resolved = true;
      return r;
    }
    const long of_noise = std::max(missing(noise), missing(other));
    const long of_step = missing(estimate.truncation);
    if (of_step > 0) shrink += of_step / 2 + 2;
    if (of_noise > 0 || of_step <= 0) r.precision += std::max(of_noise, 8L) + 8;
  }
  return r;
}

/// What constants that are right to a double may change.
Big allowed(const Product& p) { return ldexp(p.terms, -44); }

bool differs(const Compared& r, const Product& p) {
  const Bounded got = bounded(p.d);
  return !(abs(got.value - r.reference.value) <= got.bound + r.reference.bound + allowed(p));
}

/// The second derivatives on both sides of the point are not close to each other.
bool jumps(const Surface& s, const Compared& r) {
  const Big left = s.mixed(-1, r.h).d.middle(), right = s.mixed(1, r.h).d.middle();
  const Big size = abs(left) + abs(right);
  return !(abs(left - right) <= ldexp(size, -20) + r.reference.bound);
}

Problem describe(const Compared& r, const Product& p, bool symmetric) {
  Problem x;
  x.against = symmetric ? "second differences of the forward in high precision"
                        : "second differences of the forward, which are symmetric in v and w";
  x.quantity = symmetric ? "w' H v" : "v' H w";
  x.got = bounded(p.d).value.str(16);
  x.reference = r.reference.value.str(16);
  x.bound = r.reference.bound.str(2);
  return x;
}

/// The one element whose product with v is wrong alone, in a case so small that trying is cheap.
void locate(const Examination& e, Directions d, Problem& problem) {
  Eigen::Index size = 0;
  for (const Mat<double>& x : e.c.inputs) size += x.size();
  if (size > 6) return;
  const std::vector<Mat<double>> w = d.w;
  for (Mat<double>& m : d.w) m.setZero();
  for (std::size_t k = 0; k < w.size(); ++k) {
    for (Eigen::Index i = 0; i < w[k].size(); ++i) {
      if (w[k].data()[i] == 0) continue;
      d.w[k].data()[i] = 1;
      const Surface surface(e, d);
      const Compared r = compare(e, surface, d);
      d.w[k].data()[i] = 0;
      const WithContext context(r.precision);
      if (!r.resolved || !differs(r, r.v_w)) continue;
      problem.input = k;
      problem.row = i % w[k].rows();
      problem.col = i / w[k].rows();
      problem.quantity = "H v";
      problem.got = bounded(r.v_w.d).value.str(16);
      problem.reference = r.reference.value.str(16);
      problem.bound = r.reference.bound.str(2);
      return;
    }
  }
}

}  // namespace

SecondOrder second_order(const Examination& e) {
  if (e.c.upstream.size() == 0) {
    e.count("nothing to differentiate");
    return {};
  }
  const Directions d = directions(e);
  const Surface surface(e, d);
  const Compared r = compare(e, surface, d);
  if (!r.resolved) {
    e.count(at_exceptional_point(e) ? "at an exceptional point" : "not resolved");
    return {};
  }
  const WithContext context(r.precision);
  const bool wrong = differs(r, r.v_w), unsymmetric = differs(r, r.w_v);
  if (!wrong && !unsymmetric) {
    e.elements();
    return {};
  }
  const bool beside = branches_beside(e, surface, d, r.h);
  if ((beside || at_exceptional_point(e)) && jumps(surface, r)) {
    e.count("where the second derivative jumps");
    return {};
  }
  e.elements();
  Problem p = describe(r, wrong ? r.v_w : r.w_v, wrong);
  if (wrong) locate(e, d, p);
  return {std::move(p), beside};
}

std::optional<Problem> examine_second_order(const Examination& e) {
  SecondOrder s = second_order(e);
  if (!s.problem || !s.at_branch) return std::move(s.problem);
  e.count("wrong at a branch");
  if (e.statistics && e.statistics->notes.empty()) {
    e.statistics->notes = {
        "where the rule branches, dual numbers through its backward do not give the second "
        "derivative of its forward: first derivatives alone are judged there"};
  }
  return std::nullopt;
}

std::optional<Problem> examine_second_order_strictly(const Examination& e) {
  return second_order(e).problem;
}

void add_second_order(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  checks.push_back(case_check(op, double_format, "high", "second-order",
                              std::max<std::uint64_t>(8, plan.cases / 40),
                              [op](std::uint64_t number, std::uint64_t seed) {
                                return second_order_case(*op, number, seed);
                              }));
  // Who wrote a rule promised first derivatives: that no second one could be told is no failure.
  checks.back().conclude = [](CheckResult& r) {
    if (r.verdict != Verdict::correct || r.elements > 0) return;
    r.verdict = Verdict::skipped;
    r.reason = fmt::format("no second derivative was resolved in {} cases", r.cases);
  };
}

}  // namespace assay::verify
