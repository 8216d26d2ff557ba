#pragma once
#include <vector>

#include "assay/reductions.hpp"

namespace assay {
namespace detail {

/// A product that neither overflows nor underflows before it is complete: m 2^e. Scalars other
/// than float and double are plain.
template <class T>
class Product {
 public:
  Product() = default;
  explicit Product(const T& x) : m_(x) { normalise(); }
  friend Product operator*(Product a, const Product& b) {
    a.m_ *= b.m_;
    a.e_ += b.e_;
    a.normalise();
    return a;
  }
  [[nodiscard]] T value() const {
    if constexpr (fn::detail::Native<T>) {
      constexpr std::int64_t far = 4 * std::numeric_limits<T>::max_exponent;
      return std::ldexp(m_, static_cast<int>(std::clamp(e_, -far, far)));
    } else {
      return m_;
    }
  }

 private:
  /// Far from the ends of the range, so that the product of two still is within.
  void normalise() {
    if constexpr (fn::detail::Native<T>) {
      using L = std::numeric_limits<T>;
      constexpr T high = T(std::uint64_t{1} << 60), low = 1 / high;
      const T a = std::abs(m_);
      if ((a >= low && a <= high) || !(a <= L::max())) return;  // an infinity has no exponent
      int e = 0;
      m_ = std::frexp(m_, &e);
      e_ += e;
    }
  }
  T m_ = T(1);
  std::int64_t e_ = 0;
};

}  // namespace detail

/// y = product of x over an axis        dx_i = dy * product of the others        empty: 1
/// The others as what stands before times what stands behind: no division, so zeros are no
/// exception.
template <Axis axis>
struct Prod {
  static constexpr auto name = reduced_name<axis>("prod", "prod_rowwise", "prod_colwise");
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};
  static Shape shape(Shape x) { return reduced(axis, x); }
  template <Field T>
  static Mat<T> forward(const Mat<T>& x, Mat<T>& others) {
    const Shape s = shape_of(x);
    const Eigen::Index n = extent(axis, s);
    Mat<T> y = detail::zeros<axis, T>(s);
    others.resize(s.rows, s.cols);
    std::vector<detail::Product<T>> before(static_cast<std::size_t>(n));
    for (Eigen::Index l = 0; l < y.size(); ++l) {
      const auto at = [&](Eigen::Index t) { return detail::place<axis>(s, l, t); };
      detail::Product<T> running;
      for (Eigen::Index t = 0; t < n; ++t) {
        before[static_cast<std::size_t>(t)] = running;
        running = running * detail::Product<T>(x.data()[at(t)]);
      }
      y.data()[l] = running.value();
      detail::Product<T> behind;
      for (Eigen::Index t = n; t-- > 0;) {
        others.data()[at(t)] = (before[static_cast<std::size_t>(t)] * behind).value();
        behind = detail::Product<T>(x.data()[at(t)]) * behind;
      }
    }
    return y;
  }
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                              const Mat<T>& others) {
    return detail::times_slopes<axis>(dy, others);
  }
};
inline constexpr Call<Prod<Axis::all>> prod;
inline constexpr Call<Prod<Axis::rowwise>> prod_rowwise;  ///< one number a row
inline constexpr Call<Prod<Axis::colwise>> prod_colwise;  ///< one number a column

}  // namespace assay
