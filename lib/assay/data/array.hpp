#pragma once
// Numbers of any rank and type, as files hold them, on matrices.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "assay/matrix.hpp"

namespace assay::data {

/// The length of each axis; {} is a single number.
using Extents = std::vector<std::uint64_t>;

/// A matrix in the type of the file: nothing is converted, so that floats, NaN payloads included,
/// are written as they were read. The order of the types is that of the alignment in safetensors.
using Elements = std::variant<Mat<bool>, Mat<std::uint8_t>, Mat<std::int8_t>, Mat<std::int16_t>,
                              Mat<std::uint16_t>, Mat<Eigen::half>, Mat<Eigen::bfloat16>,
                              Mat<std::int32_t>, Mat<std::uint32_t>, Mat<float>, Mat<double>,
                              Mat<std::int64_t>, Mat<std::uint64_t>>;

template <class T, class Variant>
inline constexpr bool is_alternative = false;
template <class T, class... Types>
inline constexpr bool is_alternative<T, std::variant<Types...>> = (std::is_same_v<T, Types> || ...);

/// A type that elements of files have.
template <class T>
concept Element = is_alternative<Mat<T>, Elements>;

/// An array of n0 x n1 x ... x nk as a matrix: n0 rows, and the other axes flattened, the last one
/// running fastest, into n1 ... nk columns. A single number is 1x1; an array of one axis is a
/// column, in NPY and IDX (samples of one feature), or a row, in safetensors (a bias).
class Array {
 public:
  Array() : Array(Mat<float>()) {}
  /// The two axes of a matrix.
  template <Element T>
  Array(Mat<T> m)
      : shape_{static_cast<std::uint64_t>(m.rows()), static_cast<std::uint64_t>(m.cols())},
        values_(std::move(m)) {}
  /// The axes `shape`, flattened into matrix rows and columns as above or at any other axis. Throws
  /// ShapeError unless they are.
  Array(Extents shape, Elements values);

  [[nodiscard]] const Extents& shape() const { return shape_; }
  [[nodiscard]] const Elements& values() const { return values_; }
  /// "F32" and the like, as in safetensors.
  [[nodiscard]] std::string_view type() const;

  /// The values as T: float, double, std::int32_t or std::int64_t. Throws std::range_error if one
  /// of them is not exactly a T; to round on purpose: `as<double>().cast<float>()`.
  template <class T>
  [[nodiscard]] Mat<T> as() const;

 private:
  Extents shape_;
  Elements values_;
};

extern template Mat<float> Array::as<float>() const;
extern template Mat<double> Array::as<double>() const;
extern template Mat<std::int32_t> Array::as<std::int32_t>() const;
extern template Mat<std::int64_t> Array::as<std::int64_t>() const;

}  // namespace assay::data
