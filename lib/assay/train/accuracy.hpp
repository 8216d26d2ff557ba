#pragma once

#include <cmath>

#include "assay/ops/attributes.hpp"
#include "assay/ops/labels.hpp"

namespace assay {

/// The class that each row of logits predicts: with one column 1 where the logit is >= 0, else 0;
/// with several the column of the largest, the first of equals. -1 where a logit is NaN.
template <class D>
Labels predicted_classes(const Eigen::MatrixBase<D>& logits) {
  require(logits.cols() > 0, "predicted_classes", {{"logits", shape_of(logits)}},
          "there must be one column at least");
  Labels classes;
  for (Eigen::Index i = 0; i < logits.rows(); ++i) {
    const auto z = [&](Eigen::Index j) -> decltype(auto) { return logits.derived().coeff(i, j); };
    Eigen::Index best = 0;
    bool is_number = true;
    for (Eigen::Index j = 0; j < logits.cols(); ++j) {
      is_number = is_number && z(j) == z(j);
      if (z(j) > z(best)) best = j;
    }
    using T = typename D::Scalar;
    if (logits.cols() == 1) best = z(0) >= T(0) ? 1 : 0;
    classes.push_back(is_number ? best : -1);
  }
  return classes;
}

/// The share of rows whose class is predicted. Throws ShapeError if there are no rows, not as many
/// labels, or labels that no row can predict.
template <class D>
double accuracy(const Eigen::MatrixBase<D>& logits, const Labels& labels) {
  require(logits.rows() > 0, "accuracy", {{"logits", shape_of(logits)}},
          "the share of no rows is undefined");
  const Eigen::Index classes = logits.cols() == 1 ? 2 : logits.cols();
  detail::require_labels(labels, "accuracy", {logits.rows(), classes});
  const Labels predicted = predicted_classes(logits);
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// The same with labels in a matrix: a column of whole numbers, or, for several logits, as many
/// columns of probabilities, of which the largest is meant.
template <class D, class L>
double accuracy(const Eigen::MatrixBase<D>& logits, const Eigen::MatrixBase<L>& labels) {
  if (labels.cols() == logits.cols() && labels.cols() > 1) {
    return accuracy(logits, predicted_classes(labels));
  }
  require(labels.cols() == 1, "accuracy",
          {{"logits", shape_of(logits)}, {"labels", shape_of(labels)}},
          "labels must be one column, or as many as the logits");
  Labels classes;
  for (Eigen::Index i = 0; i < labels.rows(); ++i) {
    const auto value = static_cast<double>(value_of(labels.derived().coeff(i, 0)));
    if (std::trunc(value) != value || !(std::abs(value) < 0x1p53)) {
      require_value(false, "accuracy", "labels(" + std::to_string(i) + ", 0)", value,
                    "a class must be a whole number");
    }
    classes.push_back(static_cast<Eigen::Index>(value));
  }
  return accuracy(logits, classes);
}

}  // namespace assay
