// The functions of enclosures. MPFR computes each once for both directions of rounding, and what it
// computed is remembered: the passes of one case ask for the same values again and again.

#include <array>
#include <bit>
#include <memory>

#include "enclosure_forms.hpp"
#include "two_functions.hpp"

namespace assay::verify {

using Arithmetic = Enclosure::Arithmetic;

namespace {

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

/// Above this exponent MPFR's argument reduction would ask for megabytes of pi.
constexpr long periodic_exponent = 1L << 16;

template <Unary F>
int periodic(mpfr_ptr y, mpfr_srcptr x, mpfr_rnd_t rounding) {
  if (mpfr_regular_p(x) && mpfr_get_exp(x) - 1 > periodic_exponent) {
    mpfr_set_nan(y);
    return 0;
  }
  return F(y, x, rounding);
}

enum class Name { exp, expm1, log, log1p, sqrt, atan, sinh, cosh, tanh, erf, erfc, sin, cos };
constexpr std::array<Unary, 13> of_mpfr{
    mpfr_exp,  mpfr_expm1, mpfr_log, mpfr_log1p, mpfr_sqrt,          mpfr_atan,         mpfr_sinh,
    mpfr_cosh, mpfr_tanh,  mpfr_erf, mpfr_erfc,  periodic<mpfr_sin>, periodic<mpfr_cos>};
Unary function(Name name) { return of_mpfr.at(static_cast<std::size_t>(name)); }

std::uint64_t mixed(std::uint64_t h, std::uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15U;
  return h ^ h >> 29;
}

/// One entry for each value of a hash, the last that was asked for.
template <class Entry, std::size_t size>
Entry& entry(std::uint64_t hash) {
  static thread_local const auto table = std::make_unique<std::array<Entry, size>>();
  return (*table)[mixed(hash, size) % size];
}

struct WideEntry {
  Name name{};
  mpfr_prec_t precision = 0;
  Big x;
  Big::Bracket y;
};

/// f(x) at the current precision, rounded down and up.
Big::Bracket bracket(Name name, const Big& x) {
  const mpfr_prec_t p = context().precision;
  if (!isfinite(x) || is_zero(x)) return Big::bracketed(function(name), x);
  const auto key = mixed(mixed(x.top_bits(), static_cast<std::uint64_t>(x.exponent())),
                         static_cast<std::uint64_t>(p) * 16 + static_cast<std::uint64_t>(name));
  auto& e = entry<WideEntry, 512>(key);
  if (e.precision != p || e.name != name || !(e.x == x)) {
    e = {name, p, x, Big::bracketed(function(name), x)};
  }
  return e.y;
}

// --- in two doubles
// --------------------------------------------------------------------------------

constexpr mpfr_prec_t center_precision = 113;

/// From bounds at some precision; hi a NaN where they do not fit.
TwoDoubles in_two_doubles(const Big::Bracket& y) {
  const WithContext c(two_doubles_precision);
  const Enclosure e = Arithmetic::narrowed(y.lo, y.hi);
  if (e.two_doubles()) return *e.two_doubles();
  return {std::numeric_limits<double>::quiet_NaN(), 0, 0};
}

/// hi + lo exactly; nothing where it takes too many bits.
std::optional<Big> exact_sum(const TwoDoubles& x) {
  const WithContext c(256);
  const Big hi(x.hi), lo(x.lo);
  const Big sum = Big::directed<mpfr_add>(MPFR_RNDD, hi, lo);
  if (!(Big::directed<mpfr_sub>(MPFR_RNDD, sum, hi) == lo)) return std::nullopt;
  return sum;
}

std::optional<TwoDoubles> without_mpfr(Name name, const TwoDoubles& x) {
  switch (name) {
    case Name::exp:
      return two::exp(x);
    case Name::expm1:
      return two::expm1(x);
    case Name::log:
      return two::log(x);
    case Name::log1p:
      return two::log1p(x);
    case Name::tanh:
      return two::tanh(x);
    case Name::sinh:
      return two::sinh(x);
    case Name::cosh:
      return two::cosh(x);
    default:
      return std::nullopt;
  }
}

/// f at a point; hi a NaN where there is no such number in two doubles.
TwoDoubles computed(Name name, const TwoDoubles& x) {
  if (const auto y = without_mpfr(name, x)) return *y;
  const std::optional<Big> sum = exact_sum(x);
  if (!sum) return {std::numeric_limits<double>::quiet_NaN(), 0, 0};
  const WithContext c(center_precision);
  return in_two_doubles(Big::bracketed(function(name), *sum));
}

struct NarrowEntry {
  double hi = std::numeric_limits<double>::quiet_NaN(), lo = 0;
  Name name{};
  TwoDoubles y{};
};

/// f at the centre of x; hi a NaN where there is no such number in two doubles.
TwoDoubles at_centre(Name name, const TwoDoubles& x) {
  const auto key = mixed(std::bit_cast<std::uint64_t>(x.hi), std::bit_cast<std::uint64_t>(x.lo));
  auto& e = entry<NarrowEntry, 2048>(mixed(key, static_cast<std::uint64_t>(name)));
  if (e.hi == x.hi && e.lo == x.lo && e.name == name) return e.y;
  const TwoDoubles y = computed(name, two::centre(x));
  e = {x.hi, x.lo, name, y};
  return y;
}

/// At least |log A - log c| for A in the ball: r / (the least A).
double change_of_log(const TwoDoubles& x) {
  if (!(x.hi > 0 && std::abs(x.lo) + x.radius < x.hi / 2))
    return std::numeric_limits<double>::infinity();
  return x.radius / ((x.hi - std::abs(x.lo) - x.radius) * (1 - 0x1p-50));
}

/// How far f can be from its value y at the centre c, anywhere in the ball: the radius r times a
/// bound on the slope. Infinite where none is at hand.
double change(Name name, const TwoDoubles& x, const TwoDoubles& y) {
  constexpr double unknown = std::numeric_limits<double>::infinity();
  const double r = x.radius, size = two::size(y) + y.radius;
  switch (name) {
    case Name::exp:  // e^c (e^r - 1), and e^r - 1 <= r + r^2 up to 1
      return r <= 0.5 ? size * r * (1 + r) : unknown;
    case Name::expm1:
      return r <= 0.5 ? (size + 1) * r * (1 + r) : unknown;
    case Name::log:
      return change_of_log(x);
    case Name::log1p: {
      const TwoDoubles shifted = two::add({1, 0, 0}, x);
      return change_of_log({shifted.hi, shifted.lo, shifted.radius});
    }
    case Name::atan:
    case Name::tanh:
    case Name::sin:
    case Name::cos:
      return r;
    case Name::erf:  // 2 / sqrt(pi) = 1.128...
      return 1.25 * r;
    case Name::erfc:
      // For c >= 1 by erfc(c) >= 2/sqrt(pi) e^(-c^2) / (c + sqrt(c^2 + 2)) (Abramowitz & Stegun,
      // 7.1.13) the slope at c is at most y (c + sqrt(c^2 + 2)) <= 2 y (c + 1), and in the ball at
      // most e^(2 c r) <= 2 times as much.
      if (x.hi < 2) return 1.25 * r;
      return x.hi * r <= 0.25 ? 4 * r * size * (x.hi + 2) : unknown;
    case Name::sinh:  // cosh(|c| + r) <= e^r cosh(c), cosh <= |sinh| + 1, e^r <= 1 + 2 r up to 1
      return r <= 0.5 ? (size + 1) * r * (1 + 2 * r) : unknown;
    case Name::cosh:
      return r <= 0.5 ? size * r * (1 + 2 * r) : unknown;
    case Name::sqrt:
      break;  // has its own way
  }
  return unknown;
}

std::optional<Enclosure> narrow_function(Name name, const TwoDoubles& x) {
  TwoDoubles y = at_centre(name, x);
  if (std::isnan(y.hi)) return std::nullopt;
  if (x.radius != 0) y.radius = two::up(y.radius + change(name, x, y));
  if (!Arithmetic::fits(y)) return std::nullopt;
  return Enclosure(y);
}

/// The precision for functions of what is not, or does not stay, in two doubles.
WithContext for_bounds() {
  Context c = context();
  if (c.precision <= two_doubles_precision) c.precision = center_precision;
  return WithContext(c);
}

/// A function that rises where `at_lo` is where it is least, and at_hi where it is greatest.
Enclosure monotone(Name name, const Big& at_lo, const Big& at_hi) {
  Big::Bracket y;
  {
    const WithContext c = for_bounds();
    y = bracket(name, at_lo);
    if (!(at_lo == at_hi)) y.hi = bracket(name, at_hi).hi;
  }
  return Arithmetic::narrowed(y.lo, y.hi);
}

Enclosure rising(Name name, const Enclosure& x) {
  if (Arithmetic::narrow(x)) {
    if (auto y = narrow_function(name, *x.two_doubles())) return *y;
  }
  return monotone(name, x.lo(), x.hi());
}

/// A function whose slope is at most 1: the width of the argument bounds that of the value.
Enclosure widened(Name name, const Enclosure& x) {
  if (Arithmetic::narrow(x)) {
    if (auto y = narrow_function(name, *x.two_doubles())) return *y;
  }
  const Big lo = x.lo(), hi = x.hi();
  const Enclosure at_lo = monotone(name, lo, lo);
  if (lo == hi) return at_lo;
  const Big width = Big::directed<mpfr_sub>(MPFR_RNDU, hi, lo);
  return at_lo + Enclosure(-width, width);
}

bool whole(const Big& x) { return floor(x) == x; }

Enclosure of_points(Binary f, const Enclosure& a, const Enclosure& b) {
  Big::Bracket y;
  {
    const WithContext c = for_bounds();
    y = Big::bracketed(f, a.lo(), b.lo());
  }
  return Arithmetic::narrowed(y.lo, y.hi);
}

/// Known exactly: lo and hi are one number.
bool exact(const Enclosure& x) { return x.is_point() && x.lo() == x.hi(); }

}  // namespace

Enclosure Enclosure::pi() {
  Big::Bracket y;
  {
    const WithContext c = for_bounds();
    y = Big::bracketed([](mpfr_ptr p, mpfr_rnd_t r) { return (mpfr_const_pi)(p, r); });
  }
  return Arithmetic::narrowed(y.lo, y.hi);
}

Enclosure exp(const Enclosure& x) { return rising(Name::exp, x); }
Enclosure expm1(const Enclosure& x) { return rising(Name::expm1, x); }
Enclosure log(const Enclosure& x) { return rising(Name::log, x); }
Enclosure log1p(const Enclosure& x) { return rising(Name::log1p, x); }
Enclosure atan(const Enclosure& x) { return rising(Name::atan, x); }
Enclosure sinh(const Enclosure& x) { return rising(Name::sinh, x); }
Enclosure tanh(const Enclosure& x) { return rising(Name::tanh, x); }
Enclosure erf(const Enclosure& x) { return rising(Name::erf, x); }
Enclosure sin(const Enclosure& x) { return widened(Name::sin, x); }
Enclosure cos(const Enclosure& x) { return widened(Name::cos, x); }

Enclosure sqrt(const Enclosure& x) {
  if (Arithmetic::narrow(x)) {
    const TwoDoubles y = two::square_root(*x.two_doubles());
    if (Arithmetic::fits(y)) return Enclosure(y);
  }
  return monotone(Name::sqrt, x.lo(), x.hi());
}

Enclosure erfc(const Enclosure& x) {
  if (Arithmetic::narrow(x)) {
    if (auto y = narrow_function(Name::erfc, *x.two_doubles())) return *y;
  }
  return monotone(Name::erfc, x.hi(), x.lo());
}

Enclosure cosh(const Enclosure& x) {
  if (Arithmetic::narrow(x)) {
    if (auto y = narrow_function(Name::cosh, *x.two_doubles())) return *y;
  }
  const Enclosure m = abs(x);
  return monotone(Name::cosh, m.lo(), m.hi());
}

Enclosure floor(const Enclosure& x) {
  const TwoDoubles* const t = x.two_doubles();
  if (t && t->lo == 0 && t->radius == 0) return {std::floor(t->hi)};
  const Big lo = floor(x.lo()), hi = floor(x.hi());
  return lo == hi ? Arithmetic::narrowed(lo, lo) : Enclosure(lo, hi);
}

Enclosure abs(const Enclosure& x) {
  const Enclosure::AsBounds b(x);
  if (at_least_zero(b.lo())) return x;
  if (at_most_zero(b.hi())) return -x;
  return {Big(0), std::max(Big(-b.lo()), b.hi())};
}

Enclosure pow(const Enclosure& a, const Enclosure& b) {
  if (exact(a) && exact(b)) return of_points(mpfr_pow, a, b);
  if (Arithmetic::positive(a)) return exp(b * log(a));
  if (!exact(b) || !whole(b.lo()) || !at_least_zero(b.lo())) return {Big::nan(), Big::nan()};
  const Big n = b.lo();
  const bool even = whole(ldexp(n, -1));
  const Enclosure m = even ? abs(a) : a;
  return {Big::directed<mpfr_pow>(MPFR_RNDD, m.lo(), n),
          Big::directed<mpfr_pow>(MPFR_RNDU, m.hi(), n)};
}

Enclosure atan2(const Enclosure& y, const Enclosure& x) {
  if (exact(y) && exact(x)) return of_points(mpfr_atan2, y, x);
  if (Arithmetic::positive(x)) return atan(y / x);
  if (Arithmetic::positive(y)) return Enclosure::pi() / Enclosure(2) - atan(x / y);
  if (Arithmetic::negative(y)) return -Enclosure::pi() / Enclosure(2) - atan(x / y);
  return {Big::nan(), Big::nan()};  // across the cut
}

}  // namespace assay::verify
