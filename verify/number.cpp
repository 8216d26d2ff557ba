#include "number.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <stdexcept>

namespace assay::verify {

long ulp_exponent(const Format& f, const Big& x) {
  return std::max<long>(x.exponent() - (f.digits - 1), f.min_exponent);
}

Big ulp_at(const Format& f, const Big& x) { return ldexp(Big(1), ulp_exponent(f, x)); }

Big clamped(const Format& f, const Big& x) {
  const Big edge = ldexp(Big(1), f.max_exponent);
  if (x >= edge) return edge;
  if (x <= -edge) return -edge;
  return x;
}

bool overflows(const Format& f, const Big& x) {
  // Round to nearest: from the largest number plus half an ulp on.
  const WithContext wide(128);
  return abs(x) >= ldexp(Big(1), f.max_exponent) - ldexp(Big(1), f.max_exponent - f.digits - 1);
}

double next(const Format& f, double x, bool up) {
  const double to =
      up ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  if (f == float_format) {
    return static_cast<double>(std::nextafter(static_cast<float>(x), static_cast<float>(to)));
  }
  return std::nextafter(x, to);
}

double rounded(const Format& f, double x) {
  return f == float_format ? static_cast<double>(static_cast<float>(x)) : x;
}

std::string hex(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  return fmt::format("{:a}", x);
}

double parse_real(std::string_view text) {
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  const bool hexadecimal = digits.starts_with("0x");
  if (hexadecimal) digits.remove_prefix(2);
  double x = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), x,
                      hexadecimal ? std::chars_format::hex : std::chars_format::general);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    throw std::invalid_argument(
        fmt::format("'{}' is not a number; give a decimal, a hexadecimal float, inf or nan", text));
  }
  return negative ? -x : x;
}

std::string decimal(const Format& f, double x) {
  if (std::isnan(x)) return "nan";
  return f == float_format ? fmt::format("{}", static_cast<float>(x)) : fmt::format("{}", x);
}

std::string figure(double x) {
  if (std::isinf(x)) return "inf";
  if (x == 0) return "0";
  if (x < 1e-2 || x >= 1e5) return fmt::format("{:.1e}", x);
  return x < 10 ? fmt::format("{:.2f}", x) : fmt::format("{:.0f}", x);
}

double ratio(const Big& difference, const Big& unit) {
  if (isnan(difference)) return std::numeric_limits<double>::infinity();
  const WithContext c(113);
  return (abs(difference) / unit).to_double(MPFR_RNDU);
}

void require_subnormals() {
  const volatile double normal = std::numeric_limits<double>::min();
  const volatile double halved = normal / 2, doubled = halved * 2;
  if (doubled == normal) return;
  throw std::runtime_error(
      "subnormal numbers are flushed to zero in this process; was a library built with "
      "-ffast-math?");
}

}  // namespace assay::verify
