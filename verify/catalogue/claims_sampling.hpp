#pragma once
// What the claims about samples (13) and about estimators from samples (15) share.

#include "catalogue/statistics.hpp"
#include "claims.hpp"

namespace assay::verify::claims {

/// A test of a sampler, with its probability p, for the report: it must accept, or reject.
void show(Trial& t, const std::string& name, double p, bool accepted);

void add_estimator_claims(std::vector<Check>& checks, const Plan& plan);  // 15

}  // namespace assay::verify::claims
