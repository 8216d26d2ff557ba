#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "commands.hpp"
#include "json.hpp"

namespace assay::program {

using namespace verify;

namespace {

struct Subject {
  std::string_view kind;
  std::vector<std::string> checks;  ///< "scalar/check"
};

std::string claims(const Operation& op) {
  if (!op.claimed) return "8 envelope units";
  const char* unit = op.claimed->units == Units::ulp ? "ulp" : "envelope units";
  return fmt::format("{} {}{}", op.claimed->derivative, unit,
                     op.claimed->near_zero != op.claimed->units ? ", envelope near its zeros" : "");
}

/// The worst derivative that was measured: operation, scalar, figure.
using Measured = std::map<std::string, std::map<std::string, double>>;

Measured measured(const std::filesystem::path& results, const std::set<std::string>& in_ulp) {
  Measured worst;
  std::ifstream file(results);
  std::string line;
  while (std::getline(file, line)) {
    const Json j = Json::parse(line, nullptr, false);
    if (j.is_discarded() || j.value("type", "") != "check" || j.value("kind", "") != "operation") {
      continue;
    }
    static const std::set<std::string> judging{"derivative", "sweep", "dense", "worst", "branches"};
    if (!judging.contains(j.at("check").get<std::string>()) || !j.at("worst").is_object()) continue;
    const Json& w = j.at("worst").value("derivative", Json());
    if (!w.is_object()) continue;
    const std::string subject = j.at("subject");
    const Json& figure = in_ulp.count(subject) ? w.at("ulp") : w.at("envelope");
    if (!figure.is_number()) continue;
    double& largest = worst[subject].try_emplace(j.at("scalar"), 0).first->second;
    largest = std::max(largest, figure.get<double>());
  }
  return worst;
}

std::string show(const std::map<std::string, double>& worst) {
  std::string text;
  for (const auto& [scalar, figure] : worst) {
    text += fmt::format("{}{:.2f} in {}", text.empty() ? "" : ", ", figure, scalar);
  }
  return text.empty() ? "not measured" : text;
}

}  // namespace

int list(const ListOptions& options) {
  const Everything all = everything({}, options.plugins);
  std::vector<std::string> order;
  std::map<std::string, Subject> subjects;
  for (const Check& c : all.checks) {
    Subject& s = subjects[c.blank.subject];
    if (s.checks.empty()) order.push_back(c.blank.subject);
    s.kind = to_string(c.blank.kind);
    s.checks.push_back(c.blank.scalar + "/" + c.blank.check);
  }
  std::map<std::string, std::string> claimed;
  for (const auto& op : all.operations) claimed[op->name] = claims(*op);
  std::set<std::string> in_ulp;
  for (const auto& op : all.operations) {
    if (op->claimed && op->claimed->units == Units::ulp) in_ulp.insert(op->name);
  }
  Measured worst = measured(options.results, in_ulp);
  if (options.json) {
    Json out = Json::array();
    for (const std::string& name : order) {
      Json j{{"name", name}, {"kind", subjects[name].kind}, {"checks", subjects[name].checks}};
      if (claimed.count(name)) {
        j["claimed"] = claimed[name];
        j["measured"] = worst[name];
      }
      out.push_back(j);
    }
    fmt::print("{}\n", out.dump(1));
    return 0;
  }
  std::string_view kind;
  for (const std::string& name : order) {
    const Subject& s = subjects[name];
    if (s.kind != kind) fmt::print("{}{}\n", kind.empty() ? "" : "\n", s.kind);
    kind = s.kind;
    const auto claim = claimed.find(name);
    fmt::print("  {:<36} {:>2} checks{}\n", name, s.checks.size(),
               claim == claimed.end() ? ""
                                      : fmt::format("   derivative to {:<42} worst: {}",
                                                    claim->second, show(worst[name])));
  }
  fmt::print(
      "\nat infinities, NaN, kinks and the ends of domains: the rules are in "
      "verify/catalogue/non_finite.hpp, what they leave open in "
      "verify/catalogue/conventions.cpp\n");
  if (worst.empty()) {
    fmt::print("\nno errors were measured: there is no {}; './scripts/verify' writes it\n",
               options.results.string());
  }
  return 0;
}

}  // namespace assay::program
