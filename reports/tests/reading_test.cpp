#include <limits>

#include "rendering.hpp"

namespace assay::report {
namespace {

TEST_F(Report, NoResultsFileIsRefused) {
  EXPECT_TRUE(has(refusal({{}, {}, out()}), "no results file"));
}
TEST_F(Report, MissingFileIsNamed) {
  const std::string message = refusal({{folder / "absent.jsonl"}, {}, out()});
  EXPECT_TRUE(has(message, "absent.jsonl: no such file")) << message;
}
TEST_F(Report, FolderInPlaceOfAFileIsRefused) {
  EXPECT_TRUE(has(refusal({{folder}, {}, out()}), "is a folder"));
}
TEST_F(Report, EmptyFileIsRefused) { expect_refused("", {"empty"}); }
TEST_F(Report, TextThatIsNotJsonIsRefusedWithItsLine) {
  expect_refused(lines({run_line()}) + "nonsense\n" + lines({end_line()}), {":2:", "not JSON"});
}
TEST_F(Report, EmptyLineIsRefused) {
  expect_refused(lines({run_line()}) + "\n" + lines({end_line()}), {":2:", "not JSON"});
}
TEST_F(Report, InvalidUtf8IsRefused) {
  expect_refused(lines({run_line()}) + "{\"type\":\"\xff\"}\n", {":2:", "not JSON"});
}
TEST_F(Report, NumberBeyondDoubleIsRefused) {
  expect_refused(lines({run_line()}) + "{\"type\":1e999}\n", {":2:", "not JSON"});
}
TEST_F(Report, ListInPlaceOfAnObjectIsRefused) {
  expect_refused(lines({run_line()}) + "[1]\n", {":2:", "object"});
}
TEST_F(Report, FileCutInItsFirstLineIsRefused) {
  expect_refused(run_line().dump().substr(0, 30), {":1:", "first line"});
}
TEST_F(Report, FirstLineOfAnotherTypeIsRefused) {
  expect_refused(lines({check_line()}), {":1:", "first line"});
}
TEST_F(Report, NewerSchemaIsRefused) {
  Json run = run_line();
  run["schema"] = 2;
  expect_refused(lines({run}), {":1:", "schema 2"});
}
TEST_F(Report, UnknownTypeIsRefused) {
  expect_refused(lines({run_line(), {{"type", "poem"}}}), {":2:", "`poem`"});
}
TEST_F(Report, SecondRunLineIsRefused) {
  expect_refused(lines({run_line(), run_line()}), {":2:", "second `run`"});
}
TEST_F(Report, LineAfterTheEndIsRefused) {
  expect_refused(lines({run_line(), check_line(), end_line(), check_line("tanh")}),
                 {":4:", "after the `end`"});
}
TEST_F(Report, UnknownFieldIsIgnored) {
  Json check = check_line();
  check["mood"] = "good";
  EXPECT_EQ(refusal_of(lines({run_line(), check, end_line()})), "");
}
TEST_F(Report, UnknownVerdictIsRefused) {
  Json check = check_line();
  check["verdict"] = "fine";
  expect_refused(lines({run_line(), check}), {":2:", "`verdict`", "`fine`", "`inconclusive`"});
}
TEST_F(Report, IdThatIsNotSubjectScalarCheckIsRefused) {
  Json check = check_line();
  check["id"] = "sigmoid/float/derivative";
  expect_refused(lines({run_line(), check}), {":2:", "`id`", "sigmoid/double/derivative"});
}

TEST_F(Report, EveryMissingFieldIsNamed) {
  const auto try_each = [&](const Json& whole, auto wrap) {
    for (const auto& [key, value] : whole.items()) {
      if (key == "type") continue;
      Json part = whole;
      part.erase(key);
      const std::string message = refusal_of(lines(wrap(part)));
      EXPECT_TRUE(has(message, "`" + key + "` is missing")) << key << ": " << message;
    }
  };
  try_each(run_line(), [](const Json& j) { return std::vector<Json>{j}; });
  try_each(check_line(), [](const Json& j) { return std::vector<Json>{run_line(), j}; });
  try_each(fault_line("caught"), [](const Json& j) { return std::vector<Json>{run_line(), j}; });
  try_each(sensitivity_line(), [](const Json& j) { return std::vector<Json>{run_line(), j}; });
  try_each(end_line(), [](const Json& j) { return std::vector<Json>{run_line(), j}; });
  try_each(failure("m"), [](const Json& j) {
    Json check = check_line();
    check["failures"] = Json::array({j});
    return std::vector<Json>{run_line(), check};
  });
}
TEST_F(Report, EveryWrongTypeIsNamed) {
  for (const Json& whole : {check_line(), fault_line("caught"), sensitivity_line(), end_line()}) {
    for (const auto& [key, value] : whole.items()) {
      Json part = whole;
      part[key] = Json::array({Json::array()});
      const std::string message = refusal_of(lines({run_line(), part}));
      EXPECT_TRUE(has(message, ":2:") && has(message, key)) << key << ": " << message;
    }
  }
}
TEST_F(Report, NegativeCountIsRefused) {
  Json check = check_line();
  check["cases"] = -1;
  expect_refused(lines({run_line(), check}), {":2:", "`cases`", "not negative"});
}
TEST_F(Report, UlpThatIsNeitherNumberNorInfIsRefused) {
  Json check = check_line();
  check["worst"]["derivative"]["ulp"] = "many";
  expect_refused(lines({run_line(), check}), {":2:", "check.worst.derivative", "`ulp`"});
}
TEST_F(Report, PlotPointOfTheWrongShapeIsRefused) {
  Json check = check_line();
  check["plot"][1] = {1.0, 2.0};
  expect_refused(lines({run_line(), check}), {":2:", "plot[1]"});
}
TEST_F(Report, OptionalFieldsOfTheWrongShapeAreRefused) {
  const auto refused = [&](const char* key, const Json& value, const char* part) {
    Json check = check_line();
    check[key] = value;
    expect_refused(lines({run_line(), check}), {":2:", part});
  };
  refused("histogram", {{0, 1}, {0, 2}}, "histogram[1]");
  refused("histogram", {{65, 1}}, "histogram[0]");
  refused("histogram", {{0, -1}}, "histogram[0]");
  refused("histogram", 7, "`histogram`");
  refused("curve", {{-4, -20, "-inf"}, {-5, "nan", -30}}, "curve[1]");
  refused("notes", {1}, "`notes`");
  Json fault = fault_line("caught");
  fault["class"] = 28;
  expect_refused(lines({run_line(), fault}), {":2:", "`class` is 28"});
}
TEST_F(Report, OptionalFieldsAreRead) {
  Json check = check_line(), failed = failure("m"), fault = fault_line("caught");
  check["histogram"] = {{0, 7}, {3, 2}, {64, 1}};
  check["curve"] = {{-4, -20.5, -18}, {-5, "-inf", -19}};
  check["notes"] = {"a branch at x = 1"};
  failed["hint"] = "off by a factor 2";
  check["failures"] = Json::array({failed});
  fault["class"] = 27;
  const Campaign all =
      read_results({put(lines({run_line(), check, fault, sensitivity_line(), end_line()}))});
  const Check& read = all.checks.at(0);
  ASSERT_EQ(read.histogram.size(), 3u);
  EXPECT_EQ(read.histogram[2].quarter, 64u);
  EXPECT_EQ(read.histogram[1].count, 2u);
  ASSERT_EQ(read.curve.size(), 2u);
  EXPECT_EQ(read.curve[0].error, -20.5);
  EXPECT_EQ(read.curve[1].error, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read.notes, std::vector<std::string>{"a branch at x = 1"});
  EXPECT_EQ(read.failures.at(0).hint, "off by a factor 2");
  EXPECT_EQ(all.faults.at(0).number, 27u);
  ASSERT_EQ(all.sensitivities.size(), 1u);
  EXPECT_EQ(all.sensitivities[0].found, 1e-14);
  EXPECT_EQ(all.sensitivities[0].usual, 1.5e-3);
}
TEST_F(Report, FaultGivenTwiceInAFileIsRefused) {
  expect_refused(lines({run_line(), fault_line("caught"), fault_line("caught")}),
                 {":3:", "already", ":2"});
}
TEST_F(Report, OfAFaultInTwoFilesTheWorseOutcomeStands) {
  const auto read = [&](const char* in_campaign, const char* alone) {
    Json whole = fault_line(alone);
    whole["after"] = 9;
    return read_results({put(lines({run_line(), check_line(), fault_line(in_campaign)}), "a.jsonl"),
                         put(lines({run_line(), whole}), "b.jsonl")})
        .faults;
  };
  ASSERT_EQ(read("caught", "caught").size(), 1u);
  EXPECT_EQ(read("caught", "caught")[0].after, 9u);
  EXPECT_EQ(read("survived", "caught")[0].status, Status::survived);
  EXPECT_EQ(read("survived", "caught")[0].after, 1u);
  EXPECT_EQ(read("not-applicable", "survived")[0].after, 9u);
}
TEST_F(Report, SensitivityGivenTwiceIsRefused) {
  expect_refused(lines({run_line(), sensitivity_line(), sensitivity_line()}), {":3:", "already"});
}
TEST_F(Report, GoldenCheckWithoutValuesIsRefused) {
  Json check = check_line();
  check["kind"] = "golden";
  expect_refused(lines({run_line(), check}), {":2:", "`values` is missing"});
}
TEST_F(Report, DuplicateKeyIsRefusedAtAnyDepth) {
  std::string check = check_line().dump();
  check.insert(check.find("\"tail\""), "\"tail\":1,");
  expect_refused(lines({run_line()}) + check + "\n", {":2:", "`tail`", "twice"});
}
TEST_F(Report, SameKeyInTwoObjectsIsNotADuplicate) {
  Json check = check_line();
  check["failures"] = Json::array({failure("a"), failure("b")});
  EXPECT_EQ(refusal_of(lines({run_line(), check, end_line()})), "");
}
TEST_F(Report, DuplicateCheckWithinAFileIsRefused) {
  expect_refused(lines({run_line(), check_line(), check_line()}), {":3:", "already", ":2"});
}
TEST_F(Report, DuplicateCheckAcrossFilesNamesBoth) {
  const auto a = put(lines({run_line(), check_line(), end_line()}), "a.jsonl");
  const auto b = put(lines({run_line(), check_line(), end_line()}), "b.jsonl");
  const std::string message = refusal({{a, b}, {}, out()});
  EXPECT_TRUE(has(message, "b.jsonl:2:") && has(message, "a.jsonl:2")) << message;
}

}  // namespace
}  // namespace assay::report
