#pragma once
// The page, as data for assets/*.mustache. Each part fills the keys of its section.

#include <kainjow/mustache.hpp>
#include <optional>
#include <string>
#include <vector>

#include "difference.hpp"
#include "experiments.hpp"
#include "lcov.hpp"
#include "measured.hpp"
#include "summary.hpp"
#include "uncovered.hpp"

namespace assay::report {

using Data = kainjow::mustache::data;

struct CoverageInput {
  std::optional<std::vector<FileCoverage>> files;
  std::optional<Places> uncovered;
  bool genhtml = false;  ///< out/coverage/index.html is there
  std::string why_not;   ///< measured on another commit, say; "" if there is nothing
};

/// The campaign of another time, and what changed since.
struct Baseline {
  std::string file, commit;
  Difference difference;
};

/// What is shown beside the campaign.
struct Surroundings {
  CoverageInput coverage;
  Measurement<Mutation> mutation;
  Measurement<Benchmarks> benchmarks;
  Experiments experiments;
  std::optional<Baseline> baseline;
};

/// Killed among those that were not equivalent, in per cent.
std::optional<double> mutation_score(const Mutation&);

/// The whole page.
std::string html(const Campaign&, const Summary&, const Surroundings&);

/// A section without text is absent: false where a string is empty.
Data maybe(const std::string&);
Data list();

void fill_matrix(Data& page, const Summary&);
void fill_operations(Data& page, const Campaign&, const Summary&);
void fill_frameworks(Data& page, const Campaign&);
void fill_golden(Data& page, const Campaign&);
void fill_claims(Data& page, const Campaign&);
void fill_samplers(Data& page, const Campaign&);
void fill_faults(Data& page, const Campaign&);
void fill_oracles(Data& page, const Campaign&);
void fill_experiments(Data& page, const Experiments&);
void fill_coverage(Data& page, const CoverageInput&);
void fill_mutation(Data& page, const Measurement<Mutation>&);
void fill_benchmarks(Data& page, const Measurement<Benchmarks>&);

}  // namespace assay::report
