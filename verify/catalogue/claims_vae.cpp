// Claims 10, 14 and 16: the heads of an encoder, reparameterisation, and the loss of a variational
// auto-encoder.

#include <algorithm>
#include <cmath>

#include "assay/random.hpp"
#include "assay/vae.hpp"
#include "claims.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;
using High = Mat<Enclosure>;

Index extent(Trial& t, std::string_view what, std::uint64_t most) {
  return static_cast<Index>(1 + t.seed(what) % most);
}

High high(const Mat<double>& x) {
  return x.unaryExpr([](double v) { return Enclosure(v); });
}

/// Element i of a computed matrix as a form.
template <class F>
Form at(F f, Index i) {
  return [=] { return High(f())(i); };
}

// --- 10: how many numbers an encoder emits -------------------------------------------------------

Index lower_triangle(Index d) {
  Index n = 0;
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) ++n;
  }
  return n;
}

void latent_dimensions(Trial& t) {
  const Index d = t.number() < 8 ? static_cast<Index>(t.number()) + 1 : extent(t, "d", 300);
  t.input("d", static_cast<double>(d));
  using enum Covariance;
  const std::vector<std::pair<Covariance, Index>> sizes{
      {identity, d}, {Covariance::diagonal, d + d}, {full, d + lower_triangle(d)}};
  for (const auto& [covariance, expected] : sizes) {
    require_that(t, head_size(covariance, d) == expected, "another number of outputs",
                 {{"got", std::to_string(head_size(covariance, d))},
                  {"reference", std::to_string(expected)}});
    require_that(t, latent_size(covariance, expected) == d, "latent_size is not its inverse");
  }
  try {  // one more is no size of a full covariance, nor an odd number of a diagonal one
    static_cast<void>(latent_size(full, d + lower_triangle(d) + 1));
    require_that(t, false, "a number of outputs that no full covariance has is taken");
  } catch (const std::invalid_argument&) {
    t.count("no such size");
  }
}

/// The numbers of a head are what the distribution is made of: each moves a sample or nothing does.
void heads_are_used(Trial& t) {
  const Index d = extent(t, "d", 4);
  Random random(t.seed("values"));
  for (const Covariance c : {Covariance::identity, Covariance::diagonal, Covariance::full}) {
    const Mat<double> noise = random.normal_matrix<double>({2, d});
    Graph<double> graph;
    const Var<double> head = graph.variable(random.normal_matrix<double>({2, head_size(c, d)}));
    const Posterior<double> p(head, c, d);
    graph.backward(add(sum(square(p.sample(noise))), sum(p.divergence())));
    require_that(t, (head.grad().array() != 0).all(), "a number of the head has no gradient");
  }
}

// --- 14: gradients of reparameterisation ---------------------------------------------------------

Rational rational(Random& random) {
  const auto numerator = static_cast<int>(random.below(41)) - 20;
  return Rational(numerator) / Rational(static_cast<int>(random.below(9)) + 1);
}

void by_deviation(Trial& t) {
  const Shape s{extent(t, "rows", 4), extent(t, "cols", 4)};
  Random random(t.seed("values"));
  const auto draw = [&] {
    return Mat<Rational>(
        Mat<Rational>::NullaryExpr(s.rows, s.cols, [&] { return rational(random); }));
  };
  const Mat<Rational> mu = draw(), eps = draw(), g = draw();
  Mat<Rational> sigma = draw();
  if (t.number() % 4 == 0) sigma(0, 0) = Rational(0);
  Graph<Rational> graph;
  const Var<Rational> m = graph.variable(mu), v = graph.variable(sigma);
  const Var<Rational> z = reparameterize(m, v, eps);
  graph.backward(z, g);
  for (Index i = 0; i < mu.size(); ++i) {
    const Rational dm = m.grad()(i), dv = v.grad()(i);
    require_that(t, z.value()(i) == mu(i) + sigma(i) * eps(i), "z is not mu + sigma eps");
    require_that(t, dm == g(i), "dmu is not g", {{"got", dm.str()}, {"reference", g(i).str()}});
    require_that(t, dv == g(i) * eps(i), "dsigma is not g eps",
                 {{"got", dv.str()}, {"reference", Rational(g(i) * eps(i)).str()}});
    if (sigma(i) == Rational(0)) t.count("sigma = 0");
  }
}

/// +-700 every third time, where the variance is 1e304 or 1e-304.
double log_variance(Trial& t, const std::string& what, double scale = 4) {
  const std::uint64_t n = t.number() % 3;
  const double v = n == 0 ? (t.seed(what) % 2 == 0 ? 700 : -700) : scale * (2 * t.unit(what) - 1);
  t.input(what, v);
  if (n == 0) t.count("|logvar| = 700");
  return v;
}

struct Point {
  double mu, logvar, eps, g;
};
Point point(Trial& t) {
  const Point p{8 * t.unit("mu") - 4, log_variance(t, "logvar"), 6 * t.unit("eps") - 3,
                4 * t.unit("g") - 2};
  t.input("mu", p.mu);
  t.input("eps", p.eps);
  t.input("g", p.g);
  return p;
}
template <class T>
Grads<T, 3> through_logvar(const Point& p) {
  const Mat<T> mu = one(T(p.mu)), v = one(T(p.logvar)), e = one(T(p.eps));
  return ReparameterizeLogvar::backward(one(T(p.g)), mu, v, e, mu);
}

void by_log_variance(Trial& t) {
  const Point p = point(t);
  const auto sigma = [v = p.logvar] { return exp(Enclosure(v) / Enclosure(2)); };
  require_equal(t, {{"the library's dlogvar", [=] { return through_logvar<Enclosure>(p)[1](0); }},
                    {"g eps sigma / 2",
                     [=] { return Enclosure(p.g) * Enclosure(p.eps) * sigma() / Enclosure(2); }}});
}

template <class T>
void by_log_variance_in(Trial& t, const Format& f) {
  const Point p = point(t);
  const auto reference = sharp([=] {
    return Enclosure(static_cast<T>(p.g)) * Enclosure(static_cast<T>(p.eps)) *
           exp(Enclosure(static_cast<T>(p.logvar)) / Enclosure(2)) / Enclosure(2);
  });
  if (!reference) return t.unresolved();
  const auto got = static_cast<double>(through_logvar<T>(p)[1](0));
  require_within(t, f, Quantity::derivative, "dlogvar", got, *reference, 4);
}

void by_factor(Trial& t) {
  const Index d = extent(t, "d", 4);
  Random random(t.seed("values"));
  const Mat<double> mu = random.uniform_matrix<double>({1, d}, -2, 2),
                    l = random.uniform_matrix<double>({1, packed_size(d)}, -2, 2),
                    e = random.uniform_matrix<double>({1, d}, -2, 2),
                    g = random.uniform_matrix<double>({1, d}, -2, 2);
  const auto backward = [=] {
    return ReparameterizeFull::backward(high(g), high(mu), high(l), high(e), high(mu));
  };
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) {
      const Index k = i * (i + 1) / 2 + j;
      require_equal(t, {{"the library's dl", [=] { return backward()[1](k); }},
                        {"g_i eps_j, times e^l on the diagonal", [=] {
                           const Enclosure outer = Enclosure(g(i)) * Enclosure(e(j));
                           return i == j ? outer * exp(Enclosure(l(k))) : outer;
                         }}});
      t.count(i == j ? "on the diagonal" : "beside it");
    }
  }
}

// --- 16: the divergence to the standard normal, and the loss -------------------------------------

struct Latent {
  Mat<double> mu, logvar;
};
Latent latent(Trial& t) {
  const Shape s{1, extent(t, "d", 4)};
  Random random(t.seed("values"));
  Latent x{random.uniform_matrix<double>(s, -3, 3), random.uniform_matrix<double>(s, -3, 3)};
  x.logvar(0) = log_variance(t, "logvar");
  if (t.number() % 5 == 1) {  // near the minimum
    x.mu *= 0x1p-30;
    x.logvar *= 0x1p-30;
    t.count("near the minimum");
  }
  return x;
}

Enclosure as_written(const Latent& x) {
  Enclosure sum(0);
  for (Index j = 0; j < x.mu.size(); ++j) {
    const Enclosure m(x.mu(j)), v(x.logvar(j));
    sum += Enclosure(1) + v - m * m - exp(v);
  }
  return -sum / Enclosure(2);
}

void kl_forms(Trial& t) {
  const Latent x = latent(t);
  const auto full = [x] {
    const Index d = x.mu.size();
    Mat<double> l = Mat<double>::Zero(1, packed_size(d));
    for (Index i = 0; i < d; ++i) l(i * (i + 3) / 2) = x.logvar(i) / 2;
    return KlStandardNormalFull::forward(high(x.mu), high(l));
  };
  const auto between = [x] {
    const High zero = high(Mat<double>::Zero(1, x.mu.size()));
    return KlNormal::forward(high(x.mu), high(x.logvar), zero, zero);
  };
  require_equal(t, {{"the library's KL",
                     at([x] { return KlStandardNormal::forward(high(x.mu), high(x.logvar)); }, 0)},
                    {"-1/2 sum (1 + logvar - mu^2 - e^logvar)", [x] { return as_written(x); }},
                    {"that of a diagonal factor L", at(full, 0)},
                    {"that to N(m1, v1) at (0, 1)", at(between, 0)}});
}

void kl_gradients(Trial& t) {
  const Latent x = latent(t);
  const auto backward = [x] {
    return KlStandardNormal::backward(one(Enclosure(1)), high(x.mu), high(x.logvar), High());
  };
  for (Index j = 0; j < x.mu.size(); ++j) {
    require_equal(t, {{"the library's dmu", [=] { return backward()[0](j); }},
                      {"mu", [m = x.mu(j)] { return Enclosure(m); }}});
    require_equal(t, {{"the library's dlogvar", [=] { return backward()[1](j); }},
                      {"(e^logvar - 1) / 2", [v = x.logvar(j)] {
                         return (exp(Enclosure(v)) - Enclosure(1)) / Enclosure(2);
                       }}});
  }
}

void kl_positive(Trial& t) {
  const Latent x = latent(t);
  require_positive(t, "KL away from (0, 0)",
                   at([x] { return KlStandardNormal::forward(high(x.mu), high(x.logvar)); }, 0));
  require_equal(t, {{"KL at mu = 0, logvar = 0", at(
                                                     [d = x.mu.size()] {
                                                       const High zero =
                                                           high(Mat<double>::Zero(1, d));
                                                       return KlStandardNormal::forward(zero, zero);
                                                     },
                                                     0)},
                    {"0", [] { return Enclosure(0); }}});
}

template <class T>
void kl_positive_in(Trial& t, const Format& f) {
  const Operation& any = losses();  // any number for the first input
  Mat<T> mu(1, 1), v(1, 1);
  mu(0) = static_cast<T>(generate_value(any, 0, f, t.seed("mu")));
  v(0) = static_cast<T>(generate_value(any, 0, f, t.seed("v")));
  if (t.number() % 4 == 0) mu(0) = v(0) = T(0);
  if (t.number() % 8 == 1) v(0) = std::log(std::numeric_limits<T>::max()) + T(t.unit("v"));
  t.input("mu", static_cast<double>(mu(0)));
  t.input("logvar", static_cast<double>(v(0)));
  const T y = kl_standard_normal(mu, v)(0);
  const bool none = mu(0) == T(0) && v(0) == T(0);
  if (none) t.count("at the minimum");
  require_that(t, none ? y == T(0) : y >= T(0), "KL is negative, or not 0 at the minimum",
               {{"got", both(f, static_cast<double>(y))}});
  const auto m = static_cast<double>(mu(0)), lv = static_cast<double>(v(0));
  if (lv > 0 && !std::isfinite(std::exp(static_cast<T>(lv))) && std::isfinite(y)) {
    t.count("e^logvar overflows, KL does not");
  }
  if (none || std::abs(lv) > beyond_all) return;
  const auto reference = sharp([m, lv] { return as_written({one(m), one(lv)}); });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, "KL", static_cast<double>(y), *reference, 4);
  const T textbook = -(T(1) + v(0) - mu(0) * mu(0) - fn::exp(v(0))) / T(2);
  if (textbook <= T(0) && y > T(0)) t.count("the textbook's form is 0 or less, KL is not");
}

/// The reference's loss: the mean squared error and, weighted, the mean divergence of the batch.
template <class T>
void loss_of_reference(Trial& t, const Format& f) {
  const Shape s{extent(t, "rows", 4), extent(t, "cols", 3)};
  Random random(t.seed("values"));
  const auto draw = [&] { return random.uniform_matrix<T>(s, -2, 2); };
  const Mat<T> y = draw(), x = draw(), mu = draw(), v = draw();
  const T weight = static_cast<T>(t.number() % 2 == 0 ? 0.00025 : 1);
  t.count(t.number() % 2 == 0 ? "weight 0.00025" : "weight 1");
  Graph<T> graph;
  const Var<T> output = graph.variable(y), m = graph.variable(mu), lv = graph.variable(v);
  const NegativeElbo<T> e =
      negative_elbo(reconstruction_loss(output, graph.constant(x), Reconstruction::mse),
                    kl_standard_normal(m, lv), static_cast<double>(weight));
  graph.backward(e.loss);
  const Enclosure rows(static_cast<double>(s.rows)), size(static_cast<double>(s.size()));
  const auto reference = sharp([&] {
    Enclosure squares(0), kl(0);
    for (Index i = 0; i < s.size(); ++i) {
      const Enclosure r = Enclosure(y(i)) - Enclosure(x(i));
      squares += r * r;
      kl += as_written({one(static_cast<double>(mu(i))), one(static_cast<double>(v(i)))});
    }
    return squares / size + Enclosure(weight) * kl / rows;
  });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, "the loss", static_cast<double>(e.loss.value()(0)),
                 *reference, 8);
  for (Index i = 0; i < s.size(); ++i) {
    const auto of_output =
        sharp([&] { return Enclosure(2) * (Enclosure(y(i)) - Enclosure(x(i))) / size; });
    const auto of_mean = sharp([&] { return Enclosure(weight) * Enclosure(mu(i)) / rows; });
    const auto of_logvar = sharp([&] {
      return Enclosure(weight) * (exp(Enclosure(v(i))) - Enclosure(1)) / Enclosure(2) / rows;
    });
    if (!of_output || !of_mean || !of_logvar) return t.unresolved();
    const auto judge_one = [&](const char* what, const Var<T>& node, const Bounded& r) {
      require_within(t, f, Quantity::derivative, what, static_cast<double>(node.grad()(i)), r, 4);
    };
    judge_one("d loss / d output", output, *of_output);
    judge_one("d loss / d mu", m, *of_mean);
    judge_one("d loss / d logvar", lv, *of_logvar);
  }
}

}  // namespace

void add_vae_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases, few = plan.cases / 4;
  const auto add = [&](const Statement& s, const char* scalar, std::uint64_t cases, Try attempt) {
    checks.push_back(random_check(s, scalar, cases, std::move(attempt)));
  };
  const auto in_each_format = [&](const Statement& s, std::uint64_t cases, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, cases, in_format(f, attempt)));
    }
  };
  add({"claim-10a-latent-dimensions",
       "an encoder emits d numbers for the covariance 1, 2d for a diagonal one, d + d(d+1)/2 for a "
       "full one, and of the outputs d is known again",
       "d > 300",
       {"no such size"}},
      "double", few, latent_dimensions);
  add({"claim-10b-heads-are-used",
       "every number of a head has a gradient from samples and divergence",
       "d > 4",
       {}},
      "double", few, heads_are_used);
  add({"claim-14a-reparameterize",
       "z = mu + sigma eps: dmu = g and dsigma = g eps, exactly",
       "",
       {"sigma = 0"}},
      "rational", few, by_deviation);
  add({"claim-14b-through-log-variance",
       "dlogvar = g eps sigma / 2, the chain rule through sigma = e^(logvar/2)",
       "|logvar| > 700",
       {"|logvar| = 700"}},
      "high", n, by_log_variance);
  in_each_format(
      {"claim-14b-through-log-variance",
       "the library's dlogvar = g eps sigma / 2 to 4 ulp, where sigma^2 is 1e304 too",
       "|logvar| > 700",
       {"|logvar| = 700"}},
      n, [](auto type, Trial& t, const Format& f) { by_log_variance_in<decltype(type)>(t, f); });
  add({"claim-14c-full-covariance",
       "z = mu + L eps: dL = g' eps, on the diagonal through L = e^l",
       "d > 4",
       {"on the diagonal", "beside it"}},
      "high", few, by_factor);
  add({"claim-16a-kl-to-standard-normal",
       "KL = -1/2 sum (1 + logvar - mu^2 - e^logvar) of the library, also as that of a full "
       "covariance and of two Gaussians",
       "|logvar| > 700",
       {"|logvar| = 700", "near the minimum"}},
      "high", few, kl_forms);
  add({"claim-16b-kl-gradients",
       "dKL/dmu = mu and dKL/dlogvar = (e^logvar - 1)/2",
       "|logvar| > 700",
       {"|logvar| = 700", "near the minimum"}},
      "high", few, kl_gradients);
  add({"claim-16c-kl-positive",
       "KL > 0 but at mu = 0, logvar = 0, where it is 0",
       "|logvar| > 700",
       {"near the minimum"}},
      "high", few, kl_positive);
  in_each_format(
      {"claim-16c-kl-positive",
       "the library's KL is >= 0 for all numbers of the type, right to 4 ulp also beside the "
       "minimum, where the textbook's form cancels, and exactly 0 there",
       "",
       {"at the minimum", "the textbook's form is 0 or less, KL is not",
        "e^logvar overflows, KL does not"}},
      n, [](auto type, Trial& t, const Format& f) { kl_positive_in<decltype(type)>(t, f); });
  in_each_format(
      {"claim-16d-reference-loss",
       "mean squared error + weight times the batch mean of the KL, with weights 0.00025 "
       "and 1: the loss to 8 ulp, its gradients to 4",
       "encoder and decoder, which are layers",
       {"weight 0.00025", "weight 1"}},
      few, [](auto type, Trial& t, const Format& f) { loss_of_reference<decltype(type)>(t, f); });
}

}  // namespace assay::verify::claims
