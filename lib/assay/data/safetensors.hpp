#pragma once
// safetensors: arrays by name, the usual format of weights.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "assay/data/array.hpp"
#include "assay/data/error.hpp"

namespace assay::data {

using Tensors = std::map<std::string, Array>;
using Metadata = std::map<std::string, std::string>;

struct Safetensors {
  Tensors tensors;
  Metadata metadata;
};

/// BOOL, U8 to U64, I8 to I64, F16, BF16, F32 and F64; other types are an error. Refused like in
/// the reference implementation: a header over 100 MB, offsets that overlap, leave a hole or do not
/// fit shape and type, bytes behind the last tensor; and, as the format's text demands, though that
/// implementation takes the last one: names given twice.
Safetensors read_safetensors(const std::filesystem::path& file,
                             std::uint64_t max_bytes = default_max_bytes);
/// The same from bytes in memory; `name` stands for the file in messages.
Safetensors parse_safetensors(std::string_view bytes, std::string_view name);

/// The bytes that the reference implementation gives: widest types first, then by name, the header
/// padded to a multiple of 8; metadata by key (where it has no order of its own). Throws
/// std::invalid_argument for names that are not UTF-8, or "__metadata__", which is reserved.
std::string format_safetensors(const Tensors& tensors, const Metadata& metadata = {});
/// The file is replaced as a whole or left as it was.
void write_safetensors(const std::filesystem::path& file, const Tensors& tensors,
                       const Metadata& metadata = {});

}  // namespace assay::data
