#pragma once
// Clipping of gradients, in place.

#include "assay/optim/optimizer.hpp"

namespace assay {

/// Every gradient into [-limit, limit]. A NaN stays one.
template <Field T>
void clip_by_value(std::span<T> gradients, double limit) {
  detail::require_not_negative("clip_by_value", "limit", limit);
  const auto hi = T(limit), lo = T(-hi);
  detail::for_each(
      static_cast<Eigen::Index>(gradients.size()),
      [=](T& g) {
        const T x = g < lo ? lo : g;
        g = x > hi ? hi : x;
      },
      gradients.data());
}

namespace detail {

template <class T, class H = Hyper<T>>
H sum_of_squares(std::span<const T> x, const H& scale) {
  return sum_of<H>(x.size(), [=](std::size_t i) {
    const H y = H(x[i]) * scale;
    return y * y;
  });
}

/// The Euclidean norm is root / scale, which T may be too narrow for; squares neither overflow nor
/// underflow (floats are squared as doubles).
template <class H>
struct ScaledNorm {
  H scale, root;
};

template <class T, class H = Hyper<T>>
ScaledNorm<H> scaled_norm(std::string_view owner, std::span<const T> x) {
  using std::sqrt;
  const H up(0x1p700), down(0x1p-700);
  const H plain = sum_of_squares(x, H(1));
  if (down < plain && plain < up) return {H(1), sqrt(plain)};
  H largest(0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] - x[i] == T(0))) {
      throw std::domain_error(std::string(owner) + ": gradient " + std::to_string(i) + " of " +
                              std::to_string(x.size()) +
                              " is not finite; a direction without length cannot be shortened");
    }
    const H a(x[i] < T(0) ? -x[i] : x[i]);
    if (a > largest) largest = a;
  }
  if (largest == H(0)) return {H(1), H(0)};
  const H scale = largest > H(1) ? down : up;
  return {scale, sqrt(sum_of_squares(x, scale))};
}

}  // namespace detail

/// The Euclidean norm of the gradients, which are scaled down to limit if it is larger: by
/// limit / (norm + 1e-6), as PyTorch does. Throws std::domain_error, and leaves them as they are,
/// if one is not finite.
template <Real T>
T clip_by_norm(std::span<T> gradients, double limit) {
  detail::require_not_negative("clip_by_norm", "limit", limit);
  using H = detail::Hyper<T>;
  const auto [scale, root] = detail::scaled_norm("clip_by_norm", std::span<const T>(gradients));
  const H factor = H(limit) * scale / (root + H(1e-6) * scale);
  if (factor < H(1)) {
    detail::for_each(
        static_cast<Eigen::Index>(gradients.size()), [by = T(factor)](T& g) { g *= by; },
        gradients.data());
  }
  return T(root / scale);
}

}  // namespace assay
