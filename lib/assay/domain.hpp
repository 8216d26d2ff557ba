#pragma once
// Where a rule is differentiable, what it returns where it is not, and how exact it claims to be.

#include <array>
#include <cstddef>
#include <limits>

namespace assay {

/// The values one input may take. Only finite values are meant.
struct Interval {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  bool lo_open = true;
  bool hi_open = true;
  bool exact = false;  ///< a label, mask or index: not moved when the envelope is measured

  [[nodiscard]] constexpr bool contains(double x) const {
    return (lo_open ? x > lo : x >= lo) && (hi_open ? x < hi : x <= hi);
  }
};

inline constexpr Interval all_reals{};
constexpr Interval open(double lo, double hi) { return {lo, hi, true, true, false}; }
constexpr Interval closed(double lo, double hi) { return {lo, hi, false, false, false}; }

/// `exact` alone stands for any exact value; `exact(closed(0, 1))` for exact values in an interval.
struct Exact : Interval {
  constexpr Exact() { exact = true; }
  constexpr Interval operator()(Interval i) const {
    i.exact = true;
    return i;
  }
};
inline constexpr Exact exact{};

/// An exceptional point of one input.
struct Kink {
  enum class Kind {
    between,  ///< the derivative lies between the one-sided ones
    value,    ///< it also equals `value`
    pole,     ///< the point is not in the domain
  };
  double at = 0;
  Kind kind = Kind::between;
  double value = 0;
  std::size_t input = 0;
};

/// Which of several equal elements a selection differentiates.
enum class Ties { none, first, split };
inline constexpr Ties first = Ties::first;
inline constexpr Ties split = Ties::split;

/// One interval an input, and the exceptional points.
template <std::size_t N>
struct Domain {
  static constexpr std::size_t max_kinks = 8;
  std::array<Interval, N> inputs{};
  std::array<Kink, max_kinks> kinks{};
  std::size_t kink_count = 0;
  Ties tie = Ties::none;

  /// At p the derivative need only lie between the one-sided ones.
  [[nodiscard]] constexpr Domain except(double p, std::size_t input = 0) const {
    return with({.at = p, .kind = Kink::Kind::between, .value = 0, .input = input});
  }
  /// At p the derivative must lie between the one-sided ones and equal value.
  [[nodiscard]] constexpr Domain kink(double p, double value, std::size_t input = 0) const {
    return with({.at = p, .kind = Kink::Kind::value, .value = value, .input = input});
  }
  /// p itself is not in the domain.
  [[nodiscard]] constexpr Domain without(double p, std::size_t input = 0) const {
    return with({.at = p, .kind = Kink::Kind::pole, .value = 0, .input = input});
  }
  [[nodiscard]] constexpr Domain ties(Ties which) const {
    Domain d = *this;
    d.tie = which;
    return d;
  }

 private:
  [[nodiscard]] constexpr Domain with(Kink k) const {
    Domain d = *this;
    d.kinks.at(d.kink_count++) = k;
    return d;
  }
};

/// on(all_reals), on(open(0, inf)), on(all_reals, exact(closed(0, 1))): one argument an input.
template <class... I>
constexpr Domain<sizeof...(I)> on(const I&... inputs) {
  return {.inputs = {static_cast<const Interval&>(inputs)...}};
}

/// The unit of an error: one unit in the last place of the result, or the change of the result
/// that one ulp in each input and upstream element would cause.
enum class Units { ulp, envelope };
inline constexpr Units ulp = Units::ulp;
inline constexpr Units envelope = Units::envelope;

/// The worst error a rule claims, for its value and for its derivative.
struct Ulps {
  double value = 4;
  double derivative = 4;
  Units units = Units::ulp;
  /// Units::envelope: beside a sign change of the derivative, where the relative condition is
  /// unbounded, the claim is in envelope units; everywhere else it stays as said.
  Units near_zero = Units::ulp;
};

}  // namespace assay
