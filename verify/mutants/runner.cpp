// The suite against one mutant: a shared library with operations of the library, made from a header
// with one small edit. Exit status 0: nothing noticed; 1: noticed, and the last line says by what;
// 2: it cannot be tried.

#include <dlfcn.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "case.hpp"
#include "catalogue/catalogue.hpp"
#include "catalogue/golden_torch.hpp"
#include "catalogue/operations.hpp"
#include "shrink_limit.hpp"

namespace assay::verify {
namespace {

constexpr std::uint64_t seed = 42;
constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

/// What an operation is verified by and a mutant of it can be: all but lifts, and second
/// derivatives and differences in scalars that the shared library does not have.
std::vector<Check> checks_against(const std::shared_ptr<Operation>& op, const Plan& plan) {
  std::vector<Check> checks = checks_of(op, plan);
  const auto append = [&](std::vector<Check> some) {
    std::move(some.begin(), some.end(), std::back_inserter(checks));
  };
  append(worst_checks(op, plan));
  append(torch::checks_with(op));
  Entry entry;
  entry.op = op;
  for (const Format& f : plan.formats) checks.push_back(non_finite_check(entry, f));
  return checks;
}

/// Checks run side by side, a few cases of each before many of any: most mutants fall at once.
class Trial {
 public:
  void add(Check c) {
    CheckResult blank = c.blank;
    runs_.push_back({std::move(c), std::move(blank), 0});
  }
  [[nodiscard]] std::size_t checks() const { return runs_.size(); }
  [[nodiscard]] std::uint64_t cases() const {
    std::uint64_t n = 0;
    for (const Run& r : runs_) n += r.result.cases;
    return n;
  }
  /// What notices the mutation, as subject/scalar/check; empty if nothing does.
  std::string run() {
    const auto cases = [](const Check& c) { return !c.whole; };
    const auto replays = [](const Check& c) { return c.blank.kind == Kind::golden; };
    const auto any = [](const Check&) { return true; };
    for (const std::uint64_t until : {1, 8}) {
      if (std::string by = up_to(until, cases); !by.empty()) return by;
    }
    if (std::string by = up_to(all, replays); !by.empty()) return by;
    if (std::string by = up_to(all, cases); !by.empty()) return by;
    if (std::string by = up_to(all, any); !by.empty()) return by;  // searches take longest
    return concluded();
  }

 private:
  struct Run {
    Check check;
    CheckResult result;
    std::uint64_t next;
  };

  template <class Which>
  std::string up_to(std::uint64_t until, const Which& which) {
    for (Run& r : runs_) {
      if (!which(r.check)) continue;
      const std::string id = r.check.blank.id();
      for (; r.next < std::min(until, r.check.cases); ++r.next) {
        r.check.run(r.next, case_seed(seed, id, r.next), r.result);
        ++r.result.cases;
        if (!r.result.failures.empty()) return id;
      }
    }
    return {};
  }

  std::string concluded() {
    for (Run& r : runs_) {
      conclude(r.check, r.result);
      const Verdict v = r.result.verdict;
      if (v == Verdict::wrong) return r.result.id();
      if (v == Verdict::inconclusive)
        return r.result.id() + " (inconclusive: " + r.result.reason + ")";
    }
    return {};
  }

  std::vector<Run> runs_;
};

class Library {
 public:
  explicit Library(const char* file) : file_(file), handle_(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    if (!handle_) throw std::invalid_argument(dlerror());
  }
  /// What its function of that name adds.
  template <class T>
  [[nodiscard]] std::vector<T> all(const char* name) const {
    const auto add = reinterpret_cast<void (*)(std::vector<T>&)>(dlsym(handle_, name));
    if (!add) throw std::invalid_argument(std::string(file_) + ": it has no " + name);
    std::vector<T> some;
    add(some);
    return some;
  }
  /// The function of that name; null if there is none.
  template <class F>
  [[nodiscard]] F function(const char* name) const {
    return reinterpret_cast<F>(dlsym(handle_, name));
  }

 private:
  const char* file_;
  void* handle_;  // stays open: checks keep its operations
};

/// All checks of the mutants in a library: of the operations of the list, replays of those with
/// other attributes, which are given as JSON, lifts, and claims.
std::vector<Check> checks_of_mutants(const char* file, const Plan& plan) {
  const Library library(file);
  std::vector<Check> checks;
  const auto append = [&](std::vector<Check> some) {
    std::move(some.begin(), some.end(), std::back_inserter(checks));
  };
  for (const Operation& op : library.all<Operation>("assay_mutants")) {
    append(checks_against(std::make_shared<Operation>(op), plan));
  }
  using Attributed = std::pair<Operation, std::string>;
  for (const auto& [op, has] : library.all<Attributed>("assay_mutants_with_attributes")) {
    append(torch::checks_with(std::make_shared<Operation>(op), has));
  }
  using Entries = void (*)(std::vector<Entry>&);
  if (const auto add = library.function<Entries>("assay_mutant_entries")) {
    std::vector<Entry> entries;
    add(entries);
    for (const Entry& e : entries) {
      for (const Format& f : plan.formats) checks.push_back(lift_check(e, f, plan.cases));
    }
  }
  using Claims = void (*)(std::vector<Check>&, const Plan&);
  if (const auto add = library.function<Claims>("assay_mutant_claims")) {
    // Of few cases some claims say that they are too few.
    add(checks, {.cases = std::max<std::uint64_t>(plan.cases, 1000)});
  }
  return checks;
}

/// A mutant may never end, and may ask for any number of elements.
void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  if (setrlimit(resource, &both) != 0) throw std::invalid_argument("limits cannot be set");
}

std::uint64_t number(const char* text) {
  char* end = nullptr;
  const std::uint64_t n = std::strtoull(text, &end, 10);
  if (n == 0 || *end != '\0') throw std::invalid_argument(std::string(text) + " is not a number");
  return n;
}

int run(char** argv) {
  Trial trial;
  try {
    const Plan plan{.cases = number(argv[2])};
    limit(RLIMIT_CPU, number(argv[3]));
    limit(RLIMIT_AS, rlim_t{4} << 30);
    limit(RLIMIT_CORE, 0);
    for (Check& c : checks_of_mutants(argv[1], plan)) trial.add(std::move(c));
  } catch (const std::invalid_argument& e) {
    std::fprintf(stderr, "assay_mutant_runner: %s\n", e.what());
    return 2;
  }
  const ShrinkLimit no_shrinking(0);
  std::string by;
  try {
    by = trial.run();
  } catch (const std::exception& e) {  // in a generator of legal inputs, say
    by = std::string("what it throws: ") + e.what();
  }
  if (by.empty()) {
    std::printf("%zu checks, %llu cases\n", trial.checks(),
                static_cast<unsigned long long>(trial.cases()));
    return 0;
  }
  std::puts(by.c_str());
  return 1;
}

}  // namespace
}  // namespace assay::verify

int main(int argc, char** argv) {
  if (argc == 4) return assay::verify::run(argv);
  std::fputs("usage: assay_mutant_runner LIBRARY CASES SECONDS\n", stderr);
  return 2;
}
