#pragma once
// NPY: one array, as numpy.save writes it.

#include <filesystem>
#include <string>
#include <string_view>

#include "assay/data/array.hpp"
#include "assay/data/error.hpp"

namespace assay::data {

/// Versions 1.0 to 3.0, both byte orders, rows or columns first: bool, integers of 1 to 8 bytes,
/// floats of 2 to 8 bytes, of up to 64 axes.
Array read_npy(const std::filesystem::path& file, std::uint64_t max_bytes = default_max_bytes);
/// The same from bytes in memory; `name` stands for the file in messages.
Array parse_npy(std::string_view bytes, std::string_view name);

/// The bytes that numpy.save gives: version 1.0, little-endian, rows first. Throws
/// std::invalid_argument for bfloat16, which numpy does not have.
std::string format_npy(const Array& array);
/// The file is replaced as a whole or left as it was.
void write_npy(const std::filesystem::path& file, const Array& array);

}  // namespace assay::data
