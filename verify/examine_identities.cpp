// The adjoint identity in high precision, exactness over the rationals, and state.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "evaluate.hpp"
#include "examine.hpp"

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

/// A short number from a hash: k / 8 with |k| <= 32.
double small_number(std::uint64_t& state) {
  state = case_seed(state, "direction", 1);
  return (static_cast<double>(state % 65) - 32) / 8;
}

bool at_exceptional_point(const Examination& e) {
  for (std::size_t k = 0; k < e.c.inputs.size(); ++k) {
    for (double x : e.c.inputs[k].reshaped()) {
      if (at_kink(e.op, e.format, k, x).exceptional) return true;
    }
  }
  return false;
}

struct Sides {
  Enclosure forward{0}, reverse{0};
  Big terms{0};
};

/// In the context set.
Sides sides(const Operation& op, const Case& c, const std::vector<Mat<double>>& v) {
  std::vector<Mat<Moving>> x = to_dual(c.inputs);
  for (std::size_t k = 0; k < x.size(); ++k) {
    for (Eigen::Index i = 0; i < x[k].size(); ++i) {
      x[k].data()[i].d = Enclosure(v[k].data()[i]);
    }
  }
  const Mat<Moving> y = op.rule<Moving>().forward(views(x));
  Sides s;
  const auto add = [&](Enclosure& to, const Enclosure& term) {
    to += term;
    s.terms += abs(term.middle());
  };
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    add(s.forward, Enclosure(c.upstream.data()[j]) * y.data()[j].d);
  }
  const std::vector<Mat<Enclosure>> in = to_enclosures(c.inputs);
  const Mat<Enclosure> dy = to_enclosures({c.upstream})[0];
  const std::vector<Mat<Enclosure>> dx = op.rule<Enclosure>().gradients(dy, views(in));
  for (std::size_t k = 0; k < dx.size(); ++k) {
    require(shape_of(dx[k]) == shape_of(in[k]), "backward",
            {{"the input", shape_of(in[k])}, {"its gradient", shape_of(dx[k])}},
            "they must be of one shape");
    for (Eigen::Index i = 0; i < dx[k].size(); ++i) {
      add(s.reverse, dx[k].data()[i] * Enclosure(v[k].data()[i]));
    }
  }
  return s;
}

}  // namespace

std::optional<Problem> examine_adjoint(const Examination& e) {
  if (at_exceptional_point(e)) {
    e.count("at an exceptional point");
    return std::nullopt;
  }
  std::uint64_t state = e.seed;
  std::vector<Mat<double>> v;
  for (const Mat<double>& x : e.c.inputs) {
    v.push_back(Mat<double>::NullaryExpr(x.rows(), x.cols(), [&] { return small_number(state); }));
  }
  // Both sides agree to 2^-54 of their terms: a rule whose constants are right to a double is
  // right, and rounding is not what this identity is about.
  for (mpfr_prec_t p = first_precision; p <= last_precision; p *= 2) {
    const WithContext context(p);
    Sides s;
    try {
      s = sides(e.op, e.c, v);
    } catch (const std::exception& error) {
      Problem broken;
      broken.broken = true;
      broken.against = fmt::format("it throws in high precision: {}", error.what());
      return broken;
    }
    const Bounded a = bounded(s.forward), b = bounded(s.reverse);
    const Big noise = a.bound + b.bound;
    const Big difference = abs(a.value - b.value);
    const Big scale = ldexp(s.terms, -54);
    if (!isfinite(difference) || !isfinite(noise) || noise > ldexp(scale, -8)) continue;
    e.elements();
    if (difference <= noise + scale) return std::nullopt;
    Problem p2;
    p2.against = "the adjoint identity <w, Jv> = <J'w, v>";
    p2.quantity = "<J'w, v>";
    p2.got = b.value.str(16);
    p2.reference = a.value.str(16);
    p2.bound = noise.str(2);
    p2.ulp = ratio(difference, ulp_at(e.format, a.value));
    p2.claimed = derivative_limit(e.op).figure;
    return p2;
  }
  e.count("beyond the budget of bits");
  return std::nullopt;
}

namespace {

bool legal(const Operation& op, std::size_t k, const Rational& x) {
  if (!op.inputs[k].contains(x.to_double())) return false;
  for (const Kink& kink : op.kinks) {
    if (kink.input == k && x == Rational(kink.at)) return false;
  }
  return true;
}

/// A rational near v. Thirds and sevenths too: a rule that is exact for binary fractions only is
/// not exact.
Rational near_rational(double v, std::uint64_t& state) {
  state = case_seed(state, "denominator", 1);
  constexpr std::array<int, 4> denominators{1, 3, 7, 10};
  const double whole = std::abs(v) < 1e6 ? v : std::copysign(1e6, v);
  const Rational r(std::abs(v) < 1e-6 ? 0.0 : std::round(whole * 16) / 16);
  return r / Rational(denominators.at(state % 4));
}

Mat<Rational> to_rational(const Mat<double>& m, std::uint64_t& state) {
  return m.unaryExpr([&](double v) { return near_rational(v, state); });
}

/// The same in the domain and off its exceptional points, wherever some multiple of 1/3 or of 1/5
/// away is; nothing where none is.
std::optional<Mat<Rational>> legal_rational(const Operation& op, std::size_t k,
                                            const Mat<double>& m, std::uint64_t& state) {
  Mat<Rational> x = to_rational(m, state);
  for (Rational& v : x.reshaped()) {
    const Rational drawn = v;
    for (int i = 1; !legal(op, k, v); ++i) {
      if (i > 12) return std::nullopt;
      v = (i % 3 == 0 ? Rational(0) : drawn) + Rational(i % 2 == 0 ? -i : i, i % 3 == 0 ? 25 : 3);
    }
  }
  return x;
}

}  // namespace

std::optional<Problem> examine_exact(const Examination& e) {
  using RationalDual = Dual<Rational>;
  std::uint64_t state = e.seed;
  std::vector<Mat<Rational>> x;
  std::vector<Mat<RationalDual>> moving;
  for (std::size_t k = 0; k < e.c.inputs.size(); ++k) {
    std::optional<Mat<Rational>> m = legal_rational(e.op, k, e.c.inputs[k], state);
    if (!m) {
      e.count("outside the domain");
      return std::nullopt;
    }
    moving.push_back(m->unaryExpr([](const Rational& v) { return RationalDual(v); }));
    x.push_back(std::move(*m));
  }
  const Mat<Rational> dy = to_rational(e.c.upstream, state);
  const auto moving_views = views(moving);
  std::vector<Mat<Rational>> dx;
  try {
    dx = e.op.rule<Rational>().gradients(dy, views(x));
  } catch (const std::domain_error&) {
    if (!e.op.arrange) throw;
    e.count("outside the domain");  // the rationals near an arranged matrix need not be legal
    return std::nullopt;
  }
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (shape_of(dx[k]) != shape_of(x[k])) {
      Problem p;
      p.broken = true;
      p.against = fmt::format("the gradient of input {} is {}, the input is {}", k,
                              to_string(shape_of(dx[k])), to_string(shape_of(x[k])));
      return p;
    }
    for (Eigen::Index i = 0; i < x[k].size(); ++i) {
      moving[k].data()[i].d = Rational(1);
      const Mat<RationalDual> y = e.op.rule<RationalDual>().forward(moving_views);
      moving[k].data()[i].d = Rational(0);
      Rational sum(0);
      for (Eigen::Index j = 0; j < y.size(); ++j) sum += dy.data()[j] * y.data()[j].d;
      e.elements();
      if (dx[k].data()[i] == sum) continue;
      Problem p;
      p.against = "exact rationals";
      p.input = k;
      p.row = i % x[k].rows();
      p.col = i / x[k].rows();
      p.got = dx[k].data()[i].str();
      p.reference = sum.str();
      p.bound = std::string("0");
      p.ulp = std::numeric_limits<double>::infinity();
      p.claimed = derivative_limit(e.op).figure;
      return p;
    }
  }
  return std::nullopt;
}

std::optional<Problem> examine_state(const Examination& e) {
  const Case other = generate(e.op, e.format, case_seed(e.seed, "another", 0));
  const std::string broken = stale_state(e.op, e.format, e.c, other);
  e.elements(static_cast<std::uint64_t>(e.c.upstream.size()));
  if (broken.empty()) return std::nullopt;
  Problem p;
  p.broken = true;
  p.against = broken;
  return p;
}

}  // namespace assay::verify
