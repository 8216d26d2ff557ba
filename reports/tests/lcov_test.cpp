#include "../lcov.hpp"

#include "rendering.hpp"

namespace assay::report {
namespace {

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
  EXPECT_EQ(totals_of(files).back().lines.hit, 3u);
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

}  // namespace
}  // namespace assay::report
