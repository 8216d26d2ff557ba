#include "svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "text.hpp"

namespace assay::report {
namespace {

constexpr double width = 480, height = 176;
constexpr double left = 38, right = 470, top = 12, bottom = 148;
constexpr std::size_t most_points = 640;
constexpr std::size_t labelled_points = 16;

/// sign(x) · (log2|x| − log2(smallest)), so that every power of two has the same room and 0 its
/// place between the two smallest numbers.
class XAxis {
 public:
  XAxis(const std::vector<Point>& points, std::string_view scalar)
      : is_float_(scalar == "float"), log_smallest_(is_float_ ? -149 : -1074) {
    low_ = high_ = place(points.front().x);
    for (const Point& point : points) {
      low_ = std::min(low_, place(point.x));
      high_ = std::max(high_, place(point.x));
    }
    const double margin = std::max(0.012 * (high_ - low_), 0.5);
    low_ -= margin;
    high_ += margin;
  }

  double operator()(double x) const {
    return left + (right - left) * (place(x) - low_) / (high_ - low_);
  }

  struct Tick {
    double at;
    std::string label;
  };
  /// The most telling numbers that have room, 0 and ±1 before the others.
  std::vector<Tick> ticks() const {
    std::vector<Tick> kept;
    const auto offer = [&](double x, const std::string& label) {
      const double at = (*this)(x);
      const bool inside = at >= left - 0.5 && at <= right + 0.5;
      const bool free = std::none_of(kept.begin(), kept.end(),
                                     [&](const Tick& tick) { return std::abs(tick.at - at) < 42; });
      if (inside && free) kept.push_back({at, label});
    };
    offer(0, "0");
    offer(1, "1");
    offer(-1, "−1");
    const int largest = is_float_ ? 38 : 300;
    const int middle = is_float_ ? 20 : 150;
    for (const int exponent : {largest, middle, -middle, -largest, 4, -4, 2, -2, 1, -1}) {
      offer(std::pow(10.0, exponent), power_of_ten(exponent));
      offer(-std::pow(10.0, exponent), "−" + power_of_ten(exponent));
    }
    return kept;
  }

 private:
  double place(double x) const {
    if (x == 0 || std::isnan(x)) return 0;
    const double magnitude = std::isinf(x) ? (is_float_ ? 128 : 1024) : std::log2(std::abs(x));
    return std::copysign(std::max(magnitude - log_smallest_ + 1, 0.0), x);
  }

  bool is_float_;
  double log_smallest_;
  double low_ = 0, high_ = 0;
};

/// Linear from 0, or logarithmic in 1 + ulp where the worst would flatten everything else.
class YAxis {
 public:
  YAxis(double worst, std::optional<double> claim) {
    const double floor = std::max(claim.value_or(0), 1.0);
    const double most = std::max(worst, floor);
    logarithmic_ = most > 25 * floor;
    high_ = logarithmic_ ? std::log10(1 + std::min(most, 1e30)) * 1.06 : most * 1.12;
  }

  double operator()(double ulp) const {
    const double y = logarithmic_ ? std::log10(1 + std::min(ulp, 1e30)) : ulp;
    return bottom - (bottom - top) * std::min(y / high_, 1.0);
  }

  std::vector<double> ticks() const {
    std::vector<double> all{0};
    if (logarithmic_) {
      const int step = std::max(1, static_cast<int>(std::ceil(high_ / 4)));
      for (int e = step; e < high_; e += step) all.push_back(std::pow(10.0, e));
      return all;
    }
    double step = std::pow(10.0, std::floor(std::log10(high_)));
    while (high_ / step < 3) step /= 2;
    while (high_ / step > 5) step *= 2;
    for (int i = 1; i * step < high_; ++i) all.push_back(i * step);
    return all;
  }

  std::string label(double ulp) const {
    return logarithmic_ && ulp >= 1000
               ? power_of_ten(static_cast<int>(std::lround(std::log10(ulp))))
               : fmt::format("{:g}", ulp);
  }
  bool logarithmic() const { return logarithmic_; }

 private:
  bool logarithmic_ = false;
  double high_ = 1;
};

/// The worst point of each column of the drawing, where there are more points than columns.
std::vector<const Point*> thinned(const std::vector<Point>& points, const XAxis& x) {
  std::vector<const Point*> kept;
  if (points.size() <= most_points) {
    for (const Point& point : points) kept.push_back(&point);
    return kept;
  }
  std::map<long, const Point*> columns;
  for (const Point& point : points) {
    const Point*& column = columns[std::lround(x(point.x) * most_points / width)];
    if (!column || point.ulp > column->ulp) column = &point;
  }
  for (const auto& [at, point] : columns) kept.push_back(point);
  return kept;
}

std::string axes(const XAxis& x, const YAxis& y) {
  std::string out;
  for (const double ulp : y.ticks()) {
    out += fmt::format(
        "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>",
        left, y(ulp), right, left - 6, y(ulp) + 3.5, y.label(ulp));
  }
  for (const auto& [at, label] : x.ticks()) {
    const double text = std::clamp(at, left + 2, right - 8);
    out += fmt::format(
        "<path class=\"{}\" d=\"M{:.1f} {}V{}\"/><text x=\"{:.1f}\" y=\"{}\" "
        "text-anchor=\"middle\">{}</text>",
        label == "0" ? "zero" : "tick", at, label == "0" ? top : bottom, bottom + 4, text,
        bottom + 17, label);
  }
  out += fmt::format("<text class=\"unit\" x=\"4\" y=\"{}\">ulp{}</text>", top - 2,
                     y.logarithmic() ? " (log)" : "");
  out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"{}\" text-anchor=\"end\">x</text>",
                     right + 9, bottom + 3.5);
  return out;
}

std::string marks(const std::vector<const Point*>& points, const XAxis& x, const YAxis& y,
                  std::optional<double> claim) {
  std::string within, beyond;
  for (const Point* point : points) {
    std::string& path = claim && point->ulp > *claim ? beyond : within;
    path += fmt::format("M{:.1f} {:.1f}h0", x(point->x), y(point->ulp));
  }
  std::string out;
  if (!within.empty()) out += fmt::format("<path class=\"marks\" d=\"{}\"/>", within);
  if (!beyond.empty()) out += fmt::format("<path class=\"marks beyond\" d=\"{}\"/>", beyond);
  return out;
}

std::string describe(const Point& point) {
  return fmt::format("{} ulp at x = {:.6g} ({})", ulp_text(point.ulp), point.x, escape(point.hex));
}

std::string hovers(std::vector<const Point*> points, const XAxis& x, const YAxis& y) {
  const std::size_t shown = std::min(points.size(), labelled_points);
  std::partial_sort(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(shown),
                    points.end(), [](const Point* a, const Point* b) { return a->ulp > b->ulp; });
  std::string out;
  for (std::size_t i = 1; i < shown; ++i) {
    out += fmt::format(
        "<circle class=\"hover\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}"
        "</title></circle>",
        x(points[i]->x), y(points[i]->ulp), describe(*points[i]));
  }
  return out;
}

std::string worst_mark(const Point& worst, const XAxis& x, const YAxis& y,
                       std::optional<double> claim) {
  const double cx = x(worst.x), cy = y(worst.ulp);
  const bool at_right = cx > (left + right) / 2;
  const bool wrong = claim && worst.ulp > *claim;
  return fmt::format(
      "<g class=\"worst{}\"><circle cx=\"{:.1f}\" cy=\"{:.1f}\" "
      "r=\"3.5\"><title>{}</title></circle>"
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{} at {:.4g}</text></g>",
      wrong ? " beyond" : "", cx, cy, describe(worst), cx + (at_right ? -8 : 8),
      std::max(cy + 3.5, top + 6), at_right ? "end" : "start", ulp_text(worst.ulp), worst.x);
}

}  // namespace

std::string error_plot(const Plot& plot) {
  const std::vector<Point>& points = *plot.points;
  if (points.empty()) return {};
  const Point& worst = *std::max_element(
      points.begin(), points.end(), [](const Point& a, const Point& b) { return a.ulp < b.ulp; });
  const XAxis x(points, plot.scalar);
  const YAxis y(worst.ulp, plot.claim);
  const std::vector<const Point*> drawn = thinned(points, x);
  std::string out =
      fmt::format("<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title>", width,
                  height, escape(plot.title));
  out += axes(x, y);
  if (plot.claim) {
    out += fmt::format(
        "<path class=\"claim\" d=\"M{} {:.1f}H{}\"/><text class=\"claim-label\" x=\"{}\" "
        "y=\"{:.1f}\" text-anchor=\"end\">claimed {}</text>",
        left, y(*plot.claim), right, right, y(*plot.claim) - 4, claim_text(*plot.claim));
  }
  out += marks(drawn, x, y, plot.claim) + hovers(drawn, x, y) + worst_mark(worst, x, y, plot.claim);
  return out + "</svg>\n";
}

}  // namespace assay::report
