#include "json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <tuple>

namespace assay::verify {
namespace {

constexpr std::array<std::string_view, 4> verdicts{"correct", "wrong", "inconclusive", "skipped"};
constexpr std::array<std::string_view, 4> kinds{"operation", "claim", "golden", "model"};

template <class Enum, std::size_t N>
Enum parse(const std::array<std::string_view, N>& names, const std::string& text) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  throw std::runtime_error(fmt::format("'{}' is not one of {}", text, fmt::join(names, ", ")));
}

/// JSON has no infinity.
Json number(double x) { return std::isfinite(x) ? Json(x) : Json(hex(x)); }
Json number(const std::optional<double>& x) { return x ? number(*x) : Json(nullptr); }

double real(const Json& j) {
  return j.is_string() ? parse_real(j.get<std::string>()) : j.get<double>();
}
std::optional<double> optional_real(const Json& j) {
  return j.is_null() ? std::nullopt : std::optional(real(j));
}

Json to_json(const std::optional<Worst>& w) {
  if (!w) return nullptr;
  return {{"ulp", number(w->ulp)}, {"envelope", number(w->envelope)},
          {"case", w->at_case},    {"x", w->x},
          {"got", w->got},         {"reference", w->reference}};
}
std::optional<Worst> worst_from(const Json& j) {
  if (j.is_null()) return std::nullopt;
  return Worst{real(j.at("ulp")), optional_real(j.at("envelope")),
               j.at("case"),      j.at("x"),
               j.at("got"),       j.at("reference")};
}

Json to_json(const Values& v) { return {{"rows", v.rows}, {"cols", v.cols}, {"values", v.values}}; }
Values values_from(const Json& j) {
  Values v{j.at("rows"), j.at("cols"), j.at("values")};
  if (v.rows < 0 || v.cols < 0 || v.rows * v.cols != static_cast<std::int64_t>(v.values.size())) {
    throw std::runtime_error(
        fmt::format("a {}x{} matrix with {} values", v.rows, v.cols, v.values.size()));
  }
  return v;
}

Json plot(const CheckResult& r) {
  if (r.plot.empty()) return nullptr;
  Json points = Json::array();
  for (const auto& [stratum, p] : r.plot) {
    points.push_back({number(p.x), number(p.ulp), p.hex, stratum});
  }
  return points;
}

/// Of a fixture as they stand there; of a claim, whose cases may come from several processes, by
/// name.
std::vector<GoldenValue> in_order(const CheckResult& r) {
  std::vector<GoldenValue> values = r.values;
  if (r.kind != Kind::golden) {
    std::sort(values.begin(), values.end(), [](const GoldenValue& a, const GoldenValue& b) {
      return std::tie(a.name, a.got) < std::tie(b.name, b.got);
    });
  }
  return values;
}

}  // namespace

std::string_view to_string(Verdict v) { return verdicts.at(static_cast<std::size_t>(v)); }
std::string_view to_string(Kind k) { return kinds.at(static_cast<std::size_t>(k)); }

Json to_json(const Failure& f) {
  Json inputs = Json::array();
  for (const Values& v : f.inputs) inputs.push_back(to_json(v));
  return {{"operation", f.operation},
          {"scalar", f.scalar},
          {"check", f.check},
          {"case", f.at_case},
          {"seed", std::to_string(f.seed)},
          {"shrinks", f.shrinks},
          {"inputs", inputs},
          {"upstream", to_json(f.upstream)},
          {"input", f.input},
          {"row", f.row},
          {"col", f.col},
          {"got", f.got},
          {"reference", f.reference},
          {"bound", f.bound},
          {"ulp", number(f.ulp)},
          {"claimed", f.claimed},
          {"units", f.units},
          {"message", f.message},
          {"replay", f.replay},
          {"hint", f.hint}};
}

Failure failure_from_json(const Json& j) {
  Failure f;
  f.operation = j.at("operation");
  f.scalar = j.at("scalar");
  f.check = j.at("check");
  f.at_case = j.at("case");
  f.seed = std::stoull(j.at("seed").get<std::string>());
  f.shrinks = j.at("shrinks");
  for (const Json& v : j.at("inputs")) f.inputs.push_back(values_from(v));
  f.upstream = values_from(j.at("upstream"));
  f.input = j.at("input");
  f.row = j.at("row");
  f.col = j.at("col");
  f.got = j.at("got");
  f.reference = j.at("reference");
  f.bound = j.at("bound");
  f.ulp = real(j.at("ulp"));
  f.claimed = j.at("claimed");
  f.units = j.at("units");
  f.message = j.at("message");
  f.replay = j.at("replay");
  f.hint = j.value("hint", "");  // stored failures may be older
  return f;
}

Json to_json(const CheckResult& r) {
  Json claimed = nullptr;
  if (r.claimed_derivative) {
    claimed = {{"derivative", number(r.claimed_derivative)},
               {"value", number(r.claimed_value)},
               {"units", r.units}};
  }
  Json worst = nullptr;
  if (r.worst_value || r.worst_derivative || r.worst_product) {
    worst = {{"value", to_json(r.worst_value)},
             {"derivative", to_json(r.worst_derivative)},
             {"product", to_json(r.worst_product)}};
  }
  Json failures = Json::array();
  for (const Failure& f : r.failures) failures.push_back(to_json(f));
  Json j{{"type", "check"},      {"id", r.id()},       {"kind", to_string(r.kind)},
         {"subject", r.subject}, {"scalar", r.scalar}, {"check", r.check},
         {"about", r.about},     {"blind", r.blind},   {"verdict", to_string(r.verdict)},
         {"reason", r.reason},   {"cases", r.cases},   {"elements", r.elements},
         {"counts", r.counts},   {"claimed", claimed}, {"worst", worst},
         {"failures", failures}, {"plot", plot(r)}};
  if (!r.histogram.empty()) {
    Json bins = Json::array();
    for (const auto& [quarter, n] : r.histogram) bins.push_back({quarter, n});
    j["histogram"] = bins;
  }
  if (!r.curve.empty()) {
    Json steps = Json::array();
    for (const StepError& s : r.curve) {
      steps.push_back({number(s.step), number(s.error), number(s.bound)});
    }
    j["curve"] = steps;
  }
  if (!r.notes.empty()) j["notes"] = r.notes;
  if (r.kind == Kind::golden || !r.values.empty()) {
    Json values = Json::array();
    for (const GoldenValue& v : in_order(r)) {
      values.push_back({{"name", v.name},
                        {"expected", v.expected},
                        {"got", v.got},
                        {"ulp", number(v.ulp)},
                        {"ok", v.ok}});
    }
    j["values"] = values;
  }
  if (r.kind == Kind::golden) j["origin"] = r.origin;
  return j;
}

CheckResult check_from_json(const Json& j) {
  CheckResult r;
  r.kind = parse<Kind>(kinds, j.at("kind"));
  r.subject = j.at("subject");
  r.scalar = j.at("scalar");
  r.check = j.at("check");
  r.about = j.at("about");
  r.blind = j.at("blind");
  r.verdict = parse<Verdict>(verdicts, j.at("verdict"));
  r.reason = j.at("reason");
  r.cases = j.at("cases");
  r.elements = j.at("elements");
  r.counts = j.at("counts").get<std::map<std::string, std::uint64_t>>();
  if (const Json& c = j.at("claimed"); !c.is_null()) {
    r.claimed_derivative = optional_real(c.at("derivative"));
    r.claimed_value = optional_real(c.at("value"));
    r.units = c.at("units");
  }
  if (const Json& w = j.at("worst"); !w.is_null()) {
    r.worst_value = worst_from(w.at("value"));
    r.worst_derivative = worst_from(w.at("derivative"));
    r.worst_product = worst_from(w.at("product"));
  }
  for (const Json& f : j.at("failures")) r.failures.push_back(failure_from_json(f));
  if (const Json& points = j.at("plot"); !points.is_null()) {
    for (const Json& p : points) r.plot[p.at(3)] = {real(p.at(0)), real(p.at(1)), p.at(2)};
  }
  if (j.contains("histogram")) {
    for (const Json& bin : j.at("histogram")) r.histogram[bin.at(0)] = bin.at(1);
  }
  if (j.contains("curve")) {
    for (const Json& s : j.at("curve"))
      r.curve.push_back({real(s.at(0)), real(s.at(1)), real(s.at(2))});
  }
  if (j.contains("notes")) r.notes = j.at("notes").get<std::vector<std::string>>();
  if (r.kind == Kind::golden || j.contains("values")) {
    for (const Json& v : j.at("values")) {
      r.values.push_back(
          {v.at("name"), v.at("expected"), v.at("got"), optional_real(v.at("ulp")), v.at("ok")});
    }
  }
  if (r.kind == Kind::golden) r.origin = j.at("origin");
  return r;
}

Json to_json(const FaultResult& r) {
  return {{"type", "fault"},      {"operation", r.operation},
          {"scalar", r.scalar},   {"fault", r.fault},
          {"class", r.number},    {"about", r.about},
          {"status", r.status},   {"by", r.by},
          {"after", r.after},     {"manifested", r.manifested},
          {"ulp", number(r.ulp)}, {"shrunk", r.shrunk}};
}

FaultResult fault_from_json(const Json& j) {
  return {j.at("operation"),  j.at("scalar"),    j.at("fault"), j.at("class"),
          j.at("about"),      j.at("status"),    j.at("by"),    j.at("after"),
          j.at("manifested"), real(j.at("ulp")), j.at("shrunk")};
}

Json to_json(const SensitivityResult& r) {
  return {{"type", "sensitivity"},    {"operation", r.operation}, {"scalar", r.scalar},
          {"found", number(r.found)}, {"usual", number(r.usual)}, {"cases", r.cases}};
}

SensitivityResult sensitivity_from_json(const Json& j) {
  return {j.at("operation"), j.at("scalar"), real(j.at("found")), real(j.at("usual")),
          j.at("cases")};
}

Case case_from_failure(const Failure& f) {
  const auto matrix = [](const Values& v) {
    Mat<double> m(v.rows, v.cols);
    for (std::size_t i = 0; i < v.values.size(); ++i) m.data()[i] = parse_real(v.values[i]);
    return m;
  };
  Case c;
  for (const Values& v : f.inputs) c.inputs.push_back(matrix(v));
  c.upstream = matrix(f.upstream);
  return c;
}

}  // namespace assay::verify
