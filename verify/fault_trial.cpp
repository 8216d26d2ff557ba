// One fault in one operation, from its witness to the check that catches it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "faults.hpp"
#include "shrink_limit.hpp"

namespace assay::verify {
namespace {

/// The sweep is not the operation's: the check of sharing, with a sweep that overwrites.
Check overwriting_check(const std::shared_ptr<const Operation>& op, const Format& f,
                        const std::shared_ptr<Planted>& planted, std::uint64_t cases) {
  Check c;
  c.blank.subject = op->name;
  c.blank.scalar = f.name;
  c.blank.check = "sharing";
  c.cases = cases;
  c.run = [op, f, planted](std::uint64_t number, std::uint64_t seed, CheckResult& result) {
    const Case one = generate(*op, f, seed);
    const auto fails = [&](const Case& x) {
      return examine_sharing({*op, f, x, number, seed, nullptr, true});
    };
    const std::optional<Problem> p = fails(one);
    if (!p || !result.failures.empty()) return;
    planted->changed = true;
    std::uint64_t steps = 0;
    const Case small = shrink(
        *op, f, one, [&](const Case& x) { return fails(x).has_value(); }, steps);
    result.failures.push_back(to_failure(*op, f, "sharing", small, number, seed, steps, *p));
  };
  return c;
}

/// Where in the order of trying a check stands: those that cost little, those not known here, those
/// that take the oracle long, searches.
int rank(const Check& c) {
  constexpr std::array<std::pair<std::string_view, int>, 5> known{
      {{"state", 0}, {"sharing", 0}, {"derivative", 1}, {"sweep", 2}, {"differences", 4}}};
  for (const auto& [name, place] : known) {
    if (c.blank.check == name) return place;
  }
  return c.whole ? 5 : 3;
}

/// Checks run side by side: the first case of all, the second of all, the next two, the next four.
/// Searches cost more than many cases, and come when these have found nothing.
class Trial {
 public:
  /// `everywhere`: checks meet the fault in scalars where nobody watches what it does.
  Trial(std::vector<Check> checks, std::uint64_t seed, std::shared_ptr<Planted> planted,
        bool everywhere)
      : seed_(seed), planted_(std::move(planted)), everywhere_(everywhere) {
    for (Check& c : checks) runs_.push_back({std::move(c), {}, 0});
    for (Run& r : runs_) r.result = r.check.blank;
  }

  struct Caught {
    std::string by;
    std::uint64_t after;
    double ulp;
    std::string shrunk;
  };
  std::optional<Caught> run() {
    constexpr std::uint64_t before_searches = 64;
    if (auto caught = side_by_side(false, 1, before_searches)) return caught;
    if (auto caught = side_by_side(true, 1, all)) return caught;
    return side_by_side(false, 2 * before_searches, all);
  }

 private:
  struct Run {
    Check check;
    CheckResult result;
    std::uint64_t next;
  };

  static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max() / 2;

  /// The checks that are searches, or those that are not, up to so many cases of each.
  std::optional<Caught> side_by_side(bool whole, std::uint64_t first, std::uint64_t last) {
    bool left = true;
    for (std::uint64_t until = first; left && until <= last; until *= 2) {
      left = false;
      for (Run& r : runs_) {
        if (r.check.whole != whole) continue;
        for (; r.next < std::min(until, r.check.cases); ++r.next) {
          if (std::optional<Caught> caught = one(r)) return caught;
        }
        left = left || r.next < r.check.cases;
      }
    }
    return std::nullopt;
  }

  std::optional<Caught> one(Run& r) {
    const std::uint64_t seed = case_seed(seed_, r.check.blank.id(), r.next);
    std::string thrown;
    try {
      r.check.run(r.next, seed, r.result);
    } catch (const std::exception& e) {
      thrown = fmt::format("it throws: {}", e.what());
    }
    if (everywhere_) planted_->touched = true;
    planted_->next_case(!thrown.empty() || !r.result.failures.empty());
    if (!thrown.empty()) return Caught{r.check.blank.check, r.next + 1, 0, thrown};
    if (r.result.failures.empty()) return std::nullopt;
    const Failure& f = r.result.failures.front();
    return Caught{r.check.blank.check, r.next + 1, f.ulp, shown(f)};
  }

  static std::string shown(const Failure& f) {
    const Format& format = f.scalar == float_format.name ? float_format : double_format;
    std::string text;
    for (const Values& x : f.inputs) {
      text += fmt::format("{}{}x{}", text.empty() ? "" : ", ", x.rows, x.cols);
      if (x.values.size() == 1) {
        text += fmt::format(" [{}]", decimal(format, parse_real(x.values[0])));
      }
    }
    return text;
  }

  std::vector<Run> runs_;
  std::uint64_t seed_;
  std::shared_ptr<Planted> planted_;
  bool everywhere_;
};

}  // namespace

std::vector<Check> checks_against(std::vector<Check> checks, const Format& f, const Fault& fault) {
  std::erase_if(checks, [&](const Check& c) {
    // What runs in other scalars alone does not meet it.
    if (fault.in == Fault::In::second) return c.blank.check != "second-order";
    return fault.in != Fault::In::everywhere && c.blank.scalar != f.name;
  });
  std::stable_sort(checks.begin(), checks.end(),
                   [](const Check& a, const Check& b) { return rank(a) < rank(b); });
  return checks;
}

namespace {

/// The checks that are to catch it.
std::vector<Check> checks_for(const FaultTask& t, const FaultPlan& plan,
                              const std::shared_ptr<Planted>& planted) {
  const Plan of_checks{.cases = plan.cases, .formats = {t.format}};
  if (t.checks) return t.checks(planted, of_checks);
  if (t.fault.in == Fault::In::sweep) {
    return {overwriting_check(t.operation, t.format, planted, plan.cases)};
  }
  const auto wrong = std::make_shared<const Operation>(plant(*t.operation, t.fault, planted));
  std::vector<Check> checks = checks_of(wrong, of_checks);
  if (t.more) {
    std::vector<Check> more = t.more(wrong, of_checks);
    std::move(more.begin(), more.end(), std::back_inserter(checks));
  }
  return checks_against(std::move(checks), t.format, t.fault);
}

}  // namespace

FaultResult try_fault(const FaultTask& t, const FaultPlan& plan) {
  FaultResult r = blank_fault(t);
  r.status = "not-applicable";
  r.shrunk = no_witness(t, plan);
  if (!r.shrunk.empty()) return r;

  const std::shared_ptr<Planted> planted = shared_planted();
  const ShrinkLimit limit(plan.shrink_tries);
  const auto caught =
      Trial(checks_for(t, plan, planted), plan.seed, planted, t.fault.in == Fault::In::everywhere)
          .run();
  r.manifested = planted->cases;
  r.status = caught && planted->cases > 0 ? "caught" : "survived";
  if (!caught && planted->cases == 0 && t.fault.in == Fault::In::elsewhere) {
    r.status = "not-applicable";
    r.shrunk = "it changed nothing in any case of its checks";
  }
  if (!caught) return r;
  r.by = caught->by;
  r.after = caught->after;
  r.ulp = caught->ulp;
  r.shrunk = caught->shrunk;
  if (planted->cases == 0) {
    r.shrunk = fmt::format("a false alarm of {}: the fault had changed nothing", caught->by);
    r.by.clear();
  }
  return r;
}

}  // namespace assay::verify
