#pragma once
// The places that nothing reached, each with the reason that the project gives for it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gcov.hpp"

namespace assay::report {

/// Lines without one that was reached between them, a function, or the branches of a line.
struct Uncovered {
  std::string file;
  std::uint64_t first = 0, last = 0;  ///< lines
  std::string what;                   ///< "lines", "function name", "1 of 4 branches"
  std::string text;                   ///< of the first line
  std::string reason;                 ///< "" if none is given
};

/// A line of the project's list: `FILE: \`TEXT\`: REASON`. It is the reason of the places of that
/// file that have a line with the text.
struct Reason {
  std::string file, text, reason;
};

struct Places {
  std::vector<Uncovered> all;
  std::vector<std::string> unused;  ///< reasons whose place is reached, or no longer there
};

/// Empty lines and those that begin with # are comments. Throws InputError naming file and line.
std::vector<Reason> read_reasons(const std::filesystem::path&);

using SourceOf = std::function<const std::vector<std::string>&(const std::string& path)>;

/// Lines and functions of everything, branches of lib.
Places uncovered_places(const Counts&, const SourceOf&, const std::vector<Reason>&);

/// uncovered.json of SCHEMA.md.
std::string uncovered_json(const Places&);
Places read_uncovered(const std::filesystem::path&);

}  // namespace assay::report
