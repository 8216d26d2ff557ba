// A search for kinks and jumps that the domain does not declare.
//
// The value and the slope (by dual numbers) on a grid over the domain; where they change most
// between neighbours, bisection follows the larger change. Over a smooth stretch the change dies
// away; at a kink or a jump it is still there between adjacent numbers.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "check.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

// long double: its exponents reach where the slopes of doubles do.
struct Sample {
  double x;
  long double value, slope;
};

/// The operation along one input, the others held.
class Line {
 public:
  Line(const Operation& op, const std::vector<double>& at, std::size_t k) : op_(op), k_(k) {
    for (double v : at) in_.emplace_back(Mat<Moving>::Constant(1, 1, Moving(Enclosure(v))));
    in_[k](0, 0).d = Enclosure(1);
  }
  Sample operator()(double x) {
    in_[k_](0, 0).v = Enclosure(x);
    const Mat<Moving> y = op_.rule<Moving>().forward(views(in_));
    return {x, y(0, 0).v.middle().to_long_double(), y(0, 0).d.middle().to_long_double()};
  }

 private:
  const Operation& op_;
  std::size_t k_;
  std::vector<Mat<Moving>> in_;
};

std::vector<double> grid(const Interval& domain) {
  std::vector<double> x{0};
  for (int i = -80; i <= 80; ++i) x.push_back(i / 4.0 + 0.0625);
  for (int e = -120; e <= 120; ++e) {
    for (double sign : {-1.0, 1.0}) x.push_back(sign * 1.1 * std::exp2(e / 4.0));
  }
  std::erase_if(x, [&](double v) { return !domain.contains(v); });
  std::sort(x.begin(), x.end());
  return x;
}

using Change = long double (*)(const Sample&, const Sample&);
long double slope_change(const Sample& a, const Sample& b) { return std::abs(a.slope - b.slope); }
long double value_change(const Sample& a, const Sample& b) { return std::abs(a.value - b.value); }

/// The change relative to what changes: 1 where a sign or a zero does.
long double relative(long double change, long double a, long double b) {
  const long double scale = std::abs(a) + std::abs(b);
  return scale > 0 ? change / scale : 0;
}

/// Adjacent numbers between which the change stays, or nothing. Over a smooth stretch each halving
/// halves the change; at a kink or a jump it stays what it was.
std::optional<std::pair<Sample, Sample>> bisect(Line& line, Sample a, Sample b, Change change,
                                                long double Sample::*quantity) {
  // Below a few units of long double a change is rounding.
  const long double rounding = std::abs(a.*quantity) * 0x1p-60L;
  const long double smooth = std::max(change(a, b) * 0x1p-26L, rounding);
  std::array<long double, 4> earlier{};  // of the last four halvings
  for (std::size_t step = 0; change(a, b) > smooth; ++step) {
    const double middle = a.x / 2 + b.x / 2;
    if (!(a.x < middle && middle < b.x)) {
      if (change(a, b) > earlier[step % 4] / 2) return std::pair{a, b};
      return std::nullopt;
    }
    earlier[step % 4] = change(a, b);
    const Sample m = line(middle);
    if (change(a, m) >= change(m, b)) {
      b = m;
    } else {
      a = m;
    }
  }
  return std::nullopt;
}

bool declared(const Operation& op, const std::vector<double>& at, std::size_t k, double a,
              double b) {
  const double lo = next(double_format, a, false), hi = next(double_format, b, true);
  // A selection between inputs has its tie where the other one is.
  for (std::size_t i = 0; op.ties != Ties::none && i < at.size(); ++i) {
    if (i != k && lo <= at[i] && at[i] <= hi) return true;
  }
  for (const Kink& kink : op.kinks) {
    if (kink.input == k && lo <= kink.at && kink.at <= hi) return true;
  }
  return lo <= op.inputs[k].lo || op.inputs[k].hi <= hi;
}

/// The pairs of neighbours with the largest changes, absolute and relative.
std::vector<std::size_t> suspects(const std::vector<Sample>& s, Change change,
                                  long double Sample::*quantity) {
  constexpr std::size_t most = 24;
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
  take([&](std::size_t i) { return finite(change(s[i], s[i + 1])); });
  take([&](std::size_t i) {
    return finite(relative(change(s[i], s[i + 1]), s[i].*quantity, s[i + 1].*quantity));
  });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::optional<std::string> search(const Operation& op, const std::vector<double>& at,
                                  std::size_t k) {
  const WithContext c(first_precision);
  Line line(op, at, k);
  std::vector<Sample> samples;
  for (double x : grid(op.inputs[k])) samples.push_back(line(x));
  struct Quantity {
    const char* what;
    Change change;
    long double Sample::*member;
  };
  for (const Quantity& q : {Quantity{"kink", slope_change, &Sample::slope},
                            Quantity{"jump", value_change, &Sample::value}}) {
    for (std::size_t i : suspects(samples, q.change, q.member)) {
      const auto found = bisect(line, samples[i], samples[i + 1], q.change, q.member);
      if (!found || declared(op, at, k, found->first.x, found->second.x)) continue;
      const auto& [a, b] = *found;
      return fmt::format("an undeclared {} of input {} between {} and {} ({} and {}): {} {} and {}",
                         q.what, k, a.x, b.x, hex(a.x), hex(b.x),
                         q.member == &Sample::slope ? "the slopes are" : "the values are",
                         a.*q.member, b.*q.member);
    }
  }
  return std::nullopt;
}

}  // namespace

Check smoothness_check(const std::shared_ptr<const Operation>& op) {
  Check c;
  c.blank.subject = op->name;
  c.blank.scalar = "high";
  c.blank.check = "smoothness";
  c.blank.about =
      "a search for kinks and jumps that the domain does not declare, by bisection of the largest "
      "changes of value and slope";
  c.blank.blind = "kinks between grid points too small to be among the largest changes";
  c.whole = true;
  c.cases = op->arity() == 1 ? 1 : 4 * op->arity();
  c.run = [op](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    const std::size_t k = number % op->arity();
    Case one;
    std::vector<double> at;
    for (std::size_t i = 0; i < op->arity(); ++i) {
      at.push_back(generate_value(*op, i, double_format, case_seed(seed, "partner", i)));
      one.inputs.emplace_back(Mat<double>::Constant(1, 1, at.back()));
    }
    one.upstream = Mat<double>::Constant(1, 1, 1.0);
    result.elements += grid(op->inputs[k]).size();
    const std::optional<std::string> found = search(*op, at, k);
    if (!found || !result.failures.empty()) return;
    Problem p;
    p.broken = true;
    p.against = *found;
    p.input = k;
    result.failures.push_back(
        to_failure(*op, double_format, "smoothness", one, number, seed, 0, p));
    result.failures.back().scalar = "high";
    result.failures.back().replay.clear();  // it is a search, not a case
  };
  return c;
}

}  // namespace assay::verify
