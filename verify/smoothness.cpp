// A search for kinks, jumps and ties that the domain does not declare.
//
// The forward along lines: of an elementwise rule along each input, of a matrix operation in random
// directions through random points, through 0 and through a point where all elements are equal. A
// first search finds where comparisons change their outcome (find_branches); a second one takes the
// value and the slope (by dual numbers) on a grid, since sqrt(x * x) bends without comparing. Where
// either suspects something, bisection follows the larger change. Over a smooth stretch the change
// dies away; at a kink or a jump it is still there between adjacent numbers.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "check.hpp"
#include "evaluate.hpp"
#include "families.hpp"
#include "generators.hpp"
#include "line.hpp"

namespace assay::verify {
namespace {

using Change = long double (*)(const Tangent&, const Tangent&);
long double slope_change(const Tangent& a, const Tangent& b) { return std::abs(a.slope - b.slope); }
long double value_change(const Tangent& a, const Tangent& b) { return std::abs(a.value - b.value); }

struct Quantity {
  const char* what;
  const char* shown;
  Change change;
  long double Tangent::*member;
};
constexpr std::array quantities{Quantity{"kink", "the slopes are", slope_change, &Tangent::slope},
                                Quantity{"jump", "the values are", value_change, &Tangent::value}};

/// How hard a line is looked at. A matrix operation costs more a point and has more lines.
struct Effort {
  std::vector<double> grid;
  std::size_t suspects;   ///< pairs of neighbours a quantity, by absolute and by relative change
  int resolution;         ///< a change that halvings bring below 2^-resolution is smooth
  std::size_t intervals;  ///< for find_branches; 0: not traced
};

std::vector<double> numbers_of_interest() {
  std::vector<double> x{0};
  for (int i = -40; i <= 40; ++i) x.push_back(i / 2.0 + 0.0625);
  for (int e = -60; e <= 60; ++e) {
    for (double sign : {-1.0, 1.0}) x.push_back(sign * 1.1 * std::exp2(e / 2.0));
  }
  return x;
}

/// Even steps, and closer ones about t = 0, where the special points are.
std::vector<double> steps(double lo, double hi, int n) {
  std::vector<double> t;
  for (int i = 0; i <= n; ++i) t.push_back(lo + (hi - lo) * (i + 0.0625) / (n + 0.125));
  for (int e = 1; e <= 21; e += 4) {
    for (double side : {lo, hi}) t.push_back(std::ldexp(side * 0.9, -e));
  }
  return t;
}

Effort effort(const Operation& op, const Line& line) {
  Effort e = op.elementwise ? Effort{numbers_of_interest(), 16, 26, 1500}
             : op.arrange   ? Effort{steps(line.lo, line.hi, 12), 3, 8, 0}
                            : Effort{steps(line.lo, line.hi, 32), 6, 8, 600};
  std::erase_if(e.grid, [&](double t) { return !(line.lo <= t && t <= line.hi); });
  std::sort(e.grid.begin(), e.grid.end());
  return e;
}

/// The change relative to what changes: 1 where a sign or a zero does.
long double relative(long double change, long double a, long double b) {
  const long double scale = std::abs(a) + std::abs(b);
  return scale > 0 ? change / scale : 0;
}

/// Adjacent numbers between which the change stays, or nothing. Over a smooth stretch each halving
/// halves the change; at a kink or a jump it stays what it was.
std::optional<std::pair<Tangent, Tangent>> bisect(Walk& walk, Tangent a, Tangent b,
                                                  const Quantity& q, int resolution) {
  // Below a few units of long double a change is rounding.
  const long double rounding = std::abs(a.*q.member) * 0x1p-60L;
  const long double smooth = std::max(std::ldexp(q.change(a, b), -resolution), rounding);
  std::array<long double, 4> earlier{};  // of the last four halvings
  for (std::size_t step = 0; q.change(a, b) > smooth; ++step) {
    const double middle = a.t / 2 + b.t / 2;
    if (!(a.t < middle && middle < b.t)) {
      if (q.change(a, b) > earlier[step % 4] / 2) return std::pair{a, b};
      return std::nullopt;
    }
    earlier[step % 4] = q.change(a, b);
    const Tangent m = walk(middle);
    if (q.change(a, m) >= q.change(m, b)) {
      b = m;
    } else {
      a = m;
    }
  }
  return std::nullopt;
}

/// Far out, where numbers are wide apart, even a smooth change happens between two of them: it dies
/// away between numbers of more bits.
bool stays_between_numbers(Walk& walk, const Tangent& a, const Tangent& b, const Quantity& q) {
  const WithContext context(320);
  Big lo(a.t), hi(b.t);
  Tangent at_lo = walk(lo), at_hi = walk(hi);
  const long double whole = q.change(at_lo, at_hi);
  for (int halving = 0; halving < 120; ++halving) {
    const Big middle = ldexp(lo + hi, -1);
    const Tangent m = walk(middle);
    if (q.change(at_lo, m) >= q.change(m, at_hi)) {
      hi = middle;
      at_hi = m;
    } else {
      lo = middle;
      at_lo = m;
    }
    if (q.change(at_lo, at_hi) < whole / 8) return false;
  }
  return true;
}

/// The pairs of neighbours with the largest changes, absolute and relative.
std::vector<std::size_t> suspects(const std::vector<Tangent>& s, const Quantity& q,
                                  std::size_t most) {
  std::vector<std::size_t> all, found;
  for (std::size_t i = 0; i + 1 < s.size(); ++i) all.push_back(i);
  const auto take = [&](const std::function<long double(std::size_t)>& size) {
    const std::size_t n = std::min(most, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), all.end(),
                      [&](std::size_t i, std::size_t j) {
                        const long double a = size(i), b = size(j);
                        return a > b || (a == b && i < j);
                      });
    found.insert(found.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
  };
  const auto finite = [](long double x) { return std::isfinite(x) ? x : 0; };
  take([&](std::size_t i) { return finite(q.change(s[i], s[i + 1])); });
  take([&](std::size_t i) {
    return finite(relative(q.change(s[i], s[i + 1]), s[i].*q.member, s[i + 1].*q.member));
  });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// One line of one operation, searched.
class Search {
 public:
  Search(const Operation& op, const Line& line, CheckResult& result)
      : op_(op), line_(line), effort_(effort(op, line)), walk_(op, line), result_(result) {}

  /// The first undeclared kink or jump, said in words.
  std::optional<std::string> run() {
    const WithContext c(first_precision);
    if (effort_.intervals > 0) trace();
    for (double t : effort_.grid) {
      if (is_legal(t)) samples_.push_back(walk_(t));
    }
    result_.elements += samples_.size();
    for (const Quantity& q : quantities) {
      for (const Boundary& b : branches_.boundaries) {
        if (auto found = beside(b, q)) return found;
      }
      for (std::size_t i : suspects(samples_, q, effort_.suspects)) {
        if (auto found = between(samples_[i], samples_[i + 1], q)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  void trace() {
    branches_ = find_branches(op_, line_, effort_.intervals);
    if (branches_.complete) {
      // What compares is found already, however little it bends.
      effort_.resolution = std::min(effort_.resolution, 10);
      effort_.suspects = 6;
    } else {
      ++result_.counts["branches not traced to the end"];
    }
    for (const auto& [a, b] : branches_.boundaries) {
      if (branch_at(op_, line_, a) == branch_at(op_, line_, b)) continue;
      ++result_.counts["branch boundaries crossed"];
      if (op_.elementwise && !is_declared(op_, line_, a, b)) note(a, b);
    }
  }

  void note(double a, double b) {
    std::vector<std::string> others;
    std::size_t k = 0;
    for (std::size_t i = 0; i < line_.from.size(); ++i) {
      if (line_.direction[i](0, 0) == 0) {
        others.push_back(hex(line_.from[i](0, 0)));
      } else {
        k = i;
      }
    }
    std::string text = fmt::format("input {}: branches part between {} and {}", k, hex(a), hex(b));
    const bool known = std::any_of(result_.notes.begin(), result_.notes.end(),
                                   [&](const std::string& n) { return n.starts_with(text); });
    if (known) return;  // with another partner
    if (!others.empty()) text += fmt::format(", the other input being {}", fmt::join(others, ", "));
    result_.notes.push_back(std::move(text));
  }

  /// What arrange would change is outside of the domain.
  [[nodiscard]] bool is_legal(double t) const {
    if (!op_.arrange) return true;
    const std::vector<Mat<double>> x = line_.at(t);
    return arranged(op_, double_format, x) == x;
  }

  std::optional<std::string> beside(const Boundary& b, const Quantity& q) {
    const double room = 0x1p-20 * std::max(std::abs(b.below), 0x1p-20);
    const double a = std::max(line_.lo, b.below - room), c = std::min(line_.hi, b.above + room);
    return between(walk_(a), walk_(c), q);
  }

  /// Between two points of the domain a matrix may become singular, and the forward throw.
  std::optional<std::pair<Tangent, Tangent>> located(const Tangent& a, const Tangent& b,
                                                     const Quantity& q) {
    if (!op_.arrange) return bisect(walk_, a, b, q, effort_.resolution);
    try {
      return bisect(walk_, a, b, q, effort_.resolution);
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

  std::optional<std::string> between(const Tangent& from, const Tangent& to, const Quantity& q) {
    const auto found = located(from, to, q);
    if (!found) return std::nullopt;
    const auto& [a, b] = *found;
    if (is_declared(op_, line_, a.t, b.t) || !is_legal(a.t) || !is_legal(b.t)) return std::nullopt;
    if (op_.arrange && is_pole(a, b)) return std::nullopt;
    if (!op_.arrange && !stays_between_numbers(walk_, a, b, q)) return std::nullopt;
    if (op_.elementwise) {
      std::size_t k = 0;
      while (line_.direction[k](0, 0) == 0) ++k;
      return fmt::format("an undeclared {} of input {} between {} and {} ({} and {}): {} {} and {}",
                         q.what, k, a.t, b.t, hex(a.t), hex(b.t), q.shown, a.*q.member,
                         b.*q.member);
    }
    return fmt::format(
        "an undeclared {} on a line through the inputs shown, at {} times their direction: along "
        "it {} {} and {}",
        q.what, a.t, q.shown, a.*q.member, b.*q.member);
  }

  /// Where a matrix becomes singular, which no number between a and b need be.
  [[nodiscard]] bool is_pole(const Tangent& a, const Tangent& b) const {
    long double usual = 0;
    for (const Tangent& s : samples_) usual = std::max(usual, std::abs(s.value));
    return std::max(std::abs(a.value), std::abs(b.value)) > 0x1p20L * usual;
  }

  const Operation& op_;
  const Line& line_;
  Effort effort_;
  Walk walk_;
  CheckResult& result_;
  Branches branches_;
  std::vector<Tangent> samples_;
};

/// Where a matrix operation is looked at: an ordinary point, or 0, or all elements equal.
Case point_of(const Operation& op, std::uint64_t number, std::uint64_t seed) {
  Case c = ordinary_case(op, double_format, seed);
  if (op.arrange || number % 4 < 2) return c;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const double x = number % 4 == 2 ? 0.0 : 1.25;
    if (!op.inputs[k].exact && op.inputs[k].contains(x)) c.inputs[k].setConstant(x);
  }
  return c;
}

struct Subject {
  Case c;
  Line line;
  std::size_t input;
};

Subject subject(const Operation& op, std::uint64_t number, std::uint64_t seed) {
  if (!op.elementwise) {
    Case c = point_of(op, number, seed);
    Line line = through(op, c, seed, op.arrange ? 0.25 : 8);
    return {std::move(c), std::move(line), 0};
  }
  const std::size_t k = number % op.arity();
  Case c = pointwise_case(op, double_format, seed);
  Line line = along_input(op, c, k);
  return {std::move(c), std::move(line), k};
}

/// What evaluate() says of a rule that breaks at its door, or of what is thrown on the way.
std::optional<std::string> search(const Operation& op, const Subject& s, CheckResult& result) {
  const Outcome at_the_door = evaluate(op, double_format, s.c);
  if (!at_the_door.broken.empty()) return at_the_door.broken;
  try {
    return Search(op, s.line, result).run();
  } catch (const std::exception& e) {
    return fmt::format("it throws: {}", e.what());
  }
}

void run_smoothness(const Operation& op, std::uint64_t number, std::uint64_t seed,
                    CheckResult& result) {
  const Subject s = subject(op, number, seed);
  const std::optional<std::string> found = search(op, s, result);
  std::sort(result.notes.begin(), result.notes.end());
  result.notes.erase(std::unique(result.notes.begin(), result.notes.end()), result.notes.end());
  if (!found) return;
  ++result.counts["failed"];
  if (!result.failures.empty()) return;
  Problem p;
  p.broken = true;
  p.against = *found;
  p.input = s.input;
  Failure f = to_failure(op, double_format, "smoothness", s.c, number, seed, 0, p);
  f.scalar = "high";
  f.replay.clear();  // it is a search, not a case
  result.failures.push_back(std::move(f));
}

}  // namespace

Check smoothness_check(const OperationPointer& op) {
  Check c = blank_check(
      *op, "high", "smoothness",
      "a search along lines for kinks, jumps and ties that the domain does not declare, by "
      "intervals in which a comparison is not decided and by bisection of the largest changes of "
      "value and slope; boundaries of branches are noted",
      "what bends without a comparison between grid points, too little to be among the largest "
      "changes");
  c.blank.claimed_derivative = c.blank.claimed_value = std::nullopt;
  c.blank.units.clear();
  c.whole = true;
  c.cases = !op->elementwise ? 4 : op->arity() == 1 ? 1 : 4 * op->arity();
  c.run = [op](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    run_smoothness(*op, number, seed, result);
  };
  c.conclude = [](CheckResult& r) {
    if (r.verdict == Verdict::correct && r.elements == 0) {
      r.verdict = Verdict::inconclusive;
      r.reason = "no point of any line lies in the domain";
    }
  };
  return c;
}

void add_smoothness(std::vector<Check>& checks, const OperationPointer& op, const Plan&) {
  checks.push_back(smoothness_check(op));
}

}  // namespace assay::verify
