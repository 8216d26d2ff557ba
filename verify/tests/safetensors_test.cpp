#include <gtest/gtest.h>

#include <fmt/core.h>

#include <limits>

#include "assay/random.hpp"
#include "data_bytes.hpp"

namespace assay::data {
namespace {

/// The length in eight bytes, the header, the data.
std::string file_of(const std::string& header, const std::string& data = "") {
  std::string out;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>(std::uint64_t{header.size()} >> shift & 0xffU);
  }
  return out + header + data;
}

std::string error(const std::string& bytes) {
  return refusal([&] { return parse_safetensors(bytes, "w"); });
}

std::string header_error(const std::string& header, std::size_t data = 0) {
  return error(file_of(header, std::string(data, '\0')));
}

/// A tensor of the header.
std::string tensor(const std::string& name, const std::string& shape, int begin, int end,
                   const std::string& type = "F32") {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, type,
                     shape, begin, end);
}

const std::string fixture = format_file("weights.safetensors");

TEST(Safetensors, ReadsAFileOfAnotherImplementationToTheLastBit) {
  const auto [tensors, metadata] = read_safetensors(fixture);
  EXPECT_EQ(metadata, (Metadata{{"format", "pt"}, {"note", "a \"quoted\" \u2202"}}));
  ASSERT_EQ(tensors.size(), 9U);
  EXPECT_EQ(float_bits(tensors.at("layer.weight")), as_vector(special_floats));
  EXPECT_EQ(matrix_shape(tensors.at("layer.weight")), (Shape{3, 4}));
  EXPECT_EQ(double_bits(tensors.at("wide")), as_vector(special_doubles));
  EXPECT_EQ(tensors.at("wide").shape(), (Extents{2, 3, 2}));
  EXPECT_EQ(matrix_shape(tensors.at("wide")), (Shape{2, 6}));
  EXPECT_EQ(tensors.at("half").as<float>(), (Mat<float>(1, 3) << 0.5F, -0.0F, 65504).finished());
  const Array& brain = tensors.at("brain");
  EXPECT_EQ(brain.type(), "BF16");
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(bits<std::uint16_t>(std::get<Mat<Eigen::bfloat16>>(brain.values()))[i],
              special_floats[i] >> 16U);
  }
  EXPECT_EQ(tensors.at("steps").shape(), Extents{});
  EXPECT_EQ(tensors.at("steps").as<std::int64_t>()(0), (std::int64_t{1} << 53) + 1);
  EXPECT_EQ(std::get<Mat<bool>>(tensors.at("mask").values()),
            (Mat<bool>(1, 2) << true, false).finished());
  EXPECT_EQ(matrix_shape(tensors.at("none")), (Shape{0, 5}));
  EXPECT_EQ(tensors.at("Gr\u00f6\u00dfe \"\\\n\x1f/").shape(), (Extents{1, 2}));
}

TEST(Safetensors, ABiasKeepsItsOneAxisAndIsARow) {
  const Array bias = read_safetensors(fixture).tensors.at("layer.bias");
  EXPECT_EQ(bias.shape(), Extents{4});
  EXPECT_EQ(matrix_shape(bias), (Shape{1, 4}));
  EXPECT_EQ(format_safetensors({{"b", bias}}).find("[1,4]"), std::string::npos);
}

TEST(Safetensors, WritesTheBytesOfAnotherImplementation) {
  const auto [tensors, metadata] = read_safetensors(fixture);
  EXPECT_EQ(format_safetensors(tensors, metadata), file_bytes(fixture));
}

// The expected bytes of the reference implementation's own tests.
TEST(Safetensors, WritesTheBytesOfTheReferenceImplementation) {
  const Mat<float> six = (Mat<float>(1, 6) << 0, 1, 2, 3, 4, 5).finished();
  const std::string data("\0\0\0\0\0\0\x80?\0\0\0@\0\0@@\0\0\x80@\0\0\xa0@", 24);
  EXPECT_EQ(format_safetensors({{"attn.0", Array({1, 2, 3}, six)}}),
            std::string("@\0\0\0\0\0\0\0", 8) +
                R"({"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}})" + data);
  EXPECT_EQ(format_safetensors({{"attn0", Array({1, 1, 2, 3}, six)}}),
            std::string("H\0\0\0\0\0\0\0", 8) +
                R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )" +
                data);
  EXPECT_EQ(format_safetensors({}), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  EXPECT_EQ(format_safetensors({}, {{"framework", "pt"}}),
            std::string("(\0\0\0\0\0\0\0", 8) + R"({"__metadata__":{"framework":"pt"}}     )");
}

TEST(Safetensors, WiderTypesComeFirstAndThenNamesByByte) {
  const std::string bytes = format_safetensors({{"a", Mat<std::uint8_t>(1, 1)},
                                                {"b", Mat<float>(1, 1)},
                                                {"B", Mat<float>(1, 1)},
                                                {"\u00e4", Mat<float>(1, 1)},
                                                {"c", Mat<double>(1, 1)},
                                                {"d", Mat<std::int64_t>(1, 1)},
                                                {"e", Mat<Eigen::bfloat16>(1, 1)},
                                                {"f", Mat<Eigen::half>(1, 1)}});
  std::size_t before = 0;
  for (const char* name :
       {"\"d\"", "\"c\"", "\"B\"", "\"b\"", "\"\u00e4\"", "\"e\"", "\"f\"", "\"a\""}) {
    const std::size_t at = bytes.find(name);
    EXPECT_GT(at, before) << name;
    before = at;
  }
}

TEST(Safetensors, EveryBitAndNameSurvivesARoundTrip) {
  Random random(7);
  for (int i = 0; i < 200; ++i) {
    Tensors tensors;
    Metadata metadata;
    for (std::uint64_t n = random.below(6); n-- > 0;) {
      const auto word = [&] {
        std::string text;
        for (std::uint64_t k = random.below(5); k-- > 0;)
          text += static_cast<char>(random.below(128));
        return text;
      };
      Mat<double> m(static_cast<Eigen::Index>(random.below(5)),
                    static_cast<Eigen::Index>(random.below(5)));
      for (Eigen::Index k = 0; k < m.size(); ++k) {
        const std::uint64_t b = random();
        std::memcpy(m.data() + k, &b, sizeof b);
      }
      tensors.insert_or_assign(word(), m);
      metadata.insert_or_assign(word(), word());
    }
    const Safetensors back = parse_safetensors(format_safetensors(tensors, metadata), "memory");
    EXPECT_EQ(back.metadata, metadata);
    ASSERT_EQ(back.tensors.size(), tensors.size());
    for (const auto& [name, array] : tensors) {
      EXPECT_EQ(double_bits(back.tensors.at(name)), double_bits(array));
      EXPECT_EQ(back.tensors.at(name).shape(), array.shape());
    }
  }
}

TEST(Safetensors, TheOrderInTheFileIsFree) {
  const std::string header =
      "{" + tensor("a", "[1]", 8, 12) + ",\n " + tensor("b", "[2]", 0, 8) + "}";
  EXPECT_EQ(header_error(header, 12), "no error");
  EXPECT_EQ(header_error(R"({"a":{"data_offsets":[0,4],"shape":[],"dtype":"F32"}})", 4),
            "no error");
}

TEST(Safetensors, TheLengthOfTheHeaderIsChecked) {
  EXPECT_EQ(error("1234567"), "w: byte 7: the file ends within the length of its header");
  EXPECT_EQ(error(file_of("{}").substr(0, 9)),
            "w: byte 0: a header of 2 bytes; the file has 1 more");
  EXPECT_EQ(error(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10)),
            "w: byte 0: a header of 100000001 bytes; 100000000 is the most");
  EXPECT_EQ(error(std::string(8, '\xff') + "{}"),
            "w: byte 0: a header of 18446744073709551615 bytes; 100000000 is the most");
  EXPECT_EQ(header_error(""), "w: byte 8: the header does not begin with '{'");
  EXPECT_EQ(header_error(" {}"), "w: byte 8: the header does not begin with '{'");
}

TEST(Safetensors, WhatIsNotJsonIsRefused) {
  EXPECT_EQ(header_error(std::string("{}\0 ", 4)), "w: byte 10: NUL in the header");
  EXPECT_EQ(header_error("{}  x"), "w: byte 13: not JSON in UTF-8; read last: '{}  x'");
  for (const char* header : {"{", "{]", "{}{}", "{\"a", "{\"a\"}", "{\"a\xff\":1}", "{'a':1}",
                             "{\"a\":tru}", "{,}", "{//c\n}"}) {
    EXPECT_NE(header_error(header).find("not JSON"), std::string::npos) << header_error(header);
  }
}

TEST(Safetensors, WhatDoesNotDescribeTensorsIsRefused) {
  const std::string rest = R"(,"shape":[],"data_offsets":[0,4]}})";
  for (const auto& [header, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"a":1})",
            "w: byte 15: a number where there must be the object that describes a tensor"},
           {R"({"a":[]})",
            "w: byte 14: an array where there must be the object that describes a tensor"},
           {R"({"a":{}})",
            "w: byte 15: tensor 'a' lacks one of 'dtype', 'shape' and 'data_offsets'"},
           {R"({"a":{"dtype":"F8_E4M3")" + rest, "w: byte 31: type 'F8_E4M3' is not supported"},
           {R"({"a":{"dtype":null)" + rest, "w: byte 26: null where there must be a type"},
           {R"({"a":{"dtype":"F32","dtype":"F32")" + rest, "w: byte 35: 'dtype' is given twice"},
           {R"({"a":{"more":1}})", "w: byte 20: a tensor has no field 'more'"},
           {R"({"a":{"shape":{}}})",
            "w: byte 23: an object where there must be an array of the lengths of the axes"},
           {R"({"a":{"shape":[1.0]}})",
            "w: byte 27: a number that is not such an integer where there "
            "must be the length of an axis, from 0 to 2^64 - 1"},
           {R"({"a":{"shape":[-1]}})",
            "w: byte 26: a negative number where there must be the length "
            "of an axis, from 0 to 2^64 - 1"},
           {R"({"a":{"shape":[[)",
            "w: byte 24: an array where there must be the length of an axis, from 0 to 2^64 - 1"},
           {R"({"a":{"data_offsets":[0]}})", "w: byte 32: two offsets expected"},
           {R"({"a":{"data_offsets":[0,1,2]}})",
            "w: byte 36: a number where there must be an offset, from 0 to 2^64 - 1"},
           {R"({"__metadata__":{"a":1}})",
            "w: byte 31: a number where there must be a text of the metadata"},
           {R"({"__metadata__":null})",
            "w: byte 28: null where there must be the object of the metadata"},
           {R"({"__metadata__":{"a":"","a":""}})",
            "w: byte 35: 'a' is given twice in the metadata"},
           {R"({"__metadata__":{},"__metadata__":{}})",
            "w: byte 41: '__metadata__' is given twice"},
       }) {
    EXPECT_EQ(header_error(header, 4), message) << header;
  }
  EXPECT_EQ(
      header_error("{" + tensor("a", "[1]", 0, 4) + "," + tensor("\\u0061", "[1]", 4, 8) + "}", 8),
      "w: byte 70: 'a' is given twice");
  std::string shape = "[1";
  for (int i = 0; i < 64; ++i) shape += ",1";
  EXPECT_NE(header_error("{" + tensor("a", shape + "]", 0, 4) + "}", 4).find("more than 64 axes"),
            std::string::npos);
}

TEST(Safetensors, OffsetsMustCoverTheDataOnce) {
  const auto two = [](int b0, int e0, int b1, int e1, std::size_t data) {
    return header_error("{" + tensor("a", "[1]", b0, e0) + "," + tensor("b", "[2]", b1, e1) + "}",
                        data);
  };
  const std::string b = "w: byte 65: tensor 'b', [2] of F32 in bytes ";
  EXPECT_EQ(two(0, 4, 4, 12, 12), "no error");
  EXPECT_EQ(two(0, 4, 2, 10, 10),
            b + "2 to 10 of the data: overlaps the tensor before, which ends at 4");
  EXPECT_EQ(two(0, 4, 8, 16, 16), b + "8 to 16 of the data: leaves a hole behind byte 4");
  EXPECT_EQ(two(0, 4, 4, 12, 11), b + "4 to 12 of the data: the data has 11 bytes");
  EXPECT_EQ(two(0, 4, 4, 12, 13), "w: 1 bytes behind the last tensor");
  EXPECT_EQ(two(0, 4, 4, 10, 10), b + "4 to 10 of the data: it takes 8 bytes");
  EXPECT_EQ(two(0, 4, 12, 4, 12), b + "12 to 4 of the data: the end is before the beginning");
  EXPECT_EQ(header_error("{}", 1), "w: 1 bytes behind the last tensor");
  for (const char* shape :
       {"[4294967296,4294967296]", "[0,4294967296,4294967296]", "[4294967296,4294967296,0]",
        "[9223372036854775808]", "[4611686018427387904]"}) {
    EXPECT_NE(header_error("{" + tensor("a", shape, 0, 0) + "}").find("larger than any matrix"),
              std::string::npos)
        << shape;
  }
}

TEST(Safetensors, EveryTruncationIsAnErrorAndSoIsAByteMore) {
  const std::string bytes = file_bytes(fixture);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_NE(error(bytes.substr(0, n)), "no error") << n;
  EXPECT_NE(error(bytes + '\0'), "no error");
}

TEST(Safetensors, NamesThatCannotBeWrittenAreRefused) {
  EXPECT_THROW(format_safetensors({{"__metadata__", Array()}}), std::invalid_argument);
  EXPECT_THROW(format_safetensors({{"\xff", Array()}}), std::invalid_argument);
  EXPECT_THROW(format_safetensors({}, {{"a", "\xc3"}}), std::invalid_argument);
}

TEST(Safetensors, FilesThatCannotBeReadAreNamed) {
  EXPECT_EQ(refusal([] { return read_safetensors("no/such/file"); }),
            "no/such/file: cannot be opened: No such file or directory");
  EXPECT_EQ(refusal([] { return read_safetensors(fixture, 100); }),
            fixture + ": longer than the limit of 100 bytes");
}

}  // namespace
}  // namespace assay::data
