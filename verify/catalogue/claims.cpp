#include "claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "catalogue.hpp"

namespace assay::verify {
namespace claims {
namespace {

constexpr long sharpness = 100;             // bits of a reference that are right
constexpr std::uint64_t fewest_cases = 16;  // with fewer the classes would not all occur

Check make_check(const Statement& s, std::string_view scalar, std::uint64_t cases, bool whole,
                 Try attempt) {
  Check c;
  c.blank.kind = Kind::claim;
  c.blank.subject = s.subject;
  c.blank.scalar = scalar;
  c.blank.check = "property";
  c.blank.about = s.about;
  c.blank.blind = s.blind;
  c.cases = cases;
  c.whole = whole;
  c.run = [s, attempt = std::move(attempt)](std::uint64_t number, std::uint64_t seed,
                                            CheckResult& result) {
    Trial t(s, number, seed, result);
    try {
      attempt(t);
    } catch (const std::exception& e) {  // of the library: one statement less, not all of them
      t.fail("an exception", {{"what", e.what()}});
    }
  };
  c.conclude = [must_cover = s.must_cover](CheckResult& r) {
    if (r.verdict != Verdict::correct) return;
    for (const std::string& what : must_cover) {
      const auto found = r.counts.find(what);
      if (found != r.counts.end() && found->second > 0) continue;
      r.verdict = Verdict::inconclusive;
      r.reason = fmt::format("none of {} cases was of the class '{}'", r.cases, what);
    }
    if (r.elements == 0) {
      r.verdict = Verdict::inconclusive;
      r.reason = "nothing was compared";
    }
  };
  return c;
}

std::string shown(const Bounded& b) {
  return fmt::format("{}  +- {}", b.value.str(25), b.bound.str(2));
}

}  // namespace

double Trial::unit(std::string_view what) const {
  return static_cast<double>(seed(what) >> 44) * 0x1p-20;
}

void Trial::input(std::string_view name, double x) { inputs_.emplace_back(name, x); }

void Trial::fail(const std::string& rule, const Shown& what) {
  ++result_.counts["failed"];
  if (!result_.failures.empty()) return;
  const Format& f = result_.scalar == "float" ? float_format : double_format;
  Failure x;
  x.operation = statement_.subject;
  x.scalar = result_.scalar;
  x.check = result_.check;
  x.at_case = number_;
  x.message = fmt::format("{}<{}>: {} (case {})", x.operation, x.scalar, rule, number_);
  for (const auto& [name, value] : inputs_) {
    x.inputs.push_back({1, 1, {hex(value)}});
    x.message += fmt::format("\n  {:<10} {}", name, both(f, value));
  }
  for (const auto& [name, text] : what) x.message += fmt::format("\n  {:<10} {}", name, text);
  if (!what.empty()) x.got = what.front().second;
  if (what.size() > 1) x.reference = what[1].second;
  result_.failures.push_back(std::move(x));
}

void Trial::unresolved() {
  ++result_.counts["inconclusive"];
  if (result_.reason.empty()) {
    result_.reason = fmt::format("case {}: the precision allowed does not decide", number_);
  }
}

Check random_check(const Statement& s, std::string_view scalar, std::uint64_t cases, Try attempt) {
  return make_check(s, scalar, std::max(cases, fewest_cases), false, std::move(attempt));
}

Check fixed_check(const Statement& s, std::string_view scalar, std::uint64_t cases, Try attempt) {
  return make_check(s, scalar, cases, true, std::move(attempt));
}

std::optional<Bounded> sharp(const Form& form) {
  for (mpfr_prec_t p = first_precision + sharpness;;) {
    const WithContext c(p);
    Enclosure::undecided() = false;
    const Bounded b = bounded(form());
    const bool decided = !std::exchange(Enclosure::undecided(), false);
    long missing = p;  // an enclosure of 0 does not tell how much
    if (decided && isfinite(b.value) && isfinite(b.bound)) {
      if (b.bound == Big(0)) return b;
      if (b.least != Big(0)) {
        missing = b.bound.exponent() + 1 + sharpness - b.least.exponent();
        if (missing <= 0) return b;
      }
    }
    // A difference that is 0 is never proven to be: it is believed to thousands of bits.
    if (p == last_precision) {
      const bool zero = decided && isfinite(b.bound) && b.bound.exponent() < -last_precision / 2;
      return zero ? std::optional(b) : std::nullopt;
    }
    p = std::min<mpfr_prec_t>(p + std::clamp<long>(missing, 16, p), last_precision);
  }
}

void require_equal(Trial& t, const std::vector<std::pair<std::string, Form>>& forms) {
  const std::optional<Bounded> first = sharp(forms.front().second);
  if (!first) return t.unresolved();
  for (std::size_t i = 1; i < forms.size(); ++i) {
    const std::optional<Bounded> other = sharp(forms[i].second);
    if (!other) return t.unresolved();
    t.compared();
    const WithContext c(last_precision, MPFR_RNDN);
    const Big difference = abs(first->value - other->value);
    if (difference <= first->bound + other->bound) continue;
    t.fail(fmt::format("{} is not {}", forms.front().first, forms[i].first),
           {{"left", shown(*first)}, {"right", shown(*other)}, {"differ by", difference.str(3)}});
  }
}

void require_that(Trial& t, bool holds, const std::string& rule, const Shown& shown) {
  t.compared();
  if (!holds) t.fail(rule, shown);
}

void require_positive(Trial& t, const std::string& what, const Form& form) {
  const std::optional<Bounded> b = sharp(form);
  if (!b) return t.unresolved();
  t.compared();
  if (b->value + b->bound <= Big(0)) {
    return t.fail(what + " is not positive", {{"value", shown(*b)}});
  }
  if (b->value - b->bound <= Big(0)) t.unresolved();
}

void require_within(Trial& t, const Format& f, Quantity q, const std::string& what, double got,
                    const Bounded& reference, double limit) {
  const Judgement j = judge(f, got, reference, limit, ulp_at(f, clamped(f, reference.value)));
  t.compared();
  auto& worst = q == Quantity::value ? t.result().worst_value : t.result().worst_derivative;
  keep_worst(worst,
             {j.ulp, std::nullopt, t.number(), {}, decimal(f, got), reference.value.str(20)});
  if (j.verdict == Verdict::correct) return;
  if (j.verdict == Verdict::inconclusive) return t.unresolved();
  t.fail(fmt::format("{} is not right to {} ulp", what, limit),
         {{"got", both(f, got)},
          {"reference", shown(reference)},
          {"error", fmt::format("{} ulp", figure(j.ulp))}});
}

std::string both(const Format& f, double x) {
  return fmt::format("{} = {}", decimal(f, x), hex(x));
}

}  // namespace claims

std::vector<Check> claim_checks(const Plan& plan) {
  std::vector<Check> checks;
  claims::add_pca_claims(checks, plan);
  claims::add_uncentred_claims(checks, plan);
  claims::add_line_claims(checks, plan);
  claims::add_variance_claims(checks, plan);
  claims::add_equivalence_claims(checks, plan);
  claims::add_autoencoder_claims(checks, plan);
  claims::add_vae_claims(checks, plan);
  claims::add_divergence_claims(checks, plan);
  claims::add_sampling_claims(checks, plan);
  claims::add_mlp_claims(checks, plan);
  claims::add_sigmoid_claims(checks, plan);
  claims::add_bce_claims(checks, plan);
  claims::add_graph_claims(checks, plan);
  claims::add_node_claims(checks, plan);
  claims::add_sweep_claims(checks, plan);
  claims::add_framework_claims(checks, plan);
  claims::add_training_claims(checks, plan);
  return checks;
}

}  // namespace assay::verify
