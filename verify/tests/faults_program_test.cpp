// `assay faults` as a person meets it.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "running.hpp"

namespace {

namespace fs = std::filesystem;
using assay::testing::Program, assay::testing::Ran;

TEST_F(Program, FaultsAreCaughtAndWrittenLineByLine) {
  const Ran r = run("faults mul --class 2 --class 6 --cases 60 --out " + out("f"));
  EXPECT_EQ(r.exit, 0) << r.text;
  EXPECT_NE(r.text.find("all caught"), std::string::npos) << r.text;
  std::istringstream lines(read(folder_ / "f" / "faults.jsonl"));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  ASSERT_GT(all.size(), 4U);
  EXPECT_EQ(all.front().at("type"), "run");
  EXPECT_EQ(all.back().at("type"), "end");
  EXPECT_EQ(all.back().at("faults"), all.back().at("caught"));
  for (const auto& j : all) {
    if (j.at("type") != "fault") continue;
    EXPECT_TRUE(j.at("class") == 2 || j.at("class") == 6) << j;
    EXPECT_NE(j.at("status"), "survived") << j;
  }
}

TEST_F(Program, FaultsWriteTheSameBytesWithOneAndTwoJobs) {
  const std::string what = "faults softplus --class 1 --class 5 --cases 60 --scalar double";
  ASSERT_EQ(run(what + " --jobs 1 --out " + out("one")).exit, 0);
  ASSERT_EQ(run(what + " --jobs 2 --out " + out("two")).exit, 0);
  EXPECT_EQ(read(folder_ / "one" / "faults.jsonl"), read(folder_ / "two" / "faults.jsonl"));
}

TEST_F(Program, ASurvivingFaultIsShownInFullAndExitsWith1) {
  // One case of each check does not find what is wrong at x = 1 alone.
  const Ran r = run("faults exp --class 9 --cases 1 --scalar double --out " + out("f"));
  EXPECT_EQ(r.exit, 1) << r.text;
  EXPECT_NE(r.text.find("survived: at-one in exp<double>, class 9"), std::string::npos) << r.text;
}

TEST_F(Program, WhereNothingCanBePlantedNothingIsProven) {
  const Ran r = run("faults matmul --class 15 --cases 20 --out " + out("f"));
  EXPECT_EQ(r.exit, 3) << r.text;
}

TEST_F(Program, WrongUseOfFaultsIsNamed) {
  const std::vector<std::pair<std::string, std::string>> uses{
      {"faults no_such_operation --out " + out("x"), "no_such_operation"},
      {"faults exp --class 28 --out " + out("x"), "--class 28"},
      {"faults exp --scalar rational --out " + out("x"), "rational"},
      {"faults exp --cases 0 --out " + out("x"), "--cases 0"},
  };
  for (const auto& [arguments, named] : uses) {
    const Ran r = run(arguments);
    EXPECT_EQ(r.exit, 2) << arguments << "\n" << r.text;
    EXPECT_NE(r.text.find(named), std::string::npos) << arguments << "\n" << r.text;
  }
  EXPECT_FALSE(fs::exists(folder_ / "x" / "faults.jsonl"));
  EXPECT_EQ(run("faults --help").exit, 0);
}

TEST_F(Program, SensitivityIsPrintedAndWritten) {
  const Ran r = run("faults exp --sensitivity --within 40 --out " + out("s"));
  EXPECT_EQ(r.exit, 0) << r.text;
  std::istringstream lines(read(folder_ / "s" / "sensitivity.jsonl"));
  int measured = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto j = nlohmann::json::parse(line);
    if (j.at("type") != "sensitivity") continue;
    ++measured;
    EXPECT_LE(j.at("found"), 1e-6) << line;
    EXPECT_GE(j.at("usual"), 0.99e-3) << line;
  }
  EXPECT_EQ(measured, 2);
}

}  // namespace
