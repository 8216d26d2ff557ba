#include "junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace assay::report {
namespace {

struct Suite {
  std::string name, cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

class Suites {
 public:
  Suite& named(const std::string& name) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const Suite& suite) { return suite.name == name; });
    if (found != all_.end()) return *found;
    all_.emplace_back().name = name;
    return all_.back();
  }

  std::string xml() const {
    Suite sum;
    std::string body;
    for (const Suite& suite : all_) {
      sum.tests += suite.tests;
      sum.failures += suite.failures;
      sum.errors += suite.errors;
      sum.skipped += suite.skipped;
      body += fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", escape(suite.name),
                          counts(suite), suite.cases);
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"assay\" {}>\n{}"
        "</testsuites>\n",
        counts(sum), body);
  }

 private:
  static std::string counts(const Suite& s) {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", s.tests,
                       s.failures, s.errors, s.skipped);
  }
  std::vector<Suite> all_;
};

std::string element(std::string_view tag, std::string_view type, std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", tag, type,
                     escape(first), escape(text));
}

void add_case(Suite& suite, std::string_view subject, std::string_view name,
              const std::string& inside) {
  ++suite.tests;
  const std::string head =
      fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escape(subject), escape(name));
  suite.cases += inside.empty() ? head + "/>\n" : head + ">\n" + inside + "    </testcase>\n";
}

std::string failure_text(const Campaign& all, const Check& check) {
  std::string text;
  for (const Failure& failure : check.failures) {
    text += failure.message;
    if (!text.empty() && text.back() != '\n') text += '\n';
    const std::string hint = unsaid_hint(failure);
    if (!hint.empty()) text += "likely: " + hint + '\n';
    const std::string replay = replay_command(all, check, failure);
    if (!replay.empty()) text += "repeat with: " + replay + '\n';
  }
  if (text.empty()) text = explanation(check);
  return text;
}

void add_check(Suites& suites, const Campaign& all, const Check& check) {
  Suite& suite = suites.named(check.subject);
  std::string inside;
  if (check.verdict == Verdict::wrong || !check.failures.empty()) {
    ++suite.failures;
    inside = element("failure", "wrong", failure_text(all, check));
  } else if (check.verdict == Verdict::inconclusive) {
    ++suite.errors;
    inside = element("error", "inconclusive", check.reason);
  } else if (check.verdict == Verdict::skipped) {
    ++suite.skipped;
    inside = fmt::format("      <skipped message=\"{}\"/>\n", escape(check.reason));
  }
  add_case(suite, check.subject, check.scalar + "/" + check.check, inside);
}

/// A case for each operation and scalar in which faults were planted.
void add_faults(Suites& suites, const Campaign& all) {
  std::vector<std::pair<const Fault*, std::string>> groups;  // the first fault, the survivors
  for (const Fault& fault : all.faults) {
    if (fault.status == Status::not_applicable) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) {
      return g.first->operation == fault.operation && g.first->scalar == fault.scalar;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), {&fault, ""});
    if (fault.status == Status::survived) {
      group->second +=
          fmt::format("the planted fault `{}` survived: {}\n", fault.fault, fault.about);
    }
  }
  for (const auto& [fault, survivors] : groups) {
    Suite& suite = suites.named(fault->operation);
    suite.failures += !survivors.empty();
    add_case(suite, fault->operation, fault->scalar + "/planted faults",
             survivors.empty() ? "" : element("failure", "survived", survivors));
  }
}

}  // namespace

std::string junit(const Campaign& all, const Summary& summary) {
  Suites suites;
  for (const Check& check : all.checks) add_check(suites, all, check);
  add_faults(suites, all);
  Suite& campaign = suites.named("campaign");
  std::string inside;
  if (summary.outcome != Outcome::verified) {
    std::string text = fmt::format("the campaign is {}\n", word(summary.outcome));
    for (const std::string& note : summary.notes) text += note + '\n';
    const bool failed = summary.outcome == Outcome::failed;
    ++(failed ? campaign.failures : campaign.errors);
    inside = element(failed ? "failure" : "error", failed ? "failed" : "incomplete", text);
  }
  add_case(campaign, "campaign", "verdict", inside);
  return suites.xml();
}

}  // namespace assay::report
