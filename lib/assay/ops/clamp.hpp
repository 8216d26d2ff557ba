#pragma once
#include <limits>
#include <sstream>
#include <stdexcept>

#include "assay/elementary.hpp"
#include "assay/map.hpp"

namespace assay {

/// y = x limited to [lo, hi]        dx = dy [lo <= x <= hi], 0 if lo = hi
/// Either bound may be infinite; one that the scalar cannot hold is rounded to it. NaN in x makes y
/// NaN, with derivative 0.
struct Clamp {
  static constexpr auto name = "clamp";
  static constexpr Ulps claimed{.value = 0.5, .derivative = 0};
  double lo, hi;
  Domain<1> domain = on(all_reals);

  constexpr Clamp() : Clamp(-1, 1) {}
  /// Throws std::invalid_argument unless lo <= hi.
  constexpr Clamp(double least, double most) : lo(least), hi(most) {
    if (!(lo <= hi)) refuse(lo, hi);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (lo > -infinity && lo < hi) domain = domain.kink(lo, 1);
    if (hi < infinity && lo < hi) domain = domain.kink(hi, 1);
  }
  template <Field T>
  [[nodiscard]] T f(const T& x) const {
    const T inside = lo < hi ? x : T(T(lo) + (x - x));  // a constant, but NaN for NaN
    return fn::select(x < T(lo), T(lo), fn::select(x > T(hi), T(hi), inside));
  }
  template <Field T>
  [[nodiscard]] T df(const T& x, const T&) const {
    const T open = lo < hi ? T(1) : T(0);
    return fn::select(x >= T(lo), fn::select(x <= T(hi), open, T(0)), T(0));
  }

 private:
  [[noreturn]] static void refuse(double lo, double hi) {
    std::ostringstream text;
    text << "clamp: lo is " << lo << " and hi is " << hi << "; lo must not be above hi";
    throw std::invalid_argument(text.str());
  }
};
inline constexpr Call<Map<Clamp>> clamp;

}  // namespace assay
