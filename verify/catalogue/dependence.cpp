#include "catalogue/dependence.hpp"

#include <algorithm>

namespace assay::verify {

bool same(const Mat<double>& a, const Mat<double>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    if (!same(a.data()[i], b.data()[i])) return false;
  }
  return true;
}

std::vector<double> flat(const Outcome& o) {
  std::vector<double> all(o.y.data(), o.y.data() + o.y.size());
  for (const Mat<double>& g : o.gradients) all.insert(all.end(), g.data(), g.data() + g.size());
  return all;
}

bool has_pole_at_zero(const Operation& op, std::size_t k) {
  return std::any_of(op.kinks.begin(), op.kinks.end(), [k](const Kink& p) {
    return p.input == k && p.at == 0 && p.kind == Kink::Kind::pole;
  });
}

double ordinary_value(const Operation& op, std::size_t k, const Format& f, std::uint64_t seed) {
  double x = 0;
  for (std::uint64_t n = 0; n < 64; ++n) {
    x = generate_value(op, k, f, case_seed(seed, "ordinary", n));
    const bool moderate = std::abs(x) >= 0.0625 && std::abs(x) <= 8;
    const Interval& in = op.inputs[k];
    const bool label = in.exact && std::isfinite(in.lo) && std::isfinite(in.hi);
    if (label || (moderate && !at_kink(op, f, k, x).exceptional)) return x;
  }
  return x;
}

double largest(const Case& c) {
  double most = c.upstream.cwiseAbs().maxCoeff();
  for (const Mat<double>& x : c.inputs) {
    if (x.size() > 0) most = std::max(most, x.cwiseAbs().maxCoeff());
  }
  return most;
}

namespace {

bool legal(const Operation& op, const Place& at, double x) {
  if (at.of_upstream) return true;
  return op.inputs[at.input].contains(x) && !(x == 0 && has_pole_at_zero(op, at.input));
}

/// Other values at a place: small, large and drawn; where inputs are arranged, its neighbours.
std::vector<double> others(const Look& l, Case c, const Place& at, std::uint64_t seed) {
  const double here = at.in(c);
  if (l.op.arrange && !at.of_upstream) {
    return {rounded(l.f, here * (1 + 0x1p-10)), rounded(l.f, here * (1 - 0x1p-10))};
  }
  const double vast = std::ldexp(1.0, l.f.max_exponent - 1);
  std::vector<double> all{-vast, vast, -1000, 1000, -3.5, 0.75, 40};
  for (std::uint64_t n = 0; n < 3; ++n) {
    all.push_back(at.of_upstream
                      ? static_cast<double>(case_seed(seed, "up", n) % 64) / 8 + 0.125
                      : ordinary_value(l.op, at.input, l.f, case_seed(seed, "other", n)));
  }
  std::erase_if(all, [&](double x) { return !legal(l.op, at, x); });
  return all;
}

void explore(const Look& l, const Case& c, const Place& at, std::uint64_t seed, Dependence& d) {
  const Outcome base = evaluate(l.op, l.f, c);
  if (!base.broken.empty()) return;
  for (const double x : others(l, c, at, seed)) {
    Case moved = c;
    at.in(moved) = x;
    const Outcome o = evaluate(l.op, l.f, moved);
    if (o.broken.empty()) d.see(flat(base), flat(o));
  }
}

/// Of an elementwise operation what depends on a place may be what shares an output with it.
void explore_structure(const Case& c, const Place& at, Dependence& d) {
  const Shape out = shape_of(c.upstream);
  const auto shares = [&](const Mat<double>& m, Eigen::Index i, Eigen::Index j) {
    const Eigen::Index row = m.rows() == 1 ? 0 : j % out.rows;
    const Eigen::Index col = m.cols() == 1 ? 0 : j / out.rows;
    return i == row + col * m.rows();
  };
  for (Eigen::Index j = 0; j < out.size(); ++j) {
    if (!shares(at.of_upstream ? c.upstream : c.inputs[at.input], at.i, j)) continue;
    auto number = static_cast<std::size_t>(out.size());
    d.changes[static_cast<std::size_t>(j)] = true;
    for (const Mat<double>& m : c.inputs) {
      for (Eigen::Index i = 0; i < m.size(); ++i, ++number) {
        if (shares(m, i, j)) d.changes[number] = true;
      }
    }
  }
}

/// Another case of the same shapes, without zeros.
Case generic(const Look& l, const Case& c, std::uint64_t seed) {
  Case g = c;
  std::uint64_t n = 0;
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    for (double& x : g.inputs[k].reshaped()) {
      // At a short number something may be 0: log((1 - p) / p) is at 1/2.
      for (int i = 0; i < 8; ++i) {
        x = ordinary_value(l.op, k, l.f, case_seed(seed, "generic", n++));
        if (x * 64 != std::floor(x * 64)) break;
      }
    }
  }
  for (double& dy : g.upstream.reshaped()) {
    dy = static_cast<double>(case_seed(seed, "generic", n++) % 31) / 8 - 1.9375;
  }
  return g;
}

}  // namespace

std::optional<Site> site(const Look& l, bool of_upstream, std::uint64_t seed) {
  for (std::uint64_t attempt = 0; attempt < 60; ++attempt) {
    const std::uint64_t s = case_seed(seed, "site", attempt);
    Site found{generate(l.op, l.f, s), {}, {}, {}, {}};
    Place& at = found.at;
    at.of_upstream = of_upstream;
    at.input = s % l.op.arity();
    const Eigen::Index size =
        of_upstream ? found.c.upstream.size() : found.c.inputs[at.input].size();
    if (size == 0 || found.c.upstream.size() == 0) continue;
    // What is tried must be seen beside the rest, and be able to be the largest.
    const double most = l.op.elementwise ? std::ldexp(1.0, l.f.max_exponent - 1) : 0x1p30;
    if (!(largest(found.c) < most)) continue;
    // Of a line of one element much is constant, and NaN all the same.
    const Shape first = shape_of(found.c.inputs[0]);
    if (!l.op.elementwise && attempt < 45 && (first.rows < 2 || first.cols < 2)) continue;
    at.i = static_cast<Eigen::Index>((s >> 16) % static_cast<std::uint64_t>(size));
    found.base = evaluate(l.op, l.f, found.c);
    const std::vector<double> all = flat(found.base);
    const bool finite =
        std::all_of(all.begin(), all.end(), [](double x) { return std::isfinite(x); });
    if (!found.base.broken.empty() || !finite) continue;
    explore(l, found.c, at, s, found.here);
    found.anywhere = found.here;
    for (std::uint64_t n = 0; n < 2 && !l.op.arrange; ++n) {
      explore(l, generic(l, found.c, s + n), at, s + n, found.anywhere);
    }
    if (l.op.elementwise) explore_structure(found.c, at, found.anywhere);
    // Nothing tells there what never depends on an element.
    if (l.op.arrange) found.anywhere.changes.assign(all.size(), true);
    if (found.anywhere.changes.size() == all.size() && found.here.changes.size() == all.size()) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace assay::verify
