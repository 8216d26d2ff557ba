#include "gcov.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>

namespace assay::report {
namespace {

using Place = SourceCounts::Place;

/// The counts of a line in one function.
struct LineRecord {
  std::uint64_t line = 0, count = 0;
  std::string function;
  std::vector<std::uint64_t> taken;
};

std::uint64_t whole(const Json& object, const char* key) {
  // Threads that count at the same time may leave a difference below 0.
  return static_cast<std::uint64_t>(std::max(0.0, object.at(key).get<double>()));
}

/// The branches without the two edges of each call that may throw.
std::vector<std::uint64_t> decisions_among(const Json& branches) {
  std::vector<bool> dropped(branches.size());
  const auto flag = [&](std::size_t i, const char* key) { return branches[i].at(key).get<bool>(); };
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (!flag(i, "throw")) continue;
    dropped[i] = true;
    if (i > 0 && !dropped[i - 1] && flag(i - 1, "fallthrough")) {
      dropped[i - 1] = true;
    } else if (i + 1 < branches.size() && !flag(i + 1, "throw")) {
      dropped[i + 1] = true;
    }
  }
  std::vector<std::uint64_t> taken;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (!dropped[i]) taken.push_back(whole(branches[i], "count"));
  }
  return taken;
}

/// Takes the records of a document as they are parsed, so that it never is in memory as a whole.
class Document {
 public:
  Document(const std::filesystem::path& root, Counts& all)
      : root_(root.lexically_normal()), all_(all) {}

  /// A callback of the parser; false: the value is not needed any more.
  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (event != Json::parse_event_t::object_end) return true;
    if (depth == file_depth) {
      end_file(parsed.at("file").get<std::string>());
      return false;
    }
    if (depth != record_depth) return true;
    if (parsed.contains("line_number")) {
      // The name is absent where no function was found for the line.
      lines_.push_back({whole(parsed, "line_number"), whole(parsed, "count"),
                        parsed.value("function_name", ""), decisions_among(parsed.at("branches"))});
    } else {
      const Place place{whole(parsed, "start_line"), whole(parsed, "start_column")};
      places_[parsed.at("name").get<std::string>()] = place;
      functions_.emplace_back(place, whole(parsed, "execution_count"));
    }
    return false;
  }

 private:
  static constexpr int file_depth = 2, record_depth = 4;  // {"files": [{"lines": [{}]}]}

  void end_file(const std::string& path) {
    const std::string inside = std::filesystem::path(path).lexically_relative(root_).string();
    if (is_measured(inside)) add_to(all_[inside]);
    lines_.clear();
    places_.clear();
    functions_.clear();
  }

  void add_to(SourceCounts& source) const {
    for (const auto& [place, count] : functions_) source.functions[place].count += count;
    for (const LineRecord& record : lines_) {
      source.lines[record.line] += record.count;
      if (record.taken.empty()) continue;
      const auto [place, taken] = place_and_branches(record);
      auto& all = source.branches[{record.line, place}][taken.size()];
      all.taken.resize(taken.size());
      all.reached |= record.count > 0;
      for (std::size_t i = 0; i < taken.size(); ++i) all.taken[i] += taken[i];
    }
  }

  /// Of a generic lambda gcov knows the first line only. The others have no function, and the
  /// branches of all its instantiations follow one another.
  std::pair<Place, std::vector<std::uint64_t>> place_and_branches(const LineRecord& record) const {
    const auto named = places_.find(record.function);
    if (named != places_.end()) return {named->second, record.taken};
    Place place;
    std::size_t instantiations = 0;
    for (const auto& [start, count] : functions_) {
      if (start.first > record.line || start < place) continue;
      if (start > place) instantiations = 0;
      place = start;
      ++instantiations;
    }
    if (instantiations < 2) return {place, record.taken};
    // Where they differ in number, all that can be told is whether there were both outcomes.
    const std::size_t all = record.taken.size();
    std::vector<std::uint64_t> taken(all % instantiations == 0 ? all / instantiations : 2);
    for (std::size_t i = 0; i < all; ++i) taken[i % taken.size()] += record.taken[i];
    return {place, taken};
  }

  std::filesystem::path root_;
  Counts& all_;
  std::vector<LineRecord> lines_;
  std::map<std::string, Place> places_;
  std::vector<std::pair<Place, std::uint64_t>> functions_;
};

/// A line of the source without its comment and the blanks around it.
std::string code_of(const std::string& line) {
  const std::string code = line.substr(0, line.find("//"));
  const std::size_t first = code.find_first_not_of(" \t"), last = code.find_last_not_of(" \t");
  return first == std::string::npos ? "" : code.substr(first, last - first + 1);
}

/// Does the statement that the line is part of have a word or a sign that decides?
bool decides(std::uint64_t line, const std::vector<std::string>& source) {
  static const std::regex decision(R"(\b(if|for|while|switch|case)\b|\?|&&|\|\|)");
  if (line == 0 || line > source.size()) return true;
  const auto ends = [](const std::string& code) {
    return code.empty() || std::string_view(";{}:").find(code.back()) != std::string_view::npos;
  };
  std::size_t first = line - 1;
  while (first > 0 && !ends(code_of(source[first - 1]))) --first;
  for (std::size_t i = first; i < source.size(); ++i) {
    const std::string code = code_of(source[i]);
    if (std::regex_search(code, decision)) return true;
    if (i + 1 >= line && ends(code)) return false;
  }
  return false;
}

bool is_within(const std::string& path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

/// What the source has at the beginning of a function, up to its parameters.
std::string name_at(const Place& place, const std::vector<std::string>& source) {
  const auto [line, column] = place;
  if (line == 0 || line > source.size() || column == 0 || column > source[line - 1].size())
    return "?";
  const std::string text = source[line - 1].substr(column - 1);
  if (text.front() == '[' || text.front() == '(') return "lambda";
  const std::size_t end = text.find('(', text.starts_with("operator()") ? 10 : 0);
  return text.substr(0, end);
}

std::string section(const std::string& path, const SourceCounts& source) {
  std::string out = "TN:\nSF:" + path + "\n";
  const auto totals = [&](const char* prefix, std::size_t found, std::size_t hit) {
    out += fmt::format("{0}F:{1}\n{0}H:{2}\n", prefix, found, hit);
  };
  std::size_t hit = 0;
  for (const auto& [place, f] : source.functions) {
    out += fmt::format("FN:{},{}:{}:{}\n", place.first, f.name, place.first, place.second);
  }
  for (const auto& [place, f] : source.functions) {
    out += fmt::format("FNDA:{},{}:{}:{}\n", f.count, f.name, place.first, place.second);
    hit += f.count > 0;
  }
  totals("FN", source.functions.size(), hit);
  std::size_t found = hit = 0, block = 0;
  for (const auto& [line, taken] : source.decisions()) {
    const bool reached = std::any_of(taken.begin(), taken.end(), [](auto n) { return n > 0; });
    for (std::size_t i = 0; i < taken.size(); ++i, ++found) {
      out += fmt::format("BRDA:{},{},{},{}\n", line, block, i,
                         reached ? std::to_string(taken[i]) : std::string("-"));
      hit += taken[i] > 0;
    }
    ++block;
  }
  totals("BR", found, hit);
  hit = 0;
  for (const auto& [line, count] : source.lines) {
    out += fmt::format("DA:{},{}\n", line, count);
    hit += count > 0;
  }
  totals("L", source.lines.size(), hit);
  return out + "end_of_record\n";
}

}  // namespace

std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> SourceCounts::decisions() const {
  std::vector<std::pair<std::uint64_t, std::vector<std::uint64_t>>> all;
  for (const auto& [place, by_number] : branches) {
    const auto reached = std::find_if(by_number.begin(), by_number.end(),
                                      [](const auto& each) { return each.second.reached; });
    const auto counted = reached == by_number.end() ? by_number.begin() : reached;
    all.emplace_back(place.first, counted->second.taken);
  }
  return all;
}

bool is_measured(const std::string& path) {
  const auto within = [&](std::string_view folder) { return is_within(path, folder); };
  if (within("lib")) return !within("lib/examples");
  if (within("verify")) {
    return !within("verify/tests") && !within("verify/bench") && !within("verify/gradcheck");
  }
  return within("reports") && !within("reports/tests");
}

void add_gcov(std::string_view document, const std::filesystem::path& root, const Where& where,
              Counts& all) {
  Document records(root, all);
  const auto take = [&](int depth, Json::parse_event_t event, Json& parsed) {
    return records(depth, event, parsed);
  };
  try {
    const Json rest = Json::parse(document, take);
    if (!rest.is_object() || !rest.contains("files")) refuse(where, "no `files` of gcov");
  } catch (const Json::exception& e) {
    refuse(where, fmt::format("not what gcov writes as JSON ({})", e.what()));
  }
}

void settle(SourceCounts& counts, const std::vector<std::string>& source) {
  const auto is_brace = [&](std::uint64_t line) {
    if (line == 0 || line > source.size()) return false;
    const std::string& text = source[line - 1];
    return std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c); });
  };
  std::erase_if(counts.lines, [&](const auto& each) { return is_brace(each.first); });
  std::erase_if(counts.branches, [&](const auto& each) {
    return is_brace(each.first.first) || !decides(each.first.first, source);
  });
  for (auto& [place, function] : counts.functions) function.name = name_at(place, source);
}

std::string lcov_of(const Counts& counts) {
  std::string out;
  for (const auto& [path, source] : counts) out += section(path, source);
  return out;
}

}  // namespace assay::report
