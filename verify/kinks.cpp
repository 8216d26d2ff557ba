// The convention at declared thresholds and ties, against one-sided derivatives.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "differences.hpp"
#include "evaluate.hpp"
#include "families.hpp"
#include "generators.hpp"

namespace assay::verify {
namespace {

/// An element of the inputs.
struct Place {
  std::size_t k;
  Eigen::Index i;
};

double value_at(const Case& c, const Place& p) { return c.inputs[p.k].data()[p.i]; }

/// The format holds the threshold itself, not only numbers beside it.
bool is_held(const Format& f, double at) {
  // A decimal such as 0.3 is not even what a double says it is.
  return at == std::round(at * 0x1p20) * 0x1p-20 && rounded(f, at) == at;
}

/// The threshold, or the numbers of the format about it.
std::vector<double> points_at(const Format& f, double at) {
  if (at == 0) return {0.0, -0.0};
  if (is_held(f, at)) return {at};
  const double nearest = rounded(f, at);
  return {next(f, nearest, false), nearest, next(f, nearest, true)};
}

bool is_at(const Format& f, const Kink& kink, std::size_t k, double x) {
  if (kink.input != k || kink.kind == Kink::Kind::pole) return false;
  const std::vector<double> points = points_at(f, kink.at);
  return std::find(points.begin(), points.end(), x) != points.end();
}

/// <dy, y> when the places move together by t.
AlongCoordinate along(const Operation& op, const Case& c, const std::vector<Place>& places) {
  auto inputs = std::make_shared<std::vector<Mat<Enclosure>>>(to_enclosures(c.inputs));
  return [&op, &c, inputs, places](const Enclosure& t) {
    for (const Place& p : places) (*inputs)[p.k].data()[p.i] = Enclosure(value_at(c, p)) + t;
    const Mat<Enclosure> y = op.rule<Enclosure>().forward(views(*inputs));
    Enclosure sum(0);
    for (Eigen::Index j = 0; j < y.size(); ++j) {
      sum += Enclosure(c.upstream.data()[j]) * y.data()[j];
    }
    return sum;
  };
}

/// The distance in which no other element, threshold or end of the domain is met.
double room_about(const Operation& op, const Case& c, const Place& p) {
  const double x = value_at(c, p);
  double room = x == 0 ? 1 : std::min(1.0, std::abs(x));  // a step must not be lost in x
  const auto keep_from = [&](double other) {
    if (std::isfinite(other) && other != x) room = std::min(room, std::abs(other - x) / 2);
  };
  for (const Mat<double>& m : c.inputs) {
    for (double v : m.reshaped()) keep_from(v);
  }
  for (const Kink& kink : op.kinks) {
    if (kink.input == p.k) keep_from(kink.at);
  }
  keep_from(op.inputs[p.k].lo);
  keep_from(op.inputs[p.k].hi);
  return room;
}

struct Sides {
  Bounded left, right;

  [[nodiscard]] bool known() const {
    return isfinite(left.value) && isfinite(right.value) && isfinite(left.bound) &&
           isfinite(right.bound);
  }
  [[nodiscard]] Big lo() const { return std::min(left.value, right.value); }
  [[nodiscard]] Big hi() const { return std::max(left.value, right.value); }
};

/// The one-sided derivatives at a point; of a threshold that lies between numbers, those at the
/// numbers next but one, which are on either side of it for certain.
Sides sides(const Operation& op, const Format& f, const Case& c, const Place& p, const Kink* kink) {
  Case below = c, above = c;
  if (kink != nullptr && is_held(f, kink->at)) {
    below.inputs[p.k].data()[p.i] = above.inputs[p.k].data()[p.i] = kink->at;
  } else if (kink != nullptr) {
    const std::vector<double> around = points_at(f, kink->at);
    below.inputs[p.k].data()[p.i] = next(f, around.front(), false);
    above.inputs[p.k].data()[p.i] = next(f, around.back(), true);
  }
  return {one_sided(along(op, below, {p}), false, room_about(op, below, p)),
          one_sided(along(op, above, {p}), true, room_about(op, above, p))};
}

class Kinks {
 public:
  Kinks(const Examination& e, const Outcome& out) : e_(e), out_(out) {}

  std::optional<Problem> run() {
    for (std::size_t k = 0; k < e_.c.inputs.size(); ++k) {
      for (Eigen::Index i = 0; i < e_.c.inputs[k].size(); ++i) {
        for (const Kink& kink : e_.op.kinks) {
          if (!is_at(e_.format, kink, k, value_at(e_.c, {k, i}))) continue;
          if (auto wrong = threshold(kink, {k, i})) return wrong;
        }
      }
    }
    if (e_.op.ties == Ties::none) return std::nullopt;
    for (const std::vector<Place>& group : groups()) {
      if (auto wrong = tie(group)) return wrong;
    }
    return std::nullopt;
  }

 private:
  std::optional<Problem> threshold(const Kink& kink, const Place& p) {
    const Sides s = sides(e_.op, e_.format, e_.c, p, &kink);
    if (!s.known()) {
      e_.count("one-sided derivatives not resolved");
      return std::nullopt;
    }
    e_.elements();
    if (auto wrong = not_between(s, p)) return wrong;
    // Of an elementwise rule the declared value is df itself; of others only 0 is told from what
    // the operation makes of it.
    const bool prescribed = kink.kind == Kink::Kind::value && value_at(e_.c, p) == kink.at &&
                            (e_.op.elementwise || kink.value == 0);
    const double expected = rounded(e_.format, kink.value);
    const double got = gradient(p);
    if (!prescribed || got == expected) return std::nullopt;
    return problem(p, "the value declared at the kink", decimal(e_.format, expected), Big(0));
  }

  /// Elements that are equal, within all inputs that are moved.
  [[nodiscard]] std::vector<std::vector<Place>> groups() const {
    std::map<double, std::vector<Place>> by_value;
    for (std::size_t k = 0; k < e_.c.inputs.size(); ++k) {
      for (Eigen::Index i = 0; i < e_.c.inputs[k].size() && !e_.op.inputs[k].exact; ++i) {
        by_value[value_at(e_.c, {k, i})].push_back({k, i});
      }
    }
    std::vector<std::vector<Place>> found;
    for (auto& [x, places] : by_value) {
      if (places.size() > 1) found.push_back(std::move(places));
    }
    return found;
  }

  /// Each lies between its one-sided derivatives; those that bend here share what the function
  /// does when all of them move together, or the first has it all.
  std::optional<Problem> tie(const std::vector<Place>& group) {
    std::vector<Place> bending;
    for (const Place& p : group) {
      const Sides s = sides(e_.op, e_.format, e_.c, p, nullptr);
      if (!s.known()) {
        e_.count("one-sided derivatives not resolved");
        return std::nullopt;
      }
      e_.elements();
      if (auto wrong = not_between(s, p)) return wrong;
      if (s.hi() - s.lo() > slack(s)) bending.push_back(p);
    }
    if (bending.size() < 2) return std::nullopt;
    e_.count("at a tie that bends");
    const AlongCoordinate together = along(e_.op, e_.c, bending);
    const double room = room_about(e_.op, e_.c, bending.front());
    const Sides s{one_sided(together, false, room), one_sided(together, true, room)};
    if (!s.known() || s.hi() - s.lo() > slack(s)) return std::nullopt;  // not a selection
    return e_.op.ties == Ties::split ? split(s, bending) : first(s, bending);
  }

  std::optional<Problem> split(const Sides& s, const std::vector<Place>& group) {
    const WithContext wide(256);
    const Big share = s.right.value / Big(static_cast<long>(group.size()));
    for (const Place& p : group) {
      if (!(abs(Big(gradient(p)) - share) > slack(s))) continue;
      return problem(p, "an equal share of the tie, as declared", share.str(12), slack(s));
    }
    return std::nullopt;
  }

  /// The first one by columns or by rows: which of them is meant is not declared.
  std::optional<Problem> first(const Sides& s, const std::vector<Place>& group) {
    const auto by_rows =
        std::min_element(group.begin(), group.end(), [&](const Place& a, const Place& b) {
          const Eigen::Index m = e_.c.inputs[a.k].rows(), n = e_.c.inputs[b.k].rows();
          return std::tuple(a.k, a.i % m, a.i / m) < std::tuple(b.k, b.i % n, b.i / n);
        });
    const auto all_to = [&](const Place& chosen) {
      return std::all_of(group.begin(), group.end(), [&](const Place& p) {
        const bool has_it = p.k == chosen.k && p.i == chosen.i;
        const Big expected = has_it ? s.right.value : Big(0);
        return !(abs(Big(gradient(p)) - expected) > slack(s));
      });
    };
    const WithContext wide(256);
    if (all_to(group.front()) || all_to(*by_rows)) return std::nullopt;
    return problem(group.front(), "the first of the tied elements having all, as declared",
                   s.right.value.str(12), slack(s));
  }

  std::optional<Problem> not_between(const Sides& s, const Place& p) const {
    const WithContext wide(256);
    const Big got(gradient(p));
    if (got >= s.lo() - slack(s) && got <= s.hi() + slack(s)) return std::nullopt;
    return problem(p, "the one-sided derivatives at the kink, between which it must lie",
                   fmt::format("{} .. {}", s.lo().str(8), s.hi().str(8)), slack(s));
  }

  /// What rounding may add, in the differences and in the rule.
  [[nodiscard]] Big slack(const Sides& s) const {
    const WithContext wide(256, MPFR_RNDU);
    const Big units(std::max(4.0, derivative_limit(e_.op).figure));
    return s.left.bound + s.right.bound +
           units * ulp_at(e_.format, std::max(abs(s.lo()), abs(s.hi())));
  }

  [[nodiscard]] double gradient(const Place& p) const { return out_.gradients[p.k].data()[p.i]; }

  [[nodiscard]] Problem problem(const Place& p, std::string_view against, std::string reference,
                                const Big& bound) const {
    Problem found;
    found.input = p.k;
    const Eigen::Index rows = e_.c.inputs[p.k].rows();
    found.row = p.i % rows;
    found.col = p.i / rows;
    found.against = against;
    found.got = decimal(e_.format, gradient(p));
    found.reference = std::move(reference);
    found.bound = bound.str(2);
    return found;
  }

  const Examination& e_;
  const Outcome& out_;
};

/// Two elements of one input, or of one and the same place in two inputs, made equal.
void make_tie(const Operation& op, std::uint64_t variant, std::uint64_t seed, Case& c) {
  const bool pairs =
      c.inputs.size() > 1 && shape_of(c.inputs[0]) == shape_of(c.inputs[1]) && !op.inputs[1].exact;
  Mat<double>& x = c.inputs[0];
  if (x.size() == 0) return;
  if (pairs && variant % 2 == 0) {
    const auto i = static_cast<Eigen::Index>(seed % static_cast<std::uint64_t>(x.size()));
    c.inputs[1].data()[i] = x.data()[i];
    return;
  }
  if (pairs || variant % 4 == 3) {
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      if (!op.inputs[k].exact) c.inputs[k].setConstant(x(0, 0));
    }
    return;
  }
  // Two of the largest, or of the smallest.
  const double extreme = variant % 2 == 0 ? x.maxCoeff() : x.minCoeff();
  const auto i = static_cast<Eigen::Index>(seed % static_cast<std::uint64_t>(x.size()));
  const auto j = static_cast<Eigen::Index>(seed / 64 % static_cast<std::uint64_t>(x.size()));
  x.data()[i] = x.data()[j] = extreme;
}

/// Elements put at declared thresholds: one, or all of the input.
void put_at(const Format& f, const Kink& kink, std::uint64_t variant, std::uint64_t seed, Case& c) {
  Mat<double>& x = c.inputs[kink.input];
  if (x.size() == 0) return;
  const std::vector<double> points = points_at(f, kink.at);
  const double at = points[variant % points.size()];
  if (variant / points.size() % 2 == 1) {
    x.setConstant(at);
  } else {
    x.data()[static_cast<Eigen::Index>(seed % static_cast<std::uint64_t>(x.size()))] = at;
  }
}

std::vector<Kink> inner_kinks(const Operation& op) {
  std::vector<Kink> declared = op.kinks;
  std::erase_if(declared, [&](const Kink& k) {
    const Interval& domain = op.inputs[k.input];  // at its ends there are no two sides
    return k.kind == Kink::Kind::pole || !(domain.lo < k.at && k.at < domain.hi);
  });
  return declared;
}

/// One output is looked at, so that nothing cancels.
Case at_kink_case(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t seed) {
  Case c = op.elementwise ? pointwise_case(op, f, seed) : ordinary_case(op, f, seed);
  const std::vector<Kink> kinks = inner_kinks(op);
  const std::size_t kinds = kinks.size() + (op.ties != Ties::none ? 1 : 0);
  const std::size_t kind = number % kinds, variant = number / kinds;
  if (kind < kinks.size()) {
    put_at(f, kinks[kind], variant, seed, c);
  } else {
    make_tie(op, variant, seed, c);
  }
  if (c.upstream.size() == 0) return c;
  c.upstream.setZero();
  c.upstream.data()[static_cast<Eigen::Index>(seed / 4096 %
                                              static_cast<std::uint64_t>(c.upstream.size()))] = 1;
  return c;
}

}  // namespace

std::optional<Problem> examine_kinks(const Examination& e) {
  const Outcome out = evaluate(e.op, e.format, e.c);
  if (!out.broken.empty()) {
    Problem p;
    p.broken = true;
    p.against = out.broken;
    return p;
  }
  return Kinks(e, out).run();
}

void add_kinks(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  const std::size_t kinds = inner_kinks(*op).size() + (op->ties != Ties::none ? 1 : 0);
  if (kinds == 0 || op->arrange) return;
  for (const Format& f : plan.formats) {
    Check c = case_check(op, f, f.name, "kinks", kinds * 12,
                         [op, f](std::uint64_t number, std::uint64_t seed) {
                           return at_kink_case(*op, f, number, seed);
                         });
    checks.push_back(std::move(c));
  }
}

}  // namespace assay::verify
