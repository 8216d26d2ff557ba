#include "evidence.hpp"

#include <array>
#include <cmath>

#include "evaluate.hpp"
#include "reference.hpp"

namespace assay::verify {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double epsilon(const Format& f) { return std::ldexp(1.0, 1 - f.digits); }

/// Below it numbers have fewer digits than others.
double smallest_normal(const Format& f) { return std::ldexp(1.0, f.min_exponent + f.digits - 1); }

bool in_domain(const Operation& op, std::size_t k, double x) {
  if (!op.inputs[k].contains(x)) return false;
  for (const Kink& kink : op.kinks) {
    if (kink.input == k && x == kink.at) return false;
  }
  return true;
}

/// A short number in the domain, if some of eight are.
double short_value(const Operation& op, std::size_t k, const Format& f, std::uint64_t seed) {
  for (std::uint64_t i = 0; i < 8; ++i) {
    const std::uint64_t bits = case_seed(seed, "short", i);
    const double x = (static_cast<double>(bits % 127) - 63) / (bits / 127 % 2 == 0 ? 16 : 64);
    if (x != 0 && in_domain(op, k, x)) return x;
  }
  return generate_value(op, k, f, seed);
}

/// Of a case's points so many are looked at.
constexpr Eigen::Index most_own = 8;

Eigen::Index own_points(const Case& expanded_case) {
  return std::min<Eigen::Index>(expanded_case.upstream.size(), most_own);
}

/// The points at which an elementwise rule is looked at, as inputs of one row: those of the case,
/// six beside each of them, and some of the whole domain.
Case points(const Operation& op, const Format& f, const Case& c) {
  const Case given = expanded(c);
  constexpr std::array<double, 6> beside{-0.25, -0.125, -0.0625, 0.0625, 0.125, 0.25};
  constexpr Eigen::Index ways = beside.size(), moderate = 24, wild = 8;
  const Eigen::Index own = own_points(given), near = own + own * ways;
  const Eigen::Index n = near + moderate + wild;
  Case all;
  for (std::size_t k = 0; k < op.arity(); ++k) {
    Mat<double> x(1, n);
    for (Eigen::Index j = 0; j < n; ++j) {
      const std::uint64_t seed = case_seed(k, "evidence", static_cast<std::uint64_t>(j));
      double v = 0;
      if (j < own) {
        v = given.inputs[k].data()[j];
      } else if (j < near) {
        // Of several inputs, each moves by another part.
        const double part = beside.at(static_cast<std::size_t>((j - own) % ways));
        const double at = given.inputs[k].data()[(j - own) / ways];
        v = rounded(f, at * (1 + part / static_cast<double>(k + 1)));
        if (!in_domain(op, k, v)) v = short_value(op, k, f, seed);
      } else {
        v = j < near + moderate ? short_value(op, k, f, seed) : generate_value(op, k, f, seed);
      }
      x(0, j) = v;
    }
    all.inputs.push_back(std::move(x));
  }
  all.upstream = Mat<double>::Constant(1, n, 1.0);
  return all;
}

}  // namespace

double rounding_of(const Format& f) { return 512 * epsilon(f); }

bool agrees(const Format& f, double got, double reference, double size) {
  const double error = std::abs(got - reference);
  return error <= rounding_of(f) * std::max(size, smallest_normal(f));
}

bool agrees(const Format& f, const Mat<double>& got, const Mat<double>& reference,
            const Mat<double>& size, bool transposed) {
  const Shape s = shape_of(reference);
  if (shape_of(got) != (transposed ? Shape{s.cols, s.rows} : s)) return false;
  for (Eigen::Index i = 0; i < s.rows; ++i) {
    for (Eigen::Index j = 0; j < s.cols; ++j) {
      const double g = transposed ? got(j, i) : got(i, j);
      if (!agrees(f, g, reference(i, j), size(i, j))) return false;
    }
  }
  return true;
}

std::vector<Evidence> elementwise_evidence(const Operation& op, const Format& f, const Case& c,
                                           std::size_t k) {
  const Case all = points(op, f, c);
  const Outcome out = evaluate(op, f, all);
  if (!out.broken.empty()) return {};
  const Eigen::Index own = own_points(expanded(c));
  std::vector<Evidence> found;
  std::vector<double> x(op.arity());
  for (Eigen::Index j = 0; j < all.upstream.size(); ++j) {
    bool exceptional = false;
    for (std::size_t m = 0; m < x.size(); ++m) {
      x[m] = all.inputs[m](0, j);
      for (const Kink& kink : op.kinks) exceptional |= kink.input == m && kink.at == x[m];
    }
    if (exceptional) continue;
    const PointReference ref = point_reference(op, f, x);
    if (!ref.resolved || overflows(f, ref.d[k].value)) continue;
    Evidence e;
    e.got = out.gradients[k](0, j);
    e.reference = ref.d[k].value.to_double();
    e.size = std::abs(e.reference);
    e.x = x[k];
    e.point = j;
    e.y = ref.y.value.to_double();
    e.right = agrees(f, e.got, e.reference, e.size);
    e.sample = j < own ? 0 : static_cast<std::size_t>(j - own) + 1;
    // A subnormal result is coarse; that it is wrong is known of the failing case only.
    if (e.sample != 0 && e.size < smallest_normal(f) && e.size > 0) continue;
    found.push_back(e);
  }
  return found;
}

Sample reference_at(const Operation& op, const Format& f, const Case& c) {
  Sample s{c, {}, {}, {}};
  const MatrixReference ref = matrix_reference(op, f, c.inputs, c.upstream);
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    const Mat<double>& x = c.inputs[k];
    Mat<double> r(x.rows(), x.cols()), size(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const MatrixReference::Element& e = ref.gradient[k][static_cast<std::size_t>(i)];
      r.data()[i] = ref.resolved && !e.overflows(f) ? e.r.value.to_double() : not_a_number;
      size.data()[i] = e.terms.to_double();
    }
    s.reference.push_back(std::move(r));
    s.size.push_back(std::move(size));
  }
  return s;
}

std::optional<Sample> sample_at(const Operation& op, const Format& f, const Case& c) {
  Outcome out = evaluate(op, f, c);
  if (!out.broken.empty()) return std::nullopt;
  Sample s = reference_at(op, f, c);
  s.got = std::move(out.gradients);
  return s;
}

Case redrawn(const Operation& op, const Format& f, const std::vector<Shape>& shapes,
             std::uint64_t seed) {
  Case c;
  std::uint64_t n = 0;
  for (std::size_t k = 0; k < shapes.size(); ++k) {
    Mat<double> x(shapes[k].rows, shapes[k].cols);
    for (double& v : x.reshaped()) v = short_value(op, k, f, case_seed(seed, "redrawn", n++));
    c.inputs.push_back(std::move(x));
  }
  c.inputs = arranged(op, f, std::move(c.inputs));
  const Shape out = op.in_double->shape(shapes);
  c.upstream.resize(out.rows, out.cols);
  for (double& v : c.upstream.reshaped()) {
    const std::uint64_t bits = case_seed(seed, "upstream", n++);
    v = (static_cast<double>(bits % 63) - 31.5) / 8;
  }
  return c;
}

std::vector<Sample> samples_like(const Operation& op, const Format& f, const Case& c) {
  constexpr std::uint64_t many = 4;
  std::vector<Sample> found;
  for (std::uint64_t i = 0; i < many; ++i) {
    if (auto s = sample_at(op, f, redrawn(op, f, shapes_of(c.inputs), i))) {
      found.push_back(std::move(*s));
    }
  }
  return found;
}

std::vector<Sample> samples_elsewhere(const Operation& op, const Format& f, Eigen::Index most) {
  constexpr std::uint64_t many = 8;
  std::vector<Sample> found;
  for (std::uint64_t i = 0; i < many; ++i) {
    const Case other = generate(op, f, case_seed(i, "elsewhere", 1));
    Eigen::Index elements = 0;
    for (const Mat<double>& x : other.inputs) elements += x.size();
    if (elements == 0 || elements > most) continue;
    if (auto s = sample_at(op, f, redrawn(op, f, shapes_of(other.inputs), i))) {
      found.push_back(std::move(*s));
    }
  }
  return found;
}

std::vector<Evidence> evidence_of(const Format& f, const std::vector<Sample>& samples,
                                  std::size_t k) {
  std::vector<Evidence> found;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    for (Eigen::Index i = 0; i < samples[s].reference[k].size(); ++i) {
      Evidence e;
      e.got = samples[s].got[k].data()[i];
      e.reference = samples[s].reference[k].data()[i];
      e.size = samples[s].size[k].data()[i];
      e.x = samples[s].c.inputs[k].data()[i];
      e.right = agrees(f, e.got, e.reference, e.size);
      e.sample = s;
      if (!std::isnan(e.reference)) found.push_back(e);
    }
  }
  return found;
}

namespace {

template <class T>
std::optional<Mat<double>> of_shape(const Rule<T>& rule, const Case& c, std::size_t k, Shape s) {
  std::vector<Mat<T>> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m.template cast<T>());
  const std::vector<View<T>> in = views(x);
  const Mat<T> dy = c.upstream.template cast<T>();
  Mat<T> saved, into;
  bool filled = false;
  std::vector<Sink<T>> sinks(x.size());
  sinks[k] = Sink<T>(&into, &filled, s);
  try {
    const Mat<T> y = rule.forward(in, saved);
    rule.backward(dy, in, y, saved, std::span(sinks));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (!filled) return std::nullopt;
  return into.template cast<double>();
}

}  // namespace

std::optional<Mat<double>> gradient_of_shape(const Operation& op, const Format& f, const Case& c,
                                             std::size_t k, Shape shape) {
  return f == float_format ? of_shape(*op.in_float, c, k, shape)
                           : of_shape(*op.in_double, c, k, shape);
}

}  // namespace assay::verify
