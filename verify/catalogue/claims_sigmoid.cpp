// Claim 18: the sigmoid and its derivative.

#include <cmath>

#include "assay/ops/log_sigmoid.hpp"
#include "assay/ops/sigmoid.hpp"
#include "assay/ops/softplus.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

void derivative_forms(Trial& t) {
  const double z = folded_logit(t);
  require_equal(t, {{"the library's s(z)", [=] { return Sigmoid::f(Enclosure(z)); }},
                    {"1 / (1 + e^-z)", [=] { return sigma(z); }}});
  require_equal(t,
                {{"the library's s'(z)", [=] { return Sigmoid::df(Enclosure(z), Enclosure(0)); }},
                 {"s(z) (1 - s(z))", [=] { return sigma(z) * (Enclosure(1) - sigma(z)); }},
                 {"s(z) s(-z)", [=] { return sigma(z) * sigma(-z); }}});
}

/// s(z) (1 - s(z)) in T is 0 from the point on where s(z) rounds to 1; s(z) s(-z) never cancels.
template <class T>
void first_form(Trial& t, const Format& f) {
  const double z = tail_logit(t, f);
  const T x = static_cast<T>(z);
  const T s = Sigmoid::f(x);
  const T naive = s * (T(1) - s);
  const double got = static_cast<double>(Sigmoid::df(x, s));
  if (std::abs(z) > beyond_all) {
    t.count("underflow");
    t.compared();
    if (got != 0) t.fail("s'(z) is not 0 far beyond underflow", {{"got", both(f, got)}});
    return;
  }
  const auto reference = sharp([=] { return sigma(z) * sigma(-z); });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::derivative, "the library's s'(z)", got, *reference, 4);
  if (got != 0 && std::abs(got) < static_cast<double>(std::numeric_limits<T>::min())) {
    t.count("subnormal result");
  }
  const Vanishing at = vanishing(f);
  if (z >= at.zero) {
    t.count(first_form_is_zero);
    t.compared();
    if (naive != T(0)) {
      t.fail("s(z) (1 - s(z)) is not 0 though s(z) rounds to 1",
             {{"got", both(f, static_cast<double>(naive))}, {"reference", "0"}});
    }
    if (got != 0) t.count("the library's derivative is not");
  } else if (std::abs(z) <= at.nonzero) {
    t.compared();
    if (naive == T(0)) t.fail("s(z) (1 - s(z)) is 0 before s(z) rounds to 1", {{"got", "0"}});
  }
}

void reflection(Trial& t) {
  const double z = folded_logit(t);
  require_equal(t, {{"the library's s(-z)", [=] { return Sigmoid::f(Enclosure(-z)); }},
                    {"1 - s(z)", [=] { return Enclosure(1) - Sigmoid::f(Enclosure(z)); }}});
}

void even_and_bounded(Trial& t) {
  const double z = folded_logit(t);
  require_equal(t, {{"s'(z)", [=] { return Sigmoid::df(Enclosure(z), Enclosure(0)); }},
                    {"s'(-z)", [=] { return Sigmoid::df(Enclosure(-z), Enclosure(0)); }}});
  if (z == 0) {
    t.count("z = 0");
    require_equal(t, {{"s'(0)", [] { return Sigmoid::df(Enclosure(0), Enclosure(0)); }},
                      {"1/4", [] { return Enclosure(0.25); }}});
  } else {
    require_positive(t, "1/4 - s'(z)",
                     [=] { return Enclosure(0.25) - sigma(z) * (Enclosure(1) - sigma(z)); });
  }
}

template <class T>
void even_and_bounded_in(Trial& t, const Format& f) {
  const double z = any_logit(t, f);
  const T x = static_cast<T>(z);
  const T right = Sigmoid::df(x, Sigmoid::f(x)), left = Sigmoid::df(T(-x), Sigmoid::f(T(-x)));
  t.compared(2);
  if (right != left) {
    t.fail("s'(z) is not s'(-z)", {{"s'(z)", both(f, static_cast<double>(right))},
                                   {"s'(-z)", both(f, static_cast<double>(left))}});
  }
  if (!(right >= T(0) && right <= T(0.25))) {
    t.fail("s'(z) is not in [0, 1/4]", {{"s'(z)", both(f, static_cast<double>(right))}});
  }
}

void monotone(Trial& t) {
  const double a = folded_logit(t);
  double b = fold(generate_value(logits(), 0, double_format, t.seed("b")));
  if (b == a || t.number() % 2 == 0) {
    b = next(double_format, a, true);
    t.count("neighbours");
  }
  t.input("b", b);
  const double lo = std::min(a, b), hi = std::max(a, b);
  require_positive(t, "s(larger) - s(smaller)",
                   [=] { return Sigmoid::f(Enclosure(hi)) - Sigmoid::f(Enclosure(lo)); });
}

void log_sigmoid_is_softplus(Trial& t) {
  const double z = folded_logit(t);
  require_equal(t, {{"the library's log s(z)", [=] { return LogSigmoid::f(Enclosure(z)); }},
                    {"-softplus(-z)", [=] { return -Softplus::f(Enclosure(-z)); }},
                    {"log of 1 / (1 + e^-z)", [=] { return log(sigma(z)); }},
                    {"-log(1 + e^-z)", [=] { return -log(Enclosure(1) + exp(Enclosure(-z))); }}});
}

}  // namespace

void add_sigmoid_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases;
  checks.push_back(random_check(
      {"claim-18a-sigmoid-derivative-forms",
       "s' = s(1-s) = s(z)s(-z), and the library's s and s', in as many bits as it takes",
       "|z| > 1500",
       {"|z| > 36.8", "tail"}},
      "high", n, derivative_forms));
  for (const Format& f : plan.formats) {
    checks.push_back(random_check(
        {"claim-18b-sigmoid-first-form-vanishes",
         "s(1-s) is 0 from z = 36.8 on (float: 16.7), where the library's derivative is right to "
         "4 ulp until it underflows",
         "",
         {first_form_is_zero, "the library's derivative is not"}},
        f.name, n, in_format(f, [](auto type, Trial& t, const Format& g) {
          first_form<decltype(type)>(t, g);
        })));
  }
  checks.push_back(random_check(
      {"claim-18c-sigmoid-reflection", "s(-z) = 1 - s(z)", "|z| > 1500", {"|z| > 36.8", "tail"}},
      "high", n, reflection));
  checks.push_back(random_check({"claim-18d-sigmoid-derivative-even",
                                 "s'(z) = s'(-z) <= 1/4, with equality at 0 alone",
                                 "|z| > 1500",
                                 {"|z| > 36.8", "z = 0"}},
                                "high", n, even_and_bounded));
  for (const Format& f : plan.formats) {
    checks.push_back(
        random_check({"claim-18d-sigmoid-derivative-even",
                      "the library's s'(z) and s'(-z) have the same bits and lie in [0, 1/4]",
                      "",
                      {"|z| > 36.8"}},
                     f.name, n, in_format(f, [](auto type, Trial& t, const Format& g) {
                       even_and_bounded_in<decltype(type)>(t, g);
                     })));
  }
  checks.push_back(
      random_check({"claim-18e-sigmoid-monotone",
                    "s(b) > s(a) for b > a, one double apart or far, in as many bits as it takes",
                    "rounding to float and double may join or swap neighbours",
                    {"neighbours", "|z| > 36.8"}},
                   "high", n, monotone));
  checks.push_back(random_check({"claim-18f-log-sigmoid",
                                 "log s(z) = -softplus(-z) = -log(1 + e^-z)",
                                 "|z| > 1500",
                                 {"|z| > 36.8", "tail"}},
                                "high", n, log_sigmoid_is_softplus));
}

}  // namespace assay::verify::claims
