#pragma once
// The handwritten digits of fixtures/data, for the example programs.

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "assay/data.hpp"
#include "assay/train/batches.hpp"

namespace assay::examples {

constexpr Eigen::Index digit_side = 8, digit_pixels = 64, digit_classes = 10;

/// Grey levels from 0 to 1, a digit a row, and what digit each is. Throws ShapeError,
/// std::domain_error or what data::read_csv throws.
template <class T>
Dataset<T, Labels> read_digits(const std::string& file) {
  const Mat<double> table = data::read_csv(file).values;
  require(table.cols() == digit_pixels + 1, file, {{"the table", shape_of(table)}},
          "there must be 64 pixels and the class in a line");
  Dataset<T, Labels> d{(table.leftCols(digit_pixels) / 16).template cast<T>(), {}};
  for (const double digit : table.col(digit_pixels)) {
    if (!(digit >= 0 && digit < double{digit_classes} && std::trunc(digit) == digit)) {
      throw std::domain_error(file + ": a class is " + std::to_string(digit) +
                              "; it must be one of 0, 1, ... 9");
    }
    d.y.push_back(static_cast<Eigen::Index>(digit));
  }
  return d;
}

/// The last fifth of a random order is kept for the test.
template <class T>
std::pair<Dataset<T, Labels>, Dataset<T, Labels>> split(const Dataset<T, Labels>& all,
                                                        Random& random) {
  std::vector<Eigen::Index> train = random.permutation(all.rows());
  const auto cut = train.end() - all.rows() / 5;
  const std::vector<Eigen::Index> test(cut, train.end());
  train.erase(cut, train.end());
  return {all.at(train), all.at(test)};
}

/// The first digit of each class, as rows.
inline std::vector<Eigen::Index> one_of_each(const Labels& labels) {
  std::vector<Eigen::Index> rows;
  for (Eigen::Index digit = 0; digit < digit_classes; ++digit) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] != digit) continue;
      rows.push_back(static_cast<Eigen::Index>(i));
      break;
    }
  }
  return rows;
}

}  // namespace assay::examples
