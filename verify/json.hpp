#pragma once
// results.jsonl and replay files, as reports/SCHEMA.md describes them.

#include <nlohmann/json.hpp>
#include <string>

#include "assay/verify/result.hpp"
#include "case.hpp"

namespace assay::verify {

using Json = nlohmann::ordered_json;

Json to_json(const CheckResult& r);
Json to_json(const FaultResult& r);
Json to_json(const SensitivityResult& r);
Json to_json(const Failure& f);

/// The inverses; throw std::runtime_error naming what is missing or wrong.
CheckResult check_from_json(const Json& j);
FaultResult fault_from_json(const Json& j);
SensitivityResult sensitivity_from_json(const Json& j);
Failure failure_from_json(const Json& j);

/// The case that a failure holds.
Case case_from_failure(const Failure& f);

std::string_view to_string(Verdict v);
std::string_view to_string(Kind k);

}  // namespace assay::verify
