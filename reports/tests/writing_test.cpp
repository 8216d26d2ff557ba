#include "../write.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <random>
#include <thread>

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
  EXPECT_EQ(files, 4u);
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
/// A file that says what it should hold: its number, its size, and nothing but that letter.
std::string numbered(unsigned number) {
  const std::size_t size = 1000 + 7919 * number % 60000;
  return fmt::format("{} {}\n", number, size) +
         std::string(size, static_cast<char>('a' + number % 26));
}
bool is_whole(const std::string& text) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos || space > 10) return false;
  return text == numbered(static_cast<unsigned>(std::stoul(text.substr(0, space))));
}

TEST_F(Report, TwoHundredKillsLeaveTheOldOrTheNewFile) {
  constexpr int kills = 200;
  std::mt19937 random(1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) write_files(out(), {{"a", numbered(0)}, {"b", numbered(0)}});
  const auto three_writes = std::chrono::duration_cast<std::chrono::microseconds>(
      3 * (std::chrono::steady_clock::now() - begin) / 10);
  unsigned replaced = 0, cut_short = 0;
  std::string before = slurp(out() / "a");
  for (int i = 0; i < kills; ++i) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (write(ready[1], "", 1) != 1) _exit(1);
      const auto first = static_cast<unsigned>(1000 * i);
      for (unsigned n = first; n < first + 100000; ++n) {
        write_files(out(), {{"a", numbered(n)}, {"b", numbered(n)}});
      }
      _exit(0);
    }
    char begun = 1;
    ASSERT_EQ(read(ready[0], &begun, 1), 1);
    std::this_thread::sleep_for(random() % 1000 * three_writes / 1000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    const std::string a = slurp(out() / "a"), b = slurp(out() / "b");
    ASSERT_TRUE(is_whole(a) && is_whole(b)) << a.substr(0, 40) << "\n" << b.substr(0, 40);
    replaced += a != before;
    before = a;
    for (const auto& each : fs::directory_iterator(out())) {
      const std::string name = each.path().filename().string();
      if (name == "a" || name == "b") continue;
      EXPECT_TRUE(has(name, ".tmp")) << name;
      cut_short += 1;
      fs::remove(each.path());
    }
  }
  // The kills fell into the writing, not before or after it.
  EXPECT_GT(replaced, 20u);
  EXPECT_GT(cut_short, 20u);
}
TEST_F(Report, DeviceThatTakesNothingIsNamed) {
  if (!fs::exists("/proc/self")) GTEST_SKIP() << "no /proc";
  EXPECT_THROW(write_files("/proc/self", {{"a", "text"}}), InputError);
}

}  // namespace
}  // namespace assay::report
