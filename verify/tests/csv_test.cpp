#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "assay/data.hpp"

namespace assay::data {
namespace {

using namespace std::string_view_literals;

std::string error(std::string_view bytes, const CsvOptions& options = {}) {
  try {
    static_cast<void>(parse_csv(bytes, "t.csv", options));
  } catch (const DataError& e) {
    return e.what();
  }
  return "no error";
}

Mat<double> values(std::string_view bytes, const CsvOptions& options = {}) {
  return parse_csv(bytes, "t.csv", options).values;
}

Mat<double> one_to_four() {
  Mat<double> m(2, 2);
  m << 1, 2, 3, 4;
  return m;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// gzip of "1,2\n3,4\n", of "5,6\n" and of nothing.
const std::string four = from_hex("1f8b080000000000020333d431e232d631e1020047936caf08000000");
const std::string two = from_hex("1f8b080000000000020333d531e3020060102fbe04000000");
const std::string none = from_hex("1f8b080000000000020303000000000000000000");

TEST(Csv, ReadsRowsInOrder) { EXPECT_EQ(values("1,2\n3,4\n"), one_to_four()); }

TEST(Csv, TheLastNewlineIsOptionalAndCrlfIsTaken) {
  EXPECT_EQ(values("1,2\n3,4"), one_to_four());
  EXPECT_EQ(values("1,2\r\n3,4\r\n"), one_to_four());
  EXPECT_EQ(values("1,2\r\n3,4"), one_to_four());
}

TEST(Csv, NumbersAreReadToTheLastBit) {
  const Mat<double> m = values("0.1,-0,1e-320,-1.7976931348623157e308,6.02214076E+23\n");
  EXPECT_EQ(m(0, 0), 0.1);
  EXPECT_TRUE(std::signbit(m(0, 1)));
  EXPECT_EQ(m(0, 2), 1e-320);
  EXPECT_EQ(m(0, 3), std::numeric_limits<double>::lowest());
  EXPECT_EQ(m(0, 4), 6.02214076e23);
}

TEST(Csv, OneNumberIsATable) {
  EXPECT_EQ(values("7"), (Mat<double>::Constant(1, 1, 7)));
  EXPECT_EQ(shape_of(values("1\n2\n3\n")), (Shape{3, 1}));
}

TEST(Csv, HeaderSeparatorAndSkippedLines) {
  const Table t = parse_csv("made up\na;b c\n1;2\n3;4\n", "t.csv",
                            {.header = true, .skip = 1, .separator = ';'});
  EXPECT_EQ(t.header, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(t.values, one_to_four());
  EXPECT_EQ(values("1\t2\n3\t4", {.separator = '\t'}), one_to_four());
}

TEST(Csv, ErrorsNameTheFileThePlaceAndTheReason) {
  EXPECT_EQ(error(""), "t.csv: empty");
  EXPECT_EQ(error("1,2\n3,x\n"), "t.csv: line 2, column 2: 'x' is not a number");
  EXPECT_EQ(error("1,2\n3,\n"), "t.csv: line 2, column 2: empty field");
  EXPECT_EQ(error(",2\n"), "t.csv: line 1, column 1: empty field");
  EXPECT_EQ(error("1,2\n3\n"), "t.csv: line 2: 1 fields where the lines before have 2");
  EXPECT_EQ(error("1,2\n3,4,5\n"), "t.csv: line 2: 3 fields where the lines before have 2");
  EXPECT_EQ(error("1,2\n\n3,4\n"), "t.csv: line 2: empty line");
  EXPECT_EQ(error("1,2\n\n"), "t.csv: line 2: empty line");
  EXPECT_EQ(error("\n"), "t.csv: line 1: empty line");
  EXPECT_EQ(error("1, 2"),
            "t.csv: line 1, column 2: ' 2' is not a number; it has spaces around it");
  EXPECT_EQ(error("a,b\n", {.header = true}), "t.csv: no numbers in its 1 lines");
  EXPECT_EQ(error("a,b\n1\n", {.header = true}),
            "t.csv: line 2: 1 fields where the lines before have 2");
  EXPECT_EQ(error("\"a,b\"\n1,2\n", {.header = true}),
            "t.csv: line 1, column 1: quoted names are not supported");
}

TEST(Csv, NothingThatIsNotPlainlyAFiniteNumberIsOne) {
  for (std::string_view field : {"+1"sv, "1.5.2"sv, "1e"sv, "0x10"sv, "1 "sv, "--1"sv, "1_000"sv,
                                 "."sv, "1e5x"sv, "\"1\""sv, "1\r2"sv}) {
    EXPECT_NE(error(field).find("is not a number"), std::string::npos) << field;
  }
  for (std::string_view field : {"nan"sv, "inf"sv, "-Infinity"sv}) {
    EXPECT_NE(error(field).find("is not finite"), std::string::npos) << field;
  }
  EXPECT_NE(error("1e309").find("out of the range of double"), std::string::npos);
  EXPECT_NE(error("1e-400").find("out of the range of double"), std::string::npos);
}

TEST(Csv, ForeignEncodingsAreNamed) {
  EXPECT_EQ(error("1,2\n3,\0004\n"sv),
            "t.csv: line 2, column 2: NUL byte; the file is not text, or in another encoding than "
            "UTF-8");
  EXPECT_EQ(error("\xef\xbb\xbf"
                  "1,2\n"),
            "t.csv: line 1, column 1: byte order mark; save without it");
}

TEST(Csv, ALongFieldDoesNotFloodTheMessage) {
  EXPECT_LT(error(std::string(100000, 'x')).size(), 120U);
  EXPECT_EQ(error("1,\x1b[31m"), "t.csv: line 1, column 2: '?[31m' is not a number");
}

TEST(Csv, ASeparatorThatOccursInNumbersIsRefused) {
  for (char c : {'.', '-', '1', 'e', '\n', '"', '\0'}) {
    EXPECT_NE(error("1", {.separator = c}).find("cannot separate"), std::string::npos);
  }
}

TEST(Csv, ReadsGzipAndConcatenatedGzip) {
  EXPECT_EQ(values(four), one_to_four());
  EXPECT_EQ(shape_of(values(four + two)), (Shape{3, 2}));
  EXPECT_EQ(error(none), "t.csv: empty");
}

TEST(Csv, EveryTruncationOfGzipIsAnError) {
  for (std::size_t n = 2; n < four.size(); ++n) {
    EXPECT_EQ(error(four.substr(0, n)), "t.csv: truncated gzip data") << n;
  }
}

TEST(Csv, DamagedGzipIsAnError) {
  for (std::size_t i = 10; i < four.size(); ++i) {
    std::string damaged = four;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    if (i == 19) continue;  // padding behind the last code
    EXPECT_NE(error(damaged).find("gzip data"), std::string::npos) << i << ": " << error(damaged);
  }
  EXPECT_EQ(error(four + "xyz"), "t.csv: 3 bytes of garbage after the gzip data");
}

TEST(Csv, TheLimitHoldsBeforeAndAfterDecompression) {
  EXPECT_EQ(error("1,2\n3,4\n", {.max_bytes = 8}), "no error");
  EXPECT_EQ(error("1,2\n3,4\n", {.max_bytes = 7}), "t.csv: longer than the limit of 7 bytes");
  EXPECT_EQ(error(four, {.max_bytes = 8}), "no error");
  EXPECT_EQ(error(four, {.max_bytes = 7}), "t.csv: longer than the limit of 7 bytes");
  EXPECT_EQ(error(four + two, {.max_bytes = 11}), "t.csv: longer than the limit of 11 bytes");
}

TEST(Csv, FilesThatCannotBeReadAreNamed) {
  try {
    static_cast<void>(read_csv("no/such/file.csv"));
    FAIL() << "no error";
  } catch (const DataError& e) {
    EXPECT_EQ(std::string(e.what()),
              "no/such/file.csv: cannot be opened: No such file or directory");
  }
  EXPECT_THROW(static_cast<void>(read_csv(".")), DataError);
  EXPECT_THROW(static_cast<void>(read_csv("fixtures/data/digits.csv.gz", {.max_bytes = 1000})),
               DataError);
}

TEST(Csv, ReadsTheDataSetsOfTheProject) {
  const Mat<double> digits = read_csv("fixtures/data/digits.csv.gz").values;
  ASSERT_EQ(shape_of(digits), (Shape{1797, 65}));
  EXPECT_EQ(digits(0, 2), 5);
  EXPECT_EQ(digits(1, 64), 1);
  EXPECT_EQ(digits.leftCols(64).maxCoeff(), 16);
  EXPECT_EQ(digits.minCoeff(), 0);

  const Table iris = read_csv("fixtures/data/iris.csv", {.header = true});
  EXPECT_EQ(iris.header.at(2), "setosa");
  EXPECT_EQ(shape_of(iris.values), (Shape{150, 5}));
  EXPECT_EQ(shape_of(read_csv("fixtures/data/wine_data.csv", {.skip = 1}).values),
            (Shape{178, 14}));
}

}  // namespace
}  // namespace assay::data
