#pragma once
// What the claims about the sigmoid (18) and about the cross-entropy of a logit (19) share.

#include <cmath>
#include <limits>

#include "assay/ops/bce_with_logits.hpp"
#include "assay/ops/sigmoid.hpp"
#include "claims.hpp"

namespace assay::verify::claims {

/// From the definition, not from the library.
inline Enclosure sigma(double z) { return Enclosure(1) / (Enclosure(1) + exp(Enclosure(-z))); }

inline const Operation& logits() {
  static const Operation o = domain_of<Sigmoid>();
  return o;
}
inline const Operation& losses() {
  static const Operation o = domain_of<BceWithLogits>();
  return o;
}

/// No floating-point type resolves e^-|z| from here on; at most `fold_at` for the identities, which
/// need |z| / log 2 bits.
inline constexpr double beyond_all = 1500, fold_at = 1500;
inline double fold(double z) { return std::fmod(z, fold_at); }

inline void classify_logit(Trial& t, double z) {
  t.input("z", z);
  if (std::abs(z) > 36.8) t.count("|z| > 36.8");
  if (std::abs(z) > 709) t.count("tail");
  if (z == 0) t.count("z = 0");
  if (z != 0 && std::abs(z) < std::numeric_limits<double>::min()) t.count("subnormal z");
}

/// The first cases are such that few cases cover what matters; the others are drawn.
inline double folded_logit(Trial& t) {
  const std::uint64_t n = t.number();
  const double sign = t.seed("sign") % 2 == 0 ? 1 : -1;
  const double z = n % 8 == 0   ? sign * (37 + 600 * t.unit("tail"))
                   : n % 8 == 1 ? sign * (709.5 + 700 * t.unit("far"))
                   : n == 2     ? 0
                                : fold(generate_value(logits(), 0, double_format, t.seed("z")));
  classify_logit(t, z);
  return z;
}

/// Where s(z) rounds to 1 in the format, from below and from above: e^-z = 2^-digits.
/// Up to `last` the derivative itself is not 0.
struct Vanishing {
  double nonzero, zero, last;
};
inline Vanishing vanishing(const Format& f) {
  return f == float_format ? Vanishing{16.6, 16.7, 100} : Vanishing{36.7, 36.8, 740};
}
inline constexpr const char* first_form_is_zero = "the first form is 0";

inline double any_logit(Trial& t, const Format& f) {
  double z = generate_value(logits(), 0, f, t.seed("z"));
  if (t.number() % 8 == 0) z = rounded(f, 37 + 600 * t.unit("tail"));
  classify_logit(t, z);
  return z;
}

/// Every fourth one in the tail, where the usual forms are 0.
inline double tail_logit(Trial& t, const Format& f) {
  const Vanishing at = vanishing(f);
  const bool steered = t.number() % 4 == 0;
  const double z = steered ? rounded(f, at.zero + (at.last - at.zero) * t.unit("tail"))
                           : generate_value(logits(), 0, f, t.seed("z"));
  classify_logit(t, z);
  return z;
}

/// A label of [0, 1], often 0 or 1.
inline double label(Trial& t, const Format& f) {
  const std::uint64_t n = t.number();
  const double y = n % 4 == 0 ? 1 : n % 4 == 1 ? 0 : generate_value(losses(), 1, f, t.seed("y"));
  t.input("y", y);
  t.count(y == 1 ? "y = 1" : y == 0 ? "y = 0" : "soft label");
  return y;
}

}  // namespace assay::verify::claims
