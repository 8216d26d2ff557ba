#include <fmt/format.h>

#include <map>

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
  if (options.json) {
    Json out = Json::array();
    for (const std::string& name : order) {
      Json j{{"name", name}, {"kind", subjects[name].kind}, {"checks", subjects[name].checks}};
      if (claimed.count(name)) j["claimed"] = claimed[name];
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
               claim == claimed.end() ? "" : "   derivative to " + claim->second);
  }
  return 0;
}

}  // namespace assay::program
