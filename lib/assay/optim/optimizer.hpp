#pragma once
// What the optimisers share. They work on flat vectors: all values of a model side by side, their
// gradients in another vector of that length, apart from it; what they keep for each value lies
// flat as well and is allocated by the first step.
//
// Updates round as those of PyTorch 1.13 do: hyper-parameters are doubles and so is what is
// computed from them alone (1 - beta^t); one conversion to T, then T's arithmetic in the same
// order. Where another order was chosen, the optimiser says so. g++ vectorises square roots only
// with -fno-math-errno; the numbers are the same without it.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "assay/map.hpp"
#include "assay/matrix.hpp"
#include "assay/scalar.hpp"

namespace assay {
namespace detail {

/// What hyper-parameters are computed in: double for float, nothing narrower than T.
template <class T>
using Hyper = std::conditional_t<std::is_same_v<T, float>, double, T>;

/// Throws std::invalid_argument "owner: name is value; rule" unless ok.
inline void require_value(bool ok, std::string_view owner, std::string_view name, double value,
                          std::string_view rule) {
  if (ok) return;
  std::array<char, 32> digits{};
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(owner);
  text += ": ";
  text += name;
  text += " is ";
  text.append(digits.data(), end);
  text += "; ";
  text += rule;
  throw std::invalid_argument(text);
}

inline void require_not_negative(std::string_view owner, std::string_view name, double value) {
  require_value(value >= 0 && std::isfinite(value), owner, name, value,
                "it must be finite and not negative");
}
/// For decay rates of moving averages.
inline void require_fraction(std::string_view owner, std::string_view name, double value) {
  require_value(value >= 0 && value < 1, owner, name, value, "it must lie in [0, 1)");
}

inline void require_gradients(std::string_view owner, std::size_t values, std::size_t gradients) {
  if (values == gradients) return;
  throw ShapeError(std::string(owner) + ": " + std::to_string(values) + " values and " +
                   std::to_string(gradients) + " gradients; one gradient a value");
}

template <class Body, class... T>
[[gnu::always_inline]] inline void one_block(const Body& body, T* __restrict... x) {
  for (Eigen::Index k = 0; k < block; ++k) body(x[k]...);
}

/// body(x[i]...) for every i. The vectors do not overlap, which g++ -O2 believes only of
/// parameters.
template <class Body, class... T>
void for_each(Eigen::Index n, const Body& body, T* __restrict... x) {
  Eigen::Index i = 0;
  for (; i + block <= n; i += block) one_block(body, (x + i)...);
  for (; i < n; ++i) body(x[i]...);
}

/// The average x, or 0 where |x| < least. Averages of gradients that have become 0, as behind a
/// rectifier that is never on again, decay into subnormal numbers and stay there, rounded up again
/// and again; with these a step of Adam takes 20 times as long.
template <Real T>
T flushed(const T& x, const T& least = std::numeric_limits<T>::min()) {
  using std::abs;
  return abs(x) < least ? T(0) : x;
}

/// Averages of squares below it may count as 0, since their roots are lost beside `epsilon`, also
/// that of what 1000 steps would have added up to; 0 if there are none.
template <Real T>
T least_square(const T& epsilon) {
  using std::sqrt;
  const T least = std::numeric_limits<T>::min(), root = sqrt(least);
  return epsilon * std::numeric_limits<T>::epsilon() > 64 * root ? least : T(0);
}

/// Calls body(std::bool_constant): a loop over values must not branch on an option.
template <class Body>
void with_constant(bool option, const Body& body) {
  if (option) {
    body(std::true_type{});
  } else {
    body(std::false_type{});
  }
}

/// The sum of term(i) over i < n: eight partial sums, so that it can be vectorised; their order is
/// the same on every processor.
template <class H, class Term>
H sum_of(std::size_t n, const Term& term) {
  std::array<H, 8> lanes;
  lanes.fill(H(0));
  const std::size_t whole = n - n % lanes.size();
  for (std::size_t i = 0; i < whole; i += lanes.size()) {
    for (std::size_t k = 0; k < lanes.size(); ++k) lanes[k] += term(i + k);
  }
  H sum(0);
  for (const H& lane : lanes) sum += lane;
  for (std::size_t i = whole; i < n; ++i) sum += term(i);
  return sum;
}

/// The part of an optimiser that does not depend on the scalar.
class OptimizerBase {
 public:
  [[nodiscard]] double learning_rate() const { return learning_rate_; }
  /// From the next step on; schedules set it before each.
  void set_learning_rate(double rate) {
    detail::require_not_negative(name_, "learning_rate", rate);
    learning_rate_ = rate;
  }
  /// How many steps were taken.
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 protected:
  OptimizerBase(std::string_view name, double learning_rate) : name_(name) {
    set_learning_rate(learning_rate);
  }

  [[nodiscard]] std::string_view name() const { return name_; }

  /// Checks the sizes and counts the step; true at the first, which fixes the number of values.
  bool begin_step(std::size_t values, std::size_t gradients) {
    detail::require_gradients(name_, values, gradients);
    if (steps_ > 0 && values != size_) {
      throw ShapeError(std::string(name_) + ": " + std::to_string(values) +
                       " values after steps with " + std::to_string(size_) +
                       "; an optimiser serves one set of values");
    }
    size_ = values;
    return steps_++ == 0;
  }

 private:
  std::string_view name_;
  double learning_rate_ = 0;
  std::int64_t steps_ = 0;
  std::size_t size_ = 0;
};

}  // namespace detail

}  // namespace assay
