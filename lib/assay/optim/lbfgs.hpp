#pragma once
// L-BFGS (Nocedal 1980) with a line search for the strong Wolfe conditions.

#include <algorithm>

#include "assay/optim/line_search.hpp"

namespace assay {

struct LBFGSOptions {
  double learning_rate = 1;          ///< the first step length that each line search tries
  int max_iterations = 20;           ///< for one call of step
  int max_evaluations = 0;           ///< for one call of step; 0: 5/4 of max_iterations
  int history = 100;                 ///< pairs of displacements and gradient differences
  double tolerance_gradient = 1e-7;  ///< largest element of the gradient
  double tolerance_change = 1e-9;    ///< of a value, of the loss, and of the slope
};

/// Why a call of step ended.
enum class LBFGSStop { gradient, slope, displacement, loss, iterations, evaluations };

template <class T>
struct LBFGSResult {
  T first_loss{0};  ///< where the call started
  T loss{0};
  int iterations = 0;
  int evaluations = 0;
  LBFGSStop stop = LBFGSStop::iterations;
};

/// Minimises a function of flat values. Iterations and tests for the end follow PyTorch's LBFGS
/// with line_search_fn="strong_wolfe", except that
/// - the values are not touched by evaluations: the function is given each trial point;
/// - a loss that is not finite shortens the step, and one at the start is a std::domain_error;
/// - a line search never ends with a higher loss than it started with;
/// - there is no variant without line search.
template <Real T>
class LBFGS : public detail::OptimizerBase {
 public:
  explicit LBFGS(const LBFGSOptions& options = {})
      : OptimizerBase("LBFGS", options.learning_rate), options_(options) {
    using detail::require_not_negative, detail::require_value;
    const auto positive = [this](std::string_view what, int value) {
      require_value(value > 0, name(), what, value, "it must be positive");
    };
    require_value(options.learning_rate > 0, name(), "learning_rate", options.learning_rate,
                  "it must be positive");
    positive("max_iterations", options.max_iterations);
    positive("history", options.history);
    require_not_negative(name(), "max_evaluations", options.max_evaluations);
    require_not_negative(name(), "tolerance_gradient", options.tolerance_gradient);
    require_not_negative(name(), "tolerance_change", options.tolerance_change);
    if (options_.max_evaluations == 0) {
      options_.max_evaluations = options.max_iterations + options.max_iterations / 4;
    }
  }

  /// Up to max_iterations iterations from x, which ends at the best point found. The function
  /// `T f(std::span<const T> x, std::span<T> gradient)` fills the gradient and returns the loss.
  /// The next call goes on with the curvature seen so far.
  template <class F>
  LBFGSResult<T> step(std::span<T> x, F&& f) {
    begin_step(x.size(), x.size());
    LBFGSResult<T> result;
    const auto at = [&](const T& t) {
      Trial<T> trial;
      trial.t = t;
      trial.gradient.resize(x.size());
      point_.resize(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) point_[i] = x[i] + t * direction_[i];
      trial.loss = f(std::span<const T>(point_), std::span<T>(trial.gradient));
      trial.slope = dot(trial.gradient, direction_);
      ++result.evaluations;
      return trial;
    };

    Trial<T> here;
    here.gradient.resize(x.size());
    here.loss = f(std::span<const T>(x), std::span<T>(here.gradient));
    result.first_loss = result.loss = here.loss;
    result.evaluations = 1;
    if (!detail::finite(here.loss) || !detail::finite(sum_of_magnitudes(here.gradient))) {
      throw std::domain_error("LBFGS: the loss or its gradient is not finite at the start");
    }
    const auto gradient_limit = T(options_.tolerance_gradient);
    const auto change = T(options_.tolerance_change);
    const auto stop = [&](LBFGSStop why) {
      result.stop = why;
      return result;
    };
    if (largest(here.gradient) <= gradient_limit) return stop(LBFGSStop::gradient);

    for (;;) {
      ++result.iterations;
      find_direction(here.gradient);
      const bool is_first = previous_.empty();
      previous_ = here.gradient;
      const auto rate = T(learning_rate());
      T t = rate;
      if (is_first) t = std::min(T(1), T(1) / sum_of_magnitudes(here.gradient)) * rate;

      here.t = T(0);
      here.slope = dot(here.gradient, direction_);
      displacement_.assign(x.size(), T(0));
      if (here.slope > -change) return stop(LBFGSStop::slope);

      const T length = largest(direction_);
      detail::LineSearchLimits<T> limits;
      limits.narrowest = change;
      here = detail::StrongWolfe<T, decltype(at)>(here, length, limits, at).search(t);
      const T moved = here.loss - result.loss;
      result.loss = here.loss;
      for (std::size_t i = 0; i < x.size(); ++i) {
        displacement_[i] = here.t * direction_[i];
        x[i] += displacement_[i];
      }

      if (result.iterations == options_.max_iterations) return stop(LBFGSStop::iterations);
      if (result.evaluations >= options_.max_evaluations) return stop(LBFGSStop::evaluations);
      if (largest(here.gradient) <= gradient_limit) return stop(LBFGSStop::gradient);
      if (largest(displacement_) <= change) return stop(LBFGSStop::displacement);
      if ((moved < T(0) ? -moved : moved) < change) return stop(LBFGSStop::loss);
    }
  }

 private:
  using Vector = std::vector<T>;
  /// A displacement s and the change y of the gradient over it.
  struct Pair {
    Vector s, y;
    T inverse;  ///< 1 / s.y
  };

  static T dot(const Vector& a, const Vector& b) {
    return detail::sum_of<T>(a.size(), [&](std::size_t i) { return a[i] * b[i]; });
  }
  static T largest(const Vector& v) {
    T most(0);
    for (const T& x : v) most = std::max(most, x < T(0) ? T(-x) : x);
    return most;
  }
  static T sum_of_magnitudes(const Vector& v) {
    return detail::sum_of<T>(v.size(),
                             [&](std::size_t i) { return v[i] < T(0) ? T(-v[i]) : v[i]; });
  }
  static void add(const T& factor, const Vector& v, Vector& to) {
    for (std::size_t i = 0; i < v.size(); ++i) to[i] += factor * v[i];
  }

  /// direction = -H gradient, H the inverse Hessian as the pairs have it (two-loop recursion).
  void find_direction(const Vector& gradient) {
    if (!previous_.empty()) remember(gradient);
    direction_.resize(gradient.size());
    for (std::size_t i = 0; i < gradient.size(); ++i) direction_[i] = -gradient[i];
    Vector along(pairs_.size());
    for (std::size_t k = pairs_.size(); k-- > 0;) {
      const Pair& p = pairs_[k];
      along[k] = dot(p.s, direction_) * p.inverse;
      add(-along[k], p.y, direction_);
    }
    for (T& d : direction_) d *= scale_;
    for (std::size_t k = 0; k < pairs_.size(); ++k) {
      const Pair& p = pairs_[k];
      add(along[k] - dot(p.y, direction_) * p.inverse, p.s, direction_);
    }
  }

  /// Keeps the last displacement if the curvature along it is positive.
  void remember(const Vector& gradient) {
    Pair p{displacement_, gradient, T(0)};
    for (std::size_t i = 0; i < gradient.size(); ++i) p.y[i] -= previous_[i];
    const T curvature = dot(p.y, p.s);
    if (!(curvature > T(1e-10))) return;
    p.inverse = T(1) / curvature;
    scale_ = curvature / dot(p.y, p.y);
    if (pairs_.size() == static_cast<std::size_t>(options_.history)) pairs_.erase(pairs_.begin());
    pairs_.push_back(std::move(p));
  }

  LBFGSOptions options_;
  std::vector<Pair> pairs_;  ///< the oldest first
  Vector direction_, displacement_, previous_, point_;
  T scale_{1};  ///< of the inverse Hessian before the pairs
};

}  // namespace assay
