#pragma once
// Strict access to one JSON object of a results file: every error names file, line and field.

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::report {

using Json = nlohmann::ordered_json;

/// A place in a file, as it is printed.
struct Where {
  std::string file;
  std::size_t line = 0;  ///< 0: the file as a whole
};

[[noreturn]] void refuse(const Where&, std::string_view what);

/// Parses one line. Duplicate keys are refused (the library would silently keep the last).
Json parse_object(std::string_view line, const Where&);

class Record {
 public:
  Record(const Json& object, const Where& where, std::string path);

  std::string text(const char* key) const;
  std::string text_or(const char* key, std::string otherwise) const;  ///< absent: otherwise
  bool flag(const char* key) const;
  std::uint64_t count(const char* key) const;  ///< a whole number, not negative
  std::int64_t integer(const char* key) const;
  double figure(const char* key) const;  ///< a number, not negative, or "inf"
  std::optional<double> figure_or_null(const char* key) const;
  std::string text_or_number(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  std::map<std::string, std::string> text_map(const char* key) const;
  std::vector<std::pair<std::string, std::uint64_t>> count_map(const char* key) const;

  Record object(const char* key) const;
  std::optional<Record> object_or_null(const char* key) const;
  std::vector<Record> objects(const char* key) const;
  const Json& list(const char* key) const;
  const Json* list_or_null(const char* key) const;
  bool has(const char* key) const { return object_->contains(key); }

  /// One of the names given, as the value beside it.
  template <class E>
  E one_of(const char* key, const std::vector<std::pair<const char*, E>>& names) const {
    const std::string given = text(key);
    std::string known;
    for (const auto& [name, value] : names) {
      if (given == name) return value;
      known += (known.empty() ? "`" : ", `") + std::string(name) + "`";
    }
    wrong(key, "is `" + given + "`; one of " + known + " is expected");
  }

  [[noreturn]] void wrong(std::string_view key, const std::string& what) const;

 private:
  const Json& at(const char* key) const;
  [[noreturn]] void type_error(std::string_view key, const Json&, const char* expected) const;

  const Json* object_;
  const Where* where_;
  std::string path_;
};

/// A number, not negative, or "inf"; nothing if it is neither.
std::optional<double> as_figure(const Json&);
/// A number, "inf" or "-inf"; nothing if it is none of them.
std::optional<double> as_real(const Json&);

}  // namespace assay::report
