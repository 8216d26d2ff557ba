#pragma once
// Schedules: the learning rate as a function of the steps taken.
//
//   const Schedule rate = warm_up(100) * cosine(1000);
//   optimizer.set_learning_rate(base * rate(optimizer.steps()));

#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <utility>

#include "assay/optim/optimizer.hpp"

namespace assay {

/// What to multiply the base rate by in the step after `steps` others. Any function of that form
/// is one; they multiply, and follow one another.
class Schedule {
 public:
  using Function = std::function<double(std::int64_t)>;
  explicit Schedule(Function factor) : factor_(std::move(factor)) {}

  double operator()(std::int64_t steps) const {
    detail::require_value(steps >= 0, "Schedule", "steps", static_cast<double>(steps),
                          "it must not be negative");
    return factor_(steps);
  }

  friend Schedule operator*(Schedule a, Schedule b) {
    return Schedule([a = std::move(a), b = std::move(b)](std::int64_t t) { return a(t) * b(t); });
  }

 private:
  Function factor_;
};

namespace detail {

inline void require_period(std::string_view owner, std::string_view name, std::int64_t steps) {
  require_value(steps > 0, owner, name, static_cast<double>(steps), "it must be positive");
}

}  // namespace detail

/// gamma^floor(t / period)
inline Schedule step_decay(std::int64_t period, double gamma = 0.1) {
  detail::require_period("step_decay", "period", period);
  detail::require_not_negative("step_decay", "gamma", gamma);
  return Schedule([=](std::int64_t t) { return std::pow(gamma, static_cast<double>(t / period)); });
}

/// gamma^t
inline Schedule exponential_decay(double gamma) {
  detail::require_not_negative("exponential_decay", "gamma", gamma);
  return Schedule([=](std::int64_t t) { return std::pow(gamma, static_cast<double>(t)); });
}

/// floor + (1 - floor) (1 + cos(pi t / period)) / 2: down to the floor in `period` steps, and then
/// up again.
inline Schedule cosine(std::int64_t period, double floor = 0) {
  detail::require_period("cosine", "period", period);
  detail::require_not_negative("cosine", "floor", floor);
  return Schedule([=](std::int64_t t) {
    const double half_turns = static_cast<double>(t % (2 * period)) / static_cast<double>(period);
    return floor + (1 - floor) * (1 + std::cos(std::numbers::pi * half_turns)) / 2;
  });
}

/// Linearly from `start` to `end` in `period` steps, then `end`.
inline Schedule linear_ramp(std::int64_t period, double start, double end) {
  detail::require_period("linear_ramp", "period", period);
  detail::require_not_negative("linear_ramp", "start", start);
  detail::require_not_negative("linear_ramp", "end", end);
  return Schedule([=](std::int64_t t) {
    if (t >= period) return end;
    return start + (end - start) * static_cast<double>(t) / static_cast<double>(period);
  });
}

/// Linearly from `start` to 1 in `period` steps, then 1.
inline Schedule warm_up(std::int64_t period, double start = 1.0 / 3) {
  return linear_ramp(period, start, 1);
}

/// `before` for so many steps, then `after` from its beginning.
inline Schedule sequence(Schedule before, std::int64_t steps, Schedule after) {
  detail::require_value(steps >= 0, "sequence", "steps", static_cast<double>(steps),
                        "it must not be negative");
  return Schedule([before = std::move(before), after = std::move(after), steps](std::int64_t t) {
    return t < steps ? before(t) : after(t - steps);
  });
}

}  // namespace assay
