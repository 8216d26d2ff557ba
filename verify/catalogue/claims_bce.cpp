// Claim 19: the binary cross-entropy of a logit.

#include <algorithm>
#include <cmath>

#include "assay/ops/softplus.hpp"
#include "logit.hpp"

namespace assay::verify::claims {
namespace {

Enclosure loss(double z, double y) { return BceWithLogits::f(Enclosure(z), Enclosure(y)); }
Enclosure gradient(double z, double y, std::size_t of) {
  return BceWithLogits::df(Enclosure(z), Enclosure(y), Enclosure(0))[of];
}

void loss_forms(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  require_equal(t, {{"the library's loss", [=] { return loss(z, y); }},
                    {"softplus(z) - y z",
                     [=] { return Softplus::f(Enclosure(z)) - Enclosure(y) * Enclosure(z); }},
                    {"max(z, 0) - y z + log1p(e^-|z|)",
                     [=] {
                       return Enclosure(std::max(z, 0.0)) - Enclosure(y) * Enclosure(z) +
                              log1p(exp(Enclosure(-std::abs(z))));
                     }},
                    {"log(1 + e^z) - y z", [=] {
                       return log(Enclosure(1) + exp(Enclosure(z))) - Enclosure(y) * Enclosure(z);
                     }}});
}

void gradient_in_z(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  require_equal(t, {{"the library's dL/dz", [=] { return gradient(z, y, 0); }},
                    {"s(z) - y", [=] { return sigma(z) - Enclosure(y); }}});
  if (y == 1) {
    require_equal(t, {{"the library's dL/dz at y = 1", [=] { return gradient(z, y, 0); }},
                      {"-s(-z)", [=] { return -sigma(-z); }}});
  }
}

/// At y = 1 the subtraction s(z) - y gives 0 from where s(z) rounds to 1; the library's does not.
template <class T>
void gradient_at_one(Trial& t, const Format& f) {
  const double z = tail_logit(t, f);
  const T x = static_cast<T>(z);
  const double got = static_cast<double>(BceWithLogits::df(x, T(1), T(0))[0]);
  const T naive = Sigmoid::f(x) - T(1);
  if (std::abs(z) > beyond_all) {
    t.count("beyond underflow");
    t.compared();
    if (got != (z > 0 ? 0 : -1)) {
      t.fail("dL/dz at y = 1 is not its limit far out", {{"got", both(f, got)}});
    }
    return;
  }
  const auto reference = sharp([=] { return -sigma(-z); });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::derivative, "dL/dz at y = 1", got, *reference, 4);
  if (z < vanishing(f).zero) return;
  t.count(first_form_is_zero);
  t.compared();
  if (naive != T(0)) {
    t.fail("s(z) - 1 is not 0 though s(z) rounds to 1",
           {{"got", both(f, static_cast<double>(naive))}, {"reference", "0"}});
  }
  if (got != 0) t.count("the library's gradient is not");
}

void gradient_in_y(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  require_equal(t, {{"the library's dL/dy", [=] { return gradient(z, y, 1); }},
                    {"-z", [=] { return Enclosure(-z); }},
                    {"L(z, 1) - L(z, 0)", [=] { return loss(z, 1) - loss(z, 0); }}});
}

template <class T>
void gradient_in_y_of(Trial& t, const Format& f) {
  const double z = any_logit(t, f), y = label(t, f);
  const T got = BceWithLogits::df(static_cast<T>(z), static_cast<T>(y), T(0))[1];
  t.compared();
  if (static_cast<double>(got) != -z) {
    t.fail("dL/dy is not -z",
           {{"got", both(f, static_cast<double>(got))}, {"reference", both(f, -z)}});
  }
}

void symmetry(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  const auto mirrored = [y] { return Enclosure(1) - Enclosure(y); };
  require_equal(t, {{"L(z, y)", [=] { return loss(z, y); }},
                    {"L(-z, 1 - y)", [=] { return BceWithLogits::f(Enclosure(-z), mirrored()); }}});
  require_equal(t, {{"dL/dz at (z, y)", [=] { return gradient(z, y, 0); }},
                    {"-dL/dz at (-z, 1 - y)", [=] {
                       return -BceWithLogits::df(Enclosure(-z), mirrored(), Enclosure(0))[0];
                     }}});
}

/// Two points and the one between: strictly below the chord, however near or far they are.
void convexity(Trial& t) {
  const double a = folded_logit(t), y = label(t, double_format);
  double b = fold(generate_value(logits(), 0, double_format, t.seed("b")));
  if (b == a) b = next(double_format, a, true);
  t.input("b", b);
  require_positive(t, "L(a) + L(b) - 2 L((a + b) / 2)", [=] {
    const Enclosure middle = (Enclosure(a) + Enclosure(b)) / Enclosure(2);
    return loss(a, y) + loss(b, y) - Enclosure(2) * BceWithLogits::f(middle, Enclosure(y));
  });
}

void nonnegative(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  require_positive(t, "L", [=] { return loss(z, y); });
}

template <class T>
void nonnegative_in(Trial& t, const Format& f) {
  const double z = any_logit(t, f), y = label(t, f);
  const T got = BceWithLogits::f(static_cast<T>(z), static_cast<T>(y));
  t.compared();
  if (!(got >= T(0))) t.fail("L is negative", {{"got", both(f, static_cast<double>(got))}});
}

void probabilities(Trial& t) {
  const double z = folded_logit(t), y = label(t, double_format);
  require_equal(t, {{"the library's loss", [=] { return loss(z, y); }},
                    {"-y log s(z) - (1 - y) log(1 - s(z))", [=] {
                       const Enclosure p = sigma(z);
                       return -(Enclosure(y) * log(p)) -
                              (Enclosure(1) - Enclosure(y)) * log(Enclosure(1) - p);
                     }}});
}

/// At y = 0: through the probability the loss is infinite from where s(z) rounds to 1.
template <class T>
void probabilities_in(Trial& t, const Format& f) {
  const double z = tail_logit(t, f);
  if (std::abs(z) > beyond_all) return t.count("beyond underflow");
  const T x = static_cast<T>(z);
  const double got = static_cast<double>(BceWithLogits::f(x, T(0)));
  const double naive = static_cast<double>(-std::log(T(1) - Sigmoid::f(x)));
  const auto reference = sharp([=] { return log(Enclosure(1) + exp(Enclosure(z))); });
  if (!reference) return t.unresolved();
  require_within(t, f, Quantity::value, "the library's loss at y = 0", got, *reference, 4);
  if (z < vanishing(f).zero) return;
  t.count("through the probability: infinite");
  t.compared();
  if (!std::isinf(naive)) {
    t.fail("-log(1 - s(z)) is finite though s(z) rounds to 1", {{"got", both(f, naive)}});
  }
}

/// The example in the text: z = 40, y = 1.
void forty(Trial& t) {
  const double z = 40;
  t.input("z", z);
  const auto reference = sharp([] { return -sigma(-40); });
  if (!reference) return t.unresolved();
  const double got = BceWithLogits::df(z, 1.0, 0.0)[0];
  require_within(t, double_format, Quantity::derivative, "dL/dz at y = 1", got, *reference, 4);
  const double naive = Sigmoid::f(z) - 1.0;
  t.compared(2);
  const std::string digits = reference->value.str(4);
  if (digits != "-4.248e-18") {
    t.fail("the true gradient is not the one in the text",
           {{"computed", digits}, {"text", "-4.248e-18"}});
  }
  if (naive != 0) t.fail("s(40) - 1 is not 0 in double", {{"got", both(double_format, naive)}});
}

template <class Add>
void in_each_format(std::vector<Check>& checks, const Plan& plan, const Statement& s, Add attempt) {
  for (const Format& f : plan.formats) {
    checks.push_back(random_check(s, f.name, plan.cases, in_format(f, attempt)));
  }
}

}  // namespace

void add_bce_claims(std::vector<Check>& checks, const Plan& plan) {
  const std::uint64_t n = plan.cases;
  const std::string range = "|z| > 1500";
  const std::vector<std::string> all{"|z| > 36.8", "tail", "y = 0", "y = 1", "soft label"};
  const auto high = [&](const char* subject, const char* about, Try attempt) {
    checks.push_back(random_check({subject, about, range, all}, "high", n, std::move(attempt)));
  };
  high("claim-19a-bce-loss-forms",
       "L = softplus(z) - yz = max(z,0) - yz + log1p(e^-|z|), and the library's L", loss_forms);
  high("claim-19b-bce-gradient", "dL/dz = s(z) - y, at y = 1 -s(-z), and the library's dL/dz",
       gradient_in_z);
  in_each_format(
      checks, plan,
      {"claim-19c-bce-gradient-at-one",
       "at y = 1 s(z) - y is 0 from z = 36.8 on (float: 16.7), where the library's dL/dz is right "
       "to 4 ulp",
       "",
       {first_form_is_zero, "the library's gradient is not"}},
      [](auto type, Trial& t, const Format& f) { gradient_at_one<decltype(type)>(t, f); });
  high("claim-19d-bce-label-gradient", "dL/dy = -z = L(z,1) - L(z,0)", gradient_in_y);
  in_each_format(
      checks, plan,
      {"claim-19d-bce-label-gradient", "the library's dL/dy is -z, exactly", "", {"soft label"}},
      [](auto type, Trial& t, const Format& f) { gradient_in_y_of<decltype(type)>(t, f); });
  high("claim-19e-bce-symmetry", "L(z,y) = L(-z,1-y), and dL/dz changes its sign", symmetry);
  high("claim-19f-bce-convex", "L(a) + L(b) > 2 L((a+b)/2) for a != b: strictly convex in z",
       convexity);
  high("claim-19g-bce-nonnegative", "L > 0 for y in [0,1]", nonnegative);
  in_each_format(
      checks, plan,
      {"claim-19g-bce-nonnegative",
       "the library's L >= 0 for y in [0,1]",
       "",
       {"|z| > 36.8", "soft label"}},
      [](auto type, Trial& t, const Format& f) { nonnegative_in<decltype(type)>(t, f); });
  high("claim-19h-bce-of-probabilities",
       "L = -y log s(z) - (1-y) log(1-s(z)), with the bits that the cancellation takes",
       probabilities);
  in_each_format(
      checks, plan,
      {"claim-19h-bce-of-probabilities",
       "at y = 0 -log(1-s(z)) is infinite from z = 36.8 on (float: 16.7), where the library's loss "
       "is right to 4 ulp",
       "",
       {"through the probability: infinite"}},
      [](auto type, Trial& t, const Format& f) { probabilities_in<decltype(type)>(t, f); });
  checks.push_back(
      fixed_check({"claim-19i-bce-at-forty",
                   "z = 40, y = 1: the gradient is -4.248e-18, where s(z) - y gives 0 in double",
                   "other points",
                   {}},
                  "double", 1, forty));
}

}  // namespace assay::verify::claims
