// scripts/new-operation: what it refuses, and that it overwrites nothing. That what it makes
// compiles and passes is a test of the consumers.

#include "running.hpp"

namespace assay::testing {
namespace {

class NewOperation : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "assay-new-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  /// Tests run from the root of the tree.
  static Ran run(const std::string& arguments) {
    FILE* pipe = popen(("scripts/new-operation " + arguments + " 2>&1").c_str(), "r");
    Ran r;
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      r.text.append(buffer, n);
    const int status = pclose(pipe);
    r.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return r;
  }
  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }

  fs::path folder_;
};

TEST_F(NewOperation, MakesAProjectOfEachKind) {
  for (const char* kind : {"--elementwise", "--binary", "--matrix"}) {
    const fs::path made = folder_ / (std::string("made") + kind);
    const Ran r = run(std::string("my_own ") + kind + " " + made.string());
    EXPECT_EQ(r.exit, 0) << r.text;
    for (const char* file :
         {"CMakeLists.txt", "README.md", "my_own.hpp", "my_own_test.cpp", "my_own_plugin.cpp"}) {
      EXPECT_TRUE(fs::exists(made / file)) << made / file;
    }
    std::ifstream in(made / "my_own.hpp");
    const std::string header((std::istreambuf_iterator<char>(in)), {});
    EXPECT_NE(header.find("struct MyOwn {"), std::string::npos) << header;
    EXPECT_EQ(header.find('@'), std::string::npos) << header;
  }
}

TEST_F(NewOperation, RefusesWhatIsNoNameOrHasOneAlready) {
  const std::vector<std::pair<std::string, std::string>> names{
      {"9lives", "is no name"},
      {"Square", "is no name"},
      {"a-b", "is no name"},
      {"a__b", "is no name"},
      {"../x", "is no name"},
      {"double", "means something in C++"},
      {"sigmoid", "the library has an operation 'sigmoid'"},
      {"", "no name is given"},
      {"a --cubic", "--cubic is no option"},
      {"a --matrix --binary", "an operation is of one kind"}};
  for (const auto& [name, reason] : names) {
    const Ran r = run(name);
    EXPECT_EQ(r.exit, 2) << name << "\n" << r.text;
    EXPECT_NE(r.text.find(reason), std::string::npos) << name << "\n" << r.text;
  }
}

TEST_F(NewOperation, LeavesAFolderThatIsNotEmptyAsItIs) {
  fs::create_directory(folder_ / "full");
  std::ofstream(folder_ / "full/mine.txt") << "mine";
  const Ran r = run("my_own " + at("full"));
  EXPECT_EQ(r.exit, 2) << r.text;
  EXPECT_NE(r.text.find("is not empty; nothing was written"), std::string::npos) << r.text;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "full"), fs::directory_iterator()), 1);
  std::ofstream(folder_ / "file") << "mine";
  EXPECT_EQ(run("my_own " + at("file")).exit, 2);
  fs::create_directory(folder_ / "empty");
  EXPECT_EQ(run("my_own " + at("empty")).exit, 0);
  EXPECT_TRUE(fs::exists(folder_ / "empty/my_own.hpp"));
}

}  // namespace
}  // namespace assay::testing
