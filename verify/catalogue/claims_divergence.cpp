// Claims 11 and 12: divergences of discrete distributions, of Gaussians, and of a label.

#include <algorithm>
#include <cmath>

#include "assay/divergence.hpp"
#include "assay/graph.hpp"
#include "assay/ops/logdet.hpp"
#include "assay/ops/trace.hpp"
#include "assay/random.hpp"
#include "claims.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

using Eigen::Index;
using High = Mat<Enclosure>;

/// The form is not negative; where it is 0 its enclosure is that of 0.
void require_not_negative(Trial& t, const std::string& what, const Form& form) {
  const auto b = sharp(form);
  if (!b) return t.unresolved();
  t.compared();
  if (b->value + b->bound < Big(0)) {
    t.fail(what + " is negative", {{"value", b->value.str(20)}});
  }
}

// --- 11: discrete distributions ------------------------------------------------------------------

/// n multiples of 2^-20 that sum to 1, exactly; about every third is 0.
Mat<double> distribution(Random& random, Index n) {
  Mat<double> p = Mat<double>::Zero(1, n);
  double left = 0x1p20;
  for (Index i = 0; i + 1 < n; ++i) {
    p(i) = random.below(3) == 0 ? 0 : std::floor(left * random.uniform());
    left -= p(i);
  }
  p(n - 1) = left;
  return p * 0x1p-20;
}

struct Pair {
  Mat<double> p, q;
  bool infinite = false;  ///< q = 0 < p somewhere
};
Pair pair(Trial& t) {
  Random random(t.seed("distributions"));
  const auto n = static_cast<Index>(1 + random.below(6));
  Pair x{distribution(random, n), distribution(random, n)};
  if (t.number() % 4 == 0) x.q = x.p;
  if (t.number() % 4 == 1 && n > 1) {  // beside each other
    x.q = x.p;
    Index from = 0, to = 0;
    x.q.row(0).maxCoeff(&from);
    to = (from + 1) % n;
    x.q(from) -= 0x1p-20;
    x.q(to) += 0x1p-20;
  }
  for (Index i = 0; i < n; ++i) {
    t.input("p" + std::to_string(i), x.p(i));
    t.input("q" + std::to_string(i), x.q(i));
    x.infinite = x.infinite || (x.q(i) == 0 && x.p(i) > 0);
  }
  t.count(x.infinite ? "q = 0 < p" : "finite");
  if ((x.p.array() == 0).any()) t.count("p has a 0");
  if (x.p == x.q) t.count("p = q");
  return x;
}
/// From the definition; what has no share in p adds nothing.
Enclosure from_definition(const Pair& x) {
  Enclosure sum(0);
  for (Index i = 0; i < x.p.size(); ++i) {
    if (x.p(i) == 0) continue;
    const Enclosure p(x.p(i)), q(x.q(i));
    sum += p * log(p / q);
  }
  return sum;
}

template <class T>
void discrete(Trial& t, const Format& f) {
  const Pair x = pair(t);
  const T got = kl_discrete<T>(x.p.cast<T>(), x.q.cast<T>());
  const Shown shown{{"got", both(f, static_cast<double>(got))}};
  if (x.infinite) return require_that(t, std::isinf(got) && got > 0, "KL is not +inf", shown);
  require_that(t, got >= T(0), "KL is negative", shown);
  require_that(t, (got == T(0)) == (x.p == x.q), "KL is 0 though p != q, or not 0 though p = q",
               shown);
  const auto reference = sharp([x] { return from_definition(x); });
  if (!reference) return t.unresolved();
  if (x.p != x.q) {
    require_within(t, f, Quantity::value, "KL", static_cast<double>(got), *reference, 16);
  }
}

void pinsker(Trial& t) {
  const Pair x = pair(t);
  if (x.infinite) return t.compared();
  require_not_negative(t, "KL - |p - q|^2 / 2", [x] {
    Enclosure distance(0);
    for (Index i = 0; i < x.p.size(); ++i) distance += abs(Enclosure(x.p(i)) - Enclosure(x.q(i)));
    return from_definition(x) - distance * distance / Enclosure(2);
  });
}

/// The step of the proof that divides by p: over p > 0 the sum of q is a number <= 1, and what
/// holds is KL >= -log of it.
void over_the_support(Trial& t) {
  const Pair x = pair(t);
  double share = 0;  // exact: multiples of 2^-20
  for (Index i = 0; i < x.p.size(); ++i) share += x.p(i) > 0 ? x.q(i) : 0;
  if (share < 1) t.count("q has less than 1 where p > 0");
  require_that(t, share <= 1, "q has more than 1 where p > 0");
  if (x.infinite) return;
  require_not_negative(t, "KL + log of q's share",
                       [x, share] { return from_definition(x) + log(Enclosure(share)); });
}

// --- 11: Gaussians -------------------------------------------------------------------------------

struct Gaussians {
  Mat<double> m0, v0, m1, v1;
};
Gaussians gaussians(Trial& t) {
  Random random(t.seed("gaussians"));
  const Shape s{static_cast<Index>(1 + random.below(4)), 1};
  const auto variance = [&] { return Mat<double>(random.uniform_matrix<double>(s, 0.125, 4)); };
  Gaussians g{random.normal_matrix<double>(s), variance(), random.normal_matrix<double>(s),
              variance()};
  if (t.number() % 4 == 0) {
    g.m1 = g.m0;
    g.v1 = g.v0;
    t.count("equal");
  } else if (t.number() % 4 == 1) {
    g.m1 = g.m0 * (1 + 0x1p-20);
    g.v1 = g.v0 * (1 + 0x1p-20);
    t.count("near each other");
  }
  return g;
}

template <class T>
void diagonal_gaussians(Trial& t, const Format& f) {
  const Gaussians g = gaussians(t);
  const Mat<T> m0 = g.m0.cast<T>(), v0 = g.v0.cast<T>(), m1 = g.m1.cast<T>(), v1 = g.v1.cast<T>();
  const T got = kl_normal_diagonal(m0, v0, m1, v1);
  const bool equal = m0 == m1 && v0 == v1;
  require_that(t, equal ? got == T(0) : got > T(0),
               "KL is not positive, or not 0 where both are one",
               {{"got", both(f, static_cast<double>(got))}});
  if (equal) return;
  const auto reference = sharp([=] {
    Enclosure sum(0);
    for (Index i = 0; i < m0.size(); ++i) {
      const Enclosure d = Enclosure(m0(i)) - Enclosure(m1(i)),
                      ratio = Enclosure(v0(i)) / Enclosure(v1(i));
      sum += d * d / Enclosure(v1(i)) + ratio - Enclosure(1) - log(ratio);
    }
    return sum / Enclosure(2);
  });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, "KL", static_cast<double>(got), *reference, 16);
}

/// A Gaussian of full covariance A A' + I, A of short numbers, so that it is exact.
struct Full {
  High mean, covariance;
};
Full full(Random& random, Index d) {
  const auto draw = [&] { return Enclosure(static_cast<double>(random.below(65)) * 0x1p-4 - 2); };
  const High a = High::NullaryExpr(d, d, draw), mean = High::NullaryExpr(d, 1, draw);
  High s = matmul(a, High(a.transpose()));
  for (Index i = 0; i < d; ++i) s(i, i) += Enclosure(1);
  return {mean, s};
}

void full_gaussians(Trial& t) {
  const auto pair_of = [seed = t.seed("gaussians")] {
    Random random(seed);
    const auto d = static_cast<Index>(1 + random.below(3));
    const Full a = full(random, d);
    return std::pair(a, full(random, d));
  };
  const auto library = [=] {
    const auto [p, q] = pair_of();
    return kl_normal_full(p.mean, p.covariance, q.mean, q.covariance)(0);
  };
  require_equal(
      t, {{"the library's KL", library},
          {"(tr S1^-1 S0 - d + r' S1^-1 r + log det S1 - log det S0) / 2", [=] {
             const auto [p, q] = pair_of();
             const High r = p.mean - q.mean;
             const Enclosure spread = trace(solve(q.covariance, p.covariance))(0);
             const Enclosure distance = matmul(High(r.transpose()), solve(q.covariance, r))(0);
             const Enclosure volumes = logdet(q.covariance)(0) - logdet(p.covariance)(0);
             return (spread - Enclosure(static_cast<double>(r.size())) + distance + volumes) /
                    Enclosure(2);
           }}});
  require_positive(t, "KL of different Gaussians", library);
  require_equal(t, {{"KL of a Gaussian and itself",
                     [=] {
                       const Full p = pair_of().first;
                       return kl_normal_full(p.mean, p.covariance, p.mean, p.covariance)(0);
                     }},
                    {"0", [] { return Enclosure(0); }}});
}

// --- 12: a label ---------------------------------------------------------------------------------

double hard_label(Trial& t) {
  const double y = t.seed("y") % 2 == 0 ? 1 : 0;
  t.input("y", y);
  t.count(y == 1 ? "y = 1" : "y = 0");
  return y;
}

void swapped_forms(Trial& t) {
  const double s = folded_logit(t), y = hard_label(t);
  require_equal(
      t,
      {{"the library's swapped KL", [=] { return label_kl_swapped(Enclosure(s), Enclosure(y)); }},
       {"-log Q(y), Q(y = 0) = s(s)", [=] { return -log(sigma(y == 0 ? s : -s)); }},
       {"softplus((2y - 1) s)",
        [=] { return log(Enclosure(1) + exp(Enclosure((2 * y - 1) * s))); }},
       {"BCE(-s, y)", [=] { return BceWithLogits::f(Enclosure(-s), Enclosure(y)); }},
       {"the library's usual KL of -s", [=] { return label_kl(Enclosure(-s), Enclosure(y)); }}});
  require_equal(t,
                {{"the library's usual KL", [=] { return label_kl(Enclosure(s), Enclosure(y)); }},
                 {"-log Q(y), Q(y = 1) = s(s)", [=] { return -log(sigma(y == 1 ? s : -s)); }}});
}

template <class T, class KL>
T slope(KL kl, T s, T y) {
  Graph<T> graph;
  const Var<T> x = graph.variable(Mat<T>::Constant(1, 1, s));
  graph.backward(kl(x, Mat<T>(Mat<T>::Constant(1, 1, y))));
  return x.grad()(0);
}

template <class T>
void swapped_gradient(Trial& t, const Format& f) {
  const double s = t.number() % 8 == 0 ? (t.seed("sign") % 2 == 0 ? 700 : -700) : any_logit(t, f);
  const double y = hard_label(t);
  if (std::abs(s) > beyond_all) return t.count("beyond underflow");
  if (std::abs(s) == 700) t.count("|s| = 700");
  const auto both_of = [](const auto& logit, const auto& label) { return label_kl(logit, label); };
  const auto swapped_of = [](const auto& logit, const auto& label) {
    return label_kl_swapped(logit, label);
  };
  const T x = static_cast<T>(s), l = static_cast<T>(y);
  // s(s) - (1 - y) and s(s) - y, without their cancellation
  const auto swapped = sharp([=] { return y == 1 ? sigma(s) : -sigma(-s); });
  const auto usual = sharp([=] { return y == 1 ? -sigma(-s) : sigma(s); });
  if (!swapped || !usual) return t.unresolved();
  const auto judge_one = [&](const char* what, T got, const Bounded& reference) {
    require_within(t, f, Quantity::derivative, what, static_cast<double>(got), reference, 4);
  };
  judge_one("d/ds of the swapped KL", slope(swapped_of, x, l), *swapped);
  judge_one("d/ds of the usual KL", slope(both_of, x, l), *usual);
}

/// With a soft label the cross-entropy is the divergence and the label's entropy, which is not 0.
void soft_labels(Trial& t) {
  const double s = folded_logit(t);
  const double y = static_cast<double>(1 + t.seed("y") % 1023) * 0x1p-10;
  t.input("y", y);
  const auto entropy = [=] {
    const Enclosure p(y), q(1 - y);
    return -(p * log(p)) - q * log(q);
  };
  const auto divergence = [=] {
    const Enclosure p(y), q(1 - y);
    return p * log(p / sigma(-s)) + q * log(q / sigma(s));
  };
  require_equal(t, {{"BCE(-s, y)", [=] { return BceWithLogits::f(Enclosure(-s), Enclosure(y)); }},
                    {"KL_swapped + H(y)", [=] { return divergence() + entropy(); }}});
  require_positive(t, "H(y), by which they differ", entropy);
  try {
    static_cast<void>(label_kl_swapped(s, y));
    require_that(t, false, "a soft label is taken");
  } catch (const std::domain_error&) {
    t.count("refused");
  }
}

}  // namespace

void add_divergence_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases, few = plan.cases / 4;
  const auto high = [&](const Statement& s, std::uint64_t cases, Try attempt) {
    checks.push_back(random_check(s, "high", cases, std::move(attempt)));
  };
  const auto in_each_format = [&](const Statement& s, std::uint64_t cases, auto attempt) {
    for (const Format& f : plan.formats) {
      checks.push_back(random_check(s, f.name, cases, in_format(f, attempt)));
    }
  };
  in_each_format(
      {"claim-11a-kl-discrete",
       "KL >= 0, 0 only for p = q, +inf where q = 0 < p, 0 log 0 = 0, and right to 16 ulp",
       "more than 6 outcomes",
       {"q = 0 < p", "p has a 0", "p = q", "finite"}},
      n, [](auto type, Trial& t, const Format& f) { discrete<decltype(type)>(t, f); });
  high({"claim-11b-pinsker",
        "KL >= |p - q|^2 / 2 in the sum of magnitudes",
        "more than 6 outcomes",
        {"p has a 0", "finite"}},
       few, pinsker);
  high({"claim-11c-support",
        "where p > 0, q may sum to less than 1: the proof by log x <= x - 1 is over the support, "
        "and "
        "KL >= -log of q's share there",
        "more than 6 outcomes",
        {"q has less than 1 where p > 0", "finite"}},
       few, over_the_support);
  in_each_format(
      {"claim-11d-kl-diagonal-gaussians",
       "KL of two Gaussians of diagonal covariance: > 0, 0 only if they are one, to 16 ulp",
       "d > 4",
       {"equal", "near each other"}},
      few, [](auto type, Trial& t, const Format& f) { diagonal_gaussians<decltype(type)>(t, f); });
  high({"claim-11e-kl-full-gaussians",
        "KL of two Gaussians of full covariance, by Cholesky factors and by the textbook's formula",
        "d > 3",
        {}},
       plan.cases / 20, full_gaussians);
  high({"claim-12a-swapped-convention",
        "with Q(y=0) = s(s): KL = softplus((2y-1)s) = BCE(-s,y), with the usual Q(y=1) = s(s) the "
        "same of -s; the library has both by name",
        "|s| > 1500",
        {"|z| > 36.8", "tail", "y = 0", "y = 1"}},
       n, swapped_forms);
  in_each_format(
      {"claim-12b-swapped-gradient",
       "d/ds of the swapped KL is s(s) - (1-y), of the usual one s(s) - y, to 4 ulp",
       "",
       {"|s| = 700", "y = 0", "y = 1"}},
      n, [](auto type, Trial& t, const Format& f) { swapped_gradient<decltype(type)>(t, f); });
  high({"claim-12c-soft-labels",
        "for 0 < y < 1 the cross-entropy is more than the KL by the entropy of y; such a label is "
        "refused",
        "",
        {"refused"}},
       few, soft_labels);
}

}  // namespace assay::verify::claims
