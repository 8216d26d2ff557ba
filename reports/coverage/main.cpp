// assay_coverage ROOT REASONS OUT: gcov's documents on the standard input, one a line, into
// OUT/lcov.info and OUT/uncovered.json; prints what was reached and exits with 1 if that is less
// than the project wants, 2 if something cannot be read.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "gcov.hpp"
#include "lcov.hpp"
#include "read.hpp"
#include "report.hpp"
#include "uncovered.hpp"
#include "write.hpp"

namespace assay::report {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::istringstream text(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

Counts counts_from(std::istream& in, const std::filesystem::path& root) {
  Counts counts;
  Where where{"gcov", 0};
  for (std::string document; std::getline(in, document);) {
    ++where.line;
    add_gcov(document, root, where, counts);
  }
  if (counts.empty()) refuse({"gcov", 0}, "no source of this tree was counted");
  return counts;
}

/// Has each line and function within the folder that is not reached a reason?
bool all_explained(const std::string& folder, const Places& places) {
  return std::none_of(places.all.begin(), places.all.end(), [&](const Uncovered& u) {
    return u.file.starts_with(folder) && u.reason.empty() &&
           (u.what == "lines" || u.what.starts_with("function "));
  });
}

/// Is as much reached as is wanted? Where that is everything, what has a reason need not be.
bool say(const FileCoverage& total, const Places& places) {
  const Wanted wanted = wanted_of(total);
  const bool explained = all_explained(total.path, places);
  bool enough = true;
  std::string line = fmt::format("{:8}", total.path);
  const auto part = [&](const char* name, const Covered& covered, double least) {
    line += fmt::format("  {} {} ({}/{})", name, percent_text(covered), covered.hit, covered.found);
    if (!falls_short(covered, least)) return;
    if (least == 100 && explained) {
      line += ", the others with a reason";
      return;
    }
    line += fmt::format(", less than {} %", least);
    enough = false;
  };
  part("lines", total.lines, wanted.lines);
  part("functions", total.functions, wanted.functions);
  part("branches", total.branches, wanted.branches);
  fmt::print("{}\n", line);
  return enough;
}

int run(const std::filesystem::path& root, const std::filesystem::path& reasons,
        const std::filesystem::path& out) {
  Counts counts = counts_from(std::cin, root);
  std::map<std::string, std::vector<std::string>> sources;
  for (auto& [path, source] : counts) {
    settle(source, sources[path] = lines_of(root / path));
  }
  const auto source = [&](const std::string& path) -> const std::vector<std::string>& {
    return sources.at(path);
  };
  const Places places = uncovered_places(counts, source, read_reasons(reasons));
  write_files(out, {{"lcov.info", lcov_of(counts)}, {"uncovered.json", uncovered_json(places)}});

  bool enough = true;
  for (const FileCoverage& total : totals_of(read_lcov(out / "lcov.info")))
    enough &= say(total, places);
  for (const std::string& unused : places.unused) {
    fmt::print("{}: {}: this place is reached, or no longer there\n", reasons.string(), unused);
  }
  return enough ? 0 : 1;
}

}  // namespace
}  // namespace assay::report

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: assay_coverage ROOT REASONS OUT < documents of gcov\n");
    return 2;
  }
  try {
    return assay::report::run(std::filesystem::canonical(argv[1]), argv[2], argv[3]);
  } catch (const std::exception& error) {
    fmt::print(stderr, "assay_coverage: {}\n", error.what());
    return 2;
  }
}
