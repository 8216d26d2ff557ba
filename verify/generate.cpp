#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "generators.hpp"

namespace assay::verify {
namespace {

constexpr int full_size = 100;  // RapidCheck scales ranges by size; we always want all of it

template <class T>
T draw(rc::Random& random, const rc::Gen<T>& gen) {
  return gen(random.split(), full_size).value();
}

/// A sign and a magnitude between the smallest subnormal and the largest number, log-uniform.
rc::Gen<double> log_uniform(const Format& f) {
  const int lo = f.min_exponent, hi = f.max_exponent;
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<int>(lo * 16, hi * 16), rc::gen::inRange<int>(0, 2)),
      [f](const std::tuple<int, int>& t) {
        const double x = rounded(f, std::exp2(std::get<0>(t) / 16.0));
        return std::get<1>(t) != 0 ? -x : x;
      });
}

/// k / 2^j with few digits, so that messages can be read.
rc::Gen<double> short_decimal() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<int>(-64, 65), rc::gen::inRange<int>(0, 5)),
      [](const std::tuple<int, int>& t) { return std::ldexp(std::get<0>(t), -std::get<1>(t)); });
}

/// Where the exponentials of both formats saturate, and everything between.
rc::Gen<double> moderate(const Format& f) {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(-(1LL << 40), 1LL << 40), [f](std::int64_t k) {
    const double unit = std::ldexp(static_cast<double>(k), -40);
    return rounded(f, unit * (f == float_format ? 110 : 760));
  });
}

rc::Gen<double> central(const Format& f) {
  return rc::gen::map(rc::gen::inRange<std::int64_t>(-(1LL << 50), 1LL << 50), [f](std::int64_t k) {
    return rounded(f, std::ldexp(static_cast<double>(k), -48));
  });
}

double from_bits(const Format& f, std::uint64_t bits) {
  if (f == float_format) {
    return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  return std::bit_cast<double>(bits);
}

rc::Gen<double> raw_bits(const Format& f) {
  return rc::gen::map(rc::gen::inRange<std::uint64_t>(0, ~std::uint64_t{0}),
                      [f](std::uint64_t bits) { return from_bits(f, bits); });
}

rc::Gen<double> edge_value(const Format& f) {
  const double max = largest(f);
  const double tiny = std::ldexp(1.0, f.min_exponent);
  const double normal = std::ldexp(tiny, f.digits - 1);
  const double eps = std::ldexp(1.0, 1 - f.digits);
  return rc::gen::map(rc::gen::tuple(rc::gen::elementOf(std::vector<double>{
                                         0.0, tiny, next(f, normal, false), normal, eps, eps / 2,
                                         0.5, 1.0 - eps / 2, 1.0, 1.0 + eps, 2.0, 1 / eps,
                                         std::sqrt(max), max / 2, max}),
                                     rc::gen::inRange<int>(0, 2)),
                      [f](const std::tuple<double, int>& t) {
                        const double x = rounded(f, std::get<0>(t));
                        return std::get<1>(t) != 0 ? -x : x;
                      });
}

/// At an end of the interval or a declared threshold, or one or two ulp beside it.
std::optional<rc::Gen<double>> near_threshold(const Operation& op, std::size_t input,
                                              const Format& f) {
  const std::vector<double> points = thresholds(op, input);
  if (points.empty()) return std::nullopt;
  return rc::gen::map(rc::gen::tuple(rc::gen::elementOf(points), rc::gen::inRange<int>(-2, 3)),
                      [f](const std::tuple<double, int>& t) {
                        double x = rounded(f, std::get<0>(t));
                        for (int i = std::abs(std::get<1>(t)); i > 0; --i)
                          x = next(f, x, std::get<1>(t) > 0);
                        return x;
                      });
}

rc::Gen<double> any_value(const Operation& op, std::size_t input, const Format& f) {
  if (const auto threshold = near_threshold(op, input, f)) {
    // Of labels, masks and indices the ends are what occurs.
    const std::size_t weight = op.inputs[input].exact ? 12 : 3;
    return rc::gen::weightedOneOf<double>({{5, short_decimal()},
                                           {4, central(f)},
                                           {4, moderate(f)},
                                           {4, log_uniform(f)},
                                           {1, raw_bits(f)},
                                           {2, edge_value(f)},
                                           {weight, *threshold}});
  }
  return rc::gen::weightedOneOf<double>({{5, short_decimal()},
                                         {4, central(f)},
                                         {4, moderate(f)},
                                         {4, log_uniform(f)},
                                         {1, raw_bits(f)},
                                         {2, edge_value(f)}});
}

/// What a matrix operation meets in practice: no extremes.
rc::Gen<double> tame_value(const Format& f) {
  return rc::gen::weightedOneOf<double>({{3, short_decimal()}, {2, central(f)}});
}

/// x brought into the interval, if a simple map does.
double into(const Interval& i, const Format& f, double x) {
  if (i.contains(x)) return x;
  if (std::isfinite(i.lo) && std::isfinite(i.hi)) {
    const double unit = std::abs(x) - std::floor(std::abs(x));
    return rounded(f, i.lo + (i.hi - i.lo) * unit);
  }
  if (std::isfinite(i.lo)) return rounded(f, i.lo + std::abs(x));
  if (std::isfinite(i.hi)) return rounded(f, i.hi - std::abs(x));
  return x;
}

double value_from(rc::Random& random, const rc::Gen<double>& gen, const Operation& op,
                  std::size_t input, const Format& f) {
  for (int attempt = 0; attempt < 64; ++attempt) {
    const double x = into(op.inputs[input], f, draw(random, gen));
    if (is_allowed(op, input, x)) return x;
  }
  const Interval& i = op.inputs[input];
  const double inside = std::isfinite(i.lo) && std::isfinite(i.hi) ? i.lo + (i.hi - i.lo) / 2
                        : std::isfinite(i.lo)                      ? i.lo + 1
                        : std::isfinite(i.hi)                      ? i.hi - 1
                                                                   : 1.0;
  return rounded(f, inside);
}

/// Upstream gradients are signed, not symmetric, and sometimes 0, 1 or far out.
rc::Gen<double> upstream_value(const Format& f) {
  return rc::gen::weightedOneOf<double>({{6, short_decimal()},
                                         {3, central(f)},
                                         {1, rc::gen::element(0.0, 1.0, -1.0)},
                                         {1, rc::gen::map(log_uniform(f), [f](double x) {
                                            return rounded(
                                                f, std::copysign(std::pow(std::abs(x), 0.25), x));
                                          })}});
}

std::vector<Shape> draw_shapes(rc::Random& random, const Operation& op) {
  const auto extent = rc::gen::weightedElement<Eigen::Index>({{1, Eigen::Index{0}},
                                                              {4, Eigen::Index{1}},
                                                              {5, Eigen::Index{2}},
                                                              {5, Eigen::Index{3}},
                                                              {2, Eigen::Index{4}},
                                                              {1, Eigen::Index{5}}});
  for (int attempt = 0; attempt < 400; ++attempt) {
    // Extents from a small pool, so that inner dimensions often agree; 1 for broadcasting.
    const std::array<Eigen::Index, 4> pool{draw(random, extent), draw(random, extent),
                                           draw(random, extent), 1};
    const auto pick = rc::gen::weightedElement<std::size_t>({{4, 0U}, {4, 1U}, {2, 2U}, {1, 3U}});
    std::vector<Shape> shapes(op.arity());
    for (Shape& s : shapes) s = {pool[draw(random, pick)], pool[draw(random, pick)]};
    if (op.fitting) {
      shapes = op.fitting(shapes[0]);
    } else if (shapes.size() > 2 && attempt % 2 == 1) {
      // Three and more seldom agree by chance: a batch, and what goes with its rows or columns.
      const Shape first = shapes[0];
      const std::array<Shape, 3> kinds{first, Shape{1, first.cols}, Shape{first.rows, 1}};
      const auto kind = rc::gen::weightedElement<std::size_t>({{2, 0U}, {5, 1U}, {1, 2U}});
      std::fill(shapes.begin() + 1, shapes.end(), kinds.at(draw(random, kind)));
    }
    try {
      static_cast<void>(op.in_double->shape(shapes));
      return shapes;
    } catch (const ShapeError&) {
      continue;  // not a shape it takes; draw again
    }
  }
  throw std::runtime_error(op.name +
                           ": no shapes from 0x0 to 5x5 are accepted by its shape() in 400 draws");
}

}  // namespace

bool is_allowed(const Operation& op, std::size_t input, double x) {
  if (!std::isfinite(x) || !op.inputs[input].contains(x)) return false;
  for (const Kink& k : op.kinks) {
    if (k.input == input && k.kind == Kink::Kind::pole && x == k.at) return false;
  }
  return true;
}

bool is_inside(const Operation& op, const Case& c) {
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    for (double x : c.inputs[k].reshaped()) {
      if (!is_allowed(op, k, x)) return false;
    }
  }
  return true;
}

std::int64_t ordinal(const Format& f, double x) {
  const auto fold = [](std::int64_t bits, std::int64_t sign) {
    return bits < 0 ? sign - bits : bits;
  };
  if (f == float_format) {
    const auto bits = std::bit_cast<std::int32_t>(static_cast<float>(x));
    return fold(bits, std::numeric_limits<std::int32_t>::min());
  }
  return fold(std::bit_cast<std::int64_t>(x), std::numeric_limits<std::int64_t>::min());
}

double from_ordinal(const Format& f, std::int64_t n) {
  const auto magnitude = static_cast<std::uint64_t>(n < 0 ? -n : n);
  const double x = from_bits(f, magnitude);
  return n < 0 ? -x : x;
}

std::uint64_t case_seed(std::uint64_t campaign, std::string_view check, std::uint64_t number) {
  const auto mix = [](std::uint64_t z) {  // splitmix64
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  };
  std::uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a
  for (char c : check) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(mix(campaign ^ mix(h)) + number);
}

std::vector<Shape> shapes_of(const std::vector<Mat<double>>& inputs) {
  std::vector<Shape> s;
  s.reserve(inputs.size());
  for (const Mat<double>& x : inputs) s.push_back(shape_of(x));
  return s;
}

std::vector<Mat<double>> arranged(const Operation& op, const Format& f,
                                  std::vector<Mat<double>> inputs) {
  if (!op.arrange) return inputs;
  op.arrange(inputs);
  for (Mat<double>& x : inputs) {
    for (double& v : x.reshaped()) v = rounded(f, v);
  }
  return inputs;
}

double generate_value(const Operation& op, std::size_t input, const Format& f, std::uint64_t seed) {
  rc::Random random(seed);
  return value_from(random, any_value(op, input, f), op, input, f);
}

Case generate(const Operation& op, const Format& f, std::uint64_t seed) {
  rc::Random random(seed);
  const std::vector<Shape> shapes = draw_shapes(random, op);
  // A matrix operation sums; with extremes in every case most sums would overflow.
  const bool tame = !op.elementwise && draw(random, rc::gen::inRange<int>(0, 3)) != 0;
  Case c;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    const rc::Gen<double> gen = tame ? tame_value(f) : any_value(op, k, f);
    Mat<double> x(shapes[k].rows, shapes[k].cols);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      x.data()[i] = value_from(random, gen, op, k, f);
    }
    c.inputs.push_back(std::move(x));
  }
  aim(op, f, seed, c);
  c.inputs = arranged(op, f, std::move(c.inputs));
  const Shape out = op.in_double->shape(shapes);
  const rc::Gen<double> gen = upstream_value(f);
  c.upstream.resize(out.rows, out.cols);
  for (Eigen::Index i = 0; i < c.upstream.size(); ++i) c.upstream.data()[i] = draw(random, gen);
  return c;
}

double stratified_value(const Operation& op, std::size_t input, const Interval& within,
                        const Format& f, std::uint64_t part, std::uint64_t parts,
                        std::uint64_t seed) {
  const double max = largest(f);
  const Interval& i = within;
  const std::int64_t lo = ordinal(f, std::max(i.lo, -max));
  const std::int64_t hi = ordinal(f, std::min(i.hi, max));
  const auto span = static_cast<std::uint64_t>(hi) - static_cast<std::uint64_t>(lo);
  const std::uint64_t width = span / parts;
  rc::Random random(seed);
  for (int attempt = 0; attempt < 64; ++attempt) {
    const std::uint64_t offset =
        width == 0 ? 0 : draw(random, rc::gen::inRange<std::uint64_t>(0, width));
    const double x = from_ordinal(
        f, static_cast<std::int64_t>(static_cast<std::uint64_t>(lo) + part * width + offset));
    if (is_allowed(op, input, x)) return x;
  }
  return generate_value(op, input, f, seed);
}

Case pointwise_case(const Operation& op, const Format& f, std::uint64_t seed) {
  Case c;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    const double x = generate_value(op, k, f, case_seed(seed, "partner", k));
    c.inputs.emplace_back(Mat<double>::Constant(1, 1, x));
  }
  c.upstream = Mat<double>::Constant(1, 1, 1.0);
  return c;
}

Case ordinary_case(const Operation& op, const Format& f, std::uint64_t seed) {
  rc::Random random(seed);
  std::vector<Shape> shapes;
  for (int attempt = 0; attempt < 64; ++attempt) {
    shapes = draw_shapes(random, op);
    const bool fits = std::all_of(shapes.begin(), shapes.end(), [&](Shape s) {
      return s.size() > 0 && (s.size() <= 9 || attempt > 32);
    });
    if (fits) break;
  }
  Case c;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    Mat<double> x(shapes[k].rows, shapes[k].cols);
    for (double& v : x.reshaped()) v = value_from(random, tame_value(f), op, k, f);
    c.inputs.push_back(std::move(x));
  }
  c.inputs = arranged(op, f, std::move(c.inputs));
  const Shape out = op.in_double->shape(shapes);
  c.upstream.resize(out.rows, out.cols);
  for (double& v : c.upstream.reshaped()) v = draw(random, short_decimal());
  return c;
}

}  // namespace assay::verify
