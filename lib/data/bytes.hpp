#pragma once
// What the readers and writers share: the bytes of a file, decompressed, never more of them than
// allowed, and files that are whole or not there.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace assay::data::detail {

/// The whole file. Throws DataError if it cannot be read or is longer than max_bytes.
std::string read_bytes(const std::filesystem::path& file, std::uint64_t max_bytes);

/// To a temporary name in the same directory, synced, renamed, the directory synced; a symbolic
/// link keeps pointing to the file. Throws DataError; until the rename the old file is untouched.
void replace_file(const std::filesystem::path& file, std::string_view bytes);

bool is_gzip(std::string_view bytes);

/// All members of a gzip file, their checksums verified. Throws DataError.
std::string gunzip(std::string_view bytes, std::string_view name, std::uint64_t max_bytes);

[[noreturn]] void fail(std::string_view name, std::string_view reason);
[[noreturn]] void fail_at(std::string_view name, std::uint64_t byte, std::string_view reason);
[[noreturn]] void too_long(std::string_view name, std::uint64_t max_bytes);

/// Text from a file as a message can show it: short, on one line.
std::string in_quotes(std::string_view text);

}  // namespace assay::data::detail
