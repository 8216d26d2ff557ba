#pragma once
// A line search for the strong Wolfe conditions: bracketing, then zooming with cubic interpolation
// (Nocedal and Wright, Numerical Optimization, 3.5 and 3.6).

#include <utility>
#include <vector>

#include "assay/optim/optimizer.hpp"

namespace assay {

/// What was found at the distance t along a direction.
template <class T>
struct Trial {
  T t{0};
  T loss{0};
  T slope{0};  ///< along the direction
  std::vector<T> gradient;
};

namespace detail {

template <class T>
bool finite(const T& x) {
  return x - x == T(0);
}

/// The minimum in [lo, hi] of the cubic through both trials; the middle where there is none.
template <class T>
T cubic_minimum(const Trial<T>& a, const Trial<T>& b, const T& lo, const T& hi) {
  using std::sqrt;
  const T d1 = a.slope + b.slope - T(3) * (a.loss - b.loss) / (a.t - b.t);
  const T square = d1 * d1 - a.slope * b.slope;
  if (!(square >= T(0)) || !finite(square)) return (lo + hi) / T(2);
  const T d2 = sqrt(square);
  const bool ordered = a.t <= b.t;
  const Trial<T>& near = ordered ? a : b;
  const Trial<T>& far = ordered ? b : a;
  const T t =
      far.t - (far.t - near.t) * ((far.slope + d2 - d1) / (far.slope - near.slope + T(2) * d2));
  if (!finite(t)) return (lo + hi) / T(2);
  return t < lo ? lo : t > hi ? hi : t;
}

template <class T>
struct LineSearchLimits {
  T sufficient = T(1) / T(10000);  ///< c1: decrease, of what the slope promises
  T curvature = T(9) / T(10);      ///< c2: slope, of that at the start
  T narrowest{0};                  ///< bracket times longest element of the direction
  int evaluations = 25;
};

/// The state of one search; `at(t)` evaluates.
template <class T, class At>
class StrongWolfe {
 public:
  StrongWolfe(const Trial<T>& origin, T direction_max, const LineSearchLimits<T>& limits, At at)
      : origin_(origin), direction_max_(std::move(direction_max)), limits_(limits), at_(at) {}

  /// The best trial found, starting with step t; satisfies both conditions unless the evaluations
  /// or the interval ran out.
  Trial<T> search(const T& t) {
    Trial<T> previous = origin_, current = at_(t);
    for (; used_ < limits_.evaluations; ++used_) {
      if (too_high(current) || (used_ > 1 && current.loss >= previous.loss)) break;
      if (flat(current)) return current;
      if (current.slope >= T(0)) break;
      const T next =
          cubic_minimum(previous, current, current.t + T(1) / T(100) * (current.t - previous.t),
                        current.t * T(10));
      previous = std::exchange(current, at_(next));
    }
    if (used_ == limits_.evaluations) return current.loss < origin_.loss ? current : origin_;
    return zoom(std::move(previous), std::move(current));
  }

 private:
  /// Too little decrease for this distance; so is a loss or slope that is not finite.
  bool too_high(const Trial<T>& x) const {
    return !finite(x.loss) || !finite(x.slope) ||
           x.loss > origin_.loss + limits_.sufficient * x.t * origin_.slope;
  }
  bool flat(const Trial<T>& x) const {
    const T magnitude = x.slope < T(0) ? -x.slope : x.slope;
    return magnitude <= -limits_.curvature * origin_.slope;
  }

  /// The interval between both holds a point that satisfies the conditions.
  Trial<T> zoom(Trial<T> low, Trial<T> high) {
    put_lower_first(low, high);
    bool stalled = false;
    for (; used_ < limits_.evaluations; ++used_) {
      const T lo = low.t < high.t ? low.t : high.t, hi = low.t < high.t ? high.t : low.t;
      if ((hi - lo) * direction_max_ < limits_.narrowest) break;
      Trial<T> trial = at_(away_from_ends(cubic_minimum(low, high, lo, hi), lo, hi, stalled));
      if (too_high(trial) || trial.loss >= low.loss) {
        high = std::move(trial);
        put_lower_first(low, high);
      } else {
        if (flat(trial)) return trial;
        if (trial.slope * (high.t - low.t) >= T(0)) high = std::move(low);
        low = std::move(trial);
      }
    }
    return low;
  }

  static void put_lower_first(Trial<T>& low, Trial<T>& high) {
    if (finite(high.loss) && high.loss < low.loss) std::swap(low, high);
  }

  /// Twice in a row close to an end, or on it, is no progress.
  static T away_from_ends(const T& t, const T& lo, const T& hi, bool& stalled) {
    const T margin = T(1) / T(10) * (hi - lo);
    const T to_end = hi - t < t - lo ? hi - t : t - lo;
    if (to_end >= margin) {
      stalled = false;
    } else if (stalled || t >= hi || t <= lo) {
      stalled = false;
      return hi - t < t - lo ? hi - margin : lo + margin;
    } else {
      stalled = true;
    }
    return t;
  }

  const Trial<T>& origin_;
  T direction_max_;
  LineSearchLimits<T> limits_;
  At at_;
  int used_ = 0;
};

}  // namespace detail
}  // namespace assay
