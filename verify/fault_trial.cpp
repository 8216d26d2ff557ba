// One fault in one operation, from its witness to the check that catches it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "faults.hpp"
#include "shrink_limit.hpp"

namespace assay::verify {
namespace {

// --- witnesses -----------------------------------------------------------------------------------

/// Where backwards are wrong if they are: at these numbers every input is held.
std::vector<double> special_points(const Operation& op, const Format& f) {
  std::vector<double> x{0,
                        1,
                        -1,
                        1.7005,
                        0.3705,
                        -5.0005,
                        25,
                        -25,
                        0x1p-40,
                        90,
                        -90,
                        650,
                        -650,
                        1e-30,
                        0.5,
                        2,
                        800,
                        -800,
                        -std::numeric_limits<double>::infinity()};
  x.push_back(std::ldexp(1.0, 3 * f.max_exponent / 4));
  for (const Kink& k : op.kinks) x.push_back(k.at);
  for (const Interval& i : op.inputs) {
    for (double end : {i.lo, i.hi}) {
      if (std::isfinite(end)) x.push_back(end);
    }
  }
  for (double& v : x) v = rounded(f, v);
  return x;
}

bool in_domain(const Operation& op, std::size_t k, double x) {
  const bool minus_infinity = std::isinf(x) && std::isinf(op.inputs[k].lo);
  if (!minus_infinity && !op.inputs[k].contains(x)) return false;
  return std::none_of(op.kinks.begin(), op.kinks.end(), [&](const Kink& kink) {
    return kink.input == k && kink.kind == Kink::Kind::pole && kink.at == x;
  });
}

/// The case with every element of input k, or of all (k = arity), at x; nothing where x is not in
/// the domain.
std::optional<Case> held_at(const Operation& op, const Format& f, Case c, std::size_t k, double x) {
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    if (i != k && k != c.inputs.size()) continue;
    if (!in_domain(op, i, x)) return std::nullopt;
    c.inputs[i].setConstant(x);
  }
  if (op.arrange && arranged(op, f, c.inputs) != c.inputs) return std::nullopt;
  return c;
}

template <class T>
std::vector<Mat<T>> cast(const std::vector<Mat<double>>& m) {
  std::vector<Mat<T>> out;
  for (const Mat<double>& x : m) out.push_back(x.template cast<T>());
  return out;
}

/// Runs the backward, and with two inputs once more with the first in both places.
template <class T>
void run_backward(const Rule<T>& rule, const Case& c) {
  std::vector<Mat<T>> x = cast<T>(c.inputs);
  Mat<T> dy = c.upstream.template cast<T>();
  static_cast<void>(rule.gradients(dy, views(x)));
  if (x.size() != 2) return;
  const std::array<Shape, 2> shapes{shape_of(x[0]), shape_of(x[0])};
  const Shape y = rule.shape(shapes);
  const std::array<View<T>, 2> both{&x[0], &x[0]};
  static_cast<void>(rule.gradients(Mat<T>::Constant(y.rows, y.cols, T(-3)), both));
}

bool changes(const Operation& wrong, const Format& f, const Case& c, Planted& planted) {
  planted.changed = false;
  try {
    if (f == float_format) {
      run_backward(*wrong.in_float, c);
    } else {
      run_backward(*wrong.in_double, c);
    }
  } catch (const std::exception&) {
    // A refusal of the right rule, or of a gradient of another shape: `changed` tells.
  }
  return planted.changed;
}

/// Whether there is a case in which the fault changes the gradient by more than is claimed.
bool has_witness(const FaultTask& t, const FaultPlan& plan) {
  const auto planted = std::make_shared<Planted>();
  const Operation wrong = plant(*t.operation, t.fault, planted);
  const std::uint64_t seed = case_seed(plan.seed, t.id(), 0);
  for (std::uint64_t n = 0; n < plan.witnesses; ++n) {
    const Case c = generate(*t.operation, t.format, case_seed(seed, "witness", n));
    if (changes(wrong, t.format, c, *planted)) return true;
    if (n % 16 != 0 || c.upstream.size() == 0) continue;
    for (double x : special_points(*t.operation, t.format)) {
      for (std::size_t k = 0; k <= c.inputs.size(); ++k) {
        const auto held = held_at(*t.operation, t.format, c, k, x);
        if (held && changes(wrong, t.format, *held, *planted)) return true;
      }
    }
  }
  return false;
}

// --- checks --------------------------------------------------------------------------------------

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
class Trial {
 public:
  Trial(std::vector<Check> checks, std::uint64_t seed, std::shared_ptr<Planted> planted)
      : seed_(seed), planted_(std::move(planted)) {
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
    bool left = true;
    for (std::uint64_t until = 1; left; until *= 2) {
      left = false;
      for (Run& r : runs_) {
        for (; r.next < std::min(until, r.check.cases); ++r.next) {
          if (std::optional<Caught> caught = one(r)) return caught;
        }
        left = left || r.next < r.check.cases;
      }
    }
    return std::nullopt;
  }

 private:
  struct Run {
    Check check;
    CheckResult result;
    std::uint64_t next;
  };

  std::optional<Caught> one(Run& r) {
    const std::uint64_t seed = case_seed(seed_, r.check.blank.id(), r.next);
    std::string thrown;
    try {
      r.check.run(r.next, seed, r.result);
    } catch (const std::exception& e) {
      thrown = fmt::format("it throws: {}", e.what());
    }
    planted_->next_case();
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
};

}  // namespace

std::vector<Check> checks_against(const std::shared_ptr<const Operation>& wrong, const Format& f,
                                  const Fault& fault, std::uint64_t cases) {
  std::vector<Check> checks = checks_of(wrong, {.cases = cases, .formats = {f}});
  // What runs in other scalars alone does not meet a backward that is wrong in this one.
  if (fault.in != Fault::In::everywhere) {
    std::erase_if(checks, [&](const Check& c) { return c.blank.scalar != f.name; });
  }
  std::stable_sort(checks.begin(), checks.end(),
                   [](const Check& a, const Check& b) { return rank(a) < rank(b); });
  return checks;
}

FaultResult try_fault(const FaultTask& t, const FaultPlan& plan) {
  FaultResult r = blank_fault(t);
  r.status = "not-applicable";
  const bool in_backward = t.fault.in != Fault::In::elsewhere && t.fault.in != Fault::In::sweep;
  if (t.cannot) r.shrunk = t.cannot();
  if (in_backward && !has_witness(t, plan)) {
    r.shrunk = fmt::format(
        "it changes no gradient beyond the claim in {} cases and at special "
        "points",
        plan.witnesses);
  }
  if (!r.shrunk.empty()) return r;

  const auto planted = std::make_shared<Planted>();
  const Plan of_checks{.cases = plan.cases, .formats = {t.format}};
  std::vector<Check> checks;
  if (t.checks) {
    checks = t.checks(planted, of_checks);
  } else if (t.fault.in == Fault::In::sweep) {
    checks = {overwriting_check(t.operation, t.format, planted, plan.cases)};
  } else {
    const auto wrong = std::make_shared<const Operation>(plant(*t.operation, t.fault, planted));
    checks = checks_against(wrong, t.format, t.fault, plan.cases);
  }
  const ShrinkLimit limit(plan.shrink_tries);
  const auto caught = Trial(std::move(checks), plan.seed, planted).run();
  r.manifested = planted->cases;
  r.status = caught && planted->cases > 0 ? "caught" : "survived";
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
