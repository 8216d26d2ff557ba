// From a wrong rule to its report and back: what the page says first can be run.

#include "running.hpp"

namespace assay::testing {
namespace {

std::string unescaped(std::string text) {
  for (const auto& [entity, sign] :
       {std::pair("&lt;", "<"), std::pair("&gt;", ">"), std::pair("&quot;", "\""),
        std::pair("&#39;", "'"), std::pair("&amp;", "&")}) {
    for (std::size_t at; (at = text.find(entity)) != std::string::npos;) {
      text.replace(at, std::string(entity).size(), sign);
    }
  }
  return text;
}

class ReportOfAProgram : public Program {
 protected:
  /// The first failure that the page shows, as text.
  [[nodiscard]] std::string first_failure(const std::string& folder) const {
    const std::string page = read(out(folder) + "/index.html");
    const std::size_t begin = page.find("<article class=\"failure");
    if (begin == std::string::npos) return "";
    return unescaped(page.substr(begin, page.find("</article>", begin) - begin));
  }
  /// What follows `assay ` in its replay command.
  static std::string replay(const std::string& failure) {
    const std::size_t at = failure.find("assay replay ");
    if (at == std::string::npos) return "";
    return failure.substr(at + 6, failure.find_first_of("<\n", at) - at - 6);
  }
};

TEST_F(ReportOfAProgram, ShowsAWrongRuleFirstWithAReplayThatWorks) {
  ASSERT_EQ(
      run("verify square plugin_wrong_sign --cases 40 --jobs 1 " + plugin() + " --out " + out("w"))
          .exit,
      1);
  const Ran report = run("report " + out("w") + "/results.jsonl --out " + out("w"));
  ASSERT_EQ(report.exit, 0) << report.text;
  EXPECT_NE(report.text.find("index.html"), std::string::npos);
  const std::string failure = first_failure("w");
  EXPECT_NE(failure.find("plugin_wrong_sign/"), std::string::npos) << failure;
  EXPECT_NE(failure.find("reference"), std::string::npos) << failure;
  const std::string command = replay(failure);
  ASSERT_NE(command, "") << failure;
  const Ran again = run(command);
  EXPECT_EQ(again.exit, 1) << command << "\n" << again.text;
  EXPECT_NE(again.text.find("plugin_wrong_sign"), std::string::npos) << again.text;
}

TEST_F(ReportOfAProgram, SaysWhatChangedSinceAnotherRun) {
  ASSERT_EQ(run("verify square --cases 20 --jobs 1 --out " + out("old")).exit, 0);
  ASSERT_EQ(run("verify square plugin_wrong_sign --cases 20 --jobs 1 " + plugin() + " --out " +
                out("new"))
                .exit,
            1);
  const std::string of = "report " + out("new") + "/results.jsonl --out " + out("new");
  ASSERT_EQ(run(of + " --baseline " + out("old") + "/results.jsonl").exit, 0);
  const std::string page = read(out("new") + "/index.html");
  EXPECT_NE(page.find("new failures"), std::string::npos);
  EXPECT_EQ(run(of + " --baseline " + out("absent.jsonl")).exit, 2);
  EXPECT_EQ(run(of + " --threshold -1").exit, 2);
}

}  // namespace
}  // namespace assay::testing
