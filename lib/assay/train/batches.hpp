#pragma once
// Mini-batches: lists of row indices, and the rows that they name.

#include <algorithm>
#include <vector>

#include "assay/ops/attributes.hpp"
#include "assay/ops/gather_rows.hpp"
#include "assay/ops/labels.hpp"
#include "assay/random.hpp"

namespace assay {

enum class Sampling {
  without_replacement,  ///< every row once, in random order
  with_replacement,     ///< as many independent draws as there are rows
  in_order,             ///< every row once, the first one first
};

struct BatchOptions {
  Eigen::Index size = 32;
  Sampling sampling = Sampling::without_replacement;
  bool drop_last = false;  ///< whether a last batch of fewer rows is left out
};

/// The batches of one epoch. Throws std::invalid_argument if there would be none.
inline std::vector<std::vector<Eigen::Index>> batches(Eigen::Index rows,
                                                      const BatchOptions& options, Random& random) {
  require_value(rows > 0, "batches", "rows", rows, "there must be one at least");
  require_value(options.size > 0, "batches", "size", options.size, "it must be positive");
  require_value(!options.drop_last || options.size <= rows, "batches", "size", options.size,
                "with drop_last it must not exceed the number of rows, " + std::to_string(rows));
  std::vector<Eigen::Index> order;
  if (options.sampling == Sampling::without_replacement) {
    order = random.permutation(rows);
  } else {
    for (Eigen::Index i = 0; i < rows; ++i) {
      order.push_back(
          options.sampling == Sampling::in_order
              ? i
              : static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(rows))));
    }
  }
  std::vector<std::vector<Eigen::Index>> all;
  for (Eigen::Index from = 0; from < rows; from += options.size) {
    const Eigen::Index to = std::min(rows, from + options.size);
    if (to - from < options.size && options.drop_last) break;
    all.emplace_back(order.begin() + from, order.begin() + to);
  }
  return all;
}

namespace detail {

inline Eigen::Index rows(const Labels& y) { return static_cast<Eigen::Index>(y.size()); }
template <class D>
Eigen::Index rows(const Eigen::MatrixBase<D>& y) {
  return y.rows();
}

}  // namespace detail

/// What is learned from: a row of x and an item of y a sample. Y is Labels or a matrix.
template <class T, class Y = Mat<T>>
struct Dataset {
  Mat<T> x;
  Y y;

  [[nodiscard]] Eigen::Index rows() const { return x.rows(); }
  /// The samples that the indices name. Throws ShapeError.
  [[nodiscard]] Dataset at(const std::vector<Eigen::Index>& indices) const {
    check("Dataset::at");
    Dataset part{gather_rows(x, indices), {}};
    if constexpr (std::is_same_v<Y, Labels>) {
      part.y.reserve(indices.size());
      for (const Eigen::Index i : indices) part.y.push_back(y[static_cast<std::size_t>(i)]);
    } else {
      part.y = gather_rows(y, indices);
    }
    return part;
  }
  /// Throws ShapeError unless x and y are equally long.
  void check(std::string_view owner) const {
    require(x.rows() == detail::rows(y), owner,
            {{"x", shape_of(x)}, {"y", {detail::rows(y), columns()}}}, "both need as many rows");
  }

 private:
  [[nodiscard]] Eigen::Index columns() const {
    if constexpr (std::is_same_v<Y, Labels>) {
      return 1;
    } else {
      return y.cols();
    }
  }
};

}  // namespace assay
