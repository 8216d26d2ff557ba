// The worst inputs found so far (fixtures/worst), again in every campaign.

#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "catalogue/catalogue.hpp"
#include "catalogue/fixtures.hpp"
#include "families.hpp"
#include "json.hpp"

namespace assay::verify {
namespace {

Case case_of(const Json& x) {
  Case c;
  for (const Json& v : x) {
    c.inputs.emplace_back(Mat<double>::Constant(1, 1, parse_real(v.get<std::string>())));
  }
  c.upstream = Mat<double>::Constant(1, 1, 1.0);
  return c;
}

using ByDerivative = std::map<std::pair<std::string, std::string>, std::vector<Case>>;

ByDerivative kept() {
  ByDerivative all;
  for (const Json& e : Json::parse(fixtures::worst_derivatives())) {
    all[{e.at("operation"), e.at("scalar")}].push_back(case_of(e.at("x")));
  }
  return all;
}

}  // namespace

std::vector<Check> worst_checks(const std::shared_ptr<const Operation>& op, const Plan& plan) {
  static const ByDerivative all = kept();
  std::vector<Check> checks;
  for (const Format& f : plan.formats) {
    const auto found = all.find({op->name, std::string(f.name)});
    if (found == all.end()) continue;
    const std::vector<Case>& cases = found->second;
    for (const Case& c : cases) {
      if (c.inputs.size() == op->arity()) continue;
      throw std::logic_error(fmt::format("fixtures/worst: {} has {} inputs, not {}", op->name,
                                         op->arity(), c.inputs.size()));
    }
    checks.push_back(
        case_check(op, f, f.name, "worst", cases.size(),
                   [cases](std::uint64_t number, std::uint64_t) { return cases[number]; }));
  }
  return checks;
}

}  // namespace assay::verify
