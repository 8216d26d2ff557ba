#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "files.hpp"

namespace assay::verify {
namespace {

namespace fs = std::filesystem;

/// A file that says what it should hold: its number, and nothing but that letter.
std::string numbered(unsigned number) {
  return fmt::format("{}\n", number) +
         std::string(1000 + 7919 * number % 60000, static_cast<char>('a' + number % 26));
}
bool is_whole(const std::string& text) {
  const std::size_t line = text.find('\n');
  return line != std::string::npos && line < 10 &&
         text == numbered(static_cast<unsigned>(std::stoul(text.substr(0, line))));
}

TEST(WriteFile, TwoHundredKillsLeaveTheOldOrTheNewFile) {
  std::string pattern = (fs::temp_directory_path() / "assay-files-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const fs::path folder = pattern, file = folder / "results.jsonl";
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) write_file(file, numbered(0));
  const auto three_writes = std::chrono::duration_cast<std::chrono::microseconds>(
      3 * (std::chrono::steady_clock::now() - begin) / 10);
  std::mt19937 random(1);
  unsigned replaced = 0, cut_short = 0;
  std::string before = read_file(file);
  for (unsigned i = 0; i < 200; ++i) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      if (write(ready[1], "", 1) != 1) _exit(1);
      for (unsigned n = 1000 * i;; ++n) write_file(file, numbered(n));
    }
    char begun = 1;
    ASSERT_EQ(read(ready[0], &begun, 1), 1);
    std::this_thread::sleep_for(random() % 1000 * three_writes / 1000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    const std::string after = read_file(file);
    ASSERT_TRUE(is_whole(after)) << after.substr(0, 40);
    replaced += after != before;
    before = after;
    for (const auto& each : fs::directory_iterator(folder)) {
      if (each.path() == file) continue;
      ++cut_short;
      fs::remove(each.path());
    }
  }
  // The kills fell into the writing, not before or after it.
  EXPECT_GT(replaced, 20u);
  EXPECT_GT(cut_short, 20u);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace assay::verify
