#pragma once
// Plots as parts of a result file (README.md): what is drawn, never how.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "assay/matrix.hpp"
#include "assay/ops/labels.hpp"
#include "experiment.hpp"

namespace assay::examples {

struct PlotAxis {
  std::string label;
  bool logarithmic = false;

  [[nodiscard]] Json json() const { return {{"label", label}, {"logarithmic", logarithmic}}; }
};

/// One number for each x; `error` is the half length of a bar, if there are bars.
struct Series {
  std::string name;
  std::vector<double> values;
  std::vector<double> error{};
  bool dashed = false;
};

inline Json curve(const std::string& title, const std::string& about, const PlotAxis& x,
                  const std::vector<double>& at, const PlotAxis& y,
                  const std::vector<Series>& series) {
  Json horizontal = x.json(), all = Json::array();
  horizontal["values"] = numbers(at);
  for (const Series& s : series) {
    Json one{{"name", s.name}, {"values", numbers(s.values)}, {"dashed", s.dashed}};
    if (!s.error.empty()) {
      std::vector<double> low, high;
      for (std::size_t i = 0; i < s.error.size(); ++i) {
        low.push_back(s.values[i] - s.error[i]);
        high.push_back(s.values[i] + s.error[i]);
      }
      one["low"] = numbers(low);
      one["high"] = numbers(high);
    }
    all.push_back(one);
  }
  return {{"kind", "curve"}, {"title", title}, {"about", about},
          {"x", horizontal}, {"y", y.json()},  {"series", all}};
}

/// The first two columns of `points`, a series for each class.
template <class D>
Json scatter(const std::string& title, const std::string& about, const std::string& x,
             const std::string& y, const Eigen::MatrixBase<D>& points, const Labels& labels) {
  Json series = Json::array();
  const Eigen::Index classes = 1 + *std::max_element(labels.begin(), labels.end());
  const auto rounded = [](double v) { return std::round(v * 1e4) / 1e4; };
  for (Eigen::Index c = 0; c < classes; ++c) {
    std::vector<double> across, up;
    for (Eigen::Index i = 0; i < points.rows(); ++i) {
      if (labels[static_cast<std::size_t>(i)] != c) continue;
      across.push_back(rounded(static_cast<double>(points(i, 0))));
      up.push_back(rounded(static_cast<double>(points(i, 1))));
    }
    series.push_back({{"name", std::to_string(c)}, {"x", numbers(across)}, {"y", numbers(up)}});
  }
  return {{"kind", "scatter"},   {"title", title},      {"about", about},
          {"x", {{"label", x}}}, {"y", {{"label", y}}}, {"series", series}};
}

/// What the levels 0 and 255 stand for is clipped.
struct Levels {
  double lo = 0, hi = 1;
};

/// Each row of `pixels` is an image, line by line; `columns` of them side by side. The palette is
/// grey, from black to white, or diverging, whose middle is 0.
template <class D>
Json images(const std::string& title, const std::string& about, Eigen::Index width,
            Eigen::Index columns, const Eigen::MatrixBase<D>& pixels, const Levels& levels,
            const std::string& palette = "grey", const std::vector<std::string>& rows = {}) {
  constexpr const char* digits = "0123456789abcdef";
  Json all = Json::array();
  for (Eigen::Index i = 0; i < pixels.rows(); ++i) {
    std::string hex;
    for (Eigen::Index j = 0; j < pixels.cols(); ++j) {
      const double share =
          (static_cast<double>(pixels(i, j)) - levels.lo) / (levels.hi - levels.lo);
      const auto level = static_cast<std::size_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
      hex += {digits[level / 16], digits[level % 16]};
    }
    all.push_back(hex);
  }
  Json plot{{"kind", "images"},
            {"title", title},
            {"about", about},
            {"width", width},
            {"height", pixels.cols() / width},
            {"columns", columns},
            {"palette", palette},
            {"images", all}};
  if (!rows.empty()) plot["rows"] = rows;
  return plot;
}

/// z with P(Z <= z) = share of a standard normal Z, by bisection.
inline double normal_quantile(double share) {
  double lo = -9, hi = 9;
  for (int i = 0; i < 60; ++i) {
    const double middle = (lo + hi) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? lo : hi) = middle;
  }
  return lo;
}

/// side^2 x 2: points of the plane, line by line from the top left, each of which stands for the
/// same share of the standard normal distribution.
template <class T>
Mat<T> normal_plane(Eigen::Index side) {
  const auto at = [side](Eigen::Index i) {
    return T(normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(side)));
  };
  Mat<T> z(side * side, 2);
  for (Eigen::Index k = 0; k < z.rows(); ++k) z.row(k) << at(k % side), -at(k / side);
  return z;
}

/// One matrix below the other.
template <class T>
Mat<T> stacked(const std::vector<Mat<T>>& parts) {
  Eigen::Index rows = 0;
  for (const Mat<T>& p : parts) rows += p.rows();
  Mat<T> all(rows, parts.front().cols());
  rows = 0;
  for (const Mat<T>& p : parts) {
    all.middleRows(rows, p.rows()) = p;
    rows += p.rows();
  }
  return all;
}

}  // namespace assay::examples
