#pragma once
// Matrices, their shapes, and the errors about them.
#ifdef __FAST_MATH__
#error "assay is not correct under -ffast-math: NaN, infinities and signed zeros carry meaning here"
#endif

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "assay/eigen_traits.hpp"
#include "assay/scalar.hpp"

namespace assay {

/// A dense matrix; a batch is rows x features.
template <class T>
using Mat = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// What a backward returns: one gradient for each input, each of its input's shape.
template <class T, std::size_t N>
using Grads = std::array<Mat<T>, N>;

struct Shape {
  Eigen::Index rows = 0;
  Eigen::Index cols = 0;
  friend bool operator==(const Shape&, const Shape&) = default;
  [[nodiscard]] Eigen::Index size() const { return rows * cols; }
};

/// Shapes that an operation does not take; the message names the arguments and the rule.
class ShapeError : public std::invalid_argument {
 public:
  explicit ShapeError(const std::string& what) : std::invalid_argument(what) {}
};

inline std::string to_string(Shape s) {
  return std::to_string(s.rows) + "x" + std::to_string(s.cols);
}

template <class D>
Shape shape_of(const Eigen::EigenBase<D>& m) {
  return {m.rows(), m.cols()};
}

/// Throws ShapeError "op: a is 3x4 and b is 5x2; rule" unless ok.
inline void require(bool ok, std::string_view op,
                    std::initializer_list<std::pair<std::string_view, Shape>> arguments,
                    std::string_view rule) {
  if (ok) return;
  std::string text(op);
  std::string_view separator = ": ";
  for (const auto& [name, shape] : arguments) {
    text += separator;
    text += name;
    text += " is " + to_string(shape);
    separator = " and ";
  }
  text += "; ";
  text += rule;
  throw ShapeError(text);
}

/// n as a T, exactly (Rational and Dual have no constructor from Eigen::Index).
template <class T>
T count(Eigen::Index n) {
  if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(n);
  } else {
    constexpr Eigen::Index chunk = 1 << 30;
    return n < chunk ? T(static_cast<int>(n))
                     : count<T>(n / chunk) * T(static_cast<int>(chunk)) + count<T>(n % chunk);
  }
}

}  // namespace assay
