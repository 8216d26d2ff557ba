#include <gtest/gtest.h>

#include "data_bytes.hpp"

namespace assay::data {
namespace {

Array fixture(const std::string& name) { return read_idx(format_file(name)); }

/// A file of this type with these lengths of axes.
std::string idx(char type, const std::vector<std::uint32_t>& shape, const std::string& data) {
  std::string out = {'\0', '\0', type, static_cast<char>(shape.size())};
  for (std::uint32_t n : shape) {
    for (unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(n >> shift & 0xffU);
  }
  return out + data;
}

std::string error(const std::string& bytes) {
  return refusal([&] { return parse_idx(bytes, "a.idx"); });
}

TEST(Idx, ReadsEveryTypeToTheLastBit) {
  EXPECT_EQ(float_bits(fixture("f32.idx")), as_vector(special_floats));
  EXPECT_EQ(double_bits(fixture("f64.idx")), as_vector(special_doubles));
  EXPECT_EQ(fixture("i8.idx").as<double>(), (Mat<double>(3, 1) << -128, -1, 127).finished());
  EXPECT_EQ(fixture("i16.idx").as<double>(), (Mat<double>(1, 2) << -0x1p15, 0x1p15 - 1).finished());
  EXPECT_EQ(fixture("i32.idx").as<double>(), (Mat<double>(2, 1) << -0x1p31, 0x1p31 - 1).finished());
  EXPECT_EQ(fixture("i32.idx").type(), "I32");
}

TEST(Idx, ImagesAreFlattenedToOneRowEachPlainAndGzip) {
  for (const char* name : {"u8.idx", "u8.idx.gz"}) {
    const Array a = fixture(name);
    EXPECT_EQ(a.type(), "U8");
    EXPECT_EQ(a.shape(), (Extents{2, 3, 4}));
    const Mat<double> m = a.as<double>();
    ASSERT_EQ(shape_of(m), (Shape{2, 12}));
    for (Eigen::Index i = 0; i < 24; ++i) EXPECT_EQ(m(i / 12, i % 12), static_cast<double>(i));
  }
  EXPECT_EQ(fixture("f64.idx").shape(), (Extents{3, 2, 1, 2}));
  EXPECT_EQ(matrix_shape(fixture("f64.idx")), (Shape{3, 4}));
}

TEST(Idx, NoSamplesAreAnArrayToo) {
  const Array a = parse_idx(idx(8, {0, 28, 28}, ""), "a.idx");
  EXPECT_EQ(a.shape(), (Extents{0, 28, 28}));
  EXPECT_EQ(matrix_shape(a), (Shape{0, 784}));
}

TEST(Idx, ErrorsNameTheFileThePlaceAndTheReason) {
  EXPECT_EQ(error(""), "a.idx: byte 0: the file ends within the four bytes that IDX begins with");
  EXPECT_EQ(error("P5 8"), "a.idx: byte 0: not IDX: it begins with two zeros");
  EXPECT_EQ(error(idx(10, {1}, "1")), "a.idx: byte 2: type 10 is none of 8, 9 and 11 to 14");
  EXPECT_EQ(error(idx(8, {}, "1")), "a.idx: byte 3: 0 axes where one to four are taken");
  EXPECT_EQ(error(idx(8, {1, 1, 1, 1, 1}, "1")),
            "a.idx: byte 3: 5 axes where one to four are taken");
  EXPECT_EQ(error(idx(8, {1, 1}, "").substr(0, 9)),
            "a.idx: byte 9: the file ends within the lengths of 2 axes");
  EXPECT_EQ(
      error(idx(12, {1, 2}, "1234")),
      "a.idx: byte 16: the file ends here; [1, 2] of I32 takes 8 bytes from byte 12, and there "
      "are 4");
  EXPECT_EQ(
      error(idx(8, {1}, "123")),
      "a.idx: byte 9: the file goes on here; [1] of U8 takes 1 bytes from byte 8, and there are 3");
  EXPECT_EQ(
      error(idx(14, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, "1")),
      "a.idx: byte 20: [4294967295, 4294967295, 4294967295, 4294967295] of F64 is larger than "
      "any matrix");
  EXPECT_EQ(refusal([] { return read_idx("no/such/file"); }),
            "no/such/file: cannot be opened: No such file or directory");
}

TEST(Idx, EveryTruncationIsAnErrorAndSoIsAByteMore) {
  for (const char* name : {"f64.idx", "u8.idx", "u8.idx.gz"}) {
    const std::string bytes = file_bytes(format_file(name));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      EXPECT_NE(error(bytes.substr(0, n)), "no error") << name << " " << n;
    }
    EXPECT_NE(error(bytes + '\0'), "no error");
  }
}

TEST(Idx, TheLimitHoldsBeforeAndAfterDecompression) {
  for (const char* name : {"u8.idx", "u8.idx.gz"}) {
    const std::string file = format_file(name);
    EXPECT_EQ(refusal([&] { return read_idx(file, 56); }), "no error");
    EXPECT_EQ(refusal([&] { return read_idx(file, 39); }),
              file + ": longer than the limit of 39 bytes");
  }
  EXPECT_EQ(refusal([&] { return parse_idx(file_bytes(format_file("u8.idx.gz")), "a.gz", 39); }),
            "a.gz: longer than the limit of 39 bytes");
}

TEST(Idx, PlacesInCompressedFilesAreSaidToBeDecompressed) {
  // gzip of "P5 8\n".
  const std::string gz(
      "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x0b\x30\x55\xb0\xe0\x02\0\x40\x23\xc3\xf6\x05\0\0\0", 25);
  EXPECT_EQ(error(gz), "a.idx (decompressed): byte 0: not IDX: it begins with two zeros");
}

}  // namespace
}  // namespace assay::data
