#pragma once
// IDX: one array, the format of MNIST.

#include <filesystem>
#include <string_view>

#include "assay/data/array.hpp"
#include "assay/data/error.hpp"

namespace assay::data {

/// One to four axes of integers of 1 (with or without sign), 2 or 4 bytes or floats of 4 or 8
/// bytes, big-endian. gzip is recognised by its first bytes.
Array read_idx(const std::filesystem::path& file, std::uint64_t max_bytes = default_max_bytes);
/// The same from bytes in memory; `name` stands for the file in messages.
Array parse_idx(std::string_view bytes, std::string_view name,
                std::uint64_t max_bytes = default_max_bytes);

}  // namespace assay::data
