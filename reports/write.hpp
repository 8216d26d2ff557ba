#pragma once
// Files that appear whole or not at all.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace assay::report {

/// Creates the folder, writes every file under a temporary name and makes it durable, and only when
/// all are written gives them their names. Throws InputError naming what cannot be written; then
/// no temporary file is left, and files of an earlier run are as they were.
void write_files(const std::filesystem::path& folder,
                 const std::vector<std::pair<std::string, std::string>>& name_and_content);

}  // namespace assay::report
