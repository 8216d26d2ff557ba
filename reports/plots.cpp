#include "plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "text.hpp"

namespace assay::report {
namespace {

/// The bytes of an unsigned number, the least significant first.
template <class Bits>
void append(std::string& bytes, Bits bits) {
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> (8 * i)));
  }
}

bool smaller(const Point& a, const Point& b) { return a.ulp < b.ulp; }

/// The worse of every two neighbours: a plot has room for so many marks.
std::vector<Point> thinned(std::vector<Point> points) {
  constexpr std::size_t most = 256;
  while (points.size() > most) {
    const std::size_t n = points.size();
    for (std::size_t i = 0; i < n; i += 2) {
      const bool second = i + 1 < n && smaller(points[i], points[i + 1]);
      points[i / 2] = points[second ? i + 1 : i];
    }
    points.resize((n + 1) / 2);
  }
  return points;
}

}  // namespace

const Point& Measured::worst() const {
  return *std::max_element(points.begin(), points.end(), smaller);
}

std::vector<Measured> measured(const Operation& operation) {
  std::vector<Measured> all;
  for (const char* scalar : {"float", "double"}) {
    std::map<std::uint64_t, Point> worst;
    std::map<std::uint64_t, std::uint64_t> counts;
    Measured m;
    m.scalar = scalar;
    for (const Check* check : operation.checks) {
      if (check->scalar != scalar) continue;
      for (const Point& p : check->plot) {
        const auto [at, inserted] = worst.emplace(p.stratum, p);
        if (!inserted && smaller(at->second, p)) at->second = p;
      }
      for (const Quarter& q : check->histogram) counts[q.quarter] += q.count;
      const bool in_ulp = check->claimed && check->claimed->units == "ulp";
      if (in_ulp && !m.claim) m.claim = check->claimed->derivative;
    }
    for (const auto& [stratum, point] : worst) m.points.push_back(point);
    std::stable_sort(m.points.begin(), m.points.end(),
                     [](const Point& a, const Point& b) { return a.x < b.x; });
    m.strata = m.points.size();
    m.points = thinned(std::move(m.points));
    for (const auto& [quarter, count] : counts) m.histogram.push_back({quarter, count});
    if (!m.points.empty() || !m.histogram.empty()) all.push_back(std::move(m));
  }
  return all;
}

std::string encoded(const std::vector<Point>& points, std::string_view scalar) {
  std::string bytes;
  for (const Point& p : points) {
    if (scalar == "float") {
      append(bytes, std::bit_cast<std::uint32_t>(static_cast<float>(p.x)));
    } else {
      append(bytes, static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(p.x) >> 32U));
    }
  }
  for (const Point& p : points) {
    const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(p.ulp));
    append(bytes, static_cast<std::uint16_t>((bits + 0x4000U) >> 15U));  // to the nearest
  }
  return base64(bytes);
}

std::string described(const Point& p) {
  return fmt::format("{} ulp at x = {:.6g} ({})", ulp_text(p.ulp), p.x, p.hex);
}

std::string encoded(const std::vector<Quarter>& histogram) {
  std::string out;
  for (const Quarter& q : histogram) {
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ", q.quarter, q.count);
  }
  return out;
}

std::string encoded(const std::vector<Step>& curve) {
  const auto sixteenths = [](double logarithm) {
    const double most = std::numeric_limits<std::int16_t>::max();
    const double clamped = std::clamp(16 * logarithm, -most, most);  // infinities too
    return static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(clamped)));
  };
  std::string bytes;
  for (const Step& s : curve) {
    for (const double logarithm : {s.step, s.error, s.bound}) append(bytes, sixteenths(logarithm));
  }
  return base64(bytes);
}

std::string base64(std::string_view bytes) {
  static constexpr const char* digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8U | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool padding = i + k > bytes.size();
      out += padding ? '=' : digits[three >> (18U - 6U * static_cast<unsigned>(k)) & 63U];
    }
  }
  return out;
}

}  // namespace assay::report
