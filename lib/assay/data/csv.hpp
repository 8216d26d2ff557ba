#pragma once
// Tables of numbers as text.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "assay/data/error.hpp"
#include "assay/matrix.hpp"

namespace assay::data {

struct Table {
  Mat<double> values;
  std::vector<std::string> header;  ///< empty unless asked for
};

struct CsvOptions {
  bool header = false;     ///< the first line names the columns
  std::uint64_t skip = 0;  ///< lines before the table
  char separator = ',';
  std::uint64_t max_bytes = default_max_bytes;  ///< after decompression
};

/// Finite numbers as std::from_chars reads them, every line of the same width, no spaces, no
/// quotes. Lines end in LF or CRLF, the last one may be left open. gzip is recognised by its first
/// bytes.
Table read_csv(const std::filesystem::path& file, const CsvOptions& options = {});
/// The same from bytes in memory; `name` stands for the file in messages.
Table parse_csv(std::string_view bytes, std::string_view name, const CsvOptions& options = {});

}  // namespace assay::data
