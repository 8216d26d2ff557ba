#include "assay/rational.hpp"

#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <ostream>
#include <stdexcept>

namespace assay::scalars {
namespace {

using Int = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<>,
                                          boost::multiprecision::et_off>;
__extension__ using Wide = unsigned __int128;
__extension__ using SignedWide = __int128;

constexpr auto kSmall = static_cast<std::uint64_t>(INT64_MAX);
// A decimal exponent beyond this is refused rather than turned into megabytes of digits.
constexpr int kLargestExponent = 20000;

std::uint64_t gcd64(std::uint64_t a, std::uint64_t b) { return std::gcd(a, b); }

Wide gcd128(Wide a, Wide b) {
  while ((a >> 64) != 0 || (b >> 64) != 0) {
    if (b == 0) return a;
    const Wide r = a % b;
    a = b;
    b = r;
  }
  return gcd64(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b));
}

/// The 64 bits of x from bit `shift` on.
std::uint64_t bits_from(const Int& x, unsigned long shift) {
  return Int(Int(x >> shift) & ~std::uint64_t{0}).convert_to<std::uint64_t>();
}

/// Euclid's steps on the leading bits of two numbers, as long as they are those of the numbers
/// themselves (Lehmer; the condition is Collins's, as in Knuth, 4.5.2, Algorithm L): a and b become
/// a0 a + b0 b and a1 a + b1 b.
struct Cofactors {
  std::int64_t a0 = 1, b0 = 0, a1 = 0, b1 = 1;

  Cofactors(std::int64_t a, std::int64_t b) {
    while (b + a1 != 0 && b + b1 != 0) {
      const std::int64_t q = (a + a0) / (b + a1);
      if (q != (a + b0) / (b + b1)) return;
      step(a0, a1, q);
      step(b0, b1, q);
      step(a, b, q);
    }
  }

 private:
  static void step(std::int64_t& x, std::int64_t& y, std::int64_t q) {
    const std::int64_t rest = x - q * y;
    x = y;
    y = rest;
  }
};

/// The greatest common divisor by Lehmer's algorithm: Boost's goes bit by bit.
Int gcd_of(Int a, Int b) {
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  if (a < b) swap(a, b);
  while (b != 0 && msb(b) >= 64) {
    // 62 bits leave the cofactors and their sums within 64.
    const unsigned long shift = msb(a) - 61;
    const auto leading_a = static_cast<std::int64_t>(bits_from(a, shift));
    const auto leading_b = static_cast<std::int64_t>(bits_from(b, shift));
    const Cofactors c(leading_a, leading_b);
    if (c.b0 == 0) {
      a %= b;
      swap(a, b);
    } else {
      Int next = a * c.a0 + b * c.b0;
      b = a * c.a1 + b * c.b1;
      a = std::move(next);
    }
  }
  if (b == 0) return a;
  const auto small = b.convert_to<std::uint64_t>();
  return Int(gcd64(small, Int(a % b).convert_to<std::uint64_t>()));
}

std::uint64_t absolute(std::int64_t x) {
  return static_cast<std::uint64_t>(x < 0 ? -x : x);  // INT64_MIN is never stored
}

Int to_int(Wide magnitude) {
  Int high(static_cast<std::uint64_t>(magnitude >> 64));
  return Int(high << 64) + Int(static_cast<std::uint64_t>(magnitude));
}

/// n/d for positive n and d, rounded to nearest, ties to even.
template <class F>
F round_to_nearest(const Int& n, const Int& d) {
  using Limits = std::numeric_limits<F>;
  const auto shifted = [](const Int& x, long bits) {
    return bits > 0 ? Int(x << static_cast<unsigned long>(bits)) : x;
  };
  // 2^exponent <= n/d < 2^(exponent+1)
  long exponent = static_cast<long>(msb(n)) - static_cast<long>(msb(d));
  if (shifted(n, -exponent) < shifted(d, exponent)) --exponent;
  const long last =
      std::max<long>(exponent + 1 - Limits::digits, Limits::min_exponent - Limits::digits);
  Int quotient;
  Int remainder;
  const Int divisor = shifted(d, last);
  divide_qr(shifted(n, -last), divisor, quotient, remainder);
  const Int twice = Int(remainder << 1);
  if (twice > divisor || (twice == divisor && bit_test(quotient, 0))) ++quotient;
  if (exponent > Limits::max_exponent) return Limits::infinity();
  // The quotient may have become 2^digits, which for long double is 2^64.
  const Int half = Int(quotient >> 1);
  const F value = static_cast<F>(half.convert_to<std::uint64_t>()) * F(2) +
                  static_cast<F>(bit_test(quotient, 0) ? 1 : 0);
  return std::ldexp(value, static_cast<int>(last));
}

[[noreturn]] void refuse(std::string_view text) {
  throw std::invalid_argument("rational: \"" + std::string(text) +
                              "\" is not a number; expected an integer, a fraction or a decimal "
                              "(3, -3/5, 0.125, 1e-3; exponents up to " +
                              std::to_string(kLargestExponent) + ")");
}

std::string_view take_digits(std::string_view& rest) {
  const auto count = std::min(rest.find_first_not_of("0123456789"), rest.size());
  const auto digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

bool take_one_of(std::string_view& rest, std::string_view characters) {
  if (rest.empty() || characters.find(rest.front()) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

/// Digits to an integer; leading zeros do not mean octal.
Int parse_digits(std::string_view digits) {
  const auto start = std::min(digits.find_first_not_of('0'), digits.size());
  const std::string text(digits.substr(start));
  return text.empty() ? Int(0) : Int(text.c_str());
}

}  // namespace

struct Rational::Big {
  Int num;  // carries the sign
  Int den;
};

/// Rational's private parts, for the helpers of this file.
struct Rational::Access {
  static Big widen(const Rational& x) { return x.big_ ? *x.big_ : Big{Int(x.num_), Int(x.den_)}; }

  /// From a reduced magnitude.
  static Rational small_or_big(Wide num, Wide den, bool negative) {
    Rational r;
    if (num <= kSmall && den <= kSmall) {
      r.num_ = static_cast<std::int64_t>(num);
      if (negative) r.num_ = -r.num_;
      r.den_ = static_cast<std::int64_t>(den);
    } else {
      Int n = to_int(num);
      if (negative) n = -n;
      r.big_ = Owner(new Big{std::move(n), to_int(den)});
    }
    return r;
  }

  /// From any numerator and a denominator other than zero.
  static Rational reduced(Int num, Int den) {
    if (den < 0) {
      num = -num;
      den = -den;
    }
    const Int divisor = gcd_of(num, den);
    if (divisor != 1) {
      num /= divisor;
      den /= divisor;
    }
    return from_reduced(std::move(num), std::move(den));
  }

  static Rational from_reduced(Int num, Int den) {
    Rational r;
    if (abs(num) <= INT64_MAX && den <= INT64_MAX) {
      r.num_ = num.convert_to<std::int64_t>();
      r.den_ = den.convert_to<std::int64_t>();
    } else {
      r.big_ = Owner(new Big{std::move(num), std::move(den)});
    }
    return r;
  }

  template <class F>
  static F to_floating(const Rational& x) {
    // Where both are exact in F, one division rounds once.
    constexpr auto exact = std::uint64_t{1} << std::min(std::numeric_limits<F>::digits, 62);
    if (!x.big_ && absolute(x.num_) <= exact && absolute(x.den_) <= exact) {
      return static_cast<F>(x.num_) / static_cast<F>(x.den_);
    }
    const Big b = widen(x);
    const F magnitude = round_to_nearest<F>(abs(b.num), b.den);
    return b.num < 0 ? -magnitude : magnitude;
  }
};

void Rational::Deleter::operator()(Big* big) const noexcept { delete big; }

Rational::Owner Rational::clone(const Big& big) { return Owner(new Big(big)); }

void Rational::set_large(std::uint64_t magnitude, bool negative) {
  *this = Access::small_or_big(magnitude, 1, negative);
}

Rational::Rational(const Rational& numerator, const Rational& denominator) {
  if (denominator.sign() == 0) {
    throw std::domain_error("rational: " + numerator.str() + "/0 has a zero denominator");
  }
  *this = quotient(numerator, denominator);
}

Rational::Rational(FromFloat, long double value) {
  if (!std::isfinite(value)) {
    throw std::domain_error("rational: " + std::to_string(value) + " is not finite");
  }
  int exponent = 0;
  const long double fraction = std::frexp(value, &exponent);
  Int num(static_cast<std::uint64_t>(std::ldexp(std::fabs(fraction), 64)));
  exponent -= 64;
  Int den(1);
  if (exponent >= 0) {
    num <<= static_cast<unsigned>(exponent);
  } else {
    den <<= static_cast<unsigned>(-exponent);
  }
  if (value < 0) num = -num;
  *this = Access::reduced(std::move(num), std::move(den));
}

Rational::Rational(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  take_one_of(rest, "+-");
  const std::string_view whole = take_digits(rest);
  Int num;
  Int den(1);
  if (!whole.empty() && take_one_of(rest, "/")) {
    const std::string_view below = take_digits(rest);
    if (below.empty()) refuse(text);
    num = parse_digits(whole);
    den = parse_digits(below);
    if (den == 0) {
      throw std::domain_error("rational: " + std::string(text) + " has a zero denominator");
    }
  } else {
    std::string_view fraction;
    if (take_one_of(rest, ".")) fraction = take_digits(rest);
    if (whole.empty() && fraction.empty()) refuse(text);
    int exponent = 0;
    if (take_one_of(rest, "eE")) {
      const bool down = rest.starts_with('-');
      take_one_of(rest, "+-");
      const std::string_view digits = take_digits(rest);
      if (digits.empty() || digits.size() > 9) refuse(text);
      exponent = std::stoi(std::string(digits));
      if (exponent > kLargestExponent) refuse(text);
      if (down) exponent = -exponent;
    }
    num = parse_digits(std::string(whole) + std::string(fraction));
    const long power = exponent - static_cast<long>(fraction.size());
    const Int scale = pow(Int(10), static_cast<unsigned>(std::abs(power)));
    (power < 0 ? den : num) *= scale;
  }
  if (!rest.empty()) refuse(text);
  if (negative) num = -num;
  *this = Access::reduced(std::move(num), std::move(den));
}

Rational Rational::negated(const Rational& a) {
  Rational r(a);
  if (r.big_) {
    r.big_->num = -r.big_->num;
  } else {
    r.num_ = -r.num_;
  }
  return r;
}

Rational Rational::sum(const Rational& a, const Rational& b, bool minus) {
  if (a.big_ || b.big_) {
    const auto x = Access::widen(a);
    const auto y = Access::widen(b);
    // Only what the denominators have in common can cancel (Knuth, 4.5.1).
    const Int common = gcd_of(x.den, y.den);
    const Int own = x.den / common, other = y.den / common;
    const Int left = x.num * other, right = y.num * own;
    const Int num = minus ? left - right : left + right;
    const Int divisor = gcd_of(num, common);
    return Access::from_reduced(num / divisor, own * (y.den / divisor));
  }
  // |num| <= 2^63 - 1 on both sides: neither the products nor their sum leave 128 bits.
  const SignedWide left = SignedWide(a.num_) * b.den_;
  const SignedWide right = SignedWide(b.num_) * a.den_;
  const SignedWide num = minus ? left - right : left + right;
  const Wide magnitude = num < 0 ? -static_cast<Wide>(num) : static_cast<Wide>(num);
  const Wide den = Wide(absolute(a.den_)) * absolute(b.den_);
  const Wide divisor = den == 1 ? 1 : gcd128(magnitude, den);
  return Access::small_or_big(magnitude / divisor, den / divisor, num < 0);
}

Rational Rational::product(const Rational& a, const Rational& b) {
  if (a.big_ || b.big_) {
    const auto x = Access::widen(a);
    const auto y = Access::widen(b);
    const Int first = gcd_of(x.num, y.den), second = gcd_of(y.num, x.den);
    return Access::from_reduced((x.num / first) * (y.num / second),
                                (x.den / second) * (y.den / first));
  }
  const std::uint64_t num_a = absolute(a.num_);
  const std::uint64_t num_b = absolute(b.num_);
  const std::uint64_t den_a = absolute(a.den_);
  const std::uint64_t den_b = absolute(b.den_);
  const std::uint64_t first = den_b == 1 ? 1 : gcd64(num_a, den_b);
  const std::uint64_t second = den_a == 1 ? 1 : gcd64(num_b, den_a);
  return Access::small_or_big(Wide(num_a / first) * (num_b / second),
                              Wide(den_a / second) * (den_b / first),
                              (a.num_ < 0) != (b.num_ < 0) && a.num_ != 0 && b.num_ != 0);
}

Rational Rational::quotient(const Rational& a, const Rational& b) {
  if (b.sign() == 0) throw std::domain_error("rational: " + a.str() + " divided by zero");
  Rational inverse;
  if (b.big_) {
    inverse = Access::reduced(b.big_->den, b.big_->num);
  } else {
    inverse.num_ = b.num_ < 0 ? -b.den_ : b.den_;
    inverse.den_ = b.num_ < 0 ? -b.num_ : b.num_;
  }
  return product(a, inverse);
}

std::strong_ordering Rational::compare(const Rational& a, const Rational& b) {
  if (a.big_ || b.big_) {
    const auto x = Access::widen(a);
    const auto y = Access::widen(b);
    return Int(x.num * y.den).compare(Int(y.num * x.den)) <=> 0;
  }
  return SignedWide(a.num_) * b.den_ <=> SignedWide(b.num_) * a.den_;
}

int Rational::sign() const {
  if (big_) return big_->num.sign();
  return (num_ > 0) - (num_ < 0);
}

std::string Rational::numerator() const { return big_ ? big_->num.str() : std::to_string(num_); }
std::string Rational::denominator() const { return big_ ? big_->den.str() : std::to_string(den_); }

std::string Rational::str() const {
  const std::string den = denominator();
  return den == "1" ? numerator() : numerator() + "/" + den;
}

double Rational::to_double() const { return Access::to_floating<double>(*this); }
float Rational::to_float() const { return Access::to_floating<float>(*this); }
long double Rational::to_long_double() const { return Access::to_floating<long double>(*this); }

std::ostream& Rational::print(std::ostream& out, const Rational& x) { return out << x.str(); }

}  // namespace assay::scalars
