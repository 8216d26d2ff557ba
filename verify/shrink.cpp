#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "case.hpp"
#include "shrink_limit.hpp"

namespace assay::verify {
namespace {

/// How much there is to read: what a shrink must lower.
std::size_t complexity(const Format& f, double x) { return decimal(f, x).size(); }

/// Simpler values, simplest first.
std::vector<double> simpler(const Format& f, double x) {
  std::vector<double> out;
  const auto offer = [&](double y) {
    y = rounded(f, y);
    const bool smaller = complexity(f, y) < complexity(f, x) ||
                         (complexity(f, y) == complexity(f, x) && std::abs(y) < std::abs(x));
    if (smaller || (y == std::abs(x) && std::signbit(x))) out.push_back(y);
  };
  offer(0);
  offer(1);
  offer(std::abs(x));
  offer(std::trunc(x));
  if (std::isfinite(x) && x != 0) {
    const double decade = std::pow(10, std::floor(std::log10(std::abs(x))));
    for (double digits : {1.0, 10.0, 100.0, 1e4, 1e6}) {
      const double unit = decade / digits;
      if (unit > 0 && std::isfinite(x / unit)) offer(std::round(x / unit) * unit);
    }
    offer(std::round(x * 16) / 16);
  }
  return out;
}

/// The first or the last rows and columns.
Mat<double> corner(const Mat<double>& m, Eigen::Index rows, Eigen::Index cols, bool last) {
  return last ? m.bottomRightCorner(rows, cols) : m.topLeftCorner(rows, cols);
}

/// How extents are cut: `from` to `to`, in the rows or columns or both, at the front or the end.
struct Cut {
  Eigen::Index from, to;
  bool rows, cols, last;
};

/// The case cut, if the operation takes the result.
std::optional<Case> resized(const Operation& op, const Case& c, const Cut& cut) {
  Case s;
  const bool last = cut.last;
  for (const Mat<double>& x : c.inputs) {
    s.inputs.push_back(corner(x, cut.rows && x.rows() == cut.from ? cut.to : x.rows(),
                              cut.cols && x.cols() == cut.from ? cut.to : x.cols(), last));
  }
  try {
    const Shape out = op.in_double->shape(shapes_of(s.inputs));
    if (out.rows > c.upstream.rows() || out.cols > c.upstream.cols()) return std::nullopt;
    s.upstream = corner(c.upstream, out.rows, out.cols, last);
    return s;
  } catch (const ShapeError&) {
    return std::nullopt;
  }
}

/// The extents above 1, largest first.
std::vector<Eigen::Index> extents(const Case& c) {
  std::set<Eigen::Index, std::greater<>> found;
  for (const Mat<double>& x : c.inputs) found.insert({x.rows(), x.cols()});
  std::erase_if(found, [](Eigen::Index n) { return n < 2; });
  return {found.begin(), found.end()};
}

/// Inputs that the operation would have arranged otherwise are not in its domain.
bool legal(const Operation& op, const Format& f, const Case& c) {
  return !op.arrange || arranged(op, f, c.inputs) == c.inputs;
}

rc::Seq<Case> candidates(const Operation& op, const Format& f, const Case& c) {
  std::vector<Case> out;
  for (Eigen::Index from : extents(c)) {
    for (Eigen::Index to : {Eigen::Index{1}, from - 1}) {
      for (int way = 0; way < 6; ++way) {
        const Cut cut{from, to, way / 2 != 1, way / 2 != 2, way % 2 == 1};
        auto s = resized(op, c, cut);
        if (s && shapes_of(s->inputs) != shapes_of(c.inputs) && legal(op, f, *s)) {
          out.push_back(std::move(*s));
        }
      }
    }
  }
  const auto vary = [&](auto member, bool upstream, std::size_t k) {
    const Mat<double>& m = member(c);
    for (Eigen::Index i = 0; i < m.size(); ++i) {
      // An upstream of 1 says more than one of 0, under which nothing could be wrong.
      std::vector<double> values = simpler(f, m.data()[i]);
      if (upstream) std::replace(values.begin(), values.end(), 0.0, 1.0);
      if (upstream && m.data()[i] == 0) values = {1.0};
      for (double v : values) {
        if (v == m.data()[i] || (!upstream && !op.inputs[k].contains(v))) continue;
        Case s = c;
        member(s).data()[i] = v;
        if (upstream || legal(op, f, s)) out.push_back(std::move(s));
      }
    }
  };
  vary(
      [](auto& x) -> auto& { return x.upstream; }, true, 0);
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    vary(
        [k](auto& x) -> auto& { return x.inputs[k]; }, false, k);
  }
  return rc::seq::fromContainer(std::move(out));
}

}  // namespace

Case shrink(const Operation& op, const Format& f, Case c,
            const std::function<bool(const Case&)>& fails, std::uint64_t& steps) {
  const int most_tries = ShrinkLimit::current();
  int tries = 0;
  auto shrinkable = rc::shrinkable::shrinkRecur(
      std::move(c), [&](const Case& x) { return candidates(op, f, x); });
  steps = 0;
  for (bool progress = true; progress && tries < most_tries;) {
    progress = false;
    auto options = shrinkable.shrinks();
    while (auto option = options.next()) {
      if (++tries >= most_tries) break;
      if (!fails(option->value())) continue;
      shrinkable = std::move(*option);
      ++steps;
      progress = true;
      break;
    }
  }
  return shrinkable.value();
}

}  // namespace assay::verify
