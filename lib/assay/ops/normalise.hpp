#pragma once
// What layer_norm and batch_norm share.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "assay/ops/attributes.hpp"
#include "assay/reduce.hpp"

namespace assay {
namespace detail {

/// An unevaluated sum of two doubles, about 106 bits (Dekker 1971; Knuth's sum). The error of a sum
/// is small beside its terms, not beside itself.
struct Pair {
  double hi = 0, lo = 0;

  Pair() = default;
  Pair(double a) : hi(a) {}  // NOLINT(google-explicit-constructor): every double is one
  Pair(double a, double b) : hi(a), lo(b) {}
  explicit operator double() const { return hi + lo; }

  static Pair quick_sum(double a, double b) {  // |a| >= |b|
    const double s = a + b;
    return {s, b - (s - a)};
  }
  static Pair sum(double a, double b) {
    const double s = a + b, back = s - a;
    return {s, (a - (s - back)) + (b - back)};
  }
  friend Pair operator-(const Pair& a) { return {-a.hi, -a.lo}; }
  friend Pair operator+(const Pair& a, const Pair& b) {
    const Pair s = sum(a.hi, b.hi);
    return quick_sum(s.hi, s.lo + (a.lo + b.lo));
  }
  friend Pair operator-(const Pair& a, const Pair& b) { return a + -b; }
  friend Pair operator*(const Pair& a, const Pair& b) {
    const double p = a.hi * b.hi;
    return quick_sum(p, std::fma(a.hi, b.hi, -p) + (a.hi * b.lo + a.lo * b.hi));
  }
  friend Pair operator/(const Pair& a, const Pair& b) {
    const double q = a.hi / b.hi;
    const Pair r = a - b * Pair(q);
    return quick_sum(q, r.hi / b.hi);
  }
  Pair& operator+=(const Pair& b) {
    const Pair s = sum(hi, b.hi);
    hi = s.hi;
    lo += s.lo + b.lo;
    return *this;
  }
  friend bool operator==(const Pair& a, const Pair& b) { return a.hi == b.hi && a.lo == b.lo; }
  friend Pair sqrt(const Pair& a) {
    const double s = std::sqrt(a.hi);
    const Pair r = a - Pair(s) * Pair(s);
    return quick_sum(s, r.hi / (s + s));
  }
};

/// The scalar in which the statistics of Ts are taken: one of twice the digits, where a number that
/// is the difference of two others many times its size must still be right.
template <class T>
struct Twice {
  using type = T;
};
template <>
struct Twice<float> {
  using type = double;
};
template <>
struct Twice<double> {
  using type = Pair;
};

/// y = (x - mean) r g + b along each line, r = 1 / sqrt(variance + eps), the variance over n
///
/// With h = dy g centred and d = x - mean: dx = r (v r^2 P + eps r^2 h), P = h - d <h, d> / <d, d>,
/// dg = sum of dy d r, db = sum of dy. The textbook's r (h - x^ <h, x^> / n) is the same, and
/// cancels in what P does not hold: of two elements P is 0, and dx is smaller than its terms by
/// eps r^2.
template <Axis axis, class T>
class Normalisation {
 public:
  using W = typename Twice<T>::type;

  Normalisation(const Mat<T>& x, double eps) : x_(x), lines_(lines(x)) {
    const W n(count<T>(extent(axis, shape_of(x))));
    each([&](Eigen::Index i, Eigen::Index j, Line& l) { l.mean += W(x_(i, j)); });
    for (Line& l : lines_) l.mean = l.mean / n;
    each([&](Eigen::Index i, Eigen::Index j, Line& l) { l.square += d(i, j) * d(i, j); });
    for (Line& l : lines_) {
      using std::sqrt;
      l.r = W(1) / sqrt(l.square / n + constant(eps));
    }
  }
  /// From what `save` wrote.
  Normalisation(const Mat<T>& x, const Mat<T>& saved, std::nullptr_t) : x_(x), lines_(lines(x)) {
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      const auto row = static_cast<Eigen::Index>(k);
      lines_[k] = {load(saved, row, 0), load(saved, row, 1), load(saved, row, 2)};
    }
  }
  [[nodiscard]] Mat<T> saved() const {
    Mat<T> s(static_cast<Eigen::Index>(lines_.size()), 3 * parts);
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      const auto row = static_cast<Eigen::Index>(k);
      store(s, row, 0, lines_[k].mean);
      store(s, row, 1, lines_[k].square);
      store(s, row, 2, lines_[k].r);
    }
    return s;
  }

  /// Of each line: the mean, and the variance with one degree of freedom less.
  [[nodiscard]] std::array<Mat<T>, 2> statistics() const {
    const W others(count<T>(extent(axis, shape_of(x_)) - 1));
    std::vector<W> mean, variance;
    for (const Line& l : lines_) {
      mean.push_back(l.mean);
      variance.push_back(l.square / others);
    }
    return {row(mean), row(variance)};
  }

  [[nodiscard]] Mat<T> forward(const Mat<T>& gain, const Mat<T>& bias) {
    Mat<T> y(x_.rows(), x_.cols());
    each([&](Eigen::Index i, Eigen::Index j, const Line& l) {
      y(i, j) = static_cast<T>(d(i, j) * l.r * W(gain(0, j)) + W(bias(0, j)));
    });
    return y;
  }
  [[nodiscard]] Grads<T, 3> backward(const Mat<T>& dy, const Mat<T>& gain, double eps) {
    const W n(count<T>(extent(axis, shape_of(x_))));
    std::vector<W> sum(lines_.size(), W(0)), dot = sum, for_p = sum, for_h = sum;
    std::vector<W> dgain(static_cast<std::size_t>(x_.cols()), W(0)), dbias = dgain;
    const std::vector<T> lift = lifts(dy, gain);
    each([&](Eigen::Index i, Eigen::Index j, const Line& l) {
      const W up(dy(i, j)), away = d(i, j);
      const W h = lifted(dy(i, j), gain(0, j), lift[line(i, j)]);
      sum[line(i, j)] += h;
      dot[line(i, j)] += h * away;
      dgain[static_cast<std::size_t>(j)] += up * (away * l.r);
      dbias[static_cast<std::size_t>(j)] += up;
    });
    for (std::size_t k = 0; k < lines_.size(); ++k) {
      const Line& l = lines_[k];
      sum[k] = sum[k] / n;
      if (!(l.square == W(0))) dot[k] = dot[k] / l.square;
      const W cube = l.r * l.r * l.r;
      for_p[k] = l.square / n * cube;
      for_h[k] = constant(eps) * cube;
    }
    Mat<T> dx(x_.rows(), x_.cols());
    each([&](Eigen::Index i, Eigen::Index j, const Line&) {
      const std::size_t k = line(i, j);
      const W h = lifted(dy(i, j), gain(0, j), lift[k]) - sum[k];
      dx(i, j) = static_cast<T>(for_p[k] * (h - d(i, j) * dot[k]) + for_h[k] * h);
      if constexpr (can_underflow) dx(i, j) /= lift[k];
    });
    return {std::move(dx), row(dgain), row(dbias)};
  }

 private:
  struct Line {
    W mean = W(0), square = W(0), r = W(0);
  };
  static constexpr Eigen::Index parts = 3;  // a double of 53 bits in floats of 24
  /// The product of two doubles may be too small for the lower half of a pair; that of two floats
  /// is no trouble to a double.
  static constexpr bool can_underflow = std::is_same_v<T, double>;

  /// For each line 1, or a power of two where all of its products are small.
  std::vector<T> lifts(const Mat<T>& dy, const Mat<T>& gain) {
    std::vector<T> lift(lines_.size(), T(1));
    if constexpr (can_underflow) {
      std::vector<T> largest(lines_.size(), T(0));
      each([&](Eigen::Index i, Eigen::Index j, const Line&) {
        T& l = largest[line(i, j)];
        l = std::max(l, std::abs(dy(i, j) * gain(0, j)));
      });
      for (std::size_t k = 0; k < lift.size(); ++k) {
        if (largest[k] < 0x1p-300) lift[k] = 0x1p600;
      }
    }
    return lift;
  }
  /// dy g, times a power of two that goes to the smaller one.
  static W lifted(const T& dy, const T& gain, const T& lift) {
    if constexpr (can_underflow) {
      return std::abs(dy) < std::abs(gain) ? W(dy * lift) * W(gain) : W(dy) * W(gain * lift);
    } else {
      return W(dy) * W(gain);
    }
  }

  static std::vector<Line> lines(const Mat<T>& x) {
    return std::vector<Line>(static_cast<std::size_t>(axis == Axis::rowwise ? x.rows() : x.cols()));
  }
  static W constant(double value) {
    if constexpr (std::is_same_v<T, float>) {
      return value;  // not rounded to a float
    } else {
      return W(T(value));
    }
  }
  static std::size_t line(Eigen::Index i, Eigen::Index j) {
    return static_cast<std::size_t>(axis == Axis::rowwise ? i : j);
  }
  template <class Body>
  void each(Body body) {
    for (Eigen::Index j = 0; j < x_.cols(); ++j) {
      for (Eigen::Index i = 0; i < x_.rows(); ++i) body(i, j, lines_[line(i, j)]);
    }
  }
  [[nodiscard]] W d(Eigen::Index i, Eigen::Index j) const {
    return W(x_(i, j)) - lines_[line(i, j)].mean;
  }
  static Mat<T> row(const std::vector<W>& w) {
    Mat<T> m(1, static_cast<Eigen::Index>(w.size()));
    for (std::size_t k = 0; k < w.size(); ++k) m(0, static_cast<Eigen::Index>(k)) = T(w[k]);
    return m;
  }
  static void store(Mat<T>& s, Eigen::Index row, Eigen::Index what, W value) {
    for (Eigen::Index k = 0; k < parts; ++k) {
      const T part = static_cast<T>(value);
      s(row, what * parts + k) = part;
      value = value - W(part);
    }
  }
  static W load(const Mat<T>& s, Eigen::Index row, Eigen::Index what) {
    W value(s(row, what * parts));
    for (Eigen::Index k = 1; k < parts; ++k) value += W(s(row, what * parts + k));
    return value;
  }

  const Mat<T>& x_;
  std::vector<Line> lines_;
};

constexpr Domain<3> checked_eps(std::string_view op, double eps) {
  if (!(eps > 0 && eps <= 1)) {
    require_value(false, op, "eps", eps, "it must be positive and at most 1");
  }
  return on(closed(-32, 32), closed(-0x1p60, 0x1p60), all_reals);
}

inline void require_rows_of_parameters(std::string_view op, Shape x, Shape gain, Shape bias) {
  require(gain == Shape{1, x.cols} && bias == gain, op, {{"x", x}, {"gain", gain}, {"bias", bias}},
          "gain and bias must be rows as wide as x");
}

}  // namespace detail
}  // namespace assay
