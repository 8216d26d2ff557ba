#pragma once
// What is measured apart from a campaign, with the commit that it was measured on: mutation scores
// and benchmarks (SCHEMA.md), and the commit that coverage belongs to.

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model.hpp"

namespace assay::report {

struct Mutant {
  std::string file, original, mutant, status, why;
  std::uint64_t line = 0;
};

struct Mutation {
  std::string commit, command;
  std::uint64_t killed = 0, survived = 0, equivalent = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, std::array<std::uint64_t, 3>>> files;  ///< in that order
  std::vector<Mutant> mutants;                                              ///< those not killed
};

struct Benchmark {
  std::string name, unit;
  std::vector<std::pair<std::string, double>> times;  ///< contender, time
};

struct Benchmarks {
  std::string commit, command, processor, ours;
  std::vector<Benchmark> all;
};

/// A measurement that is there, or why it is not shown.
template <class M>
struct Measurement {
  std::optional<M> found;
  std::string why_not;  ///< "" if there is no file
};

/// The commit of a run as measurements name it: "abc123", "abc123-dirty", or "" if unknown.
std::string commit_of(const Run&);

/// Throw InputError naming file and field; what was measured on another commit is not shown.
Measurement<Mutation> read_mutation(const std::filesystem::path&, const std::string& commit);
Measurement<Benchmarks> read_benchmarks(const std::filesystem::path&, const std::string& commit);

/// Why coverage is not of this commit, by the file `commit` beside it; "" if it is, or if there is
/// no such file.
std::string coverage_of_another_commit(const std::filesystem::path& lcov,
                                       const std::string& commit);

}  // namespace assay::report
