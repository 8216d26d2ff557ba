// The program as a person meets it: exit codes, messages, files.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "running.hpp"

namespace {

namespace fs = std::filesystem;
using assay::testing::Program, assay::testing::Ran;

TEST_F(Program, OneAndTwoJobsWriteTheSameBytes) {
  const std::string what = "sigmoid relu matmul 'claim-19*' mlp-two-steps --cases 60 --seed 7";
  const Ran one = run("verify " + what + " --jobs 1 --out " + out("one"));
  const Ran two = run("verify " + what + " --jobs 2 --out " + out("two"));
  EXPECT_EQ(one.exit, 0) << one.text;
  EXPECT_EQ(two.exit, 0) << two.text;
  const std::string bytes = read(folder_ / "one" / "results.jsonl");
  EXPECT_GT(bytes.size(), 1000U);
  EXPECT_EQ(bytes, read(folder_ / "two" / "results.jsonl"));
}

TEST_F(Program, EveryCheckSaysHowManyCasesRan) {
  ASSERT_EQ(run("verify softplus --cases 20 --out " + out("r")).exit, 0);
  std::istringstream lines(read(folder_ / "r" / "results.jsonl"));
  int checks = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto j = nlohmann::json::parse(line);
    if (j.at("type") != "check") continue;
    ++checks;
    EXPECT_GT(j.at("cases"), 0) << line;
    EXPECT_EQ(j.at("verdict"), "correct") << line;
  }
  EXPECT_GE(checks, 10);
}

TEST_F(Program, ReportRendersWhatVerifyWrote) {
  ASSERT_EQ(run("verify tanh graph-two-losses --cases 20 --out " + out("r")).exit, 0);
  const Ran r = run("report " + out("r/results.jsonl") + " --out " + out("page"));
  EXPECT_EQ(r.exit, 0) << r.text;
  EXPECT_NE(read(folder_ / "page" / "index.html").find("tanh"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_ / "page" / "summary.md"));
  EXPECT_TRUE(fs::exists(folder_ / "page" / "junit.xml"));
}

TEST_F(Program, WrongUsageNamesWhatWasGivenAndExitsWith2) {
  const std::string file = out("foreign.json");
  std::ofstream(file) << "{\"hello\": 1}\n";
  std::ofstream(out("occupied")) << "a file, not a folder\n";
  const std::vector<std::pair<std::string, std::string>> uses{
      {"verify no_such_operation --out " + out("x"), "no_such_operation"},
      {"verify sigmoid --no-such-option", "no-such-option"},
      {"verify sigmoid --cases 0 --out " + out("x"), "--cases 0"},
      {"verify sigmoid --cases many", "many"},
      {"verify sigmoid --scalar half --out " + out("x"), "half"},
      {"verify sigmoid --shard 3/3 --out " + out("x"), "3/3"},
      {"verify sigmoid --cases 5 --out " + out("occupied"), "occupied"},
      {"verify sigmoid --cases 5 --out /proc/nowhere", "/proc/nowhere"},
      {"verify --plugin " + out("missing.so"), "missing.so"},
      {"report " + file + " --out " + out("x"), "foreign.json"},
      {"report " + out("missing.jsonl") + " --out " + out("x"), "missing.jsonl"},
      {"replay " + file, "foreign.json"},
      {"replay " + out("missing.json"), "missing.json"},
      {"no_such_command", "no_such_command"},
      {"", "subcommand"},
  };
  for (const auto& [arguments, named] : uses) {
    const Ran r = run(arguments);
    EXPECT_EQ(r.exit, 2) << arguments << "\n" << r.text;
    EXPECT_NE(r.text.find(named), std::string::npos) << arguments << "\n" << r.text;
  }
  EXPECT_FALSE(fs::exists(folder_ / "x" / "results.jsonl")) << "something was half-written";
  EXPECT_FALSE(fs::exists(folder_ / "x" / "index.html")) << "something was half-written";
}

TEST_F(Program, AShardIsIncompleteAndNotAPass) {
  const Ran r = run("verify square --cases 30 --shard 0/3 --out " + out("s"));
  EXPECT_EQ(r.exit, 3) << r.text;
  EXPECT_NE(r.text.find("incomplete"), std::string::npos) << r.text;
}

TEST_F(Program, APluginsOperationsAreJudgedAndItsFailuresReplayed) {
  const std::string options = " --cases 40 " + plugin() + " --out " + out("p");
  EXPECT_EQ(run("verify plugin_cube" + options).exit, 0);
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"plugin_wrong_sign", "disagrees with"},
      {"plugin_bias", "gradient of"},
      {"plugin_hidden_kink", "undeclared kink of input 0 between 0.3"}};
  for (const auto& [name, said] : wrong) {
    const Ran r = run("verify " + name + options);
    EXPECT_EQ(r.exit, 1) << r.text;
    EXPECT_NE(r.text.find(said), std::string::npos) << r.text;
    EXPECT_NE(r.text.find(name), std::string::npos) << r.text;
    if (name == "plugin_hidden_kink") continue;  // a search has no case to replay
    const std::size_t at = r.text.find("assay replay ");
    ASSERT_NE(at, std::string::npos) << r.text;
    const std::size_t from = at + std::string("assay ").size();
    const std::string command = r.text.substr(from, r.text.find('\n', at) - from);
    const Ran again = run(command);
    EXPECT_EQ(again.exit, 1) << command << "\n" << again.text;
    EXPECT_NE(again.text.find(name), std::string::npos) << again.text;
  }
}

TEST_F(Program, ACrashIsAFailureOfItsCheckAndTheRestGoesOn) {
  const Ran r = run("verify plugin_crash square --cases 20 " + plugin() + " --out " + out("c"));
  EXPECT_EQ(r.exit, 1) << r.text;
  EXPECT_NE(r.text.find("plugin_crash/double/derivative: its process died of signal 6"),
            std::string::npos)
      << r.text;
  std::istringstream lines(read(folder_ / "c" / "results.jsonl"));
  int crashed = 0, right = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto j = nlohmann::json::parse(line);
    if (j.at("type") != "check") continue;
    if (j.at("subject") == "square") {
      EXPECT_EQ(j.at("verdict"), "correct") << line;
      ++right;
    } else if (j.at("scalar") == "double") {
      EXPECT_EQ(j.at("verdict"), "wrong") << line;
      ++crashed;
    }
  }
  EXPECT_EQ(crashed, 6);
  EXPECT_GT(right, 10);
}

TEST_F(Program, HelpAndListExitWith0) {
  for (const char* arguments :
       {"--help", "verify --help", "list --help", "replay --help", "report --help", "merge --help",
        "compare --help", "--version", "list"}) {
    const Ran r = run(arguments);
    EXPECT_EQ(r.exit, 0) << arguments;
    EXPECT_FALSE(r.text.empty()) << arguments;
  }
  const auto all = nlohmann::json::parse(run("list --json").text);
  EXPECT_GT(all.size(), 30U);
}

}  // namespace
