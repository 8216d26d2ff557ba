#include "frameworks.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <regex>

namespace assay::report {
namespace {

struct Line {
  std::string operation, point;
  double theirs = 0;
  bool derivative = false;
};

double figure(const std::string& text) {
  return text == "inf" ? std::numeric_limits<double>::infinity() : std::stod(text);
}

/// Our name for theirs.
std::string our_name(const std::string& name) {
  if (name.starts_with("mse")) return "squared_error" + name.substr(3);
  if (name.starts_with("std")) return "stddev" + name.substr(3);
  return name;
}

/// "sigmoid 2x5: gradient 0 at (0, 1), PyTorch within 0.71 ulp", or
/// "sigmoid(40) derivative 0: PyTorch's 0 is 5.5e+15 ulp off"; others compare something else.
std::optional<Line> read(const std::string& name) {
  static const std::regex within(
      R"(([a-z0-9_]+)(.*): (output|gradient)(.*), PyTorch within ([-+.0-9e]+|inf) ulp)");
  static const std::regex off(
      R"(([a-z0-9_]+)(.*) (value|derivative)( [0-9]+)?: PyTorch's .* is ([-+.0-9e]+|inf) ulp off)");
  std::smatch m;
  if (!std::regex_match(name, m, within) && !std::regex_match(name, m, off)) return std::nullopt;
  const bool derivative = m[3] == "gradient" || m[3] == "derivative";
  return Line{our_name(m[1]), m[1].str() + m[2].str(), figure(m[5]), derivative};
}

}  // namespace

std::vector<Beside> beside_frameworks(const Campaign& all) {
  std::vector<Beside> found;
  for (const Check& check : all.checks) {
    if (check.kind != Kind::golden || !check.subject.starts_with("torch-")) continue;
    for (const GoldenValue& value : check.values) {
      const auto line = read(value.name);
      if (!line || !value.ulp) continue;
      auto at = std::find_if(found.begin(), found.end(), [&](const Beside& b) {
        return b.operation == line->operation && b.scalar == check.scalar;
      });
      if (at == found.end()) {
        at = found.insert(found.end(), Beside{line->operation, check.scalar, 0, 0, 0, 0, ""});
      }
      double& ours = line->derivative ? at->ours : at->ours_value;
      double& theirs = line->derivative ? at->theirs : at->theirs_value;
      ours = std::max(ours, *value.ulp);
      const bool worst = line->theirs > std::max(at->theirs, at->theirs_value);
      if (worst || at->at.empty()) at->at = line->point;
      theirs = std::max(theirs, line->theirs);
    }
  }
  return found;
}

}  // namespace assay::report
