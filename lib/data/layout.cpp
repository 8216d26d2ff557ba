#include "layout.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "bytes.hpp"

namespace assay::data::detail {
namespace {

/// In the order of Elements.
constexpr std::array<std::string_view, std::variant_size_v<Elements>> type_names = {
    "BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64"};

/// a * b, or nothing if it overflows or is more than a matrix can count.
std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<Eigen::Index>::max());
  if (b != 0 && a > most / b) return std::nullopt;
  return a * b;
}

struct Sides {
  std::uint64_t rows = 1;
  std::uint64_t cols = 1;
};

/// The rows and columns of the matrix for `shape`.
std::optional<Sides> flattened(const Extents& shape, bool vector_is_row) {
  Sides s;
  std::optional<std::uint64_t> all = 1;  // a last axis of 0 must not hide what the others are
  const bool first_is_rows = !shape.empty() && !(vector_is_row && shape.size() == 1);
  if (first_is_rows) s.rows = shape[0];
  for (std::size_t axis = first_is_rows ? 1 : 0; axis < shape.size(); ++axis) {
    const auto cols = product(s.cols, shape[axis]);
    if (!cols) return std::nullopt;
    s.cols = *cols;
  }
  for (const std::uint64_t extent : shape) {
    all = product(*all, extent);
    if (!all) return std::nullopt;
  }
  return s;
}

/// Where column `col` of the matrix, numbered with the last axis fastest, stands when the first of
/// the column axes is the fastest.
std::uint64_t column_when_first_is_fastest(const Extents& shape, std::uint64_t col) {
  std::uint64_t at = 0;
  std::uint64_t stride = 1;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) stride *= shape[axis];
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    stride /= shape[axis];
    at += col % shape[axis] * stride;
    col /= shape[axis];
  }
  return at;
}

/// Moves the bytes of one number: a float in a register could lose the payload of a NaN.
template <class T>
void move_element(const char* from, char* to, bool swap) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), from, sizeof(T));
  if (swap) std::reverse(bytes.begin(), bytes.end());
  std::memcpy(to, bytes.data(), sizeof(T));
}

constexpr bool big_endian_machine = std::endian::native == std::endian::big;

void refuse_other_than_bools(std::string_view data, std::string_view name, std::uint64_t begin) {
  const auto other =
      std::find_if(data.begin(), data.end(), [](char c) { return c != '\0' && c != '\1'; });
  if (other == data.end()) return;
  fail_at(name, begin + static_cast<std::uint64_t>(other - data.begin()),
          std::to_string(static_cast<unsigned char>(*other)) + " is neither of the bools 0 and 1");
}

template <class T>
void read_elements(Mat<T>& m, const Layout& layout, std::string_view data) {
  if (m.size() == 0) return;  // one side may be 0 and the other huge
  const bool swap = layout.big_endian != big_endian_machine;
  const auto rows = static_cast<std::uint64_t>(m.rows());
  const auto cols = static_cast<std::uint64_t>(m.cols());
  char* to = reinterpret_cast<char*>(m.data());
  for (std::uint64_t c = 0; c < cols; ++c) {
    std::uint64_t from = c;
    std::uint64_t stride = cols;
    if (layout.columns_first) {
      from = column_when_first_is_fastest(layout.shape, c) * rows;
      stride = 1;
    }
    for (std::uint64_t r = 0; r < rows; ++r, from += stride, to += sizeof(T)) {
      move_element<T>(data.data() + from * sizeof(T), to, swap);
    }
  }
}

}  // namespace

std::optional<Elements> empty_of_type(std::string_view type) {
  std::optional<Elements> found;
  const auto at = std::find(type_names.begin(), type_names.end(), type) - type_names.begin();
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((at == I ? void(found.emplace(std::in_place_index<I>)) : void()), ...);
  }
  (std::make_index_sequence<type_names.size()>());
  return found;
}

std::string_view type_of(const Elements& values) { return type_names[values.index()]; }

std::string to_string(const Extents& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  }
  return text + "]";
}

std::optional<std::uint64_t> bytes_of(const Extents& shape, const Elements& values) {
  const auto sides = flattened(shape, false);
  if (!sides) return std::nullopt;
  const auto size = std::visit([]<class T>(const Mat<T>&) { return sizeof(T); }, values);
  return product(sides->rows * sides->cols, size);
}

void check_size(const Extents& shape, const Elements& type, std::uint64_t size,
                std::string_view name, std::uint64_t begin) {
  const auto taken = bytes_of(shape, type);
  if (taken == size) return;
  const std::string what = to_string(shape) + " of " + std::string(type_of(type));
  if (!taken) fail_at(name, begin, what + " is larger than any matrix");
  const bool truncated = *taken > size;
  fail_at(name, begin + std::min(size, *taken),
          std::string(truncated ? "the file ends here" : "the file goes on here") + "; " + what +
              " takes " + std::to_string(*taken) + " bytes from byte " + std::to_string(begin) +
              ", and there are " + std::to_string(size));
}

Array from_bytes(const Layout& layout, Elements type, std::string_view data, std::string_view name,
                 std::uint64_t begin) {
  const Sides sides = flattened(layout.shape, layout.vector_is_row).value();
  if (std::holds_alternative<Mat<bool>>(type)) refuse_other_than_bools(data, name, begin);
  std::visit(
      [&](auto& m) {
        m.resize(static_cast<Eigen::Index>(sides.rows), static_cast<Eigen::Index>(sides.cols));
        read_elements(m, layout, data);
      },
      type);
  return {layout.shape, std::move(type)};
}

void append_bytes(const Array& array, std::string& out) {
  std::visit(
      [&]<class T>(const Mat<T>& m) {
        const std::size_t begin = out.size();
        out.resize(begin + static_cast<std::size_t>(m.size()) * sizeof(T));
        char* to = out.data() + begin;
        for (Eigen::Index r = 0; r < m.rows(); ++r) {
          for (Eigen::Index c = 0; c < m.cols(); ++c, to += sizeof(T)) {
            const T* from = m.data() + r + c * m.rows();
            move_element<T>(reinterpret_cast<const char*>(from), to, big_endian_machine);
          }
        }
      },
      array.values());
}

}  // namespace assay::data::detail
