#pragma once
// Coverage data as lcov 1.16 writes it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::report {

struct Covered {
  std::uint64_t hit = 0, found = 0;
  Covered& operator+=(const Covered& other) {
    hit += other.hit;
    found += other.found;
    return *this;
  }
};

struct FileCoverage {
  std::string path;  ///< as in the file; relative to the project after relative_paths
  Covered lines, functions, branches;
  std::string page = {};  ///< of genhtml, relative to the report; "" if there is none
  FileCoverage& operator+=(const FileCoverage& other) {
    lines += other.lines;
    functions += other.functions;
    branches += other.branches;
    return *this;
  }
};

/// Throws InputError naming file and line for anything that is not an lcov record.
std::vector<FileCoverage> read_lcov(const std::filesystem::path&);

/// Strips the longest folder that all paths share, but never a folder named lib or verify.
void relative_paths(std::vector<FileCoverage>&);

/// The sum of the files one of whose folders is so named.
FileCoverage total_of(const std::vector<FileCoverage>&, const std::string& folder);

/// The sums of `lib/`, `verify/` and `reports/`, those of which there is something, and of `all`.
std::vector<FileCoverage> totals_of(const std::vector<FileCoverage>&);

/// "99.9 %"; "100.0 %" only where nothing is missing, "–" where there is nothing.
std::string percent_text(const Covered&);

/// What this project wants of a sum, in per cent; 0: nothing.
struct Wanted {
  double lines = 0, functions = 0, branches = 0;
};
Wanted wanted_of(const FileCoverage& total);
bool falls_short(const Covered&, double wanted);

}  // namespace assay::report
