// The derivative at every float against enclosures and series through values of the oracle.
//
// Where the derivative hardly changes over a stretch of floats, or is beyond the format, interval
// arithmetic over the whole stretch says so, and that is a proof. Elsewhere a series is laid
// through values of the oracle, good to 2^-16 ulp of a float; whatever comes within 2^-14 ulp
// of the claim is judged by the oracle itself, as are the worst of every chunk, a sample at random
// (to see that no series errs) and the thresholds. What none of these reaches is counted as not
// judged, and the check is then inconclusive.

#include "exhaustive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "generators.hpp"
#include "histogram.hpp"
#include "panels.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

constexpr std::int64_t first_infinite = 0x7f800000;  // the pattern of +infinity
constexpr std::uint64_t most_evaluations = 40'000;   // of the oracle, for the series of a chunk
constexpr std::uint64_t most_judged = 20'000;        // by the oracle, in a chunk
constexpr std::uint64_t sampled_of = 1 << 17;        // one float in so many
constexpr std::size_t block = 2048;
constexpr Tolerance tolerance{-40, 0x1p-125L};  // at most 2^-16 ulp, subnormal or not
constexpr double margin = 0x1p-14;              // ulp: so near the claim the oracle judges

constexpr const char* not_judged = "not judged: no series follows the derivative";

/// Floats of one sign by the patterns of their magnitudes, both ends included.
struct Stretch {
  std::int64_t first, last;
  bool negative;

  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(last - first + 1); }
  [[nodiscard]] double at(std::int64_t pattern) const {
    const double x = from_ordinal(float_format, pattern);
    return negative ? -x : x;
  }
  [[nodiscard]] double lo() const { return at(negative ? last : first); }
  [[nodiscard]] double hi() const { return at(negative ? first : last); }
};

/// A reference on a stretch, in double.
struct Reference {
  std::vector<double> series;  ///< Chebyshev, on [lo, hi]
  double centre = 0, scale = 0;
  double least = 0;  ///< smaller values lie beside a zero

  /// into[i] at the points x[i]; loops that vectorise.
  void at(const std::vector<float>& x, std::vector<double>& into) const {
    const std::size_t n = x.size();
    std::vector<double> s(n), older(n, 0.0);
    into.assign(n, 0.0);
    for (std::size_t i = 0; i < n; ++i) s[i] = (static_cast<double>(x[i]) - centre) * scale;
    for (std::size_t k = series.size() - 1; k > 0; --k) {
      const double c = series[k];
      for (std::size_t i = 0; i < n; ++i) {
        const double b = 2 * s[i] * into[i] - older[i] + c;
        older[i] = into[i];
        into[i] = b;
      }
    }
    for (std::size_t i = 0; i < n; ++i) into[i] = s[i] * into[i] - older[i] + series[0];
  }
  /// Its own slope, for the envelope beside a zero.
  [[nodiscard]] double slope_at(double x) const {
    const double h = std::max(std::abs(x), 0x1p-100) * 0x1p-20;
    const double s0 = (x - h - centre) * scale, s1 = (x + h - centre) * scale;
    return (value(s1) - value(s0)) / (2 * h);
  }

 private:
  [[nodiscard]] double value(double s) const {
    double b1 = 0, b2 = 0;
    for (std::size_t k = series.size() - 1; k > 0; --k) {
      const double b = 2 * s * b1 - b2 + series[k];
      b2 = b1;
      b1 = b;
    }
    return s * b1 - b2 + series[0];
  }
};

/// The terms that matter, in double.
Reference reference_of(const Panel& p) {
  Reference r;
  r.centre = p.lo / 2 + p.hi / 2;
  r.scale = 2 / (p.hi - p.lo);
  r.least = static_cast<double>(p.least);
  long double smallest = std::max(std::abs(p(p.lo)), tolerance.floor);
  for (int i = 1; i <= 8; ++i) {
    smallest = std::min(smallest, std::max(std::abs(p(p.lo + (p.hi - p.lo) * i / 8)), p.least));
  }
  smallest = std::max(smallest, tolerance.floor);
  std::size_t n = Panel::terms;
  for (long double rest = 0; n > 1; --n) {
    rest += std::abs(p.series[n - 1]);
    if (rest > std::ldexp(smallest, tolerance.accuracy)) break;
  }
  for (std::size_t k = 0; k < n; ++k) r.series.push_back(static_cast<double>(p.series[k]));
  return r;
}

/// Infinity begins where it does for a rounded result.
double clamped(double x) { return std::clamp(x, -0x1p128, 0x1p128); }

class Chunk {
 public:
  Chunk(const Operation& op, std::uint64_t index, std::uint64_t seed, CheckResult& result)
      : op_(op),
        index_(index),
        seed_(seed),
        result_(result),
        slope_(op, {0.0}, 0, 0),
        limit_(derivative_limit(op)) {}

  void run() {
    const std::uint64_t first = index_ * chunk_size;
    Stretch all{static_cast<std::int64_t>(first & 0x7fffffff), 0, first >> 31 != 0};
    all.last = all.first + static_cast<std::int64_t>(chunk_size) - 1;
    if (all.first >= first_infinite) {
      result_.counts["not finite"] += all.size();
      return;
    }
    std::vector<std::int64_t> starts = cuts(all);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::int64_t last = i + 1 < starts.size() ? starts[i + 1] - 1 : all.last;
      examine({starts[i], last, all.negative});
    }
    judge_worst();
  }

 private:
  /// Where stretches begin: thresholds and ends of the domain stand alone, and none lies across
  /// the boundary of a branch.
  std::vector<std::int64_t> cuts(const Stretch& all) const {
    std::vector<std::int64_t> starts{all.first};
    const auto cut = [&](std::int64_t pattern) {
      if (all.first < pattern && pattern <= all.last) starts.push_back(pattern);
    };
    const auto around = [&](double x) {
      if (!std::isfinite(x) || (x != 0 && std::signbit(x) != all.negative)) return;
      const std::int64_t at = std::abs(ordinal(float_format, rounded(float_format, x)));
      for (std::int64_t d = -1; d <= 2; ++d) cut(at + d);
    };
    around(0);
    for (double x : thresholds(op_, 0)) around(x);
    Case c{{Mat<double>::Constant(1, 1, 1.0)}, Mat<double>::Constant(1, 1, 1.0)};
    Line line = along_input(op_, c, 0);
    line.lo = std::max(line.lo, all.lo());
    line.hi = std::min(line.hi, all.hi());
    for (const Boundary& b : find_branches(op_, line, 1500).boundaries) {
      around(b.below);
      around(b.above);
    }
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    return starts;
  }

  void examine(const Stretch& s) {
    constexpr std::uint64_t few = 8;
    const bool ends_allowed = is_allowed(op_, 0, s.lo()) && is_allowed(op_, 0, s.hi());
    if (!ends_allowed && s.size() > few) {
      // Its ends are cut from it, so that both or none of them are in the domain.
      result_.counts["outside of the domain"] += s.size();
      return;
    }
    if (s.size() <= few) {
      for (std::int64_t n = s.first; n <= s.last; ++n) judge(s.at(n), true);
      return;
    }
    if (const std::optional<Reference> r = reference(s)) {
      screen(s, *r);
    } else if (evaluations_ > most_evaluations) {
      result_.counts[not_judged] += s.size();
    } else {
      const std::int64_t middle = s.first + (s.last - s.first) / 2;
      examine({s.first, middle, s.negative});
      examine({middle + 1, s.last, s.negative});
    }
  }

  std::optional<Reference> reference(const Stretch& s) {
    if (auto r = enclosed(s)) return r;
    const std::optional<Panel> p = fit_panel(slope_, s.lo(), s.hi(), tolerance, evaluations_);
    if (!p) return std::nullopt;
    return reference_of(*p);
  }

  /// A constant, where interval arithmetic proves that it will do.
  std::optional<Reference> enclosed(const Stretch& s) {
    const WithContext context(113);  // intervals proper, not two doubles and a radius
    Mat<Moving> x(1, 1);
    x(0, 0) = Moving(Enclosure(Big(s.lo()), Big(s.hi())), Enclosure(1));
    const std::vector<Mat<Moving>> in{x};
    ++evaluations_;
    Enclosure::undecided() = false;
    const Enclosure d = op_.rule<Moving>().forward(views(in))(0, 0).d;
    if (Enclosure::undecided() || isnan(d.lo()) || isnan(d.hi())) return std::nullopt;
    Reference r;
    r.scale = 0;
    const Big vast = ldexp(Big(1), 130);
    if (d.lo() > vast || d.hi() < -vast) {
      r.series = {d.lo() > vast ? 0x1p130 : -0x1p130};
      return r;
    }
    const Big middle = d.middle();
    const Big scale = std::max(abs(middle), Big(static_cast<double>(tolerance.floor)));
    if (!(d.radius() <= ldexp(scale, tolerance.accuracy))) return std::nullopt;
    r.series = {middle.to_double()};
    return r;
  }

  void screen(const Stretch& s, const Reference& r) {
    std::vector<float> x;
    std::vector<double> expected;
    for (std::int64_t n = s.first; n <= s.last;) {
      x.clear();
      for (; n <= s.last && x.size() < block; ++n) x.push_back(static_cast<float>(s.at(n)));
      r.at(x, expected);
      const Mat<float>& got = gradients(x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        compare(static_cast<double>(x[i]), static_cast<double>(got.data()[i]), expected[i], r);
      }
    }
  }

  const Mat<float>& gradients(const std::vector<float>& x) {
    const auto n = static_cast<Eigen::Index>(x.size());
    in_.resize(1);
    in_[0] = Eigen::Map<const Mat<float>>(x.data(), n, 1);
    gradients_ = op_.in_float->gradients(Mat<float>::Constant(n, 1, 1.0F), views(in_));
    return gradients_[0];
  }

  void compare(double x, double got, double reference, const Reference& r) {
    const double expected = clamped(reference), unit = unit_at(float_format, expected);
    const double error = std::abs(clamped(got) - expected);
    const double ulp = std::isnan(got) ? std::numeric_limits<double>::infinity() : error / unit;
    const double most = std::max(limit_.figure - margin, margin);
    if (ulp > most && !within_envelope(x, error, unit, r)) {
      ++histogram_[quarter(ulp)];
      return judge(x, false);
    }
    if (ulp > most) {
      ++in_envelope_;
      return;
    }
    ++histogram_[quarter(ulp)];
    ++screened_;
    if (!(ulp <= worst_)) {
      worst_ = ulp;
      worst_at_ = x;
    }
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    if ((state_ >> 40) % sampled_of == 0) sample_.push_back(x);
  }

  /// Beside a zero of the derivative, for rules that claim the envelope there.
  [[nodiscard]] bool within_envelope(double x, double error, double unit,
                                     const Reference& r) const {
    const bool claims =
        limit_.units == Units::envelope || (limit_.near_zero == Units::envelope && r.least > 0);
    if (!claims) return false;
    const double moved = std::abs(r.slope_at(x)) * unit_at(float_format, x);
    return error <= (limit_.figure - 0x1p-4) * std::max(unit, moved);
  }

  /// By the oracle. What is judged here was not screened.
  void judge(double x, bool alone) {
    if (!is_allowed(op_, 0, x)) {
      ++result_.counts["outside of the domain"];
      return;
    }
    if (judged_ >= most_judged && !alone) {
      ++result_.counts[not_judged];
      return;
    }
    ++judged_;
    by_oracle(x);
  }

  void by_oracle(double x) {
    const Case c{{Mat<double>::Constant(1, 1, x)}, Mat<double>::Constant(1, 1, 1.0)};
    CheckResult one;
    one.failures.swap(result_.failures);
    examine_case(op_, float_format, "exhaustive", c, index_, seed_, one);
    one.histogram.clear();  // the screen has counted it
    one.cases = one.elements = 0;
    merge(result_, one);
  }

  void judge_worst() {
    if (screened_ > 0 && worst_ > 0) by_oracle(worst_at_);
    for (double x : sample_) by_oracle(x);
    for (std::size_t q = 0; q < histogram_.size(); ++q) {
      if (histogram_[q] > 0) result_.histogram[q] += histogram_[q];
    }
    result_.counts["judged by the oracle"] += judged_;
    result_.counts["judged by enclosures and series"] += screened_ + in_envelope_;
    result_.counts["of these again by the oracle, at random"] += sample_.size();
    if (in_envelope_ > 0) result_.counts["of these in the envelope"] += in_envelope_;
    result_.elements += judged_ + screened_ + in_envelope_;
  }

  const Operation& op_;
  std::uint64_t index_, seed_;
  CheckResult& result_;
  Slope slope_;
  Limit limit_;
  std::uint64_t evaluations_ = 0, judged_ = 0, screened_ = 0, in_envelope_ = 0;
  double worst_ = 0, worst_at_ = 0;
  std::uint64_t state_ = case_seed(seed_, "sample", 0);
  std::vector<double> sample_;
  std::array<std::uint64_t, CheckResult::last_quarter + 1> histogram_{};
  std::vector<Mat<float>> in_, gradients_;
};

/// All 2^32 patterns are accounted for, or the check proves nothing.
void conclude_exhaustive(CheckResult& r) {
  const auto at = [&](const char* what) {
    const auto i = r.counts.find(what);
    return i == r.counts.end() ? std::uint64_t{0} : i->second;
  };
  const std::uint64_t sum =
      r.elements + at("not finite") + at("outside of the domain") + at(not_judged);
  if (r.verdict != Verdict::correct) return;
  if (at(not_judged) > 0) {
    r.verdict = Verdict::inconclusive;
    r.reason = fmt::format("{} arguments are not judged: no series follows the derivative there",
                           at(not_judged));
  } else if (sum != chunk_size * chunk_count) {
    r.verdict = Verdict::inconclusive;
    r.reason = fmt::format("{} of 2^32 patterns are accounted for", sum);
  }
}

}  // namespace

bool is_exhaustible(const Operation& op) { return op.elementwise && op.arity() == 1; }

Check exhaustive_check(const OperationPointer& op) {
  Check c = case_check(op, float_format, "float", "exhaustive", chunk_count, {});
  c.run = [op](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    Chunk(*op, number, seed, result).run();
  };
  c.conclude = conclude_exhaustive;
  return c;
}

}  // namespace assay::verify
