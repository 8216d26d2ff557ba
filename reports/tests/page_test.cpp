#include <fmt/format.h>

#include <algorithm>

#include "rendering.hpp"

namespace assay::report {
namespace {

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
TEST_F(Report, RunThatOnlyPlantedFaultsIsJudgedByThese) {
  EXPECT_TRUE(
      has(page_of(lines({run_line(), fault_line("caught"), end_line(0)})), "</svg>Verified</h1>"));
  EXPECT_TRUE(
      has(page_of(lines({run_line(), fault_line("survived"), end_line(0)})), "</svg>Failed</h1>"));
  EXPECT_TRUE(has(page_of(lines({run_line(), fault_line("not-applicable"), end_line(0)})),
                  "Nothing was checked"));
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
  for (const char* id : {"operations", "accuracy", "golden", "claims", "models", "faults",
                         "oracles", "coverage", "changes", "benchmarks", "experiments"}) {
    EXPECT_TRUE(has(page, fmt::format("<section id=\"{}\"", id))) << id;
  }
  EXPECT_TRUE(has(page, "47/25") && has(page, "3(a), by hand"));
  EXPECT_TRUE(has(page, "<figure class=\"errors\" data-scalar=\"double\" data-claim=\"4\""));
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
  for (const char* name : {"index.html", "summary.md", "junit.xml", "accuracy.csv"}) {
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
}

}  // namespace
}  // namespace assay::report
