#pragma once
// What the tests of the readers share: bytes of files and the values of fixtures/data/formats.

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include "assay/data.hpp"

namespace assay::data {

inline std::string file_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string format_file(const std::string& name) { return "fixtures/data/formats/" + name; }

/// 3x4, row by row: zeros, infinities, subnormals, the largest number, NaNs with payloads.
inline constexpr std::array<std::uint32_t, 12> special_floats = {
    0x00000000, 0x80000000, 0x3dcccccd, 0x7f800000, 0xff800000, 0x00000001,
    0x807fffff, 0x7f7fffff, 0x7fc12345, 0xff812345, 0x3f800000, 0xc0490fdb};
inline constexpr std::array<std::uint64_t, 12> special_doubles = {
    0x0000000000000000, 0x8000000000000000, 0x3fb999999999999a, 0x7ff0000000000000,
    0xfff0000000000000, 0x0000000000000001, 0x800fffffffffffff, 0x7fefffffffffffff,
    0x7ff8123456789abc, 0xfff0000000012345, 0x3ff0000000000000, 0xc00921fb54442d18};

/// The bits of a matrix of T, row by row.
template <class Bits, class T>
std::vector<Bits> bits(const Mat<T>& m) {
  static_assert(sizeof(Bits) == sizeof(T));
  std::vector<Bits> all(static_cast<std::size_t>(m.size()));
  auto to = all.begin();
  for (Eigen::Index r = 0; r < m.rows(); ++r) {
    for (Eigen::Index c = 0; c < m.cols(); ++c)
      std::memcpy(&*to++, m.data() + r + c * m.rows(), sizeof(T));
  }
  return all;
}

inline std::vector<std::uint32_t> float_bits(const Array& a) {
  return bits<std::uint32_t>(std::get<Mat<float>>(a.values()));
}
inline std::vector<std::uint64_t> double_bits(const Array& a) {
  return bits<std::uint64_t>(std::get<Mat<double>>(a.values()));
}

template <class Container>
auto as_vector(const Container& c) {
  return std::vector(c.begin(), c.end());
}

inline Shape matrix_shape(const Array& a) {
  return std::visit([](const auto& m) { return shape_of(m); }, a.values());
}

/// What a reader says to bytes.
template <class Parse>
std::string refusal(Parse parse) {
  try {
    static_cast<void>(parse());
  } catch (const DataError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace assay::data
