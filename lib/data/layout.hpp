#pragma once
// From the bytes of an array to a matrix and back.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/data/array.hpp"

namespace assay::data::detail {

/// As many as numpy has; a bound, so that a header cannot ask for memory.
inline constexpr std::size_t max_axes = 64;

/// How the elements lie behind a header.
struct Layout {
  Extents shape;
  bool big_endian = false;
  bool columns_first = false;  ///< the first axis runs fastest
  bool vector_is_row = false;  ///< else one axis is a column
};

/// An empty matrix of the type that safetensors calls so, or nothing.
std::optional<Elements> empty_of_type(std::string_view type);
std::string_view type_of(const Elements& values);

/// "[3, 4]"
std::string to_string(const Extents& shape);

/// How many bytes `shape` takes in the type of `values`; nothing if too many to count, or if it is
/// too long for a matrix although it holds nothing.
std::optional<std::uint64_t> bytes_of(const Extents& shape, const Elements& values);

/// Throws DataError unless the `size` bytes from byte `begin` to the end of the file are what
/// `shape` takes.
void check_size(const Extents& shape, const Elements& type, std::uint64_t size,
                std::string_view name, std::uint64_t begin);

/// The elements in `data`, which has as many bytes as the layout takes and begins at byte `begin`
/// of the file. Throws DataError for a bool that is neither 0 nor 1.
Array from_bytes(const Layout& layout, Elements type, std::string_view data, std::string_view name,
                 std::uint64_t begin);

/// Little-endian, the last axis running fastest.
void append_bytes(const Array& array, std::string& out);

}  // namespace assay::data::detail
