#include "../write.hpp"

#include "rendering.hpp"

namespace assay::report {
namespace {

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

}  // namespace
}  // namespace assay::report
