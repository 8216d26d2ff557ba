#include "assay/data/idx.hpp"

#include <array>

#include "bytes.hpp"
#include "layout.hpp"

namespace assay::data {
namespace {

std::string_view type_of_code(unsigned char code) {
  switch (code) {
    case 0x08:
      return "U8";
    case 0x09:
      return "I8";
    case 0x0b:
      return "I16";
    case 0x0c:
      return "I32";
    case 0x0d:
      return "F32";
    case 0x0e:
      return "F64";
    default:
      return "";
  }
}

/// Two zeros, the type, the number of axes; the length of each axis in four bytes; the elements.
Array parse_plain(std::string_view bytes, std::string_view name) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 4) {
    detail::fail_at(name, bytes.size(), "the file ends within the four bytes that IDX begins with");
  }
  if (byte(0) != 0 || byte(1) != 0) detail::fail_at(name, 0, "not IDX: it begins with two zeros");
  const auto type = detail::empty_of_type(type_of_code(byte(2)));
  if (!type) {
    detail::fail_at(name, 2, "type " + std::to_string(byte(2)) + " is none of 8, 9 and 11 to 14");
  }
  const std::size_t axes = byte(3);
  if (axes < 1 || axes > 4) {
    detail::fail_at(name, 3, std::to_string(axes) + " axes where one to four are taken");
  }
  const std::size_t begin = 4 + 4 * axes;
  if (bytes.size() < begin) {
    detail::fail_at(name, bytes.size(),
                    "the file ends within the lengths of " + std::to_string(axes) + " axes");
  }
  detail::Layout layout{.shape = Extents(axes), .big_endian = true};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    for (std::size_t i = 4 + 4 * axis; i < 8 + 4 * axis; ++i) {
      layout.shape[axis] = layout.shape[axis] << 8U | byte(i);
    }
  }
  const std::string_view data = bytes.substr(begin);
  detail::check_size(layout.shape, *type, data.size(), name, begin);
  return detail::from_bytes(layout, *type, data, name, begin);
}

}  // namespace

Array parse_idx(std::string_view bytes, std::string_view name, std::uint64_t max_bytes) {
  if (detail::is_gzip(bytes)) {
    return parse_plain(detail::gunzip(bytes, name, max_bytes),
                       std::string(name) + " (decompressed)");
  }
  if (bytes.size() > max_bytes) detail::too_long(name, max_bytes);
  return parse_plain(bytes, name);
}

Array read_idx(const std::filesystem::path& file, std::uint64_t max_bytes) {
  return parse_idx(detail::read_bytes(file, max_bytes), file.string(), max_bytes);
}

}  // namespace assay::data
