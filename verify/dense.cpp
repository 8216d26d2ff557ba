// Half a million points of the working type against piecewise polynomials, and a climb to the
// worst.
//
// A window [1.7, 1.701] in which a derivative is wrong is found by no random case. The reference of
// each point here is a series through values of the oracle, good to 1/16 ulp of a double; what
// differs from it by more than the claim is judged again by the oracle, and so are the worst points
// of all, after a climb among their neighbours.

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "families.hpp"
#include "generators.hpp"
#include "histogram.hpp"
#include "panels.hpp"

namespace assay::verify {
namespace {

constexpr double reach = 16;                   // |x|
constexpr std::uint64_t budget_alone = 2200;   // evaluations of the oracle, for one input
constexpr std::uint64_t budget_beside = 1000;  // for one line of several
constexpr double points_alone = 0x1p19;        // on 2 reach, for a rule of one input
constexpr double points_beside = 0x1p16;       // for one line of several
constexpr std::size_t bins = 512;              // of 2 reach: the worst of each may be judged
constexpr std::size_t most_judged = 24;        // a line

/// A point of a line and how far its derivative is from the series, in ulp.
struct Screened {
  double x = 0, ulp = 0;
  bool worse_than(const Screened& other) const {
    return ulp > other.ulp || (ulp == other.ulp && x < other.x);
  }
};

/// The gradients of a rule at many points, the other inputs held.
template <class T>
class Column {
 public:
  Column(const Rule<T>& rule, const std::vector<double>& x, std::size_t k) : rule_(rule), k_(k) {
    for (double v : x) in_.push_back(Mat<T>::Constant(1, 1, static_cast<T>(v)));
  }
  Mat<T> operator()(const std::vector<T>& x, std::size_t m) {
    const auto n = static_cast<Eigen::Index>(x.size());
    for (Mat<T>& other : in_) other = Mat<T>::Constant(n, 1, T(other(0, 0)));
    in_[k_] = Eigen::Map<const Mat<T>>(x.data(), n, 1);
    return rule_.gradients(Mat<T>::Constant(n, 1, T(1)), views(in_))[m];
  }

 private:
  const Rule<T>& rule_;
  std::size_t k_;
  std::vector<Mat<T>> in_;
};

/// One derivative along one line.
template <class T>
class Screen {
 public:
  Screen(const Operation& op, const Format& f, const std::vector<double>& x, std::size_t k,
         std::size_t m)
      : f_(f), m_(m), column_(op.rule<T>(), x, k) {}

  /// `density` points a unit of x, jittered.
  void run(const Panels& panels, double density, std::uint64_t seed, CheckResult& result) {
    for (const Panel& p : panels.all) {
      fill(p, density, seed++);
      compare(p, &result);
    }
  }
  /// Points by the worst of their bins, worst first.
  [[nodiscard]] std::vector<Screened> worst() const {
    std::vector<Screened> all;
    for (const Screened& s : bins_) {
      if (s.ulp > 0) all.push_back(s);
    }
    std::sort(all.begin(), all.end(),
              [](const Screened& a, const Screened& b) { return a.worse_than(b); });
    return all;
  }
  /// Among the numbers next to it, again and again, and those a flipped bit away.
  Screened climb(const Panels& panels, Screened from) {
    constexpr int rounds = 6, flips = 24;
    constexpr std::int64_t neighbours = 256;
    for (int round = 0; round < rounds; ++round) {
      const Panel* p = panel_at(panels, from.x);
      if (p == nullptr) break;
      points_.clear();
      const std::int64_t at = ordinal(f_, from.x);
      for (std::int64_t d = -neighbours; d <= neighbours; ++d) add(*p, from_ordinal(f_, at + d));
      for (int bit = 0; bit < flips; ++bit)
        add(*p, from_ordinal(f_, at ^ (std::int64_t{1} << bit)));
      const Screened best = compare(*p, nullptr);
      if (!best.worse_than(from)) break;
      from = best;
    }
    return from;
  }

 private:
  void add(const Panel& p, double x) {
    if (p.lo < x && x < p.hi) points_.push_back(static_cast<T>(x));
  }

  void fill(const Panel& p, double density, std::uint64_t seed) {
    const double n = std::clamp(std::ceil((p.hi - p.lo) * density), 8.0, 0x1p20);
    points_.clear();
    std::uint64_t state = case_seed(seed, "dense", 0);
    for (double i = 0; i < n; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const double u = std::ldexp(static_cast<double>(state >> 32), -32);
      add(p, rounded_to_type(p.lo + (p.hi - p.lo) * ((i + u) / n)));
    }
  }
  static double rounded_to_type(double x) { return static_cast<double>(static_cast<T>(x)); }

  /// Nothing where the rule throws; the points are then narrowed down to one at which it does.
  std::optional<Mat<T>> gradients() {
    try {
      return column_(points_, m_);
    } catch (const std::exception&) {
      const std::vector<T> all = points_;
      for (const T& x : all) {
        points_ = {x};
        try {
          static_cast<void>(column_(points_, m_));
        } catch (const std::exception&) {
          return std::nullopt;
        }
      }
      throw;
    }
  }

  /// The points against the series; the worst of them.
  Screened compare(const Panel& p, CheckResult* result) {
    Screened top;
    if (points_.empty()) return top;
    const std::optional<Mat<T>> all = gradients();
    if (!all) {
      top = {static_cast<double>(points_.front()), std::numeric_limits<double>::infinity()};
      bins_[bin_of(top.x)] = top;
      return top;
    }
    const Mat<T>& got = *all;
    std::array<std::uint64_t, CheckResult::last_quarter + 1> histogram{};
    std::uint64_t near_zero = 0;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const auto x = static_cast<double>(points_[i]);
      const long double r = p(x);
      if (std::abs(r) < p.least) {
        ++near_zero;
        continue;
      }
      const long double error =
          std::abs(static_cast<long double>(got.data()[static_cast<Eigen::Index>(i)]) - r);
      Screened s{x, static_cast<double>(error) / unit_at(f_, static_cast<double>(r))};
      if (std::isnan(s.ulp)) s.ulp = std::numeric_limits<double>::infinity();
      if (s.worse_than(top)) top = s;
      if (result == nullptr) continue;
      ++histogram[quarter(s.ulp)];
      Screened& bin = bins_[bin_of(x)];
      if (s.worse_than(bin)) bin = s;
    }
    if (result != nullptr) {
      for (std::size_t q = 0; q < histogram.size(); ++q) {
        if (histogram[q] > 0) result->histogram[q] += histogram[q];
      }
      result->counts["screened"] += points_.size() - near_zero;
      if (near_zero > 0) result->counts["beside a zero of the derivative"] += near_zero;
    }
    return top;
  }
  static std::size_t bin_of(double x) {
    const double at = (x + reach) / (2 * reach) * static_cast<double>(bins);
    return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(bins - 1)));
  }
  static const Panel* panel_at(const Panels& panels, double x) {
    for (const Panel& p : panels.all) {
      if (p.lo < x && x < p.hi) return &p;
    }
    return nullptr;
  }

  Format f_;
  std::size_t m_;
  Column<T> column_;
  std::vector<T> points_;
  std::array<Screened, bins> bins_{};
};

/// What the screen flags, and the worst of all after a climb.
template <class T>
std::vector<double> flagged(const Operation& op, const Panels& panels, Screen<T>& screen) {
  // Screened figures are off by less than a quarter.
  const double limit = std::max(derivative_limit(op).figure - 0.25, 0x1p-4);
  std::vector<Screened> worst = screen.worst();
  std::vector<double> x;
  constexpr std::size_t climbers = 4;
  for (std::size_t i = 0; i < std::min(climbers, worst.size()); ++i) {
    x.push_back(screen.climb(panels, worst[i]).x);
  }
  for (const Screened& s : worst) {
    if (s.ulp > limit && x.size() < most_judged) x.push_back(s.x);
  }
  return x;
}

/// Ordinary values of the inputs: what is held must not drown what moves.
std::vector<double> partners(const Operation& op, const Format& f, std::uint64_t seed) {
  const Case c = ordinary_case(op, f, seed);
  std::vector<double> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m(0, 0));
  return x;
}

/// How often every partial derivative along every input is looked at.
std::uint64_t rounds(const Operation& op) {
  if (op.arity() == 1) return 1;
  return op.ties == Ties::none ? 2 : 3;
}

/// A selection's derivative is 0 on one side of its partner: after the first round the partners lie
/// below and above the whole line.
void hold_beyond(const Operation& op, const Format& f, std::uint64_t round, std::size_t k,
                 std::vector<double>& x) {
  if (op.ties == Ties::none || round == 0) return;
  const double beyond = rounded(f, round == 1 ? -reach - 1 : reach + 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i != k && !op.inputs[i].exact && is_allowed(op, i, beyond)) x[i] = beyond;
  }
}

/// The series along one line. They do not depend on the type that is judged, nor on what backward
/// it has in it, so those of the last operation are kept: float and double share them, and so do
/// the faults that are planted in it.
class KeptPanels {
 public:
  const Panels& along(const Operation& op, const Case& c, std::size_t k, std::size_t m) {
    constexpr std::size_t most = 64;
    const bool other = op.enclosed != forward_ || op.enclosed_dual != dual_;
    if (other || lines_.size() >= most) lines_.clear();
    forward_ = op.enclosed;
    dual_ = op.enclosed_dual;
    std::vector<double> at;
    for (std::size_t i = 0; i < op.arity(); ++i) at.push_back(i == k ? 0 : c.inputs[i](0, 0));
    const auto [kept, is_new] = lines_.try_emplace({k, m, at});
    if (is_new) {
      try {
        kept->second = fitted(op, c, k, m, at);
      } catch (...) {
        lines_.erase(kept);
        throw;
      }
    }
    return kept->second;
  }

 private:
  static Panels fitted(const Operation& op, const Case& c, std::size_t k, std::size_t m,
                       const std::vector<double>& x) {
    const Line line = along_input(op, c, k);
    Slope slope(op, x, k, m);
    const std::uint64_t budget = op.arity() == 1 ? budget_alone : budget_beside;
    const double width = op.arity() == 1 ? 1 : 2;
    return fit(slope, panel_edges(op, line, -reach, reach, width), budget);
  }

  std::shared_ptr<const Rule<Enclosure>> forward_;
  std::shared_ptr<const Rule<Dual<Enclosure>>> dual_;
  std::map<std::tuple<std::size_t, std::size_t, std::vector<double>>, Panels> lines_;
};

template <class T>
void run_line(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t seed,
              CheckResult& result) {
  const std::size_t k = number % op.arity(), m = number / op.arity() % op.arity();
  std::vector<double> x = partners(op, f, seed);
  hold_beyond(op, f, number / (op.arity() * op.arity()), k, x);
  Case c;
  for (double v : x) c.inputs.emplace_back(Mat<double>::Constant(1, 1, v));
  c.upstream = Mat<double>::Constant(1, 1, 1.0);
  thread_local KeptPanels kept;
  const Panels& panels = kept.along(op, c, k, m);
  if (panels.unresolved > 0) result.counts["stretches without a series"] += panels.unresolved;
  Screen<T> screen(op, f, x, k, m);
  const double points = op.arity() == 1 ? points_alone : points_beside;
  screen.run(panels, points / (2 * reach), seed, result);
  std::vector<double> points_to_judge = flagged(op, panels, screen);
  if (points_to_judge.empty()) points_to_judge = {x[k]};  // nothing stands out: one stands for all
  for (double at : points_to_judge) {
    c.inputs[k](0, 0) = at;
    examine_case(op, f, "dense", c, number, seed, result);
  }
}

void run_safely(const Operation& op, const Format& f, std::uint64_t number, std::uint64_t seed,
                CheckResult& result) {
  try {
    if (f == float_format) {
      run_line<float>(op, f, number, seed, result);
    } else {
      run_line<double>(op, f, number, seed, result);
    }
  } catch (const std::exception&) {
    // It throws at the door as well, and is reported as other checks report it.
    examine_case(op, f, "dense", pointwise_case(op, f, seed), number, seed, result);
    ++result.counts["stopped"];
  }
}

}  // namespace

void add_dense(std::vector<Check>& checks, const OperationPointer& op, const Plan& plan) {
  if (!op->elementwise) return;
  // Every partial derivative along every input.
  const std::uint64_t lines = rounds(*op) * op->arity() * op->arity();
  for (const Format& f : plan.formats) {
    Check c = case_check(op, f, f.name, "dense", lines, {});
    c.whole = true;  // its cases are lines
    c.run = [op, f](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
      run_safely(*op, f, number, seed, result);
    };
    c.conclude = [inner = c.conclude](CheckResult& r) {
      inner(r);
      if (r.verdict == Verdict::correct && r.counts.contains("stopped")) {
        r.verdict = Verdict::inconclusive;
        r.reason = "a search was stopped by what was thrown, and nothing is wrong at the door";
      }
    };
    checks.push_back(std::move(c));
  }
}

}  // namespace assay::verify
