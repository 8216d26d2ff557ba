#include "../report.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../lcov.hpp"
#include "../read.hpp"
#include "../text.hpp"
#include "../write.hpp"

namespace assay::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json run_line() {
  return {{"type", "run"},         {"schema", 1},      {"assay", "1.0"},
          {"commit", "abc123"},    {"dirty", false},   {"compiler", "g++ 12.2"},
          {"flags", "-O2"},        {"processor", "x"}, {"libraries", {{"Eigen", "3.4.0"}}},
          {"seed", "42"},          {"cases", 500},     {"patterns", {"*"}},
          {"scalars", {"double"}}, {"shard", "0/1"},   {"command", "assay verify --seed 42"}};
}

Json check_line(const std::string& subject = "sigmoid", const std::string& check = "derivative") {
  const Json derivative = {{"ulp", 2.5},         {"envelope", nullptr}, {"case", 17},
                           {"x", {"0x1.2cp+5"}}, {"got", "0x1p-3"},     {"reference", "0.125"}};
  return {{"type", "check"},
          {"id", subject + "/double/" + check},
          {"kind", "operation"},
          {"subject", subject},
          {"scalar", "double"},
          {"check", check},
          {"about", "the backward against duals"},
          {"blind", "a wrong forward"},
          {"verdict", "correct"},
          {"reason", ""},
          {"cases", 500},
          {"elements", 3000},
          {"counts", {{"tail", 77}}},
          {"claimed", {{"derivative", 4}, {"value", 4}, {"units", "ulp"}}},
          {"worst", {{"value", nullptr}, {"derivative", derivative}, {"product", nullptr}}},
          {"failures", Json::array()},
          {"plot", {{-1.0, 0.5, "-0x1p+0", 0}, {37.5, 2.5, "0x1.2cp+5", 1}}}};
}

Json failure(const std::string& message) {
  return {{"operation", "sigmoid"},
          {"scalar", "double"},
          {"check", "derivative"},
          {"case", 17},
          {"shrinks", 9},
          {"inputs", {{{"rows", 1}, {"cols", 1}, {"values", {"0x1.2cp+5"}}}}},
          {"upstream", {{"rows", 1}, {"cols", 1}, {"values", {"0x1p+0"}}}},
          {"input", 0},
          {"row", 0},
          {"col", 0},
          {"got", "0x0p+0"},
          {"reference", "5.2e-17"},
          {"bound", "1e-47"},
          {"ulp", 9e15},
          {"claimed", 4},
          {"units", "ulp"},
          {"message", message},
          {"replay", "failures/sigmoid-double-17.json"}};
}

Json fault_line(const std::string& status) {
  return {{"type", "fault"},
          {"operation", "sigmoid"},
          {"scalar", "double"},
          {"fault", "sign"},
          {"about", "the sign is flipped"},
          {"status", status},
          {"by", status == "caught" ? "derivative" : ""},
          {"after", 1},
          {"manifested", 3},
          {"ulp", "inf"},
          {"shrunk", "x [1]"}};
}

Json end_line(int checks = 1, const std::string& verdict = "verified") {
  return {{"type", "end"},     {"verdict", verdict}, {"exit", verdict == "verified" ? 0 : 1},
          {"checks", checks},  {"correct", checks},  {"wrong", 0},
          {"inconclusive", 0}, {"skipped", 0},       {"cases", 500},
          {"elements", 3000},  {"faults", 0},        {"caught", 0}};
}

std::string lines(const std::vector<Json>& all) {
  std::string text;
  for (const Json& line : all) text += line.dump() + "\n";
  return text;
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class Report : public testing::Test {
 protected:
  void SetUp() override {
    std::string form = (fs::temp_directory_path() / "assay-report-XXXXXX").string();
    ASSERT_NE(::mkdtemp(form.data()), nullptr);
    folder = form;
  }
  void TearDown() override { fs::remove_all(folder); }

  fs::path put(const std::string& text, const std::string& name = "results.jsonl") const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
  fs::path out() const { return folder / "out"; }

  /// The message of the refusal, "" if there is none.
  static std::string refusal(const Options& options) {
    try {
      render(options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  std::string refusal_of(const std::string& text) const {
    return refusal({{put(text)}, {}, out()});
  }
  /// Every part is in the message, and so is the file.
  void expect_refused(const std::string& text, const std::vector<std::string>& parts) const {
    const std::string message = refusal_of(text);
    EXPECT_NE(message.find("results.jsonl"), std::string::npos) << "message: " << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos) << part << "\nmessage: " << message;
    }
    EXPECT_FALSE(fs::exists(out()));
  }
  std::string page_of(const std::string& text) const {
    render({{put(text)}, {}, out()});
    return slurp(out() / "index.html");
  }
  std::string refused_lcov(const std::string& text) const {
    return refusal(
        {{put(lines({run_line(), check_line(), end_line()}))}, put(text, "c.info"), out()});
  }

  fs::path folder;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Enough of XML 1.0 to know that every element is closed in order and every character allowed.
bool is_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  bool root = false;
  for (std::size_t i = 0; i < xml.size(); ++i) {
    const auto byte = static_cast<unsigned char>(xml[i]);
    if (byte < 0x20 && byte != '\n' && byte != '\t') return false;
    if (xml[i] == '&') {
      const std::string name = xml.substr(i, xml.find(';', i) - i + 1);
      const std::vector<std::string> known{"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
      if (std::find(known.begin(), known.end(), name) == known.end()) return false;
    }
    if (xml[i] == '>') return false;
    if (xml[i] != '<') continue;
    const std::size_t close = xml.find('>', i);
    if (close == std::string::npos) return false;
    const std::string tag = xml.substr(i + 1, close - i - 1);
    if (has(tag, "<") || std::count(tag.begin(), tag.end(), '"') % 2) return false;
    const std::string name = tag.substr(0, tag.find_first_of(" /?", 1));
    if (tag.front() == '/') {
      if (open.empty() || "/" + open.back() != tag) return false;
      open.pop_back();
    } else if (tag.front() != '?' && tag.back() != '/') {
      if (open.empty() && root) return false;
      root = true;
      open.push_back(name);
    }
    i = close;
  }
  return open.empty() && root;
}

// --- reading ---------------------------------------------------------------------------------

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
  try_each(end_line(), [](const Json& j) { return std::vector<Json>{run_line(), j}; });
  try_each(failure("m"), [](const Json& j) {
    Json check = check_line();
    check["failures"] = Json::array({j});
    return std::vector<Json>{run_line(), check};
  });
}
TEST_F(Report, EveryWrongTypeIsNamed) {
  for (const Json& whole : {check_line(), fault_line("caught"), end_line()}) {
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

// --- verdicts --------------------------------------------------------------------------------

TEST_F(Report, PageOfAGoodRunSaysVerified) {
  const std::string page =
      page_of(lines({run_line(), check_line(), fault_line("caught"), end_line()}));
  EXPECT_TRUE(has(page, "</svg>Verified</h1>"));
  EXPECT_TRUE(has(page, "assay verify --seed 42"));
  EXPECT_TRUE(has(page, "<b>1 of 1</b> planted faults"));
  EXPECT_FALSE(has(page, "id=\"failures\""));
}
TEST_F(Report, TruncatedLastLineIsToleratedAndSaid) {
  const std::string whole = lines({run_line(), check_line()}) + check_line("tanh").dump();
  const std::string page = page_of(whole.substr(0, whole.size() - 20));
  EXPECT_TRUE(has(page, "the file ends in the middle of line 3: incomplete"));
  EXPECT_TRUE(has(page, "</svg>Incomplete</h1>"));
}
TEST_F(Report, LastLineWithoutNewlineIsWhole) {
  std::string text = lines({run_line(), check_line(), end_line()});
  text.pop_back();
  EXPECT_TRUE(has(page_of(text), "</svg>Verified</h1>"));
}
TEST_F(Report, FileWithoutEndIsIncomplete) {
  EXPECT_TRUE(has(page_of(lines({run_line(), check_line()})), "</svg>Incomplete</h1>"));
}
TEST_F(Report, MissingCheckMakesItIncomplete) {
  const std::string page = page_of(lines({run_line(), check_line(), end_line(2)}));
  EXPECT_TRUE(has(page, "</svg>Incomplete</h1>"));
}
TEST_F(Report, OneShardAloneIsIncomplete) {
  Json run = run_line();
  run["shard"] = "0/4";
  EXPECT_TRUE(has(page_of(lines({run, check_line(), end_line()})), "</svg>Incomplete</h1>"));
}
TEST_F(Report, RunThatCheckedNothingFails) {
  EXPECT_TRUE(has(page_of(lines({run_line(), end_line(0)})), "Nothing was checked"));
  EXPECT_TRUE(has(slurp(out() / "summary.md"), "assay: Failed"));
}
TEST_F(Report, CorrectWithoutACaseFails) {
  Json check = check_line();
  check["cases"] = 0;
  EXPECT_TRUE(has(page_of(lines({run_line(), check, end_line()})), "</svg>Failed</h1>"));
}
TEST_F(Report, WrongCheckFailsWhateverTheEndSays) {
  Json check = check_line();
  check["verdict"] = "wrong";
  EXPECT_TRUE(has(page_of(lines({run_line(), check, end_line()})), "</svg>Failed</h1>"));
}
TEST_F(Report, SurvivingFaultFails) {
  const std::string page =
      page_of(lines({run_line(), check_line(), fault_line("survived"), end_line()}));
  EXPECT_TRUE(has(page, "</svg>Failed</h1>"));
  EXPECT_TRUE(has(page, "planted fault survived"));
  EXPECT_TRUE(has(slurp(out() / "junit.xml"), "type=\"survived\""));
}
TEST_F(Report, FailureIsShownInFullWithItsReplay) {
  Json check = check_line();
  check["verdict"] = "wrong";
  check["failures"] = Json::array({failure("sigmoid<double>: wrong\n  x [37.5]")});
  const std::string page = page_of(lines({run_line(), check, end_line(1, "failed")}));
  const std::string command =
      "assay replay " + (folder / "failures/sigmoid-double-17.json").string();
  EXPECT_TRUE(has(page, "sigmoid&lt;double&gt;: wrong\n  x [37.5]</pre>"));
  EXPECT_TRUE(has(page, command));
  EXPECT_TRUE(has(slurp(out() / "summary.md"), command));
  EXPECT_TRUE(has(slurp(out() / "junit.xml"), command));
}

// --- the three files -------------------------------------------------------------------------

TEST_F(Report, HostileTextIsEscapedEverywhere) {
  const std::string evil = "<script>&\"'|`{{x}}\x01\x1b]]>";
  Json check = check_line(evil, evil);
  check["verdict"] = "wrong";
  for (const char* key : {"about", "blind", "reason", "scalar"}) check[key] = evil;
  check["id"] = evil + "/" + evil + "/" + evil;
  check["counts"] = {{evil, 1}};
  check["failures"] = Json::array({failure(evil)});
  check["plot"][0][2] = evil;
  Json fault = fault_line("survived");
  for (const char* key : {"operation", "fault", "about", "shrunk", "scalar"}) fault[key] = evil;
  Json run = run_line();
  for (const char* key : {"command", "compiler", "commit"}) run[key] = evil;
  const std::string page = page_of(lines({run, check, fault, end_line(1, "failed")}));
  EXPECT_FALSE(has(page, "<script>&")) << "unescaped";
  EXPECT_TRUE(has(page, "&lt;script&gt;&amp;&quot;&#39;|`{{x}}␁␛]]&gt;"));
  EXPECT_TRUE(is_well_formed(slurp(out() / "junit.xml"))) << slurp(out() / "junit.xml");
  const std::string summary = slurp(out() / "summary.md");
  EXPECT_FALSE(has(summary, "\x1b"));
  for (std::size_t at = summary.find("\n<script>"); at != std::string::npos;
       at = summary.find("\n<script>", at + 1)) {
    EXPECT_EQ(summary.substr(at - 7, 7), "```text") << "outside a fence";
  }
}
TEST_F(Report, PageAsksForNothingFromOutside) {
  const std::string page = page_of(lines({run_line(), check_line(), end_line()}));
  for (const char* request : {"http://", "https://", "src=", "@import", "url("}) {
    EXPECT_FALSE(has(page, request)) << request;
  }
}
TEST_F(Report, EverythingLinkedWithinThePageIsThere) {
  const std::string page = page_of(lines({run_line(), check_line("a b/c<d>"), end_line()}));
  std::size_t links = 0;
  for (std::size_t at = page.find("href=\"#"); at != std::string::npos;
       at = page.find("href=\"#", at + 1)) {
    const std::string anchor = page.substr(at + 7, page.find('"', at + 7) - at - 7);
    EXPECT_TRUE(has(page, "id=\"" + anchor + "\"")) << anchor;
    ++links;
  }
  EXPECT_GT(links, 4u);
}
TEST_F(Report, EveryKindOfCheckHasItsSection) {
  Json claim = check_line("claim-18-sigmoid"), golden = check_line("mlp-two-steps");
  Json model = check_line("vae");
  claim["kind"] = "claim";
  model["kind"] = "model";
  golden["kind"] = "golden";
  golden["origin"] = "3(a), by hand";
  golden["values"] = {
      {{"name", "loss"}, {"expected", "47/25"}, {"got", "47/25"}, {"ulp", nullptr}, {"ok", true}}};
  const std::string page =
      page_of(lines({run_line(), check_line(), claim, golden, model, end_line(4)}));
  for (const char* id :
       {"operations", "accuracy", "golden", "claims", "models", "faults", "oracles", "coverage"}) {
    EXPECT_TRUE(has(page, fmt::format("<section id=\"{}\"", id))) << id;
  }
  EXPECT_TRUE(has(page, "47/25") && has(page, "3(a), by hand"));
  EXPECT_TRUE(has(page, "role=\"img\"><title>Error of the derivative of sigmoid"));
}
TEST_F(Report, JunitCountsWhatItHolds) {
  Json wrong = check_line("a"), skipped = check_line("b"), doubtful = check_line("c");
  wrong["verdict"] = "wrong";
  skipped["verdict"] = "skipped";
  skipped["reason"] = "not a Field";
  doubtful["verdict"] = "inconclusive";
  Json end = end_line(4, "failed");
  end["correct"] = end["wrong"] = end["skipped"] = end["inconclusive"] = 1;
  render({{put(lines({run_line(), wrong, skipped, doubtful, check_line("d"), end}))}, {}, out()});
  const std::string xml = slurp(out() / "junit.xml");
  EXPECT_TRUE(is_well_formed(xml));
  EXPECT_TRUE(
      has(xml, "<testsuites name=\"assay\" tests=\"5\" failures=\"2\" errors=\"1\" skipped=\"1\">"))
      << xml;
  EXPECT_TRUE(has(xml, "<skipped message=\"not a Field\"/>"));
  EXPECT_TRUE(has(xml, "<testsuite name=\"a\" tests=\"1\" failures=\"1\""));
}
TEST_F(Report, IncompleteRunIsNotGreenInJunit) {
  render({{put(lines({run_line(), check_line()}))}, {}, out()});
  EXPECT_TRUE(has(slurp(out() / "junit.xml"), "errors=\"1\""));
}
TEST_F(Report, SummaryFitsACommentWhateverFails) {
  std::vector<Json> all{run_line()};
  for (int i = 0; i < 300; ++i) {
    Json check = check_line(fmt::format("operation-{}", i));
    check["verdict"] = "wrong";
    check["failures"] = Json::array({failure(std::string(20000, 'x'))});
    check["reason"] = std::string(5000, '|');
    all.push_back(check);
  }
  render({{put(lines(all))}, {}, out()});
  const std::string text = slurp(out() / "summary.md");
  EXPECT_LT(text.size(), 65000u);
  EXPECT_TRUE(has(text, "assay: Failed") && has(text, "more in `index.html`"));
}
TEST_F(Report, SameInputGivesTheSameBytes) {
  const auto file = put(lines({run_line(), check_line(), end_line()}));
  render({{file}, {}, out()});
  render({{file}, {}, folder / "again"});
  for (const char* name : {"index.html", "summary.md", "junit.xml"}) {
    EXPECT_EQ(slurp(out() / name), slurp(folder / "again" / name)) << name;
  }
}
TEST_F(Report, InfiniteAndVastErrorsAreDrawn) {
  Json check = check_line();
  check["plot"] = {{-1.7976931348623157e308, "inf", "-0x1.fffffffffffffp+1023", 0},
                   {-5e-324, 0, "-0x0.0000000000001p-1022", 1},
                   {0, 9e15, "0x0p+0", 2},
                   {1.7976931348623157e308, 1, "0x1.fffffffffffffp+1023", 3}};
  const std::string page = page_of(lines({run_line(), check, end_line()}));
  EXPECT_TRUE(has(page, "∞ ulp at x = -1.79769e+308"));
  EXPECT_FALSE(has(page, "\"nan\"") || has(page, "Mnan") || has(page, "Minf"));
}

// --- coverage --------------------------------------------------------------------------------

const std::string coverage_data =
    "TN:a\nSF:/home/me/assay/lib/assay/sigmoid.hpp\nFN:3,f<a, b>(int)\nFN:9,g\nFNDA:2,f<a, "
    "b>(int)\n"
    "FNDA:0,g\nFNF:2\nFNH:1\nBRDA:4,0,0,1\nBRDA:4,0,1,-\nBRF:2\nBRH:1\nDA:3,2\nDA:4,2\nDA:9,0\nLF:"
    "3\n"
    "LH:2\nend_of_record\nSF:/home/me/assay/verify/run.cpp\nDA:1,5\nLF:1\nLH:1\nend_of_record\n";

TEST_F(Report, LcovIsReadPerFile) {
  auto files = read_lcov(put(coverage_data, "c.info"));
  relative_paths(files);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "lib/assay/sigmoid.hpp");
  EXPECT_EQ(files[0].lines.hit, 2u);
  EXPECT_EQ(files[0].lines.found, 3u);
  EXPECT_EQ(files[0].functions.hit, 1u);
  EXPECT_EQ(files[0].branches.found, 2u);
  EXPECT_EQ(total_of(files, "lib").lines.found, 3u);
  EXPECT_EQ(total_of(files, "verify").lines.hit, 1u);
  EXPECT_EQ(total_of(files).lines.hit, 3u);
}
TEST_F(Report, SectionsOfOneSourceAreJoined) {
  const auto files = read_lcov(
      put("SF:a\nDA:1,0\nDA:2,1\nend_of_record\nTN:b\nSF:a\nDA:1,1\nDA:2,0\nend_of_record\n",
          "c.info"));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].lines.hit, 2u);
}
TEST_F(Report, OneFolderSharedByAllStaysLib) {
  std::vector<FileCoverage> files{{"/x/lib/assay/a.hpp", {}, {}, {}},
                                  {"/x/lib/assay/b.hpp", {}, {}, {}}};
  relative_paths(files);
  EXPECT_EQ(files[0].path, "lib/assay/a.hpp");
}
TEST_F(Report, BrokenLcovIsRefusedWithItsLine) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"hello\n", "c.info:1: not an lcov record"},
      {"DA:1,1\n", "c.info:1: `DA` before any `SF`"},
      {"SF:a\nXY:1\n", "c.info:2: unknown lcov record `XY`"},
      {"SF:a\nDA:1,x\n", "c.info:2: `x` is not a whole number"},
      {"SF:a\nDA:1,-3\n", "c.info:2: `-3` is not"},
      {"SF:a\nDA:1,1\n", "without `end_of_record`"},
      {"SF:a\nSF:b\n", "c.info:2: `SF` before"},
      {"SF:a\nFNDA:1,f\n", "c.info:2: `FNDA` of `f`"},
      {"SF:a\nDA:1,1\nLF:2\nend_of_record\n", "c.info:4: `LF` of a says 2"},
      {"end_of_record\n", "c.info:1:"},
      {"", "no source file"}};
  for (const auto& [text, part] : cases) {
    const std::string message = refused_lcov(text);
    EXPECT_TRUE(has(message, part)) << text << "message: " << message;
  }
}
TEST_F(Report, CoverageThatWasNotMeasuredIsSaidWithTheCommand) {
  const std::string page = page_of(lines({run_line(), check_line(), end_line()}));
  EXPECT_TRUE(has(page, "Not measured") && has(page, "./scripts/coverage"));
}
TEST_F(Report, LineByLineCoverageIsLinkedWhereItIs) {
  fs::create_directories(out() / "coverage");
  std::ofstream(out() / "coverage/index.html") << "x";
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  render({{results}, put(coverage_data, "c.info"), out()});
  const std::string page = slurp(out() / "index.html");
  EXPECT_TRUE(has(page, "href=\"coverage/index.html\""));
  EXPECT_TRUE(has(page, "66.7 %"));
}

// --- writing ---------------------------------------------------------------------------------

TEST_F(Report, FolderIsCreated) {
  render({{put(lines({run_line(), check_line(), end_line()}))}, {}, folder / "a/b/c"});
  std::size_t files = 0;
  for (const auto& each : fs::directory_iterator(folder / "a/b/c")) {
    EXPECT_NE(each.path().filename().string().front(), '.') << "left behind";
    ++files;
  }
  EXPECT_EQ(files, 3u);
}
TEST_F(Report, FolderThatCannotBeCreatedIsNamed) {
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  const std::string message = refusal({{results}, {}, results / "out"});
  EXPECT_TRUE(has(message, (results / "out").string())) << message;
}
TEST_F(Report, UnwritableFolderIsNamedAndStaysEmpty) {
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  fs::create_directory(out());
  fs::permissions(out(), fs::perms::owner_read | fs::perms::owner_exec);
  if (::access(out().c_str(), W_OK) == 0) GTEST_SKIP() << "root writes everywhere";
  const std::string message = refusal({{results}, {}, out()});
  fs::permissions(out(), fs::perms::owner_all);
  EXPECT_TRUE(has(message, out().string())) << message;
  EXPECT_TRUE(fs::is_empty(out()));
}
TEST_F(Report, FileThatCannotBeReplacedLeavesTheOthersAsTheyWere) {
  fs::create_directories(out() / "junit.xml/inside");
  std::ofstream(out() / "index.html") << "before";
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  const std::string message = refusal({{results}, {}, out()});
  EXPECT_TRUE(has(message, "junit.xml")) << message;
  EXPECT_EQ(slurp(out() / "index.html"), "before");
  EXPECT_FALSE(fs::exists(out() / "summary.md"));
  for (const auto& each : fs::directory_iterator(out())) {
    EXPECT_FALSE(has(each.path().string(), ".tmp")) << each.path();
  }
}
TEST_F(Report, DeviceThatTakesNothingIsNamed) {
  if (!fs::exists("/proc/self")) GTEST_SKIP() << "no /proc";
  EXPECT_THROW(write_files("/proc/self", {{"a", "text"}}), InputError);
}

// --- text ------------------------------------------------------------------------------------

TEST(Text, EscapeMakesAnyBytesValidXmlText) {
  EXPECT_EQ(escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape(std::string("\0\x1f\x7f", 3)), "␀␟␡");
  EXPECT_EQ(escape("σ‖¼𝛔"), "σ‖¼𝛔");
  EXPECT_EQ(escape("\xff\xc0\xaf\xed\xa0\x80\xef\xbf\xbf\xe2\x82"),
            "���"
            "���"
            "���"
            "��");
}
TEST(Text, HexFloatsAreReadToTheLastBit) {
  EXPECT_EQ(hex_value("0x1.2cp+5"), 37.5);
  EXPECT_EQ(hex_value("-0x0.0000000000001p-1022"), -5e-324);
  EXPECT_EQ(hex_value("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_FALSE(hex_value("47/25"));
  EXPECT_FALSE(hex_value("0x1p+5junk"));
  EXPECT_FALSE(hex_value("0x1p+99999"));
}
TEST(Text, FiguresKeepThreeDigits) {
  EXPECT_EQ(ulp_text(0), "0");
  EXPECT_EQ(ulp_text(3.14159), "3.14");
  EXPECT_EQ(ulp_text(9.0e15), "9.0×10¹⁵");
  EXPECT_EQ(ulp_text(std::numeric_limits<double>::infinity()), "∞");
  EXPECT_EQ(grouped(1234567), "1\u202F234\u202F567");
}
TEST(Text, MarkdownCannotBeBrokenOutOf) {
  EXPECT_EQ(code_span("a|b"), "`a\\|b`");
  EXPECT_EQ(code_span("a`b"), "``a`b``");
  EXPECT_EQ(fenced("```\nx"), "````text\n```\nx\n````\n");
  EXPECT_FALSE(has(markdown_text("@someone"), "@"));
}
TEST(Text, DifferentNamesHaveDifferentAnchors) {
  EXPECT_NE(slug("a b"), slug("a_b"));
  EXPECT_NE(slug("a.20b"), slug("a b"));
  EXPECT_EQ(slug("log_sigmoid"), "log_sigmoid");
}
TEST(Text, ShellWordsAreQuoted) {
  EXPECT_EQ(shell_word("reports/out/a-1.json"), "reports/out/a-1.json");
  EXPECT_EQ(shell_word("a b'c"), "'a b'\\''c'");
}

}  // namespace
}  // namespace assay::report
