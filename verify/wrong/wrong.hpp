#pragma once
// What the files of faults share. Each fault is a struct with `tamper`, named in its file's list
// with its class.

#include <cmath>
#include <limits>
#include <string>

#include "faults.hpp"

namespace assay::verify::wrong {

/// A fault from its struct.
template <class F>
Fault fault(std::string_view name, std::uint64_t number, std::string_view about,
            bool (*concerns)(const Operation&) = nullptr, Fault::In in = Fault::In::gradient) {
  Fault f;
  f.name = name;
  f.number = number;
  f.about = about;
  f.in_float = &F::template tamper<float>;
  f.in_double = &F::template tamper<double>;
  f.in = in;
  f.concerns = concerns;
  return f;
}

/// Of the gradient as a whole: signs, factors, sums, layouts.
std::vector<Fault> of_the_whole();
/// At single points and beyond thresholds.
std::vector<Fault> at_points();
/// Of what is remembered or modified.
std::vector<Fault> of_state();
std::vector<Fault> of_second_derivatives();
/// Formulas that somebody wrote for one operation.
std::vector<Fault> of_single_operations();

/// f(x, g) for every element of every gradient and its input.
template <class T, class F>
void each_element(const Backward<T>& b, std::span<Mat<T>> dx, F f) {
  for (std::size_t k = 0; k < dx.size(); ++k) {
    const auto x = b.x[k].map();
    for (Eigen::Index i = 0; i < dx[k].size(); ++i) f(x.data()[i], dx[k].data()[i]);
  }
}

/// Which elements a reduction takes together: those of one row, of one column, or all.
struct Lines {
  bool rowwise, colwise;

  explicit Lines(const Operation& op)
      : rowwise(op.name.ends_with("_rowwise")), colwise(op.name.ends_with("_colwise")) {}
  [[nodiscard]] Eigen::Index count(Shape s) const {
    return rowwise ? s.rows : colwise ? s.cols : 1;
  }
  /// The line of the element at place i in storage.
  [[nodiscard]] Eigen::Index of(Shape s, Eigen::Index i) const {
    return rowwise ? i % s.rows : colwise ? i / s.rows : 0;
  }
};

inline bool begins_with(const Operation& op, std::string_view name) {
  return op.name == name || op.name.starts_with(std::string(name) + "_");
}

template <class T>
inline constexpr T nan = std::numeric_limits<T>::quiet_NaN();

}  // namespace assay::verify::wrong
