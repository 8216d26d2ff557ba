#pragma once
// Files that are whole or not there.

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace assay::verify {

/// What a caller gave cannot be used: the program says it and exits with 2.
struct UsageError : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Creates the folder; throws UsageError naming it if that, or writing to it, is impossible.
void make_writable(const std::filesystem::path& folder);
/// To a temporary name in the same folder, synced, renamed. Throws UsageError.
void write_file(const std::filesystem::path& file, std::string_view content);
/// Throws UsageError naming the file and why.
std::string read_file(const std::filesystem::path& file);

}  // namespace assay::verify
