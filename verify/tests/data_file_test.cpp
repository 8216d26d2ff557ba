// What holds for the files of every format: they are whole or not there, and whatever a file
// contains, a reader gives numbers or an error.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "assay/random.hpp"
#include "data_bytes.hpp"

namespace assay::data {
namespace {

namespace fs = std::filesystem;

/// A limit of this process for as long as it lives.
class Limit {
 public:
  Limit(decltype(RLIMIT_AS) resource, rlim_t most) : resource_(resource) {
    getrlimit(resource_, &before_);
    const rlimit limit{std::min(most, before_.rlim_max), before_.rlim_max};
    setrlimit(resource_, &limit);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { setrlimit(resource_, &before_); }

 private:
  decltype(RLIMIT_AS) resource_;
  rlimit before_{};
};

class WrittenFile : public testing::Test {
 protected:
  WrittenFile() {
    std::string name = (fs::temp_directory_path() / "assay-test-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~WrittenFile() override { fs::remove_all(folder_); }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }
  fs::path folder_;
  const Mat<double> values_ = (Mat<double>(2, 2) << 1, -0.0, 0.1, 4).finished();
};

TEST_F(WrittenFile, ComesBack) {
  write_npy(folder_ / "a.npy", values_);
  EXPECT_EQ(double_bits(read_npy(folder_ / "a.npy")), double_bits(values_));
  write_safetensors(folder_ / "w", {{"a", values_}}, {{"k", "v"}});
  const Safetensors w = read_safetensors(folder_ / "w");
  EXPECT_EQ(double_bits(w.tensors.at("a")), double_bits(values_));
  EXPECT_EQ(w.metadata, (Metadata{{"k", "v"}}));
  EXPECT_EQ(entries(), 2U);
}

TEST_F(WrittenFile, ReplacesTheOldOneAndKeepsItsPermissions) {
  const fs::path file = folder_ / "a.npy";
  write_npy(file, values_);
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  write_npy(file, Mat<float>(1, 1));
  EXPECT_EQ(matrix_shape(read_npy(file)), (Shape{1, 1}));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(WrittenFile, ANewOneHasThePermissionsOfNewFiles) {
  const mode_t mask = umask(027);
  write_npy(folder_ / "a.npy", values_);
  umask(mask);
  EXPECT_EQ(static_cast<unsigned>(fs::status(folder_ / "a.npy").permissions()), 0640U);
}

TEST_F(WrittenFile, ALinkKeepsPointingToIt) {
  fs::create_directory(folder_ / "there");
  write_npy(folder_ / "there/a.npy", Mat<float>(1, 1));
  fs::create_symlink("there/a.npy", folder_ / "link.npy");
  write_npy(folder_ / "link.npy", values_);
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.npy"));
  EXPECT_EQ(matrix_shape(read_npy(folder_ / "there/a.npy")), (Shape{2, 2}));
}

TEST_F(WrittenFile, IsTheOldOneWhenTheDiskIsFull) {
  const fs::path file = folder_ / "a.npy";
  write_npy(file, values_);
  const std::string before = file_bytes(file);
  std::string message;
  {
    const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
    const Limit limit(RLIMIT_FSIZE, 4096);
    message = refusal([&] { return write_npy(file, Mat<double>::Zero(100, 100).eval()), 0; });
    std::signal(SIGXFSZ, ignored);
  }
  EXPECT_EQ(message, file.string() + ": cannot be written: File too large");
  EXPECT_EQ(file_bytes(file), before);
  EXPECT_EQ(entries(), 1U);
}

TEST_F(WrittenFile, PlacesThatCannotBeWrittenAreNamed) {
  const auto message = [&](const fs::path& file) {
    return refusal([&] { return write_npy(file, values_), 0; });
  };
  EXPECT_EQ(message(folder_),
            folder_.string() + ": cannot be written: it is there and not a regular file");
  EXPECT_EQ(message(folder_ / "no/a.npy"),
            (folder_ / "no/a.npy").string() +
                ": cannot be written, no new file beside it: No such "
                "file or directory");
  EXPECT_EQ(entries(), 0U);
}

/// One of the things that happen to files, or that somebody who wants to do harm tries.
void damage(std::string& bytes, Random& random) {
  const auto place = [&] { return bytes.empty() ? 0 : random.below(bytes.size()); };
  const auto length = [&](std::uint64_t at) {
    return std::min<std::uint64_t>(1 + random.below(16), bytes.size() - at);
  };
  const std::uint64_t at = place();
  switch (random.below(8)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes.insert(at, 1 + random.below(9), static_cast<char>(random()));
      break;
    case 2:
      bytes.erase(at, length(at));
      break;
    case 3:
      bytes.insert(place(), bytes.substr(at, length(at)));
      break;
    case 4:  // a length
      for (std::uint64_t i = at, value = random() >> random.below(64); i < at + length(at);
           ++i, value >>= 8U) {
        bytes[i] = static_cast<char>(value);
      }
      break;
    case 5:  // a number in a text
      bytes.insert(std::min(bytes.find_first_of("0123456789", at), bytes.size()),
                   std::to_string(random() >> random.below(64)));
      break;
    case 6:
      bytes.insert(at, 1, "{}[]()\",:' -.0eN\n\\"[random.below(18)]);
      break;
    default:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1U << random.below(8)));
  }
}

std::uint64_t size_of(const Array& a) {
  return std::visit(
      []<class T>(const Mat<T>& m) { return static_cast<std::uint64_t>(m.size()) * sizeof(T); },
      a.values());
}

// The address sanitizer keeps what was freed for a while.
#if defined(__SANITIZE_ADDRESS__)
constexpr rlim_t allowance = rlim_t{1} << 30U;
#else
constexpr rlim_t allowance = rlim_t{64} << 20U;
#endif

/// Whatever becomes of these files, `parse` gives as many bytes of numbers as the file can hold, or
/// a DataError; it asks for little memory.
void survives_damage(const std::vector<std::string>& files,
                     const std::function<std::uint64_t(const std::string&)>& parse,
                     std::uint64_t expansion) {
  std::ifstream statm("/proc/self/statm");
  rlim_t pages = 0;
  ASSERT_TRUE(statm >> pages);
  const Limit limit(RLIMIT_AS, pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + allowance);
  Random random(20);
  int read = 0;
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = files[random.below(files.size())];
    for (std::uint64_t n = 1 + random.below(4); n-- > 0;) damage(bytes, random);
    try {
      EXPECT_LE(parse(bytes), expansion * bytes.size()) << i;
      ++read;
    } catch (const DataError& e) {
      EXPECT_LT(std::string_view(e.what()).size(), 2000U) << i;
      ++refused;
    } catch (const std::exception& e) {
      FAIL() << "case " << i << ": " << e.what();
    }
  }
  EXPECT_GT(read, 100);
  EXPECT_GT(refused, 10000);
}

std::vector<std::string> formats(const std::vector<const char*>& names) {
  std::vector<std::string> files;
  for (const char* name : names) files.push_back(file_bytes(format_file(name)));
  return files;
}

TEST(DamagedFile, NpyGivesNumbersOrAnError) {
  survives_damage(
      formats({"f4.npy", "f8.npy", "f8_columns.npy", "i2_3axes_columns.npy", "b1.npy",
               "i8_version2.npy", "u8_version3.npy", "scalar.npy", "empty.npy"}),
      [](const std::string& bytes) { return size_of(parse_npy(bytes, "f")); }, 1);
}

TEST(DamagedFile, IdxGivesNumbersOrAnError) {
  survives_damage(
      formats({"u8.idx", "i16.idx", "f32.idx", "f64.idx"}),
      [](const std::string& bytes) { return size_of(parse_idx(bytes, "f")); }, 1);
}

TEST(DamagedFile, GzipGivesNumbersOrAnError) {
  // Flags that name nothing in the file leave the numbers as they were.
  survives_damage(
      formats({"u8.idx.gz"}),
      [](const std::string& bytes) { return size_of(parse_idx(bytes, "f")); }, 1032);
}

TEST(DamagedFile, SafetensorsGivesNumbersOrAnError) {
  const std::string small =
      format_safetensors({{"a", Mat<float>(2, 2)}, {"b", Mat<double>(1, 3)}}, {{"k", "v"}});
  std::vector<std::string> files = formats({"weights.safetensors"});
  files.push_back(small);
  survives_damage(
      files,
      [](const std::string& bytes) {
        std::uint64_t size = 0;
        for (const auto& [name, array] : parse_safetensors(bytes, "f").tensors)
          size += size_of(array);
        return size;
      },
      1);
}

TEST(DamagedFile, CsvGivesNumbersOrAnError) {
  survives_damage(
      {"1,2\n3,4\n", "1.5e3;-2\n", file_bytes("fixtures/data/iris.csv").substr(0, 400)},
      [](const std::string& bytes) {
        return static_cast<std::uint64_t>(parse_csv(bytes, "f").values.size());
      },
      1);
}

}  // namespace
}  // namespace assay::data
