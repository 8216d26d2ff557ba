#pragma once
// Results files into the model, strictly.

#include <filesystem>
#include <string>
#include <vector>

#include "model.hpp"

namespace assay::report {

/// Throws InputError, naming file and line, for whatever SCHEMA.md does not allow.
Campaign read_results(const std::vector<std::filesystem::path>&);

/// The whole file; InputError if it is missing, unreadable or not a file.
std::string read_file(const std::filesystem::path&);

}  // namespace assay::report
