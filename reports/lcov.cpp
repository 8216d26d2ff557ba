#include "lcov.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include "read.hpp"
#include "record.hpp"

namespace assay::report {
namespace {

/// What one source file collects, over all of its sections (one for each test name).
struct Source {
  std::map<std::uint64_t, std::uint64_t> lines;
  std::map<std::string, std::uint64_t, std::less<>> functions;
  std::map<std::string, std::uint64_t, std::less<>> branches;
};

/// The totals that a section claims for itself.
struct Section {
  Source own;
  std::map<std::string, std::uint64_t, std::less<>> claimed;
};

class Parser {
 public:
  explicit Parser(const std::filesystem::path& path)
      : content_(read_file(path)), where_{path.string(), 0} {}

  std::vector<FileCoverage> run() {
    std::string_view rest = content_;
    while (!rest.empty()) {
      ++where_.line;
      const std::size_t newline = rest.find('\n');
      std::string_view line = rest.substr(0, newline);
      rest = newline == std::string_view::npos ? std::string_view{} : rest.substr(newline + 1);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      read_line(line);
    }
    if (!path_.empty()) refuse(where_, "the file ends without `end_of_record`");
    if (sources_.empty()) refuse(where_, "no source file in the coverage data");
    return result();
  }

 private:
  void read_line(std::string_view line) {
    if (line == "end_of_record") return end_section();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) refuse(where_, "not an lcov record");
    const std::string_view tag = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 1);
    if (tag == "TN") return;
    if (tag == "SF") return begin_section(value);
    if (path_.empty()) refuse(where_, fmt::format("`{}` before any `SF`", tag));
    if (tag == "DA") return line_data(value);
    if (tag == "FN") return function(value);
    if (tag == "FNDA") return function_data(value);
    if (tag == "BRDA") return branch_data(value);
    if (tag == "LF" || tag == "LH" || tag == "FNF" || tag == "FNH" || tag == "BRF" ||
        tag == "BRH") {
      section_.claimed[std::string(tag)] = number(value);
      return;
    }
    refuse(where_, fmt::format("unknown lcov record `{}`", tag));
  }

  void begin_section(std::string_view path) {
    if (!path_.empty()) refuse(where_, "`SF` before the `end_of_record` of the file before");
    if (path.empty()) refuse(where_, "`SF` names no file");
    path_ = path;
  }

  void end_section() {
    if (path_.empty()) refuse(where_, "`end_of_record` without `SF`");
    const auto hits = [](const auto& all) {
      return static_cast<std::uint64_t>(
          std::count_if(all.begin(), all.end(), [](const auto& each) { return each.second > 0; }));
    };
    expect("LF", section_.own.lines.size());
    expect("LH", hits(section_.own.lines));
    expect("FNF", section_.own.functions.size());
    expect("FNH", hits(section_.own.functions));
    expect("BRF", section_.own.branches.size());
    expect("BRH", hits(section_.own.branches));
    Source& source = sources_[path_];
    for (const auto& [line, count] : section_.own.lines) source.lines[line] += count;
    for (const auto& [name, count] : section_.own.functions) source.functions[name] += count;
    for (const auto& [name, count] : section_.own.branches) source.branches[name] += count;
    section_ = {};
    path_.clear();
  }

  /// A total that contradicts the records above it means that records are missing.
  void expect(std::string_view tag, std::uint64_t counted) {
    const auto claimed = section_.claimed.find(tag);
    if (claimed == section_.claimed.end() || claimed->second == counted) return;
    refuse(where_, fmt::format("`{}` of {} says {}, but its records give {}", tag, path_,
                               claimed->second, counted));
  }

  void line_data(std::string_view value) {
    const std::uint64_t line = number(cut(value));
    section_.own.lines[line] += number(cut(value));  // a checksum may follow
  }

  void function(std::string_view value) {
    number(cut(value));
    if (value.empty()) refuse(where_, "`FN` names no function");
    section_.own.functions.emplace(value, 0);
  }

  void function_data(std::string_view value) {
    const std::uint64_t count = number(cut(value));
    const auto known = section_.own.functions.find(value);
    if (known == section_.own.functions.end()) {
      refuse(where_, fmt::format("`FNDA` of `{}`, which no `FN` declares", value));
    }
    known->second += count;
  }

  void branch_data(std::string_view value) {
    const std::size_t comma = value.rfind(',');
    if (comma == std::string_view::npos) refuse(where_, "`BRDA` needs four fields");
    const std::string_view taken = value.substr(comma + 1);
    section_.own.branches[std::string(value.substr(0, comma))] += taken == "-" ? 0 : number(taken);
  }

  /// Takes the field up to the next comma.
  std::string_view cut(std::string_view& value) {
    const std::size_t comma = value.find(',');
    const std::string_view field = value.substr(0, comma);
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    return field;
  }

  std::uint64_t number(std::string_view s) {
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (error != std::errc{} || end != s.data() + s.size()) {
      refuse(where_, fmt::format("`{}` is not a whole number", s));
    }
    return n;
  }

  std::vector<FileCoverage> result() const {
    const auto covered = [](const auto& all) {
      Covered c{0, all.size()};
      for (const auto& each : all) c.hit += each.second > 0;
      return c;
    };
    std::vector<FileCoverage> files;
    for (const auto& [path, source] : sources_) {
      files.push_back(
          {path, covered(source.lines), covered(source.functions), covered(source.branches)});
    }
    return files;
  }

  std::string content_;
  Where where_;
  std::string path_;
  Section section_;
  std::map<std::string, Source> sources_;
};

bool has_folder(const std::string& path, const std::string& folder) {
  const std::filesystem::path parents = std::filesystem::path(path).parent_path();
  return std::find(parents.begin(), parents.end(), folder) != parents.end();
}

}  // namespace

std::vector<FileCoverage> read_lcov(const std::filesystem::path& path) {
  return Parser(path).run();
}

void relative_paths(std::vector<FileCoverage>& files) {
  if (files.empty()) return;
  std::string shared = files.front().path;
  for (const FileCoverage& file : files) {
    const auto [end, other] =
        std::mismatch(shared.begin(), shared.end(), file.path.begin(), file.path.end());
    shared.erase(end, shared.end());
  }
  shared.erase(shared.rfind('/') == std::string::npos ? 0 : shared.rfind('/') + 1);
  for (const char* kept : {"lib/", "verify/"}) {
    const std::size_t at = ("/" + shared).rfind(std::string("/") + kept);
    if (at != std::string::npos) shared.erase(at);
  }
  for (FileCoverage& file : files) file.path.erase(0, shared.size());
}

FileCoverage total_of(const std::vector<FileCoverage>& files, const std::string& folder) {
  FileCoverage total{folder + "/", {}, {}, {}};
  for (const FileCoverage& file : files) {
    if (has_folder(file.path, folder)) total += file;
  }
  return total;
}

std::vector<FileCoverage> totals_of(const std::vector<FileCoverage>& files) {
  std::vector<FileCoverage> totals;
  for (const char* folder : {"lib", "verify", "reports"}) {
    FileCoverage total = total_of(files, folder);
    if (total.lines.found > 0) totals.push_back(std::move(total));
  }
  FileCoverage all{"all", {}, {}, {}};
  for (const FileCoverage& file : files) all += file;
  totals.push_back(std::move(all));
  return totals;
}

std::string percent_text(const Covered& covered) {
  if (covered.found == 0) return "–";
  const double share = static_cast<double>(covered.hit) / static_cast<double>(covered.found);
  // 99.96 % must not read as 100 %
  const double percent = covered.hit == covered.found ? 100 : std::min(100 * share, 99.9);
  return fmt::format("{:.1f} %", percent);
}

Wanted wanted_of(const FileCoverage& total) {
  if (total.path == "lib/") return {100, 100, 95};
  if (total.path == "verify/") return {95, 0, 0};
  return {};
}

bool falls_short(const Covered& covered, double wanted) {
  return 100 * static_cast<double>(covered.hit) < wanted * static_cast<double>(covered.found);
}

}  // namespace assay::report
