#include "differences.hpp"

#include <array>
#include <cmath>

namespace assay::verify {
namespace {

/// phi(t) with a bound on its rounding noise.
Bounded noisy(const AlongCoordinate& phi, const Big& t, mpfr_prec_t p) {
  std::array<Big, 3> v;
  constexpr std::array rounding{MPFR_RNDD, MPFR_RNDU, MPFR_RNDN};
  for (std::size_t i = 0; i < 3; ++i) {
    const WithContext c(i == 2 ? p + guard_bits : p, rounding[i]);
    v[i] = phi(t);
  }
  return bounded(v[0], v[1], v[2]);
}

struct Estimate {
  Big slope, truncation, noise;
};

Estimate central(const AlongCoordinate& phi, long h_exponent, mpfr_prec_t p) {
  const auto at = [&](long multiple) {
    return noisy(phi, ldexp(Big(multiple), h_exponent), p);
  };
  const Bounded a = at(1), b = at(-1), c = at(2), d = at(-2);
  const WithContext exact_enough(p + guard_bits);
  const Big near = ldexp(a.value - b.value, -h_exponent - 1);
  const Big far = ldexp(c.value - d.value, -h_exponent - 2);
  const Big slope = near + (near - far) / Big(3);
  const Big noise = ldexp(a.bound + b.bound + c.bound + d.bound, -h_exponent);
  return {slope, abs(slope - near), noise};
}

}  // namespace

Differences differences(const AlongCoordinate& phi, const DifferencesSetup& setup) {
  Differences result;
  long extra_shrink = 0;
  for (int round = 0; round < 24; ++round) {
    const mpfr_prec_t p = result.precision;
    // Scale 1, not |x|: the functions of interest vary over 1 wherever they are. Beside a threshold
    // the distance is the scale.
    const long scale = setup.free_distance >= 1
                           ? 0
                           : static_cast<long>(std::floor(std::log2(setup.free_distance))) - 3;
    const long h = scale - static_cast<long>(p) / 3 - extra_shrink;
    // x + h must be told from x with bits to spare.
    const long needed = setup.point_exponent - h + 40;
    if (needed > static_cast<long>(p)) {
      result.precision = needed + (needed - static_cast<long>(p)) / 2;
      if (result.precision > setup.budget) {
        result.over_budget = true;
        return result;
      }
      continue;
    }
    const Estimate e = central(phi, h, p);
    {
      const WithContext c(64, MPFR_RNDU);
      result.slope = {e.slope, e.truncation + e.noise, abs(e.slope)};
    }
    const long missing = missing_bits(result.slope, setup.unit_exponent(e.slope));
    if (missing <= 0) {
      result.resolved = true;
      return result;
    }
    const bool truncation_dominates =
        isfinite(e.truncation) && e.truncation.exponent() > e.noise.exponent() + 2;
    if (truncation_dominates) {
      extra_shrink += missing / 2 + 2;
    } else {
      result.precision += missing + missing / 2 + 8;
    }
    if (result.precision > setup.budget) {
      result.over_budget = true;
      return result;
    }
  }
  return result;
}

Bounded one_sided(const AlongCoordinate& phi, bool from_right, double free_distance) {
  constexpr mpfr_prec_t p = 600;
  const long scale =
      free_distance >= 1 ? 0 : static_cast<long>(std::floor(std::log2(free_distance))) - 3;
  const long h = scale - 80;
  const auto at = [&](long multiple) {
    return noisy(phi, ldexp(Big(from_right ? multiple : -multiple), h), p);
  };
  const Bounded zero = noisy(phi, Big(0), p), one = at(1), two = at(2), four = at(4);
  const WithContext c(p + guard_bits);
  const auto slope = [&](const Bounded& v, long log2_multiple) {
    const Big rise = ldexp(v.value - zero.value, -h - log2_multiple);
    return from_right ? rise : -rise;
  };
  const Big d1 = slope(one, 0), d2 = slope(two, 1), d4 = slope(four, 2);
  const Big r1 = Big(2) * d1 - d2, r2 = Big(2) * d2 - d4;
  const Big r = r1 + (r1 - r2) / Big(3);
  const Big noise = ldexp(zero.bound + one.bound + two.bound + four.bound, -h + 3);
  return {r, abs(r - r1) + noise, abs(r)};
}

}  // namespace assay::verify
