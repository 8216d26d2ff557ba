#include "two_functions.hpp"

#include <array>

namespace assay::verify::two {
namespace {

constexpr TwoDoubles one{1, 0, 0};
constexpr double largest_exponent = 300;  // e^300 < 2^433

/// In two doubles what MPFR has between lo and hi.
TwoDoubles from(const Big::Bracket& y) {
  const double hi = y.lo.to_double();
  const WithContext c(256);
  const double lo = (y.lo - Big(hi)).to_double();
  const Big off = abs(y.hi - Big(hi) - Big(lo)) + abs(y.lo - Big(hi) - Big(lo));
  return {hi, lo, is_zero(off) ? 0 : up(off.to_double(MPFR_RNDU))};
}

struct Constants {
  static constexpr int half = 64;                // e^(j/128) for |j| <= half
  std::array<TwoDoubles, 2 * half + 1> power{};  // [j + half]
  std::array<TwoDoubles, 7> reciprocal{};        // 1 / n!
  TwoDoubles log_2{};

  Constants() {
    const WithContext c(200);
    for (int j = -half; j <= half; ++j) {
      power.at(static_cast<std::size_t>(j + half)) = from(Big::bracketed(mpfr_exp, Big(j / 128.0)));
    }
    double factorial = 1;
    for (std::size_t n = 1; n < reciprocal.size(); ++n) {
      factorial *= static_cast<double>(n);
      reciprocal.at(n) = divide(one, {factorial, 0, 0});
    }
    log_2 = from(Big::bracketed([](mpfr_ptr p, mpfr_rnd_t r) { return (mpfr_const_log2)(p, r); }));
  }
};
const Constants& constants() {
  static const Constants all;
  return all;
}

/// e^t - 1 for |t| <= 1/240. The terms from t^7 / 7! on are below 2^-67, of which doubles give 47
/// bits: each of the some twenty roundings, of t, of the constants and of the sums, costs 2^-53 of
/// the whole at most seven times over. The radius of t moves them by less than 2^-50 of itself.
/// What comes after t^12 is below t^13 / 13! (1 + 2 t).
TwoDoubles power_series(const TwoDoubles& t) {
  const Constants& c = constants();
  const double s = t.hi, s2 = s * s;
  const double tail =
      s2 * s2 * s2 * s *
      (1 / 5040. +
       s * (1 / 40320. +
            s * (1 / 362880. + s * (1 / 3628800. + s * (1 / 39916800. + s / 479001600.)))));
  TwoDoubles h = c.reciprocal[6];
  for (std::size_t n = 5; n >= 1; --n) h = add(c.reciprocal[n], multiply(t, h));
  const double remainder = std::abs(tail) * (0x1p-47 + s2 * s2 * s2 / 1e6) + t.radius * 0x1p-50;
  return add(multiply(t, h), {tail, 0, up(remainder)});
}

/// 2^k x, for results far from the ends of the exponents.
TwoDoubles scaled(const TwoDoubles& x, double power_of_two) {
  const double radius = x.radius * power_of_two;
  return {x.hi * power_of_two, x.lo * power_of_two, x.radius == 0 ? 0 : up(radius)};
}

bool precise(const TwoDoubles& y) { return in_range(y.hi) && y.radius <= std::abs(y.hi) * 0x1p-95; }
std::optional<TwoDoubles> if_precise(const TwoDoubles& y) {
  return precise(y) ? std::optional(y) : std::nullopt;
}

}  // namespace

std::optional<TwoDoubles> exp(const TwoDoubles& x) {
  if (!(std::abs(x.hi) <= largest_exponent)) return std::nullopt;
  if (exactly_zero(x)) return one;
  const Constants& c = constants();
  // x = k log 2 + j / 128 + t
  const double k = std::nearbyint(x.hi * 0x1.71547652b82fep+0);
  const TwoDoubles r = k == 0 ? x : add(x, negated(multiply({k, 0, 0}, c.log_2)));
  const double j = std::nearbyint(r.hi * 128);
  if (!(std::abs(j) <= Constants::half)) return std::nullopt;
  const TwoDoubles t = add(r, {-j / 128, 0, 0});
  if (!(std::abs(t.hi) <= 1 / 240.)) return std::nullopt;
  const TwoDoubles& power =
      c.power[static_cast<std::size_t>(static_cast<int>(j) + Constants::half)];
  const TwoDoubles y = add(power, multiply(power, power_series(t)));
  return if_precise(scaled(y, std::ldexp(1.0, static_cast<int>(k))));
}

std::optional<TwoDoubles> expm1(const TwoDoubles& x) {
  if (exactly_zero(x)) return x;
  if (std::abs(x.hi) <= 1 / 240.) return if_precise(power_series(x));
  const auto e = exp(x);
  return e ? if_precise(add(*e, negated(one))) : std::nullopt;
}

/// log x = y + log(1 + z) for y near log x and z = x e^-y - 1; log(1 + z) = z - z^2 / 2 + ..., the
/// rest below |z|^3.
std::optional<TwoDoubles> log(const TwoDoubles& x) {
  if (!(x.hi > 0 && in_range(x.hi))) return std::nullopt;
  const double y = std::log(x.hi);
  const auto e = exp({-y, 0, 0});
  if (!e) return std::nullopt;
  const TwoDoubles z = add(multiply(x, *e), negated(one));
  const double size_z = size(z) + z.radius;
  if (!(size_z <= 0x1p-40)) return std::nullopt;
  TwoDoubles half_square = multiply(z, z);
  half_square = scaled(half_square, 0.5);
  const TwoDoubles rest{0, 0, up(size_z * size_z * size_z)};
  return if_precise(add({y, 0, 0}, add(add(z, negated(half_square)), rest)));
}

std::optional<TwoDoubles> log1p(const TwoDoubles& x) {
  if (!(x.hi > -1 && in_range(x.hi))) return std::nullopt;
  const TwoDoubles shifted = add(one, x);
  auto y = log(centre(shifted));
  if (!y || shifted.radius > shifted.hi / 4) return std::nullopt;
  // log(a + r) - log a <= r / (a - r)
  y->radius = up(y->radius + shifted.radius / (shifted.hi / 2));
  return if_precise(*y);
}

std::optional<TwoDoubles> tanh(const TwoDoubles& x) {
  const auto e = expm1({2 * x.hi, 2 * x.lo, 0});
  return e && in_range(x.hi) ? if_precise(divide(*e, add(*e, {2, 0, 0}))) : std::nullopt;
}

std::optional<TwoDoubles> sinh(const TwoDoubles& x) {
  const auto e = expm1(x);
  if (!e) return std::nullopt;
  return if_precise(scaled(add(*e, divide(*e, add(*e, one))), 0.5));
}

std::optional<TwoDoubles> cosh(const TwoDoubles& x) {
  const auto e = exp(x);
  return e ? if_precise(scaled(add(*e, divide(one, *e)), 0.5)) : std::nullopt;
}

}  // namespace assay::verify::two
