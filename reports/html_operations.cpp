// The part of each operation: formulas, domain, claims and what was measured, plots, checks,
// faults.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "formulas.hpp"
#include "html.hpp"
#include "mathml.hpp"
#include "plots.hpp"
#include "text.hpp"

namespace assay::report {
namespace {

std::string figures(const Error& error, bool in_envelope) {
  const std::string ulp = ulp_text(error.ulp) + " ulp";
  if (!error.envelope) return ulp;
  const std::string envelope = ulp_text(*error.envelope) + " env";
  return in_envelope ? envelope + ", " + ulp : ulp + ", " + envelope;
}

std::string decimals(const std::vector<std::string>& x, std::size_t most) {
  std::vector<std::string> shown;
  for (const std::string& hex : x) {
    const std::string number = decimal(hex);
    shown.push_back(number.empty() ? hex : number);
  }
  return joined(shown, most);
}

std::string claim_words(const Operation& operation) {
  if (!operation.claimed) return "nothing";
  const Claimed& claimed = *operation.claimed;
  const std::string_view unit = operation.in_envelope ? "envelope units" : "ulp";
  std::string out;
  if (claimed.derivative) {
    out += fmt::format("{} {} on the derivative", claim_text(*claimed.derivative), unit);
  }
  if (claimed.value) {
    out += fmt::format("{}{} on the value", out.empty() ? "" : ", ", claim_text(*claimed.value));
  }
  return out.empty() ? "nothing" : out;
}

Data fact(const std::string& name, const std::string& value, const std::string& more = "") {
  Data data;
  data.set("name", name);
  data.set("value", value);
  data.set("more", maybe(more));
  return data;
}

/// "1.9 ulp" and where.
void add_measured(Data& facts, const Operation& operation, const char* scalar) {
  const Seen derivative = operation.worst_derivative(scalar);
  const Seen value = operation.worst_value(scalar);
  if (!derivative.error && !value.error) return;
  std::string text, where;
  if (derivative.error) {
    const Error& e = *derivative.error;
    text = figures(e, operation.in_envelope) + " on the derivative";
    const std::string at =
        e.x.empty() ? "" : fmt::format("at {} ({}): ", decimals(e.x, 3), joined(e.x, 3));
    where = fmt::format("{}got {}, reference {} ({}, case {})", at, clipped(e.got, 40),
                        clipped(e.reference, 40), derivative.check->check, grouped(e.case_number));
  }
  if (value.error) {
    text += fmt::format("{}{} on the value", text.empty() ? "" : "; ",
                        figures(*value.error, operation.in_envelope));
  }
  facts.push_back(fact(fmt::format("measured in {}", scalar), text, where));
}

std::string relative(double x) { return x == 0 ? "0" : fmt::format("{:.1e}", x); }

/// What the generator covered, as shares of the cases of all checks in which it is counted.
std::string classes(const Operation& operation) {
  struct Class {
    std::uint64_t count = 0, of = 0;
    bool share = true;  ///< of something else than cases and elements there is none
  };
  std::map<std::string, Class> all;
  for (const Check* check : operation.checks) {
    for (const auto& [name, count] : check->counts) {
      all[name].count += count;
      all[name].of += count <= check->cases ? check->cases : std::max(count, check->elements);
      all[name].share &= count <= std::max(check->cases, check->elements);
    }
  }
  std::string out;
  for (const auto& [name, c] : all) {
    const double part = c.of ? static_cast<double>(c.count) / static_cast<double>(c.of) : 0;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name,
                       c.share ? fmt::format("{:.1f} %", 100 * part) : grouped(c.count));
  }
  return out;
}

void set_facts(Data& part, const Campaign& all, const Operation& operation,
               const Description& description) {
  Data facts = list();
  if (!description.domain.empty()) facts.push_back(fact("domain", description.domain));
  facts.push_back(fact("claimed", claim_words(operation)));
  add_measured(facts, operation, "float");
  add_measured(facts, operation, "double");
  for (const Sensitivity& s : all.sensitivities) {
    if (s.operation != operation.name) continue;
    facts.push_back(
        fact(fmt::format("sensitivity in {}", s.scalar),
             fmt::format("a relative error of {} is found within {}", relative(s.found),
                         plural(s.cases, "case")),
             fmt::format("rtol 1e-3, atol 1e-5 would let {} through", relative(s.usual))));
  }
  const std::string covered = classes(operation);
  if (!covered.empty()) facts.push_back(fact("covered by the cases", covered));
  part.set("facts", facts);
}

void set_description(Data& part, const Description& description) {
  Data formulas = list(), remarks = list();
  for (const std::string& text : description.formulas) {
    Data formula;
    const auto math = mathml(text);
    formula.set("math", math ? Data(*math) : Data(false));
    formula.set("text", text);
    formulas.push_back(formula);
  }
  for (const std::string& text : description.remarks) remarks.push_back(text);
  part.set("formulas", formulas);
  part.set("remarks", remarks);
}

Data error_figure(const Operation& operation, const Measured& m) {
  const Point& worst = m.worst();
  Data data;
  data.set("scalar", m.scalar);
  data.set("points", encoded(m.points, m.scalar));
  data.set("claim", m.claim ? Data(claim_text(*m.claim)) : Data(false));
  data.set("said", described(worst));
  data.set("count", grouped(m.strata));
  data.set("units", m.claim || !operation.claimed ? "" : "; claimed in envelope units");
  return data;
}

/// What passed beyond the claim lies beside a zero of the derivative, where the envelope is the
/// unit.
Data histogram_figure(const Measured& m, bool correct) {
  std::uint64_t all = 0, within = 0, beyond = 0;
  for (const Quarter& q : m.histogram) {
    all += q.count;
    if (q.quarter < 4) within += q.count;
    if (m.claim && static_cast<double>(q.quarter) >= 4 * *m.claim) beyond += q.count;
  }
  Data data;
  data.set("excused", correct && beyond > 0);
  data.set("claim", m.claim ? Data(claim_text(*m.claim)) : Data(false));
  data.set("counts", encoded(m.histogram));
  data.set("said",
           fmt::format("{}: {} of {} within 1 ulp{}", m.scalar, grouped(within),
                       plural(all, "derivative"),
                       correct && beyond > 0
                           ? fmt::format("; the {} beyond the claim lie beside a zero of the "
                                         "derivative, where the envelope is the unit",
                                         grouped(beyond))
                           : ""));
  return data;
}

/// The central difference at one representative point: its error falls with the step until the
/// rounding takes over.
Data curve_figure(const Check& check) {
  const auto best =
      std::min_element(check.curve.begin(), check.curve.end(),
                       [](const Step& a, const Step& b) { return a.error < b.error; });
  Data data;
  data.set("points", encoded(check.curve));
  data.set("said",
           fmt::format("{} in {}: error of a central difference over its step, best at "
                       "2^{:.0f}; dashed: truncation and rounding as the oracle estimates them",
                       check.check, check.scalar, best->step));
  return data;
}

void set_plots(Data& part, const Operation& operation) {
  Data errors = list(), histograms = list(), curves = list();
  for (const Measured& m : measured(operation)) {
    if (!m.points.empty()) errors.push_back(error_figure(operation, m));
    if (!m.histogram.empty()) {
      histograms.push_back(histogram_figure(m, operation.verdict == Verdict::correct));
    }
  }
  for (const Check* check : operation.checks) {
    // An error of 0 has no logarithm; where all are, there is nothing to draw.
    const bool any = std::any_of(check->curve.begin(), check->curve.end(),
                                 [](const Step& s) { return s.error > -1074; });
    if (any) curves.push_back(curve_figure(*check));
  }
  part.set("errors", errors);
  part.set("histograms", histograms);
  part.set("curves", curves);
}

/// Of the derivative, the product with the upstream, and the value, in the unit it is judged in.
std::string short_worst(const Check& check) {
  if (!check.worst) return "";
  const bool envelope = judged_in_envelope(check);
  std::vector<std::string> all;
  for (const auto& error : {check.worst->derivative, check.worst->product, check.worst->value}) {
    // Where the reference is 0 an ulp says nothing.
    const bool env = error && error->envelope && (envelope || std::isinf(error->ulp));
    all.push_back(error ? ulp_text(judged(*error, env)) + (env ? " env" : "") : "–");
  }
  return joined(all, 3);
}

/// Of all scalars of a check, separated by a dot where they differ.
template <class Get>
std::string each_scalar(const Chip& chip, const Get& get) {
  std::vector<std::string> texts;
  for (const Check* check : chip.by_scalar) texts.push_back(get(*check));
  if (std::equal(texts.begin() + 1, texts.end(), texts.begin())) return texts.front();
  return joined(texts, texts.size(), " · ");
}

std::string verdict_words(const Check& check) {
  const bool correct = check.verdict == Verdict::correct;
  return fmt::format("{}{}", icon(check.verdict),
                     correct ? "" : fmt::format(" {}", word(check.verdict)));
}

/// Written here: there are thousands of these rows. What a check is blind to is said once, with the
/// oracles.
std::string check_rows(const Operation& operation) {
  std::string rows;
  for (const Chip& chip : operation.chips) {
    std::string remarks;
    for (const Check* check : chip.by_scalar) {
      std::string all = check->reason;
      for (const std::string& note : check->notes) all += (all.empty() ? "" : "; ") + note;
      if (!all.empty()) {
        remarks +=
            fmt::format("<small>{}: {}</small>", escape(check->scalar), escape(clipped(all, 600)));
      }
    }
    rows += fmt::format("<tr><th scope=row>{}<td>{}<td class={}>{}<td>{}<td>{}<td>{}{}\n",
                        escape(chip.check),
                        each_scalar(chip, [](const Check& c) { return escape(c.scalar); }),
                        word(chip.verdict), each_scalar(chip, verdict_words),
                        each_scalar(chip, [](const Check& c) { return grouped(c.cases); }),
                        each_scalar(chip, [](const Check& c) { return grouped(c.elements); }),
                        each_scalar(chip, short_worst), remarks);
  }
  return rows;
}

/// One fault of an operation in all scalars.
struct Planted {
  std::string name;
  std::uint64_t number = 0, after = 0;
  std::vector<std::string> scalars;
};

/// "6 sign" or "9 at-one after 14 (float)"
std::string fault_words(const Planted& p, std::size_t scalars) {
  std::string out = p.number ? fmt::format("{} {}", p.number, p.name) : p.name;
  if (p.after > 1) out += fmt::format(" after {}", grouped(p.after));
  if (p.scalars.size() < scalars) out += " (" + joined(p.scalars, p.scalars.size()) + ")";
  return out;
}

/// Those that survived in full; the others by the check that caught them.
void set_faults(Data& part, const Campaign& all, const Operation& operation) {
  std::vector<std::string> scalars;
  std::vector<std::pair<std::string, std::vector<Planted>>> caught;
  std::string survivors;
  for (const Fault& fault : all.faults) {
    if (fault.operation != operation.name || fault.status == Status::not_applicable) continue;
    if (std::find(scalars.begin(), scalars.end(), fault.scalar) == scalars.end()) {
      scalars.push_back(fault.scalar);
    }
    if (fault.status == Status::survived) {
      survivors +=
          fmt::format("<li class=wrong>✗ {} {} survived in {}, changed {}\n", fault.number,
                      escape(fault.fault), escape(fault.scalar), plural(fault.manifested, "case"));
      continue;
    }
    auto by = std::find_if(caught.begin(), caught.end(),
                           [&](const auto& group) { return group.first == fault.by; });
    if (by == caught.end()) by = caught.insert(caught.end(), {fault.by, {}});
    auto same = std::find_if(by->second.begin(), by->second.end(),
                             [&](const Planted& p) { return p.name == fault.fault; });
    if (same == by->second.end()) {
      same = by->second.insert(same, {fault.fault, fault.number, 0, {}});
    }
    same->after = std::max(same->after, fault.after);
    same->scalars.push_back(fault.scalar);
  }
  std::stable_sort(caught.begin(), caught.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  std::string lines = survivors;
  for (const auto& [by, planted] : caught) {
    std::vector<std::string> words;
    for (const Planted& p : planted) words.push_back(fault_words(p, scalars.size()));
    lines += fmt::format("<li>{}: {}\n", escape(by), escape(joined(words, words.size())));
  }
  part.set("has_faults", !lines.empty());
  part.set("fault_lines", lines);
  part.set("faults_words", fmt::format("{} of {} planted faults caught", operation.faults.caught,
                                       operation.faults.planted()));
}

/// "float 1.9 · double 2.0 of 4 ulp"
std::string at_a_glance(const Operation& operation) {
  std::string out;
  for (const char* scalar : {"float", "double"}) {
    const Seen seen = operation.worst_derivative(scalar);
    if (!seen.error) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : " · ", scalar,
                       ulp_text(judged(*seen.error, operation.in_envelope)));
  }
  if (out.empty()) return out;
  if (operation.claimed && operation.claimed->derivative) {
    out += " of " + claim_text(*operation.claimed->derivative);
  }
  return out + (operation.in_envelope ? " env" : " ulp");
}

Data part_of(const Campaign& all, const Operation& operation) {
  Data part;
  std::uint64_t cases = 0;
  for (const Check* check : operation.checks) cases += check->cases;
  part.set("name", operation.name);
  part.set("slug", slug(operation.name));
  part.set("verdict", std::string(word(operation.verdict)));
  part.set("icon", std::string(icon(operation.verdict)));
  part.set("glance", at_a_glance(operation));
  part.set("checks_words",
           fmt::format("{}, {}", plural(operation.checks.size(), "check"), plural(cases, "case")));
  part.set("check_rows", check_rows(operation));
  const Description known = description(operation.name);
  set_description(part, known);
  set_facts(part, all, operation, known);
  set_plots(part, operation);
  set_faults(part, all, operation);
  return part;
}

}  // namespace

void fill_operations(Data& page, const Campaign& all, const Summary& summary) {
  Data parts = list();
  for (const Operation& operation : summary.operations) parts.push_back(part_of(all, operation));
  page.set("operations", parts);
}

}  // namespace assay::report
