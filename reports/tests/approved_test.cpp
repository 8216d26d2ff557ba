// The other forms as they were last approved. What differs is written beside the approved file as
// NAME.received; `scripts/approve` makes that the approved one.

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "campaigns.hpp"

namespace assay::report {
namespace {

class Approved : public Report {
 protected:
  /// Equal to tests/approved/NAME, or NAME.received says what came.
  static void expect(const std::string& name, const std::string& received) {
    const fs::path approved = fs::path(ASSAY_APPROVED) / name;
    const fs::path beside = approved.string() + ".received";
    if (fs::exists(approved) && slurp(approved) == received) {
      fs::remove(beside);
      return;
    }
    std::ofstream(beside, std::ios::binary) << received;
    const std::string before = fs::exists(approved) ? slurp(approved) : "";
    const auto at = std::mismatch(before.begin(), before.end(), received.begin(), received.end());
    const auto line = std::count(before.begin(), at.first, '\n') + 1;
    ADD_FAILURE() << name << " is not as approved, from line " << line << " on; " << beside
                  << " holds what came. If that is right: scripts/approve " << name;
  }
  /// The folder of this run is not part of what is approved.
  std::string without_folder(std::string text) const {
    for (std::size_t at; (at = text.find(folder.string())) != std::string::npos;) {
      text.replace(at, folder.string().size(), "FOLDER");
    }
    return text;
  }
  void expect_all(const std::string& run, const std::vector<Json>& campaign) const {
    render({{put(lines(campaign))}, {}, out()});
    for (const char* form : {"summary.md", "junit.xml", "accuracy.csv"}) {
      expect(run + "." + form, without_folder(slurp(out() / form)));
    }
  }
};

TEST_F(Approved, FormsOfAGoodRun) { expect_all("good", good_campaign()); }
TEST_F(Approved, FormsOfAFailingRun) { expect_all("failing", failing_campaign()); }

/// What a command prints, with its exit code.
std::string printed(const std::string& command) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return "no pipe";
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  return text + fmt::format("exit {}\n", WEXITSTATUS(pclose(pipe)));
}

TEST_F(Approved, WhatTheProgramPrintsOfTwoRuns) {
  const char* program = std::getenv("ASSAY_PROGRAM");
  if (!program || !fs::exists(program)) GTEST_SKIP() << "ASSAY_PROGRAM names no program";
  const fs::path good = put(lines(good_campaign()), "good.jsonl");
  const fs::path failing = put(lines(failing_campaign()), "failing.jsonl");
  const auto run = [&](const std::string& arguments) {
    return "$ assay " + without_folder(arguments) + "\n" +
           without_folder(printed(std::string(program) + " " + arguments));
  };
  expect("console.txt",
         run("compare " + good.string() + " " + failing.string()) +
             run("compare " + failing.string() + " " + good.string()) +
             run("report " + good.string() + " --out " + out().string()) +
             run("report " + (folder / "absent.jsonl").string() + " --out " + out().string()) +
             run("report " + good.string() + " --baseline " + failing.string() + " --out " +
                 out().string()));
}

}  // namespace
}  // namespace assay::report
