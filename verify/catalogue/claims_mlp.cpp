// Claim 17: the network of the worked examples 3(a) at random parameters and samples.

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "assay/random.hpp"
#include "logit.hpp"
#include "mlp.hpp"

namespace assay::verify::claims {
namespace {

// --- random cases --------------------------------------------------------------------------------

/// Parameters, two samples and a rate: small fractions, in float and double rounded ones.
template <class T>
struct Problem {
  Five<T> p;
  Sample<T> first, second;
  T rate;

  explicit Problem(Trial& t) {
    Random random(t.seed("numbers"));
    const auto draw = [&](const std::string& name) {
      const auto n = static_cast<int>(random.below(25)) - 12;
      const auto x = T(Rational(n) / Rational(static_cast<int>(random.below(9)) + 1));
      if constexpr (std::is_floating_point_v<T>) t.input(name, static_cast<double>(x));
      if constexpr (!std::is_floating_point_v<T>) t.input(name, x.to_double());
      return x;
    };
    for (std::size_t i = 0; i < p.size(); ++i) p.at(i) = draw(names.at(i));
    first = {draw("x1"), draw("x2"), draw("y")};
    second = {draw("second x1"), draw("second x2"), draw("second y")};
    rate = T(T(1) / T(static_cast<int>(random.below(40)) + 2));
  }
};

template <class T>
Five<Rational> exactly(const Five<T>& p) {
  return {Rational(p[0]), Rational(p[1]), Rational(p[2]), Rational(p[3]), Rational(p[4])};
}
template <class T>
Sample<Rational> exactly(const Sample<T>& s) {
  return {Rational(s.x1), Rational(s.x2), Rational(s.y)};
}

/// what(name, member): z, a, y_hat, loss and the five gradients.
template <class What>
void each_number(What what) {
  what("z", [](const auto& x) { return x.z; });
  what("a", [](const auto& x) { return x.a; });
  what("y_hat", [](const auto& x) { return x.y_hat; });
  what("the loss", [](const auto& x) { return x.loss; });
  for (std::size_t i = 0; i < names.size(); ++i) {
    what(fmt::format("the gradient of {}", names.at(i)),
         [i](const auto& x) { return x.gradient.at(i); });
  }
}

template <class M>
std::string in_graph(const M& model, const std::string& what) {
  return fmt::format("{}, {}:", what, model.graph);
}

void require_exact(Trial& t, const std::string& what, const Rational& got, const Rational& right) {
  t.compared();
  if (got == right) return;
  t.fail(what + " is not what the formulas say", {{"got", got.str()}, {"by hand", right.str()}});
}
template <class M>
void require_exact(Trial& t, const M& model, const std::string& what, const Five<Rational>& got,
                   const Five<Rational>& right) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    require_exact(t, in_graph(model, fmt::format("{} {}", what, names.at(i))), got.at(i),
                  right.at(i));
  }
}

// --- 17a: exactly --------------------------------------------------------------------------------

void training_exact(Trial& t) {
  const Problem<Rational> problem(t);
  on_both(t, problem.p, [&](auto& model) {
    Five<Rational> p = problem.p;
    for (int step = 1; step <= 3; ++step) {
      const Sample<Rational>& s = step == 2 ? problem.second : problem.first;
      const Pass<Rational> right = by_hand(p, s);
      t.count(right.z > 0 ? "active" : "not active");
      model.zero_grad();
      const Pass<Rational> got = model.sweep(s);
      each_number([&](const std::string& name, auto member) {
        require_exact(t, in_graph(model, fmt::format("step {}: {}", step, name)), member(got),
                      member(right));
      });
      model.step(problem.rate);
      p = descended(p, right.gradient, problem.rate);
      require_exact(t, model, fmt::format("after step {}", step), model.p, p);
    }
  });
}

// --- 17b: in float and double --------------------------------------------------------------------

void require_rounded(Trial& t, const Format& f, Quantity q, const std::string& what, double got,
                     const Rational& right, const Rational& terms, int k) {
  t.compared();
  if (!std::isfinite(got)) return t.fail(what + " is not finite", {{"got", both(f, got)}});
  const Rational error = abs(Rational(got) - right);
  const double near = right.to_double(), ulp = ulp_at(f, Big(near)).to_double();
  const Rational unit = terms * Rational(std::ldexp(1.0, -f.digits));
  const double in_ulp = error.to_double() / ulp;
  auto& worst = q == Quantity::value ? t.result().worst_value : t.result().worst_derivative;
  keep_worst(worst, {in_ulp,
                     terms > 0 ? (error / unit).to_double() : 0,
                     t.number(),
                     {},
                     decimal(f, got),
                     decimal(double_format, near)});
  if (error <= share(f, k) * terms) return;
  t.fail(fmt::format("{} is further off than {} roundings of each term", what, k),
         {{"got", both(f, got)},
          {"by hand", both(double_format, near)},
          {"error", fmt::format("{} ulp, {} roundings of each term", figure(in_ulp),
                                figure((error / unit).to_double()))}});
}

/// Whether rounding leaves no doubt on which side of the kink z is.
bool is_clear_of_kink(const Format& f, const Pass<Rational>& right, const Pass<Rational>& terms) {
  return abs(right.z) > share(f, roundings.z) * terms.z;
}

template <class T>
void training_rounded(Trial& t, const Format& f) {
  const Problem<T> problem(t);
  const Five<Rational> p = exactly(problem.p);
  const Sample<Rational> s = exactly(problem.first);
  const Rational rate(problem.rate);
  const Pass<Rational> right = by_hand(p, s), terms = magnitudes(p, s);
  if (!is_clear_of_kink(f, right, terms)) return t.count("at the kink but for rounding");
  t.count(right.z > 0 ? "active" : "not active");
  on_both(t, problem.p, [&](auto& model) {
    const Pass<T> got = model.sweep(problem.first);
    each_number([&](const std::string& name, auto member) {
      const Quantity q = name.starts_with("the grad") ? Quantity::derivative : Quantity::value;
      require_rounded(t, f, q, in_graph(model, name), static_cast<double>(member(got)),
                      member(right), member(terms), member(roundings));
    });
    model.step(problem.rate);
    const Five<Rational> after = descended(p, right.gradient, rate);
    for (std::size_t i = 0; i < p.size(); ++i) {
      require_rounded(t, f, Quantity::value,
                      in_graph(model, fmt::format("the new {}", names.at(i))),
                      static_cast<double>(model.p.at(i)), after.at(i),
                      abs(p.at(i)) + rate * terms.gradient.at(i), roundings.gradient.at(i) + 2);
    }
  });
}

// --- 17c: mistakes -------------------------------------------------------------------------------

constexpr std::array mistakes{"no zero_grad", "h updated first", "factor 2 missing",
                              "both samples summed"};
std::string noticed_text(const char* mistake, const char* graph) {
  return fmt::format("{}: noticed, {}", mistake, graph);
}

/// Over the rationals the mistake gives just the wrong gradient that its formula says; in float and
/// double it is off by more than rounding can be. Counted where it is told from the right one.
template <class T, class M>
void compare_mistake(Trial& t, const Format& f, const char* mistake, const M& model,
                     const Five<Rational>& wrong, const Pass<Rational>& right,
                     const Pass<Rational>& terms) {
  bool noticed = false;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    const Rational got(model.g.at(i)), off = abs(got - right.gradient.at(i));
    if constexpr (std::is_same_v<T, Rational>) {
      require_exact(t, in_graph(model, fmt::format("{}: {}", mistake, names.at(i))), got,
                    wrong.at(i));
      noticed = noticed || off > 0;
    } else {
      t.compared();
      noticed = noticed || off > share(f, roundings.gradient.at(i)) * terms.gradient.at(i);
    }
  }
  if (noticed) t.count(noticed_text(mistake, model.graph));
}

template <class T>
void mistakes_noticed(Trial& t, const Format& f) {
  const Problem<T> problem(t);
  const Five<Rational> p = exactly(problem.p);
  const Sample<Rational> one = exactly(problem.first), two = exactly(problem.second);
  const Pass<Rational> first = by_hand(p, one), terms = magnitudes(p, one);
  const auto is_clear = [&](const Pass<Rational>& right, const Pass<Rational>& sizes) {
    return std::is_same_v<T, Rational> || is_clear_of_kink(f, right, sizes);
  };
  if (!is_clear(first, terms)) return t.count("at the kink but for rounding");
  on_both(t, problem.p, [&](auto& model) {
    const auto fresh = model;
    const T y_hat = model.sweep(problem.first).y_hat;
    model.step(problem.rate);
    const Five<T> updated = model.p;
    const Five<Rational> next = exactly(updated);  // as rounded: the second step starts from these
    const Pass<Rational> second = by_hand(next, two), second_terms = magnitudes(next, two);
    if (is_clear(second, second_terms)) {
      model.sweep(problem.second);  // the mistake: no zero_grad() before it
      compare_mistake<T>(t, f, mistakes[0], model, sum(first.gradient, second.gradient), second,
                         second_terms);
    }
    {
      auto m = fresh;
      m.p[3] = updated[3];
      m.p[4] = updated[4];  // the mistake: h0 and h1 are new while w is still to be differentiated
      m.pull_back(problem.first, T(2) * (y_hat - problem.first.y));
      const Rational d = first.gradient[3], dz = first.z > 0 ? d * next[4] : Rational(0);
      compare_mistake<T>(t, f, mistakes[1], m, {dz, dz * one.x1, dz * one.x2, d, d * first.a},
                         first, terms);
    }
    {
      auto m = fresh;
      m.sweep(problem.first, T(1) / T(2));  // the mistake: half the squared error
      const Rational less = Rational(1) / Rational(2);
      compare_mistake<T>(t, f, mistakes[2], m, descended(first.gradient, first.gradient, less),
                         first, terms);
    }
    {
      auto m = fresh;
      m.sweep(problem.first);
      m.sweep(problem.second);  // the mistake: both samples in one step
      compare_mistake<T>(t, f, mistakes[3], m, sum(first.gradient, by_hand(p, two).gradient), first,
                         terms);
    }
  });
}

// --- 17d: at the kink, and behind it -------------------------------------------------------------

constexpr const char* convention_shows = "relu'(0) = 1 would give another gradient";

/// Quarters, so that float holds every number that occurs.
template <class T>
void kink_and_dead_unit(Trial& t, const Format&) {
  Random random(t.seed("numbers"));
  const auto draw = [&](const std::string& name) {
    const int n = static_cast<int>(random.below(25)) - 12;
    t.input(name, n / 4.0);
    return Rational(n) / Rational(4);
  };
  Five<Rational> p;
  for (std::size_t i = 1; i < p.size(); ++i) p.at(i) = draw(names.at(i));
  const Sample<Rational> s{draw("x1"), draw("x2"), draw("y")};
  const bool dead = t.number() % 2 == 1;
  const Rational z = dead ? Rational(-1 - static_cast<int>(random.below(8))) / Rational(4) : 0;
  p[0] = z - p[1] * s.x1 - p[2] * s.x2;
  t.count(dead ? "dead unit" : "at the kink");
  const Rational r = p[3] - s.y, rate = Rational(1) / Rational(8);
  if (!dead && r * p[4] != 0) t.count(convention_shows);
  const auto held = [](const Five<Rational>& x) {
    return Five<T>{T(x[0]), T(x[1]), T(x[2]), T(x[3]), T(x[4])};
  };
  on_both(t, held(p), [&](auto& model) {
    const auto require = [&](const char* name, const T& got, const Rational& right) {
      require_exact(t, in_graph(model, name), Rational(got), right);
    };
    const Pass<T> got = model.sweep({T(s.x1), T(s.x2), T(s.y)});
    require("z", got.z, z);
    require("a", got.a, 0);
    require("y_hat", got.y_hat, p[3]);
    require("the loss", got.loss, r * r);
    const Five<Rational> right{0, 0, 0, Rational(2) * r, 0};
    require_exact(t, model, "the gradient of", exactly(got.gradient), right);
    model.step(T(rate));
    require_exact(t, model, "the new", exactly(model.p), descended(p, right, rate));
  });
}

}  // namespace

void add_mlp_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::vector<std::string> both_sides{"scalar graph", "matrix graph", "active", "not active"};
  const std::uint64_t fewer = plan.cases / 4;
  checks.push_back(random_check(
      {"claim-17a-mlp-exact",
       "h0 + h1 relu(w0 + w1 x1 + w2 x2) with the squared error: three steps of gradient descent "
       "from random fractions; z, a, y_hat, loss, gradient and new parameters equal the formulas "
       "in both graphs, exactly",
       "one hidden unit", both_sides},
      "rational", fewer, training_exact));
  for (const Format& f : plan.formats) {
    checks.push_back(random_check(
        {"claim-17b-mlp-rounded",
         "the same numbers in one step against the exact ones of the same inputs: off by at most "
         "as many roundings of each term as the formula has (z 3, y_hat 5, loss 13, gradient 6 to "
         "10, step 2 more); the envelope figure counts roundings of all terms",
         "z closer to the kink than rounding can tell", both_sides},
        f.name, fewer, in_format(f, [](auto type, Trial& t, const Format& g) {
          training_rounded<decltype(type)>(t, g);
        })));
  }
  std::vector<std::string> all_noticed;
  for (const char* mistake : mistakes) {
    for (const char* graph : {"scalar graph", "matrix graph"}) {
      all_noticed.push_back(noticed_text(mistake, graph));
    }
  }
  checks.push_back(random_check(
      {"claim-17c-mlp-mistakes",
       "no zero_grad, h updated before w is differentiated, the factor 2 missing, both samples in "
       "one step: each gives its own wrong gradient, exactly, and is told from the right one",
       "cases where a mistake changes nothing", all_noticed},
      "rational", fewer, [](Trial& t) { mistakes_noticed<Rational>(t, double_format); }));
  for (const Format& f : plan.formats) {
    checks.push_back(random_check(
        {"claim-17c-mlp-mistakes", "each of the four mistakes is off by more than claim 17b allows",
         "", all_noticed},
        f.name, fewer, in_format(f, [](auto type, Trial& t, const Format& g) {
          mistakes_noticed<decltype(type)>(t, g);
        })));
  }
  const Statement kink{
      "claim-17d-mlp-kink-and-dead-unit",
      "z = 0: relu'(0) = 0 as declared; z < 0: a dead unit; there only h0 has a gradient, "
      "2 (h0 - y), and only h0 moves; in both graphs, exactly",
      "",
      {"scalar graph", "matrix graph", "at the kink", "dead unit", convention_shows}};
  checks.push_back(random_check(kink, "rational", fewer,
                                [](Trial& t) { kink_and_dead_unit<Rational>(t, double_format); }));
  for (const Format& f : plan.formats) {
    checks.push_back(
        random_check(kink, f.name, fewer, in_format(f, [](auto type, Trial& t, const Format& g) {
                       kink_and_dead_unit<decltype(type)>(t, g);
                     })));
  }
}

}  // namespace assay::verify::claims
