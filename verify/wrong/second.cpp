// Faults of the second derivative: of the dual part of what the backward gives in dual numbers.

#include <algorithm>

#include "wrong/wrong.hpp"

namespace assay::verify::wrong {
namespace {

/// x is exactly 0. Not by comparison, which enclosures take for a branch of the rule.
bool is_zero(const Enclosure& x) { return x.lo() == Big(0) && x.hi() == Big(0); }

void at_zero(const Moving& x, Moving& g) {
  if (is_zero(x.v)) g.d = Enclosure(0);
}
void with_sign(const Moving&, Moving& g) { g.d = -g.d; }
void with_factor(const Moving&, Moving& g) { g.d *= Enclosure(1.5); }
/// The gradient is taken for a constant.
void detached(const Moving&, Moving& g) { g.d = Enclosure(0); }

Fault second(std::string_view name, std::uint64_t number, std::string_view about,
             TamperSecond tamper) {
  Fault f;
  f.name = name;
  f.number = number;
  f.about = about;
  f.in = Fault::In::second;
  f.in_second = tamper;
  return f;
}

}  // namespace

std::vector<Fault> of_second_derivatives() {
  return {
      second("second-at-zero", 11, "the second derivative is 0 where x is exactly 0", at_zero),
      second("second-sign", 20, "the second derivative has the wrong sign", with_sign),
      second("second-factor", 20, "the second derivative is off by a factor 3/2", with_factor),
      second("second-detached", 20, "the gradient is a constant when differentiated", detached),
  };
}

}  // namespace assay::verify::wrong
