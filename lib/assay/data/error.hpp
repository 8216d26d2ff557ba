#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace assay::data {

/// A file that cannot be used; the message names the file, the place in it and the reason.
class DataError : public std::runtime_error {
 public:
  explicit DataError(const std::string& what) : std::runtime_error(what) {}
};

/// Readers take no file that is longer, or longer after decompression, unless told otherwise.
inline constexpr std::uint64_t default_max_bytes = std::uint64_t{1} << 30;

}  // namespace assay::data
