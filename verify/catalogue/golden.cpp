#include "golden.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "catalogue.hpp"
#include "fixtures.hpp"
#include "golden_torch.hpp"

namespace assay::verify {
namespace golden {
namespace {

constexpr mpfr_prec_t wide = 256;

/// An integer, a fraction or a decimal, at `wide` bits.
Big exact_value(const std::string& text) {
  const Rational r(text);
  const WithContext c(wide);
  return Big(r.numerator()) / Big(r.denominator());
}

/// Half a unit in the 40th significant digit, and a little for the rounding of the wide type.
Big half_of_last_digit(const Big& x) {
  const WithContext c(wide);
  if (x == Big(0)) return Big(0);
  const Big exponent = floor(log(abs(x)) / log(Big(10)) + Big("1e-60"));
  return pow(Big(10), exponent - Big(39)) * (Big("0.5") + Big("1e-9"));
}

struct Judged {
  bool equal = false;
  std::optional<double> ulp;
  double in_units = 0;
};

Judged judge(const Example& e, Measure measure, const Format& f, const Compared& c) {
  if (c.how == Compared::How::word) return {c.expected == c.got, std::nullopt, 0};
  if (measure == Measure::exact) return {Rational(c.expected) == Rational(c.got), std::nullopt, 0};
  const Big expected = exact_value(c.expected);
  const WithContext context(wide);
  const Big error = abs(c.value - expected);
  if (measure == Measure::digits) return {error <= half_of_last_digit(expected), std::nullopt, 0};
  const Big ulp = ulp_at(f, expected);
  // An infinite change would let anything pass.
  const bool wider = e.units == Units::envelope && std::isfinite(c.change);
  const Big unit = wider ? std::max(ulp, Big(c.change)) : ulp;
  const bool is_zero = wider && expected == Big(0);  // the least subnormal would measure nothing
  return {error <= Big(e.limit) * unit, ratio(error, is_zero ? unit : ulp), ratio(error, unit)};
}

std::string how_judged(const Example& e, Measure measure) {
  if (measure == Measure::exact) return "every number equal, as a fraction";
  if (measure == Measure::digits) return "every number to all 40 digits given";
  if (e.units == Units::ulp && e.limit == 0) return "every number equal";
  if (e.units == Units::ulp) return fmt::format("every number within {} ulp", e.limit);
  return fmt::format(
      "every number within {} units, the larger of one ulp and what one ulp in every rounded "
      "input, parameter and rate changes",
      e.limit);
}

std::string with_hex(const Compared& c, Measure measure) {
  if (measure != Measure::units || c.how == Compared::How::word) return c.got;
  return c.got + " = " + hex(c.value.to_double());
}

Failure failure(const Example& e, const CheckResult& r, Measure measure, const Compared& c,
                const Judged& j) {
  Failure x;
  x.operation = e.id;
  x.scalar = r.scalar;
  x.check = r.check;
  x.got = c.got;
  x.reference = c.expected;
  x.ulp = j.ulp.value_or(0);
  x.claimed = e.limit;
  x.units = r.units;
  const bool differs = c.how == Compared::How::differs;
  x.message = fmt::format("{}<{}>: {} {} the golden value\n", e.id, r.scalar, c.name,
                          differs ? "cannot be told from" : "disagrees with");
  x.message += fmt::format("  got        {}\n", with_hex(c, measure));
  x.message += fmt::format("  expected   {}{}", differs ? "anything but " : "", c.expected);
  if (j.ulp) {
    x.message += fmt::format("        ({} ulp, {} {}; limit {})", figure(*j.ulp),
                             figure(j.in_units), r.units, e.limit);
  }
  x.message += fmt::format("\n  origin     {}", r.origin);
  return x;
}

Failure thrown(const Example& e, const CheckResult& r, const std::string& what) {
  Failure x;
  x.operation = e.id;
  x.scalar = r.scalar;
  x.check = r.check;
  x.message = fmt::format("{}<{}>: the replay threw: {}", e.id, r.scalar, what);
  return x;
}

void judge_all(const Example& e, Measure measure, const Format& f,
               const std::vector<Compared>& compared, CheckResult& result) {
  for (const Compared& c : compared) {
    const Judged j = judge(e, measure, f, c);
    const bool differs = c.how == Compared::How::differs;
    const bool ok = j.equal != differs;
    result.values.push_back({c.name, (differs ? "not " : "") + c.expected, c.got, j.ulp, ok});
    ++result.elements;
    if (!differs && j.ulp) {
      const auto envelope = e.units == Units::envelope ? std::optional(j.in_units) : std::nullopt;
      keep_worst(result.worst_value, {*j.ulp, envelope, 0, {}, c.got, c.expected});
    }
    if (!ok && result.failures.empty()) {
      result.failures.push_back(failure(e, result, measure, c, j));
    }
  }
}

}  // namespace

const Json& fixture(std::string_view id) {
  static const Json all = Json::parse(fixtures::worked_examples());
  for (const Json& f : all.at("fixtures")) {
    if (f.at("id").get<std::string_view>() == id) return f;
  }
  throw std::runtime_error(fmt::format("worked-examples.json has no fixture '{}'", id));
}

std::string text_of(const Json& number) {
  return number.is_object() ? number.at("decimal").get<std::string>() : number.get<std::string>();
}

Measure measure_of(std::string_view scalar) {
  if (scalar == "rational") return Measure::exact;
  return scalar == "double" || scalar == "float" ? Measure::units : Measure::digits;
}

Check make_check(const Example& e, std::string_view scalar, const Format& f, Compute compute) {
  const Json& example = fixture(e.id);
  const Measure measure = measure_of(scalar);
  Check c;
  CheckResult& blank = c.blank;
  blank.kind = Kind::golden;
  blank.subject = e.id;
  blank.scalar = scalar;
  blank.check = "replay";
  blank.about = "hand-computed numbers against the library's: " + how_judged(e, measure);
  blank.blind = "points not listed";
  blank.origin =
      fmt::format("worked example {}, computed by hand; fixtures/golden/worked-examples.json",
                  example.at("section").get<std::string>());
  if (example.contains("about")) {
    blank.origin += ": " + example.at("about").get<std::string>();
  }
  if (measure == Measure::units) {
    blank.units = e.units == Units::ulp ? "ulp" : "envelope";
    blank.claimed_value = e.limit;
  }
  c.whole = true;
  c.cases = 1;
  c.run = [e, f, measure, compute = std::move(compute)](std::uint64_t, std::uint64_t,
                                                        CheckResult& result) {
    try {
      judge_all(e, measure, f, compute(), result);
    } catch (const std::exception& x) {
      result.failures.push_back(thrown(e, result, x.what()));
    }
  };
  c.conclude = [](CheckResult& r) {
    if (r.verdict != Verdict::correct || r.elements > 0) return;
    r.verdict = Verdict::inconclusive;
    r.reason = "no number was compared";
  };
  return c;
}

}  // namespace golden

std::vector<Check> golden_checks() {
  std::vector<Check> checks;
  golden::add_mlp_checks(checks);
  golden::add_graph_checks(checks);
  golden::add_sigmoid_checks(checks);
  golden::add_xor_checks(checks);
  golden::add_pca_checks(checks);
  golden::add_autoencoder_checks(checks);
  golden::add_latent_checks(checks);
  golden::add_sklearn_checks(checks);
  golden::add_pca_accuracy_checks(checks);
  torch::add_operation_checks(checks);
  torch::add_tail_checks(checks);
  torch::add_training_checks(checks);
  return checks;
}

}  // namespace assay::verify
