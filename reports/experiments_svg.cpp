// Curves and scatter plots of experiments.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

constexpr double width = 480, height = 250;
constexpr double left = 52, right = 470, top = 12, bottom = 212;
constexpr std::size_t colours = 10;

/// Numbers onto a stretch of the drawing, on a linear or a logarithmic scale. What cannot be shown
/// (not finite; not positive on a logarithmic scale) has no place.
class Scale {
 public:
  Scale(const PlotAxis& axis, double from, double to)
      : logarithmic_(axis.logarithmic), from_(from), to_(to) {}

  [[nodiscard]] bool shows(double x) const { return std::isfinite(x) && (!logarithmic_ || x > 0); }
  void cover(double x) {
    if (!shows(x)) return;
    low_ = empty_ ? place(x) : std::min(low_, place(x));
    high_ = empty_ ? place(x) : std::max(high_, place(x));
    empty_ = false;
  }
  /// After the last cover(): a margin, and room where all numbers are one.
  void close(double margin) {
    if (empty_) low_ = 0, high_ = 1;
    double room = margin * (high_ - low_);
    if (!(high_ > low_)) room = std::max(std::abs(high_) / 10, 1e-300);
    low_ -= room;
    high_ += room;
  }
  [[nodiscard]] double operator()(double x) const {
    return from_ + (to_ - from_) * (place(x) - low_) / (high_ - low_);
  }

  struct Tick {
    double at;
    std::string label;
  };
  [[nodiscard]] std::vector<Tick> ticks() const {
    std::vector<Tick> all;
    const double range = high_ - low_;
    if (logarithmic_ && range > 1.5) {
      const int step = std::max(1, static_cast<int>(std::ceil(range / 6)));
      for (int e = static_cast<int>(std::ceil(low_)); e <= high_; ++e) {
        if (e % step != 0) continue;
        all.push_back(
            {put(e), e >= 0 && e <= 3 ? fmt::format("{:g}", std::pow(10.0, e)) : power_of_ten(e)});
      }
      return all;
    }
    const double lo = logarithmic_ ? std::pow(10, low_) : low_;
    const double hi = logarithmic_ ? std::pow(10, high_) : high_;
    double step = std::pow(10.0, std::floor(std::log10(hi - lo)));
    while ((hi - lo) / step < 4) step /= 2;
    while ((hi - lo) / step > 7) step *= 2;
    for (double i = std::ceil(lo / step); i * step <= hi; ++i) {
      const double x = i * step;
      all.push_back({put(logarithmic_ ? std::log10(x) : x), fmt::format("{:.6g}", x + 0.0)});
    }
    return all;
  }

 private:
  [[nodiscard]] double place(double x) const { return logarithmic_ ? std::log10(x) : x; }
  [[nodiscard]] double put(double p) const {
    return from_ + (to_ - from_) * (p - low_) / (high_ - low_);
  }

  bool logarithmic_, empty_ = true;
  double from_, to_;
  double low_ = 0, high_ = 0;
};

std::string axis_label(const PlotAxis& axis) {
  return escape(axis.label) + (axis.logarithmic ? " (log)" : "");
}

std::string open(const std::string& title, const std::string& about) {
  return fmt::format(
      "<svg class=\"plot\" viewBox=\"0 0 {} {}\" role=\"img\"><title>{}</title><desc>{}</desc>",
      width, height, escape(title), escape(about));
}

std::string axes(const Scale& x, const Scale& y, const PlotAxis& across, const PlotAxis& up) {
  std::string out;
  for (const auto& [at, label] : y.ticks()) {
    out += fmt::format(
        "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{}</text>",
        left, at, right, left - 6, at + 3.5, label);
  }
  for (const auto& [at, label] : x.ticks()) {
    out += fmt::format(
        "<path class=\"tick\" d=\"M{:.1f} {}V{}\"/><text x=\"{:.1f}\" y=\"{}\" "
        "text-anchor=\"middle\">{}</text>",
        at, bottom, bottom + 4, at, bottom + 17, label);
  }
  out += fmt::format("<text class=\"unit\" x=\"4\" y=\"{}\">{}</text>", top - 2, axis_label(up));
  out += fmt::format("<text class=\"unit\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", right,
                     bottom + 34, axis_label(across));
  return out;
}

/// Of more points than a drawing has room for: of each run of some the lowest and the highest.
std::vector<std::size_t> drawn_of(const std::vector<double>& values) {
  constexpr std::size_t most = 400;
  const std::size_t run = (2 * values.size() + most - 1) / most;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < values.size(); i += run) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last =
        values.begin() + static_cast<std::ptrdiff_t>(std::min(i + run, values.size()));
    if (run <= 2 || std::any_of(first, last, [](double v) { return !std::isfinite(v); })) {
      for (auto v = first; v != last; ++v)
        kept.push_back(static_cast<std::size_t>(v - values.begin()));
      continue;
    }
    const auto [lowest, highest] = std::minmax_element(first, last);
    kept.push_back(static_cast<std::size_t>(std::min(lowest, highest) - values.begin()));
    if (lowest != highest) {
      kept.push_back(static_cast<std::size_t>(std::max(lowest, highest) - values.begin()));
    }
  }
  return kept;
}

/// Points in one piece as long as they can be shown.
std::string line(const std::vector<double>& at, const std::vector<double>& values, const Scale& x,
                 const Scale& y) {
  std::string path;
  bool open = false;
  for (const std::size_t i : drawn_of(values)) {
    const bool shown = i < at.size() && x.shows(at[i]) && y.shows(values[i]);
    if (shown) path += fmt::format("{}{:.1f} {:.1f}", open ? 'L' : 'M', x(at[i]), y(values[i]));
    open = shown;
  }
  return path;
}

std::string bars(const Curve& c, const CurveSeries& s, const Scale& x, const Scale& y) {
  std::string path;
  for (std::size_t i = 0; i < s.low.size(); ++i) {
    if (!x.shows(c.at[i]) || !y.shows(s.low[i]) || !y.shows(s.high[i])) continue;
    path += fmt::format("M{:.1f} {:.1f}V{:.1f}", x(c.at[i]), y(s.low[i]), y(s.high[i]));
  }
  return path;
}

double median(std::vector<double> all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

}  // namespace

std::string curve_svg(const Curve& c, const std::string& title, const std::string& about) {
  Scale x(c.x, left, right), y(c.y, bottom, top);
  for (const double at : c.at) x.cover(at);
  for (const CurveSeries& s : c.series) {
    for (const auto* values : {&s.values, &s.low, &s.high}) {
      for (const double v : *values) y.cover(v);
    }
  }
  x.close(0.02);
  y.close(0.05);
  std::string words = about.empty() ? "" : about + ".";
  std::string drawn;
  for (std::size_t i = 0; i < c.series.size(); ++i) {
    const CurveSeries& s = c.series[i];
    if (!s.values.empty()) {
      words +=
          fmt::format(" {}: from {:.4g} to {:.4g}.", s.name, s.values.front(), s.values.back());
    }
    const std::string at_all = bars(c, s, x, y);
    if (!at_all.empty()) {
      drawn += fmt::format("<path class=\"bars s{}\" d=\"{}\"/>", i % colours, at_all);
    }
    drawn += fmt::format("<path class=\"curve{} s{}\" d=\"{}\"><title>{}</title></path>",
                         s.dashed ? " dashed" : "", i % colours, line(c.at, s.values, x, y),
                         escape(s.name));
  }
  return open(title, words) + axes(x, y, c.x, c.y) + drawn + "</svg>\n";
}

std::string scatter_svg(const Scatter& s, const std::string& title, const std::string& about) {
  Scale x(s.x, left, right), y(s.y, bottom, top);
  for (const ScatterSeries& one : s.series) {
    for (const double v : one.x) x.cover(v);
    for (const double v : one.y) y.cover(v);
  }
  x.close(0.03);
  y.close(0.03);
  std::string dots, names;
  for (std::size_t i = 0; i < s.series.size(); ++i) {
    const ScatterSeries& one = s.series[i];
    std::vector<double> across, up;
    std::string path;
    for (std::size_t k = 0; k < one.x.size(); ++k) {
      if (!x.shows(one.x[k]) || !y.shows(one.y[k])) continue;
      across.push_back(x(one.x[k]));
      up.push_back(y(one.y[k]));
      path += fmt::format("M{:.1f} {:.1f}h0", across.back(), up.back());
    }
    if (path.empty()) continue;
    dots += fmt::format("<path class=\"dots s{}\" d=\"{}\"/>", i % colours, path);
    names += fmt::format(
        "<text class=\"class s{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
        i % colours, median(across), median(up) + 4, escape(one.name));
  }
  return open(title, about) + axes(x, y, s.x, s.y) + dots + names + "</svg>\n";
}

}  // namespace assay::report
