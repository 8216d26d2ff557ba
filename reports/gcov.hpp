#pragma once
// What gcov 12 counted, over all objects of a build, as one record for each line of the source.
//
// gcov has a record for every instantiation of a template, and a branch wherever a call may throw.
// Here a line, a function and a branch are counted once, reached if any instantiation reaches them:
// - A function is the place where it begins, a line its number.
// - A call that may throw has an edge to its handler and one to what follows. Neither is a decision
//   that the source makes, and both are left out.
// - Nor is one where the statement decides nothing, having no `if`, `for`, `while`, `switch`,
//   `case`, `?`, `&&` or `||`: what a `catch` does not take, a list that is destroyed.
// - Where instantiations have different numbers of branches in one line, those with the fewest
//   count: a number with a destructor has more edges than its source has decisions.
// - A line without a letter or a digit, such as a brace, is left out: its code is that of clearing
// up.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record.hpp"

namespace assay::report {

/// One source file.
struct SourceCounts {
  using Place = std::pair<std::uint64_t, std::uint64_t>;  ///< line and column
  struct Function {
    std::string name;  ///< "" before `settle`
    std::uint64_t count = 0;
  };
  /// How often each branch was taken, in the instantiations that have as many.
  struct Branches {
    std::vector<std::uint64_t> taken;
    bool reached = false;
  };

  std::map<std::uint64_t, std::uint64_t> lines;
  std::map<Place, Function> functions;
  /// By the line and the function that they are in, then by their number.
  std::map<std::pair<std::uint64_t, Place>, std::map<std::size_t, Branches>> branches;

  /// The branches that count: those of a line that no instantiation reaches have no hits.
  std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> decisions() const;
};

/// By the path relative to the root of the tree.
using Counts = std::map<std::string, SourceCounts>;

/// Is this a source whose coverage counts? Tests, benchmarks and examples are not.
bool is_measured(const std::string& path);

/// Adds a document of `gcov --json-format --stdout --branch-probabilities`. Of the sources outside
/// of `root` and those not measured nothing is kept. Throws InputError for anything else.
void add_gcov(std::string_view document, const std::filesystem::path& root, const Where&, Counts&);

/// Leaves out the lines of the source that have no letter and no digit, and the branches of
/// statements that decide nothing, and takes the names of the functions from it; `lambda` for those
/// without one.
void settle(SourceCounts&, const std::vector<std::string>& source);

/// As lcov 1.16 writes it.
std::string lcov_of(const Counts&);

}  // namespace assay::report
