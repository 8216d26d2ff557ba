#include "fault_tasks.hpp"

#include <algorithm>
#include <array>

#include "catalogue/entry_faults.hpp"

namespace assay::program {

using namespace verify;

namespace {

const Entry* entry_of(const Operation& op) {
  for (const Entry& e : library()) {
    if (e.op.get() == &op) return &e;
  }
  return nullptr;
}

bool is_specimen(const Operation& op) {
  const auto all = specimens();
  return std::any_of(all.begin(), all.end(), [&](const auto& s) { return s.get() == &op; });
}

/// Second derivatives are checked in double, or not at all.
bool has_second_order_check(const std::shared_ptr<const Operation>& op) {
  const std::vector<Check> checks = checks_of(op, {.cases = 1, .formats = {double_format}});
  return std::any_of(checks.begin(), checks.end(),
                     [](const Check& c) { return c.blank.check == "second-order"; });
}

/// They need more cases than a campaign gives to its faults.
bool needs_many_cases(const Fault& f) {
  constexpr std::array names{"window", "negative-window", "deep-element", "far-tail", "underflow"};
  return std::find(names.begin(), names.end(), f.name) != names.end();
}

bool in_every_operation(const Fault& f) {
  constexpr std::array names{"sign",         "small-factor", "overwrite",
                             "no-reduction", "upstream",     "stale"};
  return std::find(names.begin(), names.end(), f.name) != names.end();
}

/// What an operation of the library is checked by beside what follows from its definition.
std::vector<Check> more_checks(const Entry& e, const Format& f,
                               const std::shared_ptr<const Operation>& wrong, const Plan& plan) {
  Entry with = e;
  with.op = std::make_shared<Operation>(*wrong);
  return {non_finite_check(with, f), second_order_check(with, plan.cases)};
}

}  // namespace

std::vector<FaultTask> all_faults(const std::shared_ptr<const Operation>& op, const Format& f) {
  const bool second = has_second_order_check(op) && f == double_format;
  const bool specimen = is_specimen(*op);
  std::vector<FaultTask> tasks;
  for (const Fault& fault : faults()) {
    if (fault.concerns && !fault.concerns(*op)) continue;
    // What is planted everywhere says nothing more about a specimen.
    if (specimen && !fault.concerns) continue;
    if (fault.in == Fault::In::second && !second) continue;
    tasks.push_back({op, f, fault});
  }
  if (const Entry* e = entry_of(*op)) {
    for (FaultTask& t : tasks) {
      t.more = [e, f](const std::shared_ptr<const Operation>& wrong, const Plan& plan) {
        return more_checks(*e, f, wrong, plan);
      };
    }
    for (FaultTask& t : entry_faults(*e, f)) tasks.push_back(std::move(t));
  }
  std::stable_sort(tasks.begin(), tasks.end(), [](const FaultTask& a, const FaultTask& b) {
    return a.fault.number < b.fault.number;
  });
  return tasks;
}

std::vector<FaultTask> some_faults(const std::shared_ptr<const Operation>& op, const Format& f) {
  constexpr std::size_t in_turn = 3;
  std::vector<FaultTask> chosen, others;
  for (FaultTask& t : all_faults(op, f)) {
    if (in_every_operation(t.fault)) {
      chosen.push_back(std::move(t));
    } else if (!needs_many_cases(t.fault)) {
      others.push_back(std::move(t));
    }
  }
  const auto turn = [](const FaultTask& t) { return case_seed(0, t.id(), 0); };
  const std::size_t n = std::min(in_turn, others.size());
  std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(n), others.end(),
                    [&](const FaultTask& a, const FaultTask& b) { return turn(a) < turn(b); });
  std::move(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(n),
            std::back_inserter(chosen));
  return chosen;
}

}  // namespace assay::program
