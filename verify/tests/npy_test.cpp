#include <gtest/gtest.h>

#include <limits>

#include "assay/random.hpp"
#include "data_bytes.hpp"

namespace assay::data {
namespace {

Array fixture(const std::string& name) { return read_npy(format_file(name + ".npy")); }

/// A file of version 1.0 with this dictionary and these elements.
std::string npy(std::string header, const std::string& data = "",
                const std::string& version = {1, 0}) {
  std::string out = "\x93NUMPY" + version;
  const std::size_t length_bytes = version[0] == 1 ? 2 : 4;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    out += static_cast<char>(header.size() >> 8 * i & 0xff);
  }
  return out + header + data;
}

std::string error(const std::string& bytes) {
  return refusal([&] { return parse_npy(bytes, "a.npy"); });
}

std::string header_error(const std::string& header) { return error(npy(header, "12345678")); }

TEST(Npy, ReadsWhatNumpyWroteToTheLastBit) {
  EXPECT_EQ(float_bits(fixture("f4")), as_vector(special_floats));
  EXPECT_EQ(double_bits(fixture("f8")), as_vector(special_doubles));
  EXPECT_EQ(fixture("f8").shape(), (Extents{3, 4}));
  EXPECT_EQ(matrix_shape(fixture("f8")), (Shape{3, 4}));
}

TEST(Npy, ByteOrderAndOrderOfAxesAreUndone) {
  EXPECT_EQ(double_bits(fixture("f8_big")), as_vector(special_doubles));
  EXPECT_EQ(double_bits(fixture("f8_columns")), as_vector(special_doubles));
  const Mat<double> i4 = fixture("i4_big").as<double>();
  EXPECT_EQ(i4, (Mat<double>(2, 2) << -1, 2, -0x1p31, 0x1p31 - 1).finished());
}

TEST(Npy, MoreAxesAreFlattenedWithTheLastOneFastest) {
  for (const char* name : {"i2_3axes", "i2_3axes_columns"}) {
    const Array a = fixture(name);
    EXPECT_EQ(a.type(), "I16");
    EXPECT_EQ(a.shape(), (Extents{2, 3, 4})) << name;
    const Mat<double> m = a.as<double>();
    ASSERT_EQ(shape_of(m), (Shape{2, 12}));
    for (Eigen::Index r = 0; r < 2; ++r) {
      for (Eigen::Index c = 0; c < 12; ++c) EXPECT_EQ(m(r, c), static_cast<double>(12 * r + c));
    }
  }
}

TEST(Npy, ReadsTheOtherTypesVersionsAndRanks) {
  EXPECT_EQ(fixture("f2").as<double>()(1, 0), 65504);
  EXPECT_TRUE(std::signbit(fixture("f2").as<float>()(0, 1)));
  const Array u1 = fixture("u1");
  EXPECT_EQ(u1.shape(), Extents{6});
  EXPECT_EQ(matrix_shape(u1), (Shape{6, 1}));
  EXPECT_EQ(u1.as<float>()(5), 255);
  EXPECT_EQ(std::get<Mat<bool>>(fixture("b1").values()),
            (Mat<bool>(3, 1) << true, false, true).finished());
  EXPECT_EQ(fixture("i8_version2").as<std::int64_t>(),
            (Mat<std::int64_t>(3, 1) << std::numeric_limits<std::int64_t>::min(),
             std::numeric_limits<std::int64_t>::max(), (std::int64_t{1} << 53) + 1)
                .finished());
  EXPECT_EQ(std::get<Mat<std::uint64_t>>(fixture("u8_version3").values())(0, 1),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(fixture("scalar").shape(), Extents{});
  EXPECT_EQ(fixture("scalar").as<float>(), (Mat<float>::Constant(1, 1, 0.1F)));
  EXPECT_EQ(matrix_shape(fixture("empty")), (Shape{0, 3}));
}

TEST(Npy, WritesTheBytesOfNumpy) {
  for (const char* name : {"f4", "f8", "f2", "u1", "b1", "i2_3axes", "scalar", "empty"}) {
    EXPECT_EQ(format_npy(fixture(name)), file_bytes(format_file(std::string(name) + ".npy")))
        << name;
  }
  EXPECT_EQ(format_npy(fixture("f8_columns")), format_npy(fixture("f8")));
  EXPECT_EQ(format_npy(fixture("f8_big")), format_npy(fixture("f8")));
}

template <class T, class Bits>
void random_bits_come_back(std::uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < 200; ++i) {
    Mat<T> m(static_cast<Eigen::Index>(random.below(9)),
             static_cast<Eigen::Index>(random.below(9)));
    for (Eigen::Index k = 0; k < m.size(); ++k) {
      const Bits word = static_cast<Bits>(random());
      std::memcpy(static_cast<void*>(m.data() + k), &word, sizeof(T));
    }
    const Array back = parse_npy(format_npy(m), "memory");
    EXPECT_EQ(bits<Bits>(std::get<Mat<T>>(back.values())), bits<Bits>(m));
    EXPECT_EQ(matrix_shape(back), shape_of(m));
  }
}

TEST(Npy, EveryBitSurvivesARoundTrip) {
  random_bits_come_back<float, std::uint32_t>(1);
  random_bits_come_back<double, std::uint64_t>(2);
  random_bits_come_back<Eigen::half, std::uint16_t>(3);
  random_bits_come_back<std::int64_t, std::uint64_t>(4);
  random_bits_come_back<std::uint8_t, std::uint8_t>(5);
}

TEST(Npy, AnAxisComesFromARowOrAColumn) {
  const Mat<double> row = (Mat<double>(1, 3) << 1, 2, 3).finished();
  const std::string bytes = format_npy(Array({3}, row));
  EXPECT_EQ(format_npy(Array({3}, Mat<double>(row.transpose()))), bytes);
  EXPECT_NE(bytes.find("'shape': (3,), }"), std::string::npos);
  EXPECT_NE(format_npy(row), bytes);
}

TEST(Npy, WhatNumpyDoesNotHaveIsNotWritten) {
  EXPECT_THROW(format_npy(Mat<Eigen::bfloat16>(1, 1)), std::invalid_argument);
}

TEST(Npy, TheDictionaryMayBeWrittenInOtherWays) {
  for (const char* header : {
           "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }   \n",
           "{'shape':(1,2),'fortran_order':False,'descr':'<f4'}",
           " { \"fortran_order\" : True , \"shape\" : ( 1 , 2 , ) , \"descr\" : \"<f4\" , } ",
       }) {
    EXPECT_EQ(header_error(header), "no error") << header;
  }
  EXPECT_EQ(error(npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "12345678", {3, 0})),
            "no error");
}

TEST(Npy, ErrorsNameTheFileThePlaceAndTheReason) {
  EXPECT_EQ(error(""), R"(a.npy: byte 0: not NPY: it does not begin with "\x93NUMPY")");
  EXPECT_EQ(error("\x93NUMPY\1"), "a.npy: byte 7: the file ends before its version");
  EXPECT_EQ(error(npy("{}", "", {4, 0})),
            "a.npy: byte 6: version 4.0 where 1.0, 2.0 and 3.0 are known");
  EXPECT_EQ(error("\x93NUMPY\1" + std::string(2, '\0')),
            "a.npy: byte 9: the file ends before its header");
  EXPECT_EQ(error(npy("{'descr'").substr(0, 12)),
            "a.npy: byte 8: the header is said to have 8 bytes; the file has 2 more");
  EXPECT_EQ(header_error(""), "a.npy: byte 10: '{' expected in the header");
  EXPECT_EQ(header_error("{}"), "a.npy: byte 12: the header has no 'descr'");
  EXPECT_EQ(header_error("{'descr': '<f8', 'shape': (1,)}"),
            "a.npy: byte 41: the header has no 'fortran_order'");
  EXPECT_EQ(header_error("{'descr': '<f8', 'descr': '<f8'}"),
            "a.npy: byte 27: 'descr' given twice");
  EXPECT_EQ(header_error("{'more': 1}"), "a.npy: byte 11: 'more' is no key of the NPY header");
  EXPECT_EQ(header_error("{'shape': (1,)} x"), "a.npy: byte 26: something behind the dictionary");
  EXPECT_EQ(header_error("{'shape': (1"), "a.npy: byte 22: ',' or ')' expected in the shape");
  EXPECT_EQ(header_error("{'shape': (1 2)}"), "a.npy: byte 23: ',' or ')' expected in the shape");
  EXPECT_EQ(header_error("{'shape': (3)}"),
            "a.npy: byte 23: the shape is a number where a tuple is expected");
  EXPECT_EQ(header_error("{'shape': (-1,)}"),
            "a.npy: byte 21: the length of an axis expected, from 0 to 2^64 - 1");
  EXPECT_EQ(header_error("{'shape': (18446744073709551616,)}"),
            "a.npy: byte 21: the length of an axis expected, from 0 to 2^64 - 1");
  EXPECT_EQ(header_error("{'fortran_order': 0}"), "a.npy: byte 28: True or False expected");
  EXPECT_EQ(header_error("{'descr': [('a', '<f8')]}"),
            "a.npy: byte 20: arrays of records are not supported");
}

TEST(Npy, TypesThatAreNotNumbersOrOfNoByteOrderAreRefused) {
  for (const char* type : {"O", "|O", "<U5", "<c16", "<M8[ns]", "=f8", "|f8", "f8", "<f16", "<i3",
                           "", "<", "=u1", ">b2"}) {
    const std::string message = header_error("{'descr': '" + std::string(type) + "'}");
    EXPECT_EQ(message.find("a.npy: byte 20: type '" + std::string(type) + "' is not supported"), 0U)
        << message;
  }
}

std::string shaped(const std::string& shape, const std::string& data) {
  return error(npy("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + "}", data));
}

TEST(Npy, TheShapeMustFitTheFile) {
  EXPECT_EQ(shaped("(1,)", "12345678"), "no error");
  EXPECT_EQ(shaped("(2,)", "12345678"),
            "a.npy: byte 73: the file ends here; [2] of F64 takes 16 bytes from byte 65, and there "
            "are 8");
  EXPECT_EQ(
      shaped("(0,)", "12345678"),
      "a.npy: byte 65: the file goes on here; [0] of F64 takes 0 bytes from byte 65, and there "
      "are 8");
  EXPECT_EQ(shaped("(18446744073709551615,)", ""),
            "a.npy: byte 84: [18446744073709551615] of F64 is larger than any matrix");
  EXPECT_NE(shaped("(4294967296, 4294967296)", "").find("larger than any matrix"),
            std::string::npos);
  EXPECT_NE(shaped("(2305843009213693952,)", "").find("larger than any matrix"), std::string::npos);
  EXPECT_NE(shaped("(0, 4294967296, 4294967296)", "").find("larger than any matrix"),
            std::string::npos);
  EXPECT_EQ(shaped("(0, 4611686018427387904)", ""), "no error");
  std::string many = "(";
  for (int i = 0; i < 64; ++i) many += "1,";
  EXPECT_EQ(shaped(many + ")", "12345678"), "no error");
  EXPECT_NE(shaped(many + "1)", "12345678").find("more than 64 axes"), std::string::npos);
}

TEST(Npy, EveryTruncationIsAnErrorAndSoIsAByteMore) {
  for (const char* name : {"f8", "b1", "i8_version2"}) {
    const std::string bytes = file_bytes(format_file(std::string(name) + ".npy"));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      EXPECT_NE(error(bytes.substr(0, n)), "no error") << name << " " << n;
    }
    EXPECT_NE(error(bytes + '\0').find("the file goes on here"), std::string::npos);
  }
}

TEST(Npy, AByteThatIsNoBoolIsRefused) {
  std::string bytes = file_bytes(format_file("b1.npy"));
  bytes.back() = 2;
  EXPECT_EQ(error(bytes), "a.npy: byte 130: 2 is neither of the bools 0 and 1");
}

TEST(Array, ConvertsExactlyOrNotAtAll) {
  const auto d = [](double x) { return Array(Mat<double>::Constant(1, 1, x).eval()); };
  EXPECT_EQ(d(0.5).as<float>()(0), 0.5F);
  EXPECT_TRUE(std::isnan(d(NAN).as<float>()(0)));
  EXPECT_EQ(d(-INFINITY).as<float>()(0), -INFINITY);
  EXPECT_EQ(d(-0x1p63).as<std::int64_t>()(0), std::numeric_limits<std::int64_t>::min());
  for (double x : {0.1, 1e300, 1e-320})
    EXPECT_THROW(static_cast<void>(d(x).as<float>()), std::range_error) << x;
  for (double x : {0.5, 0x1p63, -0x1p64, double{NAN}, double{INFINITY}}) {
    EXPECT_THROW(static_cast<void>(d(x).as<std::int64_t>()), std::range_error) << x;
  }
  const auto i = [](std::int64_t x) { return Array(Mat<std::int64_t>::Constant(1, 1, x).eval()); };
  EXPECT_EQ(i(1 << 24).as<float>()(0), 0x1p24F);
  EXPECT_EQ(i(std::int64_t{1} << 62).as<float>()(0), 0x1p62F);
  EXPECT_THROW(static_cast<void>(i((1 << 24) + 1).as<float>()), std::range_error);
  EXPECT_THROW(static_cast<void>(i(std::numeric_limits<std::int64_t>::max()).as<double>()),
               std::range_error);
  EXPECT_THROW(static_cast<void>(i(std::int64_t{1} << 31).as<std::int32_t>()), std::range_error);
  EXPECT_EQ(Array(Mat<bool>::Constant(1, 1, true).eval()).as<std::int32_t>()(0), 1);
  try {
    static_cast<void>(Array((Mat<double>(1, 2) << 1, 0.1).finished()).as<float>());
    FAIL() << "no error";
  } catch (const std::range_error& e) {
    EXPECT_STREQ(e.what(),
                 "array of F64: 0.10000000000000001 at row 0, column 1 is not exactly an F32");
  }
}

TEST(Array, TheMatrixMustBeTheShapeFlattened) {
  const Mat<float> m(2, 6);
  for (const Extents& shape :
       {Extents{2, 6}, Extents{2, 2, 3}, Extents{1, 2, 6}, Extents{2, 6, 1}}) {
    EXPECT_NO_THROW(Array(shape, m));
  }
  for (const Extents& shape : {Extents{}, Extents{12}, Extents{6, 2}, Extents{2, 3}, Extents{2, 5},
                               Extents{2, 6, 0}, Extents{2, 6, std::uint64_t{1} << 63, 2}}) {
    EXPECT_THROW(Array(shape, m), ShapeError);
  }
  try {
    const Array wrong({3, 4}, m);
    FAIL() << "no error";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(
        e.what(),
        "array: the matrix is 2x6; it must be the shape [3, 4] flattened into rows and columns");
  }
}

}  // namespace
}  // namespace assay::data
