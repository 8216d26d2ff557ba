#pragma once
// The page, as data for assets/page.mustache. Each part fills the keys of its section.

#include <kainjow/mustache.hpp>
#include <optional>
#include <string>
#include <vector>

#include "experiments.hpp"
#include "lcov.hpp"
#include "summary.hpp"

namespace assay::report {

using Data = kainjow::mustache::data;

struct CoverageInput {
  std::optional<std::vector<FileCoverage>> files;
  bool genhtml = false;  ///< out/coverage/index.html is there
};

/// The whole page.
std::string html(const Campaign&, const Summary&, const CoverageInput&, const Experiments&);

/// A section without text is absent: false where a string is empty.
Data maybe(const std::string&);
Data list();

void fill_operations(Data& page, const Campaign&, const Summary&);
void fill_golden(Data& page, const Campaign&);
void fill_claims(Data& page, const Campaign&);
void fill_faults(Data& page, const Campaign&);
void fill_oracles(Data& page, const Campaign&);
void fill_experiments(Data& page, const Experiments&);
void fill_coverage(Data& page, const CoverageInput&);

}  // namespace assay::report
