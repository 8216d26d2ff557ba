#include "catalogue/limits.hpp"

#include <array>
#include <cmath>

namespace assay::verify {
namespace {

using Moving = Dual<Enclosure>;

std::vector<Enclosure> of_elementwise(const Operation& op, const std::vector<Mat<Enclosure>>& x) {
  std::vector<Mat<Moving>> in;
  for (const Mat<Enclosure>& m : x) {
    in.push_back(m.unaryExpr([](const Enclosure& v) { return Moving(v); }));
  }
  std::vector<Enclosure> all(1);
  for (Mat<Moving>& m : in) {
    m(0, 0).d = Enclosure(1);
    const Moving y = op.rule<Moving>().forward(views(in))(0, 0);
    m(0, 0).d = Enclosure(0);
    all[0] = y.v;
    all.push_back(y.d);
  }
  return all;
}

std::vector<Enclosure> of_matrices(const Operation& op, const std::vector<Mat<Enclosure>>& x,
                                   const Mat<double>& upstream) {
  const Mat<Enclosure> dy = to_enclosures({upstream})[0];
  const Mat<Enclosure> y = op.rule<Enclosure>().forward(views(x));
  std::vector<Enclosure> all(y.data(), y.data() + y.size());
  for (const Mat<Enclosure>& g : op.rule<Enclosure>().gradients(dy, views(x))) {
    all.insert(all.end(), g.data(), g.data() + g.size());
  }
  return all;
}

/// The point 2^power away from a finite end, or of that size beside an infinity.
Enclosure point(const Approach& a, long power) {
  const bool up = std::isinf(a.to) ? a.to > 0 : a.from_right;
  const Big step = ldexp(Big(up ? 1 : -1), power);
  return std::isinf(a.to) ? Enclosure(step) : Enclosure(a.to) + Enclosure(step);
}

bool bounded_at_all(const Enclosure& e) {
  return !isnan(e.lo()) && !isnan(e.hi()) && !(isinf(e.lo()) && isinf(e.hi()) && e.lo() != e.hi());
}

}  // namespace

LimitOf limit_of(const Enclosure& near, const Enclosure& far, const Enclosure& farthest) {
  const WithContext context(256);
  if (!bounded_at_all(near) || !bounded_at_all(far)) return {};
  // A function that is computed nearer and no longer here is one that oscillates (MPFR reduces no
  // such arguments), or it is constant.
  const auto value = [](const Enclosure& e) {
    // Below the exponents of every format it is 0, and nothing else is known of it.
    const Big v = bounded(e).value;
    return v.exponent() < -(1L << 40) ? Big(0) : v;
  };
  const Big a = value(near), b = value(far);
  if (!bounded_at_all(farthest)) {
    return a == b ? LimitOf{} : LimitOf{LimitOf::Kind::none, {}};
  }
  const Big c = value(farthest);
  const auto known = [](const Big& v) { return LimitOf{LimitOf::Kind::value, v}; };
  if (isinf(c)) return known(c);
  if (a == b && b == c) return {LimitOf::Kind::value, c, true};
  if (b == c) return known(c);
  const Big growth(1.4);
  if (abs(c) > growth * abs(b) && abs(b) >= growth * abs(a)) {
    return known(c > Big(0) ? Big::infinity() : -Big::infinity());
  }
  if (growth * abs(c) < abs(b) && growth * abs(b) <= abs(a)) return known(Big(0));
  if (abs(c - b) <= ldexp(abs(c), -55)) return known(c);
  // What goes one way all along may only be slow.
  const bool oscillates = (a < b) != (b < c);
  return {oscillates ? LimitOf::Kind::none : LimitOf::Kind::unknown, {}};
}

std::vector<LimitOf> limits(const Operation& op, const std::vector<Mat<double>>& inputs,
                            const Mat<double>& upstream, std::size_t k, Eigen::Index i,
                            const Approach& approach) {
  const bool outwards = std::isinf(approach.to);
  // Beside an end that is not 0 the distance must be seen beside it; forwards that divide by e^x
  // are not enclosed beyond 2^60.
  struct Ladder {
    std::array<long, 3> powers;
    mpfr_prec_t precision;
  };
  const Ladder far{{1100, 60000, 17900000}, 256}, nearer{{12, 30, 59}, 256},
      beside{{60, 240, 960}, 1200};
  std::vector<LimitOf> result;
  std::vector<bool> enclosed;
  const std::array ladders{outwards || approach.to == 0 ? far : beside, nearer};
  for (const Ladder& ladder : ladders) {
    const WithContext context(ladder.precision);
    std::array<std::vector<Enclosure>, 3> at;
    for (std::size_t n = 0; n < 3; ++n) {
      std::vector<Mat<Enclosure>> x = to_enclosures(inputs);
      x[k].data()[i] = point(approach, outwards ? ladder.powers.at(n) : -ladder.powers.at(n));
      const bool single = op.elementwise && upstream.size() == 1;
      at.at(n) = single ? of_elementwise(op, x) : of_matrices(op, x, upstream);
    }
    result.resize(at[0].size());
    enclosed.resize(at[0].size());
    for (std::size_t j = 0; j < result.size(); ++j) {
      const bool first_look = &ladder == ladders.begin();
      if (first_look || !enclosed[j]) result[j] = limit_of(at[0][j], at[1][j], at[2][j]);
      enclosed[j] = enclosed[j] || (bounded_at_all(at[0][j]) && bounded_at_all(at[1][j]));
    }
  }
  return result;
}

}  // namespace assay::verify
