#include <algorithm>
#include <cmath>

#include "second_order.hpp"

namespace assay::verify {
namespace {

bool ordinary(double x) { return x == 0 || (std::abs(x) <= 40 && std::abs(x) >= 1e-6); }

/// Inexact, away from kinks, and no tie.
bool fits(const Operation& op, std::size_t k, double x, const std::vector<double>& seen) {
  if (!ordinary(x) || at_kink(op, double_format, k, x).exceptional) return false;
  return op.ties == Ties::none || std::find(seen.begin(), seen.end(), x) == seen.end();
}

bool may_be_zero(const Operation& op, std::size_t k) {
  const bool pole = std::any_of(op.kinks.begin(), op.kinks.end(), [k](const Kink& p) {
    return p.input == k && p.at == 0 && p.kind == Kink::Kind::pole;
  });
  return !op.inputs[k].exact && op.inputs[k].contains(0) && !pole;
}

}  // namespace

double short_number(std::uint64_t seed, std::uint64_t n) {
  const std::uint64_t bits = case_seed(seed, "direction", n);
  const double size = static_cast<double>(bits % 64 + 1) / 16;
  return (bits >> 32) % 2 == 0 ? size : -size;
}

std::vector<Mat<double>> draw_direction(const Operation& op, const Case& c, std::uint64_t seed) {
  std::vector<Mat<double>> v;
  std::uint64_t n = 0;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Mat<double>& x = c.inputs[k];
    v.push_back(Mat<double>::NullaryExpr(
        x.rows(), x.cols(), [&] { return op.inputs[k].exact ? 0.0 : short_number(seed, n++); }));
  }
  return v;
}

Case second_order_case(const Operation& op, std::uint64_t number, std::uint64_t seed) {
  Case c;
  for (std::uint64_t attempt = 0; attempt < 40; ++attempt) {
    c = generate(op, double_format, case_seed(seed, "second order", attempt));
    if (c.upstream.size() > 0 && c.inputs[0].size() > 0) break;
  }
  if (op.elementwise) {  // whose elements have nothing to do with each other
    const auto few = [](const Mat<double>& m) {
      return Mat<double>(m.topLeftCorner(std::min<Eigen::Index>(2, m.rows()),
                                         std::min<Eigen::Index>(2, m.cols())));
    };
    for (Mat<double>& x : c.inputs) x = few(x);
    c.upstream = few(c.upstream);
  }
  std::vector<double> seen;
  std::uint64_t n = 0;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    for (double& x : c.inputs[k].reshaped()) {
      for (int i = 0; i < 40 && !op.inputs[k].exact && !fits(op, k, x, seen); ++i) {
        x = generate_value(op, k, double_format, case_seed(seed, "value", n++));
      }
      seen.push_back(x);
    }
  }
  const std::size_t k = seed % c.inputs.size();
  if (number % 4 == 0 && may_be_zero(op, k) && c.inputs[k].size() > 0) {
    const auto size = static_cast<std::uint64_t>(c.inputs[k].size());
    c.inputs[k].data()[(seed >> 8) % size] = 0;
    if (number % 8 == 4) c.inputs[k].setZero();
  }
  c.inputs = arranged(op, double_format, std::move(c.inputs));
  for (double& dy : c.upstream.reshaped()) {
    if (!(std::abs(dy) <= 1e6 && std::abs(dy) >= 1e-6)) dy = short_number(seed, 1000 + n++);
  }
  return c;
}

}  // namespace assay::verify
