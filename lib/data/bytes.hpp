#pragma once
// What the readers share: the bytes of a file, decompressed, and never more of them than allowed.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace assay::data::detail {

/// The whole file. Throws DataError if it cannot be read or is longer than max_bytes.
std::string read_bytes(const std::filesystem::path& file, std::uint64_t max_bytes);

bool is_gzip(std::string_view bytes);

/// All members of a gzip file, their checksums verified. Throws DataError.
std::string gunzip(std::string_view bytes, std::string_view name, std::uint64_t max_bytes);

[[noreturn]] void too_long(std::string_view name, std::uint64_t max_bytes);

}  // namespace assay::data::detail
