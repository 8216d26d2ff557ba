#pragma once
// Floating-point formats as run-time values, units in the last place, and texts that lose no bit.

#include <limits>
#include <string>
#include <string_view>

#include "assay/matrix.hpp"
#include "assay/verify/big.hpp"

namespace assay::verify {

/// The working type of a check: what the reference is measured against.
struct Format {
  std::string_view name;
  int digits;        ///< bits of the significand
  int min_exponent;  ///< log2 of the smallest subnormal
  int max_exponent;  ///< 2^max_exponent is where infinity begins

  friend bool operator==(const Format& a, const Format& b) { return a.digits == b.digits; }
};

template <class T>
constexpr Format format_of(std::string_view name) {
  using L = std::numeric_limits<T>;
  return {name, L::digits, L::min_exponent - L::digits, L::max_exponent};
}
inline constexpr Format float_format = format_of<float>("float");
inline constexpr Format double_format = format_of<double>("double");

/// log2 of one unit in the last place at x; the smallest subnormal at 0.
long ulp_exponent(const Format& f, const Big& x);
/// One unit in the last place at x.
Big ulp_at(const Format& f, const Big& x);
/// The value that a rounded result is compared as: infinity begins at 2^max_exponent.
Big clamped(const Format& f, const Big& x);
/// x is infinite in this format.
bool overflows(const Format& f, const Big& x);

/// The neighbour of x in the format, towards +inf or -inf.
double next(const Format& f, double x, bool up);
/// x rounded to the format.
double rounded(const Format& f, double x);

/// "0x1.8p+5", "inf", "-inf", "nan".
std::string hex(double x);
/// The inverse of hex(); throws std::invalid_argument.
double parse_real(std::string_view text);
/// Shortest decimal that reads back as x in the format.
std::string decimal(const Format& f, double x);
/// 2.3, 9.0e15: for people.
std::string figure(double x);

/// |a - b| / unit as a double; +inf if a is NaN.
double ratio(const Big& difference, const Big& unit);

/// Throws std::runtime_error if this process flushes subnormal numbers to zero, as it does when any
/// library in it was linked with -ffast-math: nothing measured here would then be true.
void require_subnormals();

}  // namespace assay::verify
