#include "differences.hpp"

#include <array>
#include <cmath>

namespace assay::verify {
namespace {

struct Estimate {
  Enclosure slope;
  Big truncation;
};

/// In the context set.
Estimate central(const AlongCoordinate& phi, long h_exponent) {
  const auto at = [&](long multiple) { return phi(Enclosure(ldexp(Big(multiple), h_exponent))); };
  const auto scaled = [](const Enclosure& e, long power) {
    return e * Enclosure(ldexp(Big(1), power));
  };
  const Enclosure near = scaled(at(1) - at(-1), -h_exponent - 1);
  const Enclosure far = scaled(at(2) - at(-2), -h_exponent - 2);
  const Enclosure slope = near + (near - far) / Enclosure(3);
  return {slope, abs(slope.middle() - near.middle())};
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
    const WithContext context(p);
    const Estimate e = central(phi, h);
    const Big noise = e.slope.radius();
    result.slope = {e.slope.middle(), e.truncation + noise, abs(e.slope.middle())};
    const long missing = missing_bits(result.slope, setup.unit_exponent(result.slope.value));
    if (missing <= 0) {
      result.resolved = true;
      return result;
    }
    const bool truncation_dominates =
        isfinite(e.truncation) && e.truncation.exponent() > noise.exponent() + 2;
    if (truncation_dominates) {
      extra_shrink += missing / 2 + 2;
    } else if (result.slope.bound >= abs(result.slope.value)) {
      result.precision += result.precision / 2;  // noise alone: what is missing is not known either
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
  const WithContext context(600);
  const long scale =
      free_distance >= 1 ? 0 : static_cast<long>(std::floor(std::log2(free_distance))) - 3;
  const long h = scale - 80;
  const auto at = [&](long multiple) {
    return phi(Enclosure(ldexp(Big(from_right ? multiple : -multiple), h)));
  };
  const Enclosure zero = phi(Enclosure(0));
  const auto slope = [&](long multiple, long log2_multiple) {
    const Enclosure rise = at(multiple) - zero;
    const Enclosure up = from_right ? rise : -rise;
    return up * Enclosure(ldexp(Big(1), -h - log2_multiple));
  };
  const Enclosure d1 = slope(1, 0), d2 = slope(2, 1), d4 = slope(4, 2);
  const Enclosure r1 = Enclosure(2) * d1 - d2, r2 = Enclosure(2) * d2 - d4;
  const Enclosure r = r1 + (r1 - r2) / Enclosure(3);
  const Big value = r.middle();
  return {value, abs(value - r1.middle()) + r.radius(), abs(value)};
}

}  // namespace assay::verify
