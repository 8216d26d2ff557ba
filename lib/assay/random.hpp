#pragma once
// The one explicit source of random numbers. The same seed gives the same numbers on every
// platform and with every standard library, which std's distributions do not promise.

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "assay/elementary.hpp"
#include "assay/matrix.hpp"

namespace assay {

/// xoshiro256++ (Blackman and Vigna 2019), seeded through splitmix64. A
/// UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
      z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
      word = z ^ (z >> 31U);
    }
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    auto& s = state_;
    const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
    const std::uint64_t t = s[1] << 17U;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
  }

  /// A multiple of 2^-53 in [0, 1).
  double uniform() { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }

  /// Each of 0 .. n-1 with the same probability, by rejection.
  std::uint64_t below(std::uint64_t n) {
    if (n == 0) throw std::invalid_argument("Random::below: n is 0; it must be positive");
    const std::uint64_t limit = max() - max() % n;  // a multiple of n
    std::uint64_t x = (*this)();
    while (x >= limit) x = (*this)();
    return x % n;
  }

  /// Standard normal, by Marsaglia's polar method.
  double normal() {
    if (spare_is_set_) {
      spare_is_set_ = false;
      return spare_;
    }
    double u = 0, v = 0, radius = 0;
    do {
      u = uniform(-1, 1);
      v = uniform(-1, 1);
      radius = u * u + v * v;
    } while (radius >= 1 || radius == 0);
    const double scale = std::sqrt(-2 * fn::log(radius) / radius);
    spare_ = v * scale;
    spare_is_set_ = true;
    return u * scale;
  }

  /// rows x cols numbers drawn column by column.
  template <class T>
  Mat<T> uniform_matrix(Shape s, double lo, double hi) {
    return Mat<T>::NullaryExpr(s.rows, s.cols, [&] { return T(uniform(lo, hi)); });
  }
  template <class T>
  Mat<T> normal_matrix(Shape s, double mean = 0, double deviation = 1) {
    return Mat<T>::NullaryExpr(s.rows, s.cols, [&] { return T(mean + deviation * normal()); });
  }

  /// A random order of 0 .. n-1 (Fisher and Yates).
  std::vector<Eigen::Index> permutation(Eigen::Index n) {
    std::vector<Eigen::Index> order(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Eigen::Index>(i);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
    return order;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0;
  bool spare_is_set_ = false;
};

}  // namespace assay
