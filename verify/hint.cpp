#include "hint.hpp"

#include <fmt/format.h>

#include "evaluate.hpp"
#include "hint_patterns.hpp"

namespace assay::verify {

std::string input_name(std::size_t arity, std::size_t k) {
  if (arity == 1) return "x";
  return k < 2 ? std::string(1, "ab"[k]) : fmt::format("input {}", k);
}

namespace {

bool is_special(std::string_view number) {
  return number.find("nan") != number.npos || number.find("inf") != number.npos;
}

std::string diagnose(const Operation& op, const Format& f, std::string_view check, const Case& c,
                     const Problem& p) {
  if (c.inputs.size() != op.arity() || check == "kinks" || p.input >= op.arity()) return "";
  if (!op.elementwise) {
    if (!evaluate(op, f, c).broken.empty()) return patterns::of_shape(op, f, c);
    if (std::string t = patterns::of_memory(op, f, c); !t.empty()) return t;
  }
  if (is_special(p.got) && !is_special(p.reference)) {
    return fmt::format(
        "{} where the true gradient is finite: an intermediate result overflows, or "
        "is 0/0, inf - inf or 0 * inf",
        p.got);
  }
  if (p.broken) return "";
  return op.elementwise ? patterns::of_elementwise(op, f, c, p.input)
                        : patterns::of_matrix(op, f, c, p.input);
}

}  // namespace

std::string hint(const Operation& op, const Format& f, std::string_view check, const Case& c,
                 const Problem& p) {
  try {
    return diagnose(op, f, check, c, p);
  } catch (const std::exception&) {
    return "";  // what the rule throws is reported as its failure, not here
  }
}

}  // namespace assay::verify
