// Patterns that single gradient elements show.

#include <fmt/format.h>

#include <array>

#include "evaluate.hpp"
#include "hint.hpp"
#include "hint_patterns.hpp"

namespace assay::verify::patterns {
namespace {

std::string simple_fraction(double c) {
  for (int q = 1; q <= 12; ++q) {
    const double p = std::round(c * q);
    if (p == 0 || std::abs(p) > 12 || !same(p / q, c, 1e-6)) continue;
    return q == 1 ? fmt::format("{}", p) : fmt::format("{}/{}", p, q);
  }
  return fmt::format("{:.6g}", c);
}

/// The one number by which all wrong elements are off, if there is one.
std::optional<double> common_factor(const Format& f, const Split& s) {
  if (s.wrong.size() < 3 || s.distinct() < 3) return std::nullopt;
  const Evidence& first = s.wrong.front();
  if (first.reference == 0 || !std::isfinite(first.got)) return std::nullopt;
  const double c = first.got / first.reference;
  // A factor near 1 must be the same in what it differs from 1 by.
  const double tolerance =
      std::min(ratio_tolerance(f), std::max(std::abs(c - 1) / 16, rounding_of(f)));
  const bool common = s.all([&](const Evidence& e) {
    return e.reference != 0 && same(e.got / e.reference, c, tolerance);
  });
  if (!common || c == 0) return std::nullopt;
  return c;
}

std::string say_factor(const Format& f, double c, bool partly) {
  const std::string where = partly ? " in a part of the domain" : "";
  if (same(c, -1, ratio_tolerance(f))) return "the sign is wrong" + where;
  if (same(c, 2, ratio_tolerance(f))) {
    return fmt::format("twice what it should be{}: added twice, or a factor 2 too much?", where);
  }
  if (same(c, 0.5, ratio_tolerance(f))) {
    return fmt::format("half of what it should be{}: a factor 2 is missing?", where);
  }
  const double off = std::abs(c - 1);
  if (f == double_format && off > 1e-10 && off <= std::ldexp(1.0, -23)) {
    return fmt::format("off by the factor 1 {} {:.1e}{}, as a constant rounded to float would be",
                       c > 1 ? '+' : '-', off, where);
  }
  if (off < 1e-3) {
    return fmt::format("off by the factor 1 {} {:.1e}{}: is a constant exact?", c > 1 ? '+' : '-',
                       off, where);
  }
  return fmt::format("off by the factor {}{}: is a constant factor missing or too much?",
                     simple_fraction(c), where);
}

}  // namespace

std::string factor(const Format& f, const Split& s) {
  const std::optional<double> c = common_factor(f, s);
  return c ? say_factor(f, *c, s.some_right) : "";
}

std::string float_rounding(const Format& f, const Split& s) {
  if (!(f == double_format) || s.wrong.size() < 3) return "";
  double largest = 0;
  for (const Evidence& e : s.wrong)
    largest = std::max(largest, std::abs(e.got - e.reference) / e.size);
  if (!(largest <= std::ldexp(1.0, -22) && largest >= std::ldexp(1.0, -28))) return "";
  return fmt::format(
      "right to the digits of a float only (relative error {:.1e}): is something on "
      "the way a float?",
      largest);
}

std::string zero(const Format& f, const Split& s) {
  const Evidence& first = s.wrong.front();
  if (first.got != 0 || first.reference == 0) return "";
  const auto is_zero = [](const Evidence& e) { return e.got == 0; };
  if (!s.some_right) {
    if (s.wrong.size() < 3 || !s.all(is_zero)) return "";
    return "0 everywhere: the gradient of this input is not computed";
  }
  // Beside the zeros, what is left of the digits of a difference that cancels.
  const double residue = 16 * std::ldexp(1.0, 1 - f.digits);
  if (!(std::abs(first.reference) < 1e-4)) return "";
  const bool tail = s.all(
      [&](const Evidence& e) { return is_zero(e) || std::abs(e.got - e.reference) <= residue; });
  if (!tail) return "";
  return fmt::format(
      "0 where the true gradient is {:.1e}: it underflows on the way, or a value that "
      "has rounded to its limit is subtracted from it, as in 1 - y",
      first.reference);
}

namespace {

/// A wrong relative, but a right absolute error: digits have cancelled.
std::string cancellation(const Format& f, const Split& s) {
  const double residue = 8 * std::ldexp(1.0, 1 - f.digits);
  const bool cancels = s.all([&](const Evidence& e) {
    return std::abs(e.got - e.reference) <= residue && std::abs(e.reference) < 1e-3;
  });
  if (!cancels || !s.some_right) return "";
  return fmt::format(
      "the absolute error, {:.1e}, is that of rounding a number near 1: digits cancel, "
      "as in 1 - y",
      std::abs(s.wrong.front().got - s.wrong.front().reference));
}

/// got / reference goes with the input or the output, where it is right as well.
std::string chain_factor(const Format& f, const Split& s, const std::vector<Evidence>& all) {
  if (s.wrong.size() < 6 || s.distinct() < 6) return "";
  using Of = double (*)(const Evidence&);
  struct Candidate {
    std::string_view missing, excess;
    Of of;
  };
  constexpr std::array candidates{
      Candidate{"the input", "the input", [](const Evidence& e) { return e.x; }},
      Candidate{"the output", "the output", [](const Evidence& e) { return e.y; }}};
  for (const Candidate& c : candidates) {
    for (const bool missing : {true, false}) {
      const auto constant = [&](const Evidence& e) {
        return missing ? e.got / e.reference * c.of(e) : e.got / e.reference / c.of(e);
      };
      const auto tells = [&](const Evidence& e) { return e.reference != 0 && c.of(e) != 0; };
      const auto one = std::find_if(s.wrong.begin(), s.wrong.end(), tells);
      const double first = one == s.wrong.end() ? 0 : constant(*one);
      if (!std::isfinite(first) || first == 0) continue;
      const bool holds = std::all_of(all.begin(), all.end(), [&](const Evidence& e) {
        return !tells(e) || same(constant(e), first, ratio_tolerance(f));
      });
      if (!holds) continue;
      return missing ? fmt::format(
                           "a factor proportional to {} is missing: the inner derivative of "
                           "the chain rule?",
                           c.missing)
                     : fmt::format("a factor proportional to {} too much", c.excess);
    }
  }
  return "";
}

}  // namespace

std::string single_point(const Operation& op, const Format& f, const Case& c, std::size_t k) {
  Case at = op.elementwise ? expanded(c) : c;
  if (at.inputs[k].size() == 0 || at.inputs[k].size() > 4) return "";
  const auto wrong_at = [&](const Case& x) -> std::optional<bool> {
    const std::optional<Sample> s = sample_at(op, f, x);
    if (!s || s->reference[k].hasNaN()) return std::nullopt;
    return !agrees(f, s->got[k], s->reference[k], s->size[k]);
  };
  const auto here = wrong_at(at);
  if (!here || !*here) return "";
  for (const bool up : {false, true}) {
    Case beside = at;
    for (double& x : beside.inputs[k].reshaped()) x = next(f, x, up);
    const auto there = wrong_at(beside);
    if (!there || *there) return "";
  }
  return "wrong at this very point only, right at the numbers beside it: a special case, or a "
         "comparison that should not include it?";
}

std::string of_elementwise(const Operation& op, const Format& f, const Case& c, std::size_t k) {
  const std::vector<Evidence> all = elementwise_evidence(op, f, c, k);
  const Split s(all);
  if (s.wrong.empty() || s.wrong.front().sample != 0) return "";
  if (std::string t = single_point(op, f, c, k); !t.empty()) return t;
  for (const std::string& t :
       {zero(f, s), factor(f, s), cancellation(f, s), float_rounding(f, s)}) {
    if (!t.empty()) return t;
  }
  for (std::size_t j = 0; j < op.arity(); ++j) {
    if (j == k) continue;
    const std::vector<Evidence> others = elementwise_evidence(op, f, c, j);
    std::size_t told = 0;
    const bool exchanged = std::all_of(others.begin(), others.end(), [&](const Evidence& o) {
      const auto e = std::find_if(all.begin(), all.end(),
                                  [&](const Evidence& x) { return x.point == o.point; });
      if (e == all.end()) return true;
      ++told;
      return agrees(f, e->got, o.reference, o.size);
    });
    if (exchanged && told >= 3 && s.distinct() >= 3) {
      return fmt::format("this is the derivative by {}: are the two exchanged?",
                         input_name(op.arity(), j));
    }
  }
  return chain_factor(f, s, all);
}

}  // namespace assay::verify::patterns
