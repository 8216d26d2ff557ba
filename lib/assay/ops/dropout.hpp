#pragma once
#include <bit>
#include <cstdint>

#include "assay/ops/attributes.hpp"
#include "assay/random.hpp"

namespace assay {

/// y = x / (1 - p) where an element is kept, 0 where it is dropped        dx = dy / (1 - p), or 0
/// Each element is dropped with probability p, 0 <= p < 1; p = 0 is the identity. Which ones is a
/// function of the seed and the shape alone, so forward is one however often it is called, and
/// backward has its mask. In evaluation there is nothing to do.
struct Dropout {
  static constexpr auto name = "dropout";
  static constexpr Ulps claimed{.value = 2, .derivative = 2, .units = envelope};

  static constexpr Domain<1> checked(double p) {
    if (!(p >= 0 && p < 1)) {
      require_value(false, name, "p", p, "it must be at least 0 and less than 1");
    }
    return on(all_reals);
  }

  double p = 0.5;
  std::uint64_t seed = 0;
  Domain<1> domain = checked(p);

  static Shape shape(Shape x) { return x; }
  template <Field T>
  [[nodiscard]] Mat<T> forward(const Mat<T>& x, Mat<T>& kept) const {
    Random generator(seed);
    kept = Mat<T>::NullaryExpr(x.rows(), x.cols(),
                               [&] { return generator.uniform() < p ? T(0) : T(1); });
    return masked(x, kept);
  }
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>&, const Mat<T>&,
                                     const Mat<T>& kept) const {
    return {masked(dy, kept)};
  }

 private:
  // A choice, not a product: what is dropped may be infinite.
  template <class T>
  [[nodiscard]] Mat<T> masked(const Mat<T>& x, const Mat<T>& kept) const {
    const T scale = T(1) - T(p);
    return x.binaryExpr(kept,
                        [&](const T& v, const T& k) { return k == T(0) ? T(0) : T(v / scale); });
  }
};

/// dropout(x, p, generator), of a matrix or a node: takes one number from the generator.
template <class X>
auto dropout(const X& x, double p, Random& generator) {
  return Call<Dropout>{{.p = p, .seed = generator()}}(x);
}

}  // namespace assay
