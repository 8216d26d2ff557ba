#include "difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::report {
namespace {

/// The worst errors of a check by quantity: "derivative" to 0.62.
using Errors = std::map<std::string, double>;

Errors errors(const Check& c, bool in_envelope) {
  Errors worst;
  const auto take = [&](const char* what, const std::optional<Error>& e) {
    if (!e) return;
    worst[what] = in_envelope && e->envelope ? *e->envelope : e->ulp;
  };
  if (c.worst) {
    take("value", c.worst->value);
    take("derivative", c.worst->derivative);
    take("product", c.worst->product);
  }
  for (const GoldenValue& v : c.values) {
    if (!v.ulp) continue;
    const auto [at, inserted] = worst.emplace("worked example", *v.ulp);
    at->second = std::max(at->second, *v.ulp);
  }
  return worst;
}

bool in_envelope(const Check& c) { return c.claimed && c.claimed->units == "envelope"; }

std::string figure(double x) {
  if (std::isinf(x)) return "inf";
  if (x == 0) return "0";
  if (x < 1e-2 || x >= 1e5) return fmt::format("{:.1e}", x);
  return x < 10 ? fmt::format("{:.2f}", x) : fmt::format("{:.0f}", x);
}

void compare_errors(const Check& a, const Check& b, double threshold, Difference& found) {
  const bool envelope = in_envelope(a) && in_envelope(b);
  const Errors before = errors(a, envelope);
  for (const auto& [what, now] : errors(b, envelope)) {
    const auto was = before.find(what);
    if (was == before.end() || was->second == now) continue;
    const std::string line = fmt::format("{}: {} {} -> {} {}", a.id, what, figure(was->second),
                                         figure(now), envelope ? "envelope units" : "ulp");
    if (now - was->second > threshold) found.regressions.lines.push_back(line);
    if (was->second - now > threshold) found.improved.lines.push_back(line);
  }
}

void compare_claims(const Check& a, const Check& b, Difference& found) {
  if (!a.claimed) return;
  const auto shown = [](const std::optional<Claimed>& c) {
    return c && c->derivative ? fmt::format("{} {}", *c->derivative, c->units) : "nothing";
  };
  const bool comparable = b.claimed && a.claimed->units == b.claimed->units;
  const bool looser = comparable && a.claimed->derivative &&
                      (!b.claimed->derivative || *b.claimed->derivative > *a.claimed->derivative);
  const bool other = !b.claimed || (!comparable && b.claimed->units == "envelope");
  if (!looser && !other) return;
  found.loosened.lines.push_back(
      fmt::format("{}: claimed {} -> {}", a.id, shown(a.claimed), shown(b.claimed)));
}

void compare_checks(const Check& a, const Check& b, double threshold, Difference& found) {
  if (b.verdict == Verdict::wrong && a.verdict != Verdict::wrong) {
    found.failures.lines.push_back(a.id);
  } else if (b.verdict == Verdict::skipped && a.verdict != Verdict::skipped) {
    found.missing.lines.push_back(fmt::format("{}: skipped now: {}", a.id, b.reason));
  } else if (b.verdict == Verdict::inconclusive && a.verdict == Verdict::correct) {
    found.inconclusive.lines.push_back(fmt::format("{}: {}", a.id, b.reason));
  } else if (a.verdict == Verdict::wrong && b.verdict == Verdict::correct) {
    found.repaired.lines.push_back(a.id);
  }
  if (b.cases < a.cases && b.verdict != Verdict::skipped) {
    found.fewer.lines.push_back(fmt::format("{}: {} -> {}", a.id, a.cases, b.cases));
  }
  compare_claims(a, b, found);
  compare_errors(a, b, threshold, found);
}

std::string id_of(const Fault& f) {
  return fmt::format("{}/{}/fault-{}", f.operation, f.scalar, f.fault);
}

void compare_faults(const Campaign& before, const Campaign& after, Difference& found) {
  std::map<std::string, Status> faults;
  for (const Fault& f : after.faults) faults[id_of(f)] = f.status;
  for (const Fault& f : before.faults) {
    if (f.status != Status::caught) continue;
    const auto at = faults.find(id_of(f));
    if (at != faults.end() && at->second == Status::caught) continue;
    found.survived.lines.push_back(fmt::format("{}: {}", id_of(f),
                                               at == faults.end() ? "not planted"
                                               : at->second == Status::not_applicable
                                                   ? "cannot occur now"
                                                   : "survives"));
  }
}

}  // namespace

std::size_t Difference::worse() const {
  std::size_t count = 0;
  for (const Findings* f : all()) count += f->worse ? f->lines.size() : 0;
  return count;
}

std::size_t Difference::others() const {
  std::size_t count = 0;
  for (const Findings* f : all()) count += f->worse ? 0 : f->lines.size();
  return count;
}

Difference difference(const Campaign& before, const Campaign& after, double threshold) {
  Difference found;
  std::map<std::string, const Check*> now;
  for (const Check& c : after.checks) now[c.id] = &c;
  for (const Check& c : before.checks) {
    const auto at = now.find(c.id);
    if (at == now.end()) {
      found.missing.lines.push_back(c.id);
      continue;
    }
    compare_checks(c, *at->second, threshold, found);
    now.erase(at);
  }
  for (const Check& c : after.checks) {
    if (!now.contains(c.id)) continue;
    found.added.lines.push_back(c.id);
    if (c.verdict == Verdict::wrong) found.failures.lines.push_back(c.id);
  }
  compare_faults(before, after, found);
  return found;
}

}  // namespace assay::report
