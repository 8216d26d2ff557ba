#pragma once
// The JSON header of safetensors.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/data/safetensors.hpp"

namespace assay::data::detail {

inline constexpr const char* metadata_name = "__metadata__";
inline constexpr std::uint64_t max_header = 100'000'000;

struct TensorEntry {
  std::string name;
  std::uint64_t at = 0;  ///< the byte of the file behind the name
  Elements type;         ///< empty
  Extents shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// `header` begins at byte `begin` of the file `name`. Throws DataError unless it is an object of
/// distinct names, each with a type, a shape and two offsets, and of metadata, texts by distinct
/// keys. Whether offsets fit each other is not looked at.
std::vector<TensorEntry> parse_header(std::string_view header, std::uint64_t begin,
                                      std::string_view name, Metadata& metadata);

}  // namespace assay::data::detail
