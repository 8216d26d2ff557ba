#include "accuracy.hpp"

#include <fmt/format.h>

#include <cmath>

#include "frameworks.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

constexpr const char* heading =
    "operation,scalar,verdict,cases,elements,unit,claimed_value,claimed_derivative,"
    "value_ulp,value_envelope,derivative_ulp,derivative_envelope,x,x_hex,got,reference,check,case,"
    "pytorch_ulp\n";

/// A field is quoted where it must be. What a spreadsheet would take for a formula, a name from
/// elsewhere that begins with = or @, is shown as text.
std::string field(std::string_view text) {
  std::string clean = printable(text);
  if (!clean.empty() && (clean[0] == '=' || clean[0] == '@')) clean.insert(0, "'");
  if (clean.find_first_of(",\"\n\r") == std::string::npos) return clean;
  std::string out = "\"";
  for (const char c : clean) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string figure(double x) { return std::isinf(x) ? "inf" : fmt::format("{:.6g}", x); }
std::string figure(const std::optional<double>& x) { return x ? figure(*x) : ""; }

std::string line(const Operation& operation, std::string_view scalar, const Beside* beside) {
  Verdict verdict = Verdict::skipped;
  std::uint64_t cases = 0, elements = 0;
  bool any = false;
  for (const Check* check : operation.checks) {
    if (check->scalar != scalar) continue;
    any = true;
    verdict = std::max(verdict, check->verdict);
    cases += check->cases;
    elements += check->elements;
  }
  if (!any) return {};
  const Claimed nothing;
  const Claimed& claimed = operation.claimed ? *operation.claimed : nothing;
  const Seen value = operation.worst_value(scalar);
  const Seen derivative = operation.worst_derivative(scalar);
  const auto errors = [](const Seen& seen) {
    return seen.error ? figure(seen.error->ulp) + "," + figure(seen.error->envelope) : ",";
  };
  std::string out = fmt::format(
      "{},{},{},{},{},{},{},{},{},{}", field(operation.name), field(scalar), word(verdict), cases,
      elements, operation.claimed ? (operation.in_envelope ? "envelope" : "ulp") : "",
      figure(claimed.value), figure(claimed.derivative), errors(value), errors(derivative));
  if (derivative.error) {
    std::vector<std::string> decimals;
    for (const std::string& x : derivative.error->x) decimals.push_back(decimal(x));
    out += fmt::format(",{},{},{},{},{},{}", field(fmt::format("{}", fmt::join(decimals, " "))),
                       field(fmt::format("{}", fmt::join(derivative.error->x, " "))),
                       field(derivative.error->got), field(derivative.error->reference),
                       field(derivative.check->check), derivative.error->case_number);
  } else {
    out += ",,,,,,";
  }
  return out + "," + (beside ? figure(beside->theirs) : "") + "\n";
}

}  // namespace

Seen worst_derivative(const Operation& operation) {
  const Seen a = operation.worst_derivative("float"), b = operation.worst_derivative("double");
  if (!a.error || !b.error) return a.error ? a : b;
  const bool envelope = operation.in_envelope;
  return judged(*b.error, envelope) > judged(*a.error, envelope) ? b : a;
}

std::string accuracy_csv(const Campaign& all, const Summary& summary) {
  const std::vector<Beside> others = beside_frameworks(all);
  std::string out = heading;
  for (const Operation& operation : summary.operations) {
    for (const char* scalar : {"float", "double"}) {
      const Beside* beside = nullptr;
      for (const Beside& b : others) {
        if (b.operation == operation.name && b.scalar == scalar) beside = &b;
      }
      out += line(operation, scalar, beside);
    }
  }
  return out;
}

}  // namespace assay::report
