#include <algorithm>
#include <charconv>
#include <cmath>

#include "assay/data/csv.hpp"
#include "bytes.hpp"

namespace assay::data {
namespace {

using detail::in_quotes;

struct Place {
  std::string_view file;
  std::uint64_t line = 0;
  std::uint64_t column = 0;  ///< 0: the whole line
};

[[noreturn]] void fail(const Place& at, const std::string& reason) {
  std::string text = std::string(at.file) + ": line " + std::to_string(at.line);
  if (at.column > 0) text += ", column " + std::to_string(at.column);
  throw DataError(text + ": " + reason);
}

double number(std::string_view field, const Place& at) {
  if (field.empty()) fail(at, "empty field");
  double x = 0;
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, x);
  if (error == std::errc::result_out_of_range) {
    fail(at, in_quotes(field) + " is out of the range of double");
  }
  if (error != std::errc{} || stop != end) {
    const bool spaced = field.front() == ' ' || field.back() == ' ';
    fail(at, in_quotes(field) + " is not a number" + (spaced ? "; it has spaces around it" : ""));
  }
  if (!std::isfinite(x)) fail(at, in_quotes(field) + " is not finite");
  return x;
}

std::string column_name(std::string_view field, const Place& at) {
  if (field.empty()) fail(at, "empty field");
  // A quote may hide a separator; to take it as part of a name would be a guess.
  if (field.find('"') != std::string_view::npos) fail(at, "quoted names are not supported");
  return std::string(field);
}

/// Hands out the lines of a text, without their ends.
class Lines {
 public:
  Lines(std::string_view text, std::string_view file) : rest_(text), at_{file} {}

  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    ++at_.line;
    return true;
  }
  [[nodiscard]] const Place& place() const { return at_; }

 private:
  std::string_view rest_;
  Place at_;
};

/// Calls use(field, place) for each field of a line; returns how many there are.
template <class Use>
std::uint64_t split(std::string_view line, char separator, Place at, Use use) {
  if (line.empty()) fail(at, "empty line");
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(line.find(separator, begin), line.size());
    ++at.column;
    use(line.substr(begin, end - begin), at);
    if (end == line.size()) return at.column;
    begin = end + 1;
  }
}

void check_separator(char separator) {
  constexpr std::string_view in_numbers = "0123456789+-.abcdefinxpABCDEFINXP\r\n\"";
  if (separator == '\0' || in_numbers.find(separator) != std::string_view::npos) {
    throw DataError("csv: " + in_quotes({&separator, 1}) + " cannot separate numbers");
  }
}

void refuse_nul(std::string_view text, std::string_view file, char separator) {
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return;
  const std::string_view before = text.substr(0, nul);
  const std::size_t newline = before.rfind('\n');
  const std::string_view line =
      newline == std::string_view::npos ? before : before.substr(newline + 1);
  const auto how_many = [](std::string_view s, char c) {
    return static_cast<std::uint64_t>(std::count(s.begin(), s.end(), c));
  };
  fail({file, how_many(before, '\n') + 1, how_many(line, separator) + 1},
       "NUL byte; the file is not text, or in another encoding than UTF-8");
}

Table parse_text(std::string_view text, std::string_view file, const CsvOptions& options) {
  if (text.empty()) throw DataError(std::string(file) + ": empty");
  refuse_nul(text, file, options.separator);
  if (text.starts_with("\xef\xbb\xbf")) fail({file, 1, 1}, "byte order mark; save without it");

  Table table;
  Lines lines(text, file);
  std::string_view line;
  for (std::uint64_t i = 0; i < options.skip && lines.next(line); ++i) continue;
  std::uint64_t width = 0;
  if (options.header && lines.next(line)) {
    width =
        split(line, options.separator, lines.place(), [&](std::string_view field, const Place& at) {
          table.header.push_back(column_name(field, at));
        });
  }
  std::vector<double> by_rows;
  while (lines.next(line)) {
    const std::uint64_t fields = split(
        line, options.separator, lines.place(),
        [&](std::string_view field, const Place& at) { by_rows.push_back(number(field, at)); });
    if (width == 0) width = fields;
    if (fields != width) {
      fail(lines.place(),
           std::to_string(fields) + " fields where the lines before have " + std::to_string(width));
    }
  }
  if (by_rows.empty()) {
    throw DataError(std::string(file) + ": no numbers in its " +
                    std::to_string(lines.place().line) + " lines");
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto cols = static_cast<Eigen::Index>(width);
  table.values = Eigen::Map<const RowMajor>(by_rows.data(),
                                            static_cast<Eigen::Index>(by_rows.size()) / cols, cols);
  return table;
}

}  // namespace

Table parse_csv(std::string_view bytes, std::string_view name, const CsvOptions& options) {
  check_separator(options.separator);
  if (detail::is_gzip(bytes)) {
    return parse_text(detail::gunzip(bytes, name, options.max_bytes), name, options);
  }
  if (bytes.size() > options.max_bytes) detail::too_long(name, options.max_bytes);
  return parse_text(bytes, name, options);
}

Table read_csv(const std::filesystem::path& file, const CsvOptions& options) {
  check_separator(options.separator);
  return parse_csv(detail::read_bytes(file, options.max_bytes), file.string(), options);
}

}  // namespace assay::data
