#pragma once
// What the losses over rows have in common: class labels, and the reduction of one number a row.

#include <concepts>
#include <stdexcept>
#include <string>
#include <vector>

#include "assay/loss.hpp"
#include "assay/ops/attributes.hpp"

namespace assay {

/// The class of each row.
using Labels = std::vector<Eigen::Index>;

template <Reduction reduction>
constexpr const char* reduced_name(const char* none, const char* mean, const char* sum) {
  return reduction == Reduction::none ? none : reduction == Reduction::mean ? mean : sum;
}

namespace detail {

/// Throws ShapeError unless there is one label a row, each in [0, x.cols).
inline void require_labels(const Labels& labels, std::string_view op, Shape x) {
  const auto n = static_cast<Eigen::Index>(labels.size());
  if (n != x.rows) {
    throw ShapeError(std::string(op) + ": x is " + to_string(x) + " and there are " +
                     std::to_string(n) + " labels; there must be one for each row of x");
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < x.cols) continue;
    throw ShapeError(std::string(op) + ": x is " + to_string(x) + " and labels[" +
                     std::to_string(i) + "] is " + std::to_string(labels[i]) +
                     "; a label must be at least 0 and less than x.cols");
  }
}

/// The shape of the loss of n items laid out as in `items`.
template <Reduction reduction>
Shape reduced_loss(std::string_view op, Shape x, Shape items) {
  if constexpr (reduction == Reduction::none) return items;
  require(reduction == Reduction::sum || items.size() > 0, op, {{"x", x}},
          "the mean over nothing is undefined");
  return {1, 1};
}

template <Reduction reduction, class T>
Mat<T> reduce_loss(Mat<T>&& items) {
  if constexpr (reduction == Reduction::none) return std::move(items);
  Mat<T> total = reduce_sum<Axis::all>(items);
  if constexpr (reduction == Reduction::mean) total /= count<T>(items.size());
  return total;
}

/// The upstream of item i of n.
template <Reduction reduction, class T>
class ItemUpstream {
 public:
  ItemUpstream(const Mat<T>& dy, Eigen::Index n)
      : dy_(dy.data()),
        all_(reduction == Reduction::none  ? T(0)
             : reduction == Reduction::sum ? T(dy(0, 0))
                                           : T(dy(0, 0) / count<T>(n))) {}
  const T& operator()(Eigen::Index i) const {
    if constexpr (reduction == Reduction::none) {
      return dy_[i];
    } else {
      return all_;
    }
  }

 private:
  const T* dy_;
  T all_;
};

/// f of the constant that a reduction is at compile time.
template <class F>
auto with_reduction(Reduction reduction, F f) {
  using Reduction::none, Reduction::mean, Reduction::sum;
  switch (reduction) {
    case none:
      return f(std::integral_constant<Reduction, none>{});
    case sum:
      return f(std::integral_constant<Reduction, sum>{});
    case mean:
      break;
  }
  return f(std::integral_constant<Reduction, mean>{});
}

/// Labels of any integral type. Throws std::invalid_argument where one does not fit.
template <std::integral I>
Labels to_labels(const std::vector<I>& labels) {
  Labels out;
  out.reserve(labels.size());
  for (const I& l : labels) {
    if (!std::in_range<Eigen::Index>(l)) {
      throw std::invalid_argument("labels[" + std::to_string(out.size()) + "] is " +
                                  std::to_string(l) + "; it must fit an Eigen::Index");
    }
    out.push_back(static_cast<Eigen::Index>(l));
  }
  return out;
}
inline Labels to_labels(Labels labels) { return labels; }

}  // namespace detail
}  // namespace assay
