// A user's shared library: the same report as the library's own operations, and clear refusals.

#include "running.hpp"

namespace assay::testing {
namespace {

using Plugin = Program;

std::string unusable(const std::string& program, const std::string& kind) {
  const fs::path file = fs::path(program).parent_path() / ("libassay_test_plugin_" + kind + ".so");
  EXPECT_TRUE(fs::exists(file)) << file;
  return "verify --cases 2 --plugin " + file.string();
}

TEST_F(Plugin, ItsOperationsAreInTheReportWithTheirHints) {
  const Ran verified = run("verify plugin_cube plugin_wrong_sign plugin_bias --cases 30 " +
                           plugin() + " --out " + out("p"));
  EXPECT_EQ(verified.exit, 1) << verified.text;
  EXPECT_NE(verified.text.find("hint       the sign is wrong"), std::string::npos) << verified.text;
  EXPECT_NE(verified.text.find("hint       the gradient is that of one of the"), std::string::npos)
      << verified.text;
  const Ran reported = run("report " + out("p/results.jsonl") + " --out " + out("p"));
  EXPECT_LE(reported.exit, 1) << reported.text;
  const std::string page = read(folder_ / "p/index.html");
  for (const char* part :
       {"plugin_cube", "plugin_wrong_sign", "plugin_bias", "the sign is wrong"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST_F(Plugin, ItsFailureIsReplayedWithItsHint) {
  const Ran verified =
      run("verify plugin_wrong_sign --cases 10 --scalar double " + plugin() + " --out " + out("r"));
  ASSERT_EQ(verified.exit, 1) << verified.text;
  fs::path stored;
  for (const auto& entry : fs::directory_iterator(folder_ / "r/failures")) stored = entry.path();
  const Ran again = run("replay " + stored.string() + " " + plugin());
  EXPECT_EQ(again.exit, 1) << again.text;
  EXPECT_NE(again.text.find("hint       the sign is wrong"), std::string::npos) << again.text;
  const Ran alone = run("replay " + stored.string());
  EXPECT_EQ(alone.exit, 2) << alone.text;
  EXPECT_NE(alone.text.find("is it in a --plugin"), std::string::npos) << alone.text;
}

TEST_F(Plugin, OneThatCannotBeUsedIsRefusedWithItsReason) {
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"other_version", "built for plugin version"},
      {"throws", "its operations cannot be made: no table of weights"},
      {"odd_name", "'two words/x' is no name for an operation"},
      {"none", "it has no operations"}};
  for (const auto& [kind, reason] : kinds) {
    const Ran r = run(unusable(program_, kind));
    EXPECT_EQ(r.exit, 2) << r.text;
    EXPECT_NE(r.text.find(reason), std::string::npos) << r.text;
  }
}

}  // namespace
}  // namespace assay::testing
