#pragma once
// The program as a person starts it, in a folder of its own.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace assay::testing {

namespace fs = std::filesystem;

struct Ran {
  int exit = -1;
  std::string text;  ///< both streams
};

class Program : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* program = std::getenv("ASSAY_PROGRAM");
    ASSERT_NE(program, nullptr) << "ASSAY_PROGRAM must name the program";
    program_ = program;
    std::string pattern = (fs::temp_directory_path() / "assay-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// `variables`: NAME=VALUE ... in its environment; those that shard these tests are not its own.
  Ran run(const std::string& arguments, const std::string& variables = "") const {
    const std::string command = "env -u GTEST_SHARD_INDEX -u GTEST_TOTAL_SHARDS " + variables +
                                " " + program_ + " " + arguments + " 2>&1";
    FILE* pipe = popen(command.c_str(), "r");
    Ran r;
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      r.text.append(buffer, n);
    const int status = pclose(pipe);
    r.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return r;
  }
  [[nodiscard]] std::string out(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string plugin() const {
    return "--plugin " + (fs::path(program_).parent_path() / "libassay_test_plugin.so").string();
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::string program_;
  fs::path folder_;
};

}  // namespace assay::testing
