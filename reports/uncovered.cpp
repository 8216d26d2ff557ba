#include "uncovered.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "read.hpp"

namespace assay::report {
namespace {

std::string trimmed(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// Finds the places of one file, and gives them their reasons.
class Search {
 public:
  Search(const std::string& file, const SourceCounts& counts,
         const std::vector<std::string>& source, const std::vector<Reason>& reasons,
         std::vector<bool>& used)
      : file_(file), counts_(counts), source_(source), reasons_(reasons), used_(used) {}

  std::vector<Uncovered> run() {
    lines();
    functions();
    if (file_.starts_with("lib/")) branches();
    std::stable_sort(places_.begin(), places_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return std::move(places_);
  }

 private:
  void lines() {
    bool open = false;
    for (const auto& [line, count] : counts_.lines) {
      if (count > 0) {
        open = false;
      } else if (open) {
        places_.back().last = line;
      } else {
        places_.push_back({file_, line, line, "lines", text(line), ""});
        open = true;
      }
    }
    for (Uncovered& place : places_) place.reason = reason(place.first, place.last);
  }

  /// Those whose first line is reached: of the others the lines say it.
  void functions() {
    for (const auto& [place, function] : counts_.functions) {
      const std::uint64_t line = place.first;
      if (function.count == 0 && is_reached(line)) add(line, "function " + function.name);
    }
  }

  void branches() {
    for (const auto& [line, taken] : counts_.decisions()) {
      const auto missed = std::count(taken.begin(), taken.end(), 0U);
      if (missed == 0 || !is_reached(line)) continue;
      add(line, fmt::format("{} of {} branches", missed, taken.size()));
    }
  }

  void add(std::uint64_t line, std::string what) {
    places_.push_back({file_, line, line, std::move(what), text(line), reason(line, line)});
  }

  bool is_reached(std::uint64_t line) const {
    const auto found = counts_.lines.find(line);
    return found == counts_.lines.end() || found->second > 0;
  }

  std::string text(std::uint64_t line) const {
    return line > 0 && line <= source_.size() ? trimmed(source_[line - 1]) : "";
  }

  /// The first one that fits is the reason; all that fit are in use.
  std::string reason(std::uint64_t first, std::uint64_t last) const {
    std::string found;
    for (std::size_t i = 0; i < reasons_.size(); ++i) {
      if (reasons_[i].file != file_) continue;
      for (std::uint64_t line = first; line <= last; ++line) {
        if (text(line).find(reasons_[i].text) == std::string::npos) continue;
        if (found.empty()) found = reasons_[i].reason;
        used_[i] = true;
      }
    }
    return found;
  }

  const std::string& file_;
  const SourceCounts& counts_;
  const std::vector<std::string>& source_;
  const std::vector<Reason>& reasons_;
  std::vector<bool>& used_;
  std::vector<Uncovered> places_;
};

Reason parse_reason(std::string_view line, const Where& where) {
  const std::size_t file = line.find(": `");
  const std::size_t text = file == std::string_view::npos ? file : line.find("`: ", file + 3);
  if (text == std::string_view::npos) refuse(where, "a reason is written FILE: `TEXT`: REASON");
  Reason r{std::string(line.substr(0, file)), std::string(line.substr(file + 3, text - file - 3)),
           trimmed(std::string(line.substr(text + 3)))};
  if (r.file.empty() || r.text.empty() || r.reason.empty()) {
    refuse(where, "of FILE: `TEXT`: REASON one part is empty");
  }
  return r;
}

}  // namespace

std::vector<Reason> read_reasons(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  std::vector<Reason> reasons;
  Where where{path.string(), 0};
  for (std::string_view rest = content; !rest.empty();) {
    ++where.line;
    const std::size_t newline = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(std::min(newline + 1, rest.size()));
    if (!line.empty() && line.front() != '#') reasons.push_back(parse_reason(line, where));
  }
  return reasons;
}

Places uncovered_places(const Counts& counts, const SourceOf& source,
                        const std::vector<Reason>& reasons) {
  Places places;
  std::vector<bool> used(reasons.size());
  for (const auto& [file, of_file] : counts) {
    auto found = Search(file, of_file, source(file), reasons, used).run();
    places.all.insert(places.all.end(), std::make_move_iterator(found.begin()),
                      std::make_move_iterator(found.end()));
  }
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (!used[i])
      places.unused.push_back(fmt::format("{}: `{}`", reasons[i].file, reasons[i].text));
  }
  return places;
}

std::string uncovered_json(const Places& places) {
  Json all = Json::array();
  for (const Uncovered& u : places.all) {
    all.push_back({{"file", u.file},
                   {"first", u.first},
                   {"last", u.last},
                   {"what", u.what},
                   {"text", u.text},
                   {"reason", u.reason}});
  }
  const Json json{{"schema", 1}, {"places", all}, {"unused", places.unused}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Places read_uncovered(const std::filesystem::path& path) {
  const Where where{path.string(), 0};
  const Json json = parse_object(read_file(path), where);
  const Record r(json, where, "uncovered");
  if (r.count("schema") != 1) r.wrong("schema", "is not 1, which this program reads");
  Places places;
  for (const Record& place : r.objects("places")) {
    places.all.push_back({place.text("file"), place.count("first"), place.count("last"),
                          place.text("what"), place.text("text"), place.text("reason")});
  }
  places.unused = r.texts("unused");
  return places;
}

}  // namespace assay::report
