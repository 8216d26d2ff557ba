// Inputs at the ends of what the readers take.

#include <gtest/gtest.h>

#include <filesystem>

#include "data_bytes.hpp"

namespace assay::data {
namespace {

namespace fs = std::filesystem;

std::string csv_error(std::string_view bytes, const CsvOptions& options) {
  return refusal([&] { return parse_csv(bytes, "t.csv", options); });
}

std::string npy_error(const std::string& header) {
  const std::string bytes =
      std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header;
  return refusal([&] { return parse_npy(bytes, "a.npy"); });
}

std::string safetensors_error(const std::string& header) {
  std::string bytes(8, '\0');
  bytes.front() = static_cast<char>(header.size());
  bytes += header;
  return refusal([&] { return parse_safetensors(bytes, "w"); });
}

TEST(Array, IntegersThatFitBecomeNarrower) {
  const Mat<std::int64_t> m =
      (Mat<std::int64_t>(1, 3) << -(std::int64_t{1} << 31), 0, 7).finished();
  EXPECT_EQ(Array(m).as<std::int32_t>(), m.cast<std::int32_t>().eval());
}

TEST(Array, HasNoMoreAxesThanFilesMayHave) {
  EXPECT_NO_THROW(Array(Extents(32, 1), Mat<float>(1, 1)));
  EXPECT_THROW(Array(Extents(1000, 1), Mat<float>(1, 1)), ShapeError);
}

TEST(Csv, SkippingEverythingLeavesNoNumbers) {
  const std::string message = csv_error("1\n2\n", {.skip = 9});
  EXPECT_NE(message.find("t.csv: no numbers in its"), std::string::npos) << message;
  EXPECT_NE(csv_error("1\n", {.header = true, .skip = 9}).find("no numbers"), std::string::npos);
}

TEST(Csv, AColumnHasAName) {
  EXPECT_EQ(csv_error("a,,c\n1,2,3\n", {.header = true}), "t.csv: line 1, column 2: empty field");
}

TEST(Npy, EveryKeyIsGivenOnce) {
  const std::string descr = "{'descr': '<f8'";
  EXPECT_NE(npy_error(descr + ", 'fortran_order': True}").find("the header has no 'shape'"),
            std::string::npos);
  EXPECT_NE(npy_error(descr + ", 'fortran_order': True, 'fortran_order': True}")
                .find("'fortran_order' given twice"),
            std::string::npos);
  EXPECT_NE(npy_error("{'shape': (1,), 'shape': (1,)}").find("'shape' given twice"),
            std::string::npos);
}

TEST(Idx, TheLimitHoldsForBytesToo) {
  EXPECT_EQ(refusal([&] { return parse_idx(file_bytes(format_file("u8.idx")), "a", 39); }),
            "a: longer than the limit of 39 bytes");
}

TEST(Safetensors, ABoolDescribesNothing) {
  EXPECT_EQ(safetensors_error(R"({"a":true})"),
            "w: byte 17: a bool where there must be the object that describes a tensor");
}

TEST(Npy, AFileIsWrittenIntoTheFolderOfTheProcess) {
  struct Inside {
    Inside() : before(fs::current_path()) {
      std::string name = (fs::temp_directory_path() / "assay-test-XXXXXX").string();
      folder = mkdtemp(name.data());
      fs::current_path(folder);
    }
    ~Inside() {
      fs::current_path(before);
      fs::remove_all(folder);
    }
    fs::path before, folder;
  } const inside;
  const Mat<double> m = Mat<double>::Constant(2, 3, 0.1);
  write_npy("a.npy", m);
  EXPECT_EQ(read_npy("a.npy").as<double>(), m);
}

}  // namespace
}  // namespace assay::data
