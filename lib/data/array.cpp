#include "assay/data/array.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "layout.hpp"

namespace assay::data {
namespace {

template <class S>
concept Floating = !std::is_integral_v<S>;  // Eigen's half and bfloat16 as well

/// Whether the integral value x of a floating type lies in T. Both ends are powers of two, so that
/// the comparison is exact.
template <class T>
bool in_range(double x) {
  const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
  return x < end && x >= (std::is_signed_v<T> ? -end : 0.0);
}

/// x as a T if T has it.
template <class T, class S>
bool convert(const S& x, T& y) {
  if constexpr (std::is_same_v<T, S> || std::is_same_v<bool, S>) {
    y = static_cast<T>(x);
    return true;
  } else if constexpr (Floating<S> && Floating<T>) {
    const auto wide = static_cast<double>(x);  // exact
    y = static_cast<T>(wide);
    return static_cast<double>(y) == wide || std::isnan(wide);
  } else if constexpr (Floating<S>) {
    const auto wide = static_cast<double>(x);
    if (std::trunc(wide) != wide || !in_range<T>(wide)) return false;
    y = static_cast<T>(wide);
    return true;
  } else if constexpr (Floating<T>) {
    y = static_cast<T>(x);
    // The rounded number may be one past the largest S.
    return in_range<S>(static_cast<double>(y)) && static_cast<S>(y) == x;
  } else {
    if (!std::in_range<T>(x)) return false;
    y = static_cast<T>(x);  // NOLINT(bugprone-signed-char-misuse): a number, not a character
    return true;
  }
}

template <class T>
std::string type_name() {
  return std::string(detail::type_of(Elements(Mat<T>())));
}

template <class S>
std::string printed(const S& x) {
  std::ostringstream text;
  text.precision(17);
  if constexpr (Floating<S>) {
    text << static_cast<double>(x);
  } else {
    text << +x;
  }
  return text.str();
}

template <class T, class S>
Mat<T> converted(const Mat<S>& from) {
  Mat<T> to(from.rows(), from.cols());
  for (Eigen::Index c = 0; c < from.cols(); ++c) {
    for (Eigen::Index r = 0; r < from.rows(); ++r) {
      if (!convert(from(r, c), to(r, c))) {
        throw std::range_error("array of " + type_name<S>() + ": " + printed(from(r, c)) +
                               " at row " + std::to_string(r) + ", column " + std::to_string(c) +
                               " is not exactly an " + type_name<T>());
      }
    }
  }
  return to;
}

/// Whether rows x cols is `shape` cut in two at some axis.
bool is_flattening(const Extents& shape, Eigen::Index rows, Eigen::Index cols) {
  const auto part = [&](std::size_t begin, std::size_t end) {
    std::uint64_t n = 1;
    for (std::size_t axis = begin; axis < end; ++axis) {
      if (__builtin_mul_overflow(n, shape[axis], &n)) return ~std::uint64_t{0};
    }
    return n;
  };
  for (std::size_t cut = 0; cut <= shape.size(); ++cut) {
    if (part(0, cut) == static_cast<std::uint64_t>(rows) &&
        part(cut, shape.size()) == static_cast<std::uint64_t>(cols)) {
      return true;
    }
  }
  return false;
}

}  // namespace

Array::Array(Extents shape, Elements values)
    : shape_(std::move(shape)), values_(std::move(values)) {
  const Shape given = std::visit([](const auto& m) { return shape_of(m); }, values_);
  require(shape_.size() <= detail::max_axes && is_flattening(shape_, given.rows, given.cols),
          "array", {{"the matrix", given}},
          "it must be the shape " + detail::to_string(shape_) + " flattened into rows and columns");
}

std::string_view Array::type() const { return detail::type_of(values_); }

template <class T>
Mat<T> Array::as() const {
  return std::visit([](const auto& m) { return converted<T>(m); }, values_);
}

template Mat<float> Array::as<float>() const;
template Mat<double> Array::as<double>() const;
template Mat<std::int32_t> Array::as<std::int32_t>() const;
template Mat<std::int64_t> Array::as<std::int64_t>() const;

}  // namespace assay::data
