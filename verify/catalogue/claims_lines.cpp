// Claims 4 and 5: the projection on a line, and distances from it.

#include "assay/line.hpp"

#include <fmt/format.h>

#include <cmath>

#include "planted.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;

Index dimension(Trial& t) {
  const auto d = static_cast<Index>(t.number() % 4 == 0 ? 1 : 1 + t.seed("d") % 5);
  t.count(d == 1 ? "d = 1" : "d > 1");
  return d;
}

// --- 4a: exactly ---------------------------------------------------------------------------------

struct ExactCase {
  Index d;
  Exact b, u, x;
  Line<Rational> line;
};
ExactCase exact_case(Trial& t) {
  const Index d = dimension(t);
  Random random(t.seed("numbers"));
  Exact b = rational_matrix(random, {d, 1}), u = unit_vector(random, d);
  Exact x = rational_matrix(random, {d, 1});
  if (t.number() % 8 == 5) {
    t.count("x on the line");
    x = b + u * rational(random);
  }
  return {d, b, u, x, Line<Rational>(b, u)};
}

void projection(Trial& t) {
  const ExactCase c = exact_case(t);
  Random random(t.seed("more"));
  const Exact projected = c.line.project(c.x);
  const Rational at = c.line.coordinate(c.x), zero(0);
  require_same(t, "the coordinate is <x - b, u>", at, dot(c.x - c.b, c.u));
  require_same(t, "the projection is b + <x - b, u> u", projected, c.b + c.u * at);
  require_same(t, "the residual is orthogonal to u", dot(c.x - projected, c.u), zero);
  require_same(t, "the residual is x less its projection", c.line.residual(c.x), c.x - projected);
  require_same(t, "the projection of the projection is itself", c.line.project(projected),
               projected);
  const Line<Rational> moved(c.b + c.u * rational(random), c.u);
  require_same(t, "b + s u in place of b projects on the same point", moved.project(c.x),
               projected);
  const Rational v = rational(random);
  require_same(t, "|x - (b + v u)|^2 = |x - its projection|^2 + (v - t)^2",
               squared_norm(c.x - (c.b + c.u * v)),
               c.line.squared_distance(c.x) + (v - at) * (v - at));
}

// --- 4b: in float and double ---------------------------------------------------------------------

template <class T>
struct Case {
  Mat<T> b, x;
  Line<T> line;
};

/// Numbers of sizes from 2^-20 to 2^20; the direction has length one only up to rounding.
template <class T>
Case<T> random_case(Trial& t, const Format&) {
  const Index d = dimension(t);
  Random random(t.seed("numbers"));
  const auto sized = [&] {
    const auto size = std::ldexp(1.0, static_cast<int>(random.below(41)) - 20);
    return Mat<T>(random.normal_matrix<T>({d, 1}) * static_cast<T>(size));
  };
  const Mat<T> b = sized(), x = sized();
  const Line<T> line = Line<T>::along(b, sized());
  return {b, x, line};
}

/// Of the line as its numbers are, whose direction has any length.
struct Truth {
  std::vector<Enclosure> b, u, r;
  Enclosure at, squared_distance;

  template <class T>
  explicit Truth(const Case<T>& c) {
    Enclosure product(0), squares(0);
    for (Index i = 0; i < c.x.rows(); ++i) {
      b.emplace_back(c.b(i));
      u.emplace_back(c.line.direction()(i));
      r.push_back(Enclosure(c.x(i)) - b.back());
      product += r.back() * u.back();
      squares += u.back() * u.back();
    }
    at = product / squares;
    squared_distance = Enclosure(0);
    for (std::size_t i = 0; i < r.size(); ++i) {
      r[i] -= at * u[i];
      squared_distance += r[i] * r[i];
    }
  }
};

template <class T>
void require_right(Trial& t, const Format& f, const std::string& what, const T& got,
                   const Form& form) {
  const auto reference = sharp(form);
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, what, static_cast<double>(got), *reference, 1);
}

template <class T>
void projection_in(Trial& t, const Format& f) {
  const Case<T> c = random_case<T>(t, f);
  require_right(t, f, "the coordinate", c.line.coordinate(c.x), [&] { return Truth(c).at; });
  const Mat<T> projected = c.line.project(c.x);
  for (Index i = 0; i < c.x.rows(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    require_right(t, f, "an element of the projection", projected(i), [&] {
      const Truth truth(c);
      return truth.b[k] + truth.at * truth.u[k];
    });
  }
  // Of many points each is treated as if it were alone.
  Mat<T> rows(3, c.x.rows());
  rows << c.b.transpose(), c.x.transpose(), (c.x + c.b).transpose();
  const Mat<T> many = c.line.projections(rows), distances = c.line.distances(rows);
  require_that(t, Mat<T>(many.row(1).transpose()) == projected,
               "a row's projection is that of the point");
  require_that(t, distances(1) == c.line.distance(c.x), "a row's distance is that of the point");
}

// --- 4c: directions of another length ------------------------------------------------------------

template <class T>
void other_lengths(Trial& t, const Format& f) {
  const Case<T> c = random_case<T>(t, f);
  const Index d = c.x.rows();
  const T off = std::ldexp(T(1), -static_cast<int>(t.seed("off") % 8) - 1);
  const Mat<T> u = c.line.direction() * (t.number() % 2 == 0 ? T(1) + off : T(1) - off);
  t.count(t.number() % 2 == 0 ? "longer" : "shorter");
  require_error<std::invalid_argument>(t, [&] { Line<T>(c.b, u); },
                                       {"Line", "u is", "u must have length 1"});
  require_error<std::invalid_argument>(t, [&] { Line<T>(c.b, Mat<T>::Zero(d, 1)); },
                                       {"u must have length 1"});
  require_error<std::invalid_argument>(t, [&] { Line<T>::along(c.b, Mat<T>::Zero(d, 1)); },
                                       {"direction is 0"});
  // Normalised by name, a length has no influence, however near to the ends of the range.
  using L = std::numeric_limits<T>;
  const int e = t.number() % 2 == 0 ? L::max_exponent - 2 : L::min_exponent + L::digits;
  const Mat<T> scaled = c.line.direction() * std::ldexp(T(1), e);
  const Mat<T> again = Line<T>::along(c.b, scaled).direction();
  for (Index i = 0; i < d; ++i) {
    require_right(t, f, "an element of the normalised direction", again(i), [&] {
      Enclosure squares(0);
      for (const T& x : scaled.reshaped()) squares += Enclosure(x) * Enclosure(x);
      return Enclosure(scaled(i)) / sqrt(squares);
    });
  }
}

void other_lengths_exactly(Trial& t) {
  const ExactCase c = exact_case(t);
  const Exact u = c.u * Rational(1000001, 1000000);
  require_error<std::invalid_argument>(t, [&] { Line<Rational>(c.b, u); },
                                       {"Line", "u is", "u must have length 1"});
  // What the formula gives for it is no projection: its residual is not orthogonal.
  const Exact wrong = c.b + u * dot(c.x - c.b, u);
  const bool is_orthogonal = dot(c.x - wrong, u) == Rational(0);
  const bool has_coordinate = dot(c.x - c.b, u) != Rational(0);
  if (has_coordinate) t.count("the formula would be wrong");
  require_that(t, is_orthogonal != has_coordinate, "a residual that is not orthogonal");
}

// --- 5: the squared distance ---------------------------------------------------------------------

void distance_exactly(Trial& t) {
  const ExactCase c = exact_case(t);
  const Rational at = dot(c.x - c.b, c.u);
  require_same(t, "|residual|^2 = |x - b|^2 - t^2", c.line.squared_distance(c.x),
               squared_norm(c.x - c.b) - at * at);
}

void distance_forms(Trial& t) {
  const Index d = dimension(t);
  Random random(t.seed("numbers"));
  const auto draw = [&] { return random.normal_matrix<double>({d, 1}); };
  const Mat<double> b = draw(), direction = draw();
  Mat<double> x = draw();
  if (t.number() % 4 == 1) {
    t.count("near the line");
    x = b + direction * random.normal() + x * 0x1p-40;
  }
  if (d == 1) x = b;  // elsewhere the distance is 0 and no number of bits shows it
  const auto wide = [](const Mat<double>& m) {
    return Mat<Enclosure>(m.unaryExpr([](double v) { return Enclosure(v); }));
  };
  const auto line = [=] { return Line<Enclosure>::along(wide(b), wide(direction)); };
  require_equal(
      t, {{"the library's squared distance", [=] { return line().squared_distance(wide(x)); }},
          {"the square of the library's distance",
           [=] {
             const Enclosure r = line().distance(wide(x));
             return r * r;
           }},
          {"|x - b|^2 - <x - b, u>^2", [=] {
             Enclosure squares(0), product(0), length(0);
             for (Index i = 0; i < d; ++i) {
               const Enclosure r = Enclosure(x(i)) - Enclosure(b(i));
               squares += r * r;
               product += r * Enclosure(direction(i));
               length += Enclosure(direction(i)) * Enclosure(direction(i));
             }
             return squares - product * product / length;
           }}});
}

constexpr const char* cancels = "the identity is off by more than 1000 ulp";

/// Near the line, where |x - b|^2 - t^2 has lost most digits or all of them.
template <class T>
void distance_in(Trial& t, const Format& f) {
  Case<T> c = random_case<T>(t, f);
  if (t.number() % 4 != 0) {
    const int nearness = static_cast<int>(t.seed("near") % static_cast<std::uint64_t>(f.digits));
    Random random(t.seed("point"));
    const T along = static_cast<T>(random.normal()) * (T(1) + c.b.norm());
    c.x = c.b + c.line.direction() * along +
          random.normal_matrix<T>({c.x.rows(), 1}) * std::ldexp(along, -nearness);
    t.count("near the line");
  }
  const auto form = [&] { return sqrt(Truth(c).squared_distance); };
  if (c.x.rows() == 1) {
    require_that(t, c.line.distance(c.x) == T(0), "every number lies on a line in one dimension");
    return;
  }
  const auto reference = sharp(form);
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, "the distance", static_cast<double>(c.line.distance(c.x)),
                 *reference, 1);
  const T at = (c.x - c.b).col(0).dot(c.line.direction().col(0));
  const T naive = std::sqrt((c.x - c.b).squaredNorm() - at * at);
  const Big ulp = ulp_at(f, reference->value);
  if (!(ratio(abs(Big(naive) - reference->value), ulp) <= 1000)) t.count(cancels);
}

}  // namespace

void add_line_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases, few = plan.cases / 4;
  const std::vector<std::string> all{"d = 1", "d > 1"};
  const auto in_each_format = [&](const Statement& s, std::uint64_t cases, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, cases, in_format(f, attempt)));
    }
  };
  checks.push_back(random_check(
      {"claim-4a-projection",
       "b + <x-b,u> u for unit u: the residual is orthogonal to u; idempotent; the same for b + "
       "su; "
       "|x-(b+vu)|^2 = |x-projection|^2 + (v-t)^2; exactly, by the library over the rationals",
       "more than 5 dimensions",
       {"d = 1", "d > 1", "x on the line"}},
      "rational", n, projection));
  in_each_format(
      {"claim-4b-projection-rounded",
       "coordinates and projections of the library are right to 1 ulp, alone and in rows",
       "more than 32 dimensions", all},
      few, [](auto type, Trial& t, const Format& f) { projection_in<decltype(type)>(t, f); });
  checks.push_back(random_check({"claim-4c-unit-direction",
                                 "a direction of another length is an error that says so, and the "
                                 "formula's residual for it is not orthogonal",
                                 "",
                                 {"the formula would be wrong"}},
                                "rational", few, other_lengths_exactly));
  in_each_format(
      {"claim-4c-unit-direction",
       "a direction of another length is an error that says so; Line::along normalises to 1 ulp",
       "",
       {"longer", "shorter"}},
      few, [](auto type, Trial& t, const Format& f) { other_lengths<decltype(type)>(t, f); });
  checks.push_back(random_check({"claim-5a-squared-distance",
                                 "|residual|^2 = |x-b|^2 - <x-b,u>^2, exactly, by the library",
                                 "rounding",
                                 {"d = 1", "d > 1", "x on the line"}},
                                "rational", n, distance_exactly));
  checks.push_back(random_check(
      {"claim-5b-squared-distance",
       "the library's squared distance is |x-b|^2 - <x-b,u>^2, with the bits that it cancels",
       "",
       {"d = 1", "d > 1", "near the line"}},
      "high", few, distance_forms));
  in_each_format(
      {"claim-5c-distance-near-the-line",
       "the library's distance is right to 1 ulp where |x-b|^2 - t^2 has lost its digits",
       "more than 32 dimensions",
       {"d > 1", "near the line", cancels}},
      n / 2, [](auto type, Trial& t, const Format& f) { distance_in<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
