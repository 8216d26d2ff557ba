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

/// From rows of hexadecimal floats.
Mat<double> matrix_of(const Json& rows) {
  Mat<double> m(static_cast<Eigen::Index>(rows.size()),
                static_cast<Eigen::Index>(rows.at(0).size()));
  for (Eigen::Index i = 0; i < m.rows(); ++i) {
    for (Eigen::Index j = 0; j < m.cols(); ++j) {
      m(i, j) = parse_real(
          rows[static_cast<std::size_t>(i)].at(static_cast<std::size_t>(j)).get<std::string>());
    }
  }
  return m;
}

/// An elementwise rule's point x, or inputs and upstream of any operation.
Case case_of(const Json& e) {
  Case c;
  if (e.contains("x")) {
    for (const Json& v : e.at("x")) c.inputs.push_back(matrix_of(Json::array({Json::array({v})})));
    c.upstream = Mat<double>::Constant(1, 1, 1.0);
  } else {
    for (const Json& input : e.at("inputs")) c.inputs.push_back(matrix_of(input));
    c.upstream = matrix_of(e.at("upstream"));
  }
  return c;
}

using ByDerivative = std::map<std::pair<std::string, std::string>, std::vector<Case>>;

ByDerivative kept() {
  ByDerivative all;
  for (const std::string_view file : {fixtures::worst_derivatives(), fixtures::worst_cases()}) {
    for (const Json& e : Json::parse(file)) {
      all[{e.at("operation"), e.at("scalar")}].push_back(case_of(e));
    }
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
