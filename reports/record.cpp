#include "record.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

#include "report.hpp"

namespace assay::report {

void refuse(const Where& where, std::string_view what) {
  if (where.line == 0) throw InputError(fmt::format("{}: {}", where.file, what));
  throw InputError(fmt::format("{}:{}: {}", where.file, where.line, what));
}

Json parse_object(std::string_view line, const Where& where) {
  std::vector<std::set<std::string>> open;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open.back().insert(key).second) {
        refuse(where, fmt::format("the key `{}` is given twice in one object", key));
      }
    }
    return true;
  };
  try {
    Json object = Json::parse(line.begin(), line.end(), watch);
    if (!object.is_object()) {
      refuse(where, fmt::format("a JSON object is expected, not {}", object.type_name()));
    }
    return object;
  } catch (const Json::parse_error& e) {
    refuse(where, fmt::format("not JSON (at byte {} of {})", e.byte, line.size()));
  } catch (const Json::exception& e) {
    refuse(where, fmt::format("not JSON ({})", e.what()));
  }
}

std::optional<double> as_figure(const Json& value) {
  if (value.is_string() && value.get_ref<const std::string&>() == "inf") {
    return std::numeric_limits<double>::infinity();
  }
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!(number >= 0) || std::isinf(number)) return std::nullopt;
  return number;
}

std::optional<double> as_real(const Json& value) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "inf") return infinity;
    return text == "-inf" ? std::optional(-infinity) : std::nullopt;
  }
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

Record::Record(const Json& object, const Where& where, std::string path)
    : object_(&object), where_(&where), path_(std::move(path)) {}

void Record::wrong(std::string_view key, const std::string& what) const {
  refuse(*where_, fmt::format("{}: field `{}` {}", path_, key, what));
}

void Record::type_error(std::string_view key, const Json& value, const char* expected) const {
  std::string shown = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (shown.size() > 40) shown = shown.substr(0, 37) + "...";
  wrong(key, fmt::format("is {} ({}); {} is expected", value.type_name(), shown, expected));
}

const Json& Record::at(const char* key) const {
  const auto found = object_->find(key);
  if (found == object_->end()) wrong(key, "is missing");
  return *found;
}

std::string Record::text(const char* key) const {
  const Json& value = at(key);
  if (!value.is_string()) type_error(key, value, "a string");
  return value.get<std::string>();
}

std::string Record::text_or(const char* key, std::string otherwise) const {
  return has(key) ? text(key) : otherwise;
}

bool Record::flag(const char* key) const {
  const Json& value = at(key);
  if (!value.is_boolean()) type_error(key, value, "true or false");
  return value.get<bool>();
}

std::uint64_t Record::count(const char* key) const {
  const Json& value = at(key);
  if (!value.is_number_unsigned()) type_error(key, value, "a whole number, not negative,");
  return value.get<std::uint64_t>();
}

std::int64_t Record::integer(const char* key) const {
  const Json& value = at(key);
  if (!value.is_number_integer()) type_error(key, value, "a whole number");
  return value.get<std::int64_t>();
}

double Record::figure(const char* key) const {
  const Json& value = at(key);
  if (const auto number = as_figure(value)) return *number;
  type_error(key, value, "a number, not negative, or \"inf\"");
}

std::optional<double> Record::figure_or_null(const char* key) const {
  const Json& value = at(key);
  if (value.is_null()) return std::nullopt;
  if (const auto number = as_figure(value)) return number;
  type_error(key, value, "a number, not negative, \"inf\" or null");
}

std::string Record::text_or_number(const char* key) const {
  const Json& value = at(key);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  type_error(key, value, "a string, a number or null");
}

std::vector<std::string> Record::texts(const char* key) const {
  std::vector<std::string> all;
  for (const Json& value : list(key)) {
    if (!value.is_string()) type_error(key, value, "a list of strings");
    all.push_back(value.get<std::string>());
  }
  return all;
}

std::map<std::string, std::string> Record::text_map(const char* key) const {
  const Json& value = at(key);
  if (!value.is_object()) type_error(key, value, "an object of strings");
  std::map<std::string, std::string> all;
  for (const auto& [name, item] : value.items()) {
    if (!item.is_string()) type_error(key, item, "an object of strings");
    all.emplace(name, item.get<std::string>());
  }
  return all;
}

std::vector<std::pair<std::string, std::uint64_t>> Record::count_map(const char* key) const {
  const Json& value = at(key);
  if (!value.is_object()) type_error(key, value, "an object of whole numbers");
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& [name, item] : value.items()) {
    if (!item.is_number_unsigned()) type_error(key, item, "an object of whole numbers");
    all.emplace_back(name, item.get<std::uint64_t>());
  }
  return all;
}

Record Record::object(const char* key) const {
  const Json& value = at(key);
  if (!value.is_object()) type_error(key, value, "an object");
  return {value, *where_, fmt::format("{}.{}", path_, key)};
}

std::optional<Record> Record::object_or_null(const char* key) const {
  const Json& value = at(key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_object()) type_error(key, value, "an object or null");
  return object(key);
}

std::vector<Record> Record::objects(const char* key) const {
  std::vector<Record> all;
  for (const Json& value : list(key)) {
    if (!value.is_object()) type_error(key, value, "a list of objects");
    all.emplace_back(value, *where_, fmt::format("{}.{}[{}]", path_, key, all.size()));
  }
  return all;
}

const Json& Record::list(const char* key) const {
  const Json& value = at(key);
  if (!value.is_array()) type_error(key, value, "a list");
  return value;
}

const Json* Record::list_or_null(const char* key) const {
  const Json& value = at(key);
  if (value.is_null()) return nullptr;
  return &list(key);
}

}  // namespace assay::report
