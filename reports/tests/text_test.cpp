#include "../text.hpp"

#include <limits>

#include "rendering.hpp"

namespace assay::report {
namespace {

TEST(Text, EscapeMakesAnyBytesValidXmlText) {
  EXPECT_EQ(escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape(std::string("\0\x1f\x7f", 3)), "␀␟␡");
  EXPECT_EQ(escape("σ‖¼𝛔"), "σ‖¼𝛔");
  EXPECT_EQ(escape("\xff\xc0\xaf\xed\xa0\x80\xef\xbf\xbf\xe2\x82"),
            "���"
            "���"
            "���"
            "��");
}
TEST(Text, HexFloatsAreReadToTheLastBit) {
  EXPECT_EQ(hex_value("0x1.2cp+5"), 37.5);
  EXPECT_EQ(hex_value("-0x0.0000000000001p-1022"), -5e-324);
  EXPECT_EQ(hex_value("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_FALSE(hex_value("47/25"));
  EXPECT_FALSE(hex_value("0x1p+5junk"));
  EXPECT_FALSE(hex_value("0x1p+99999"));
}
TEST(Text, FiguresKeepThreeDigits) {
  EXPECT_EQ(ulp_text(0), "0");
  EXPECT_EQ(ulp_text(3.14159), "3.14");
  EXPECT_EQ(ulp_text(9.0e15), "9.0×10¹⁵");
  EXPECT_EQ(ulp_text(std::numeric_limits<double>::infinity()), "∞");
  EXPECT_EQ(grouped(1234567), "1\u202F234\u202F567");
}
TEST(Text, MarkdownCannotBeBrokenOutOf) {
  EXPECT_EQ(code_span("a|b"), "`a\\|b`");
  EXPECT_EQ(code_span("a`b"), "``a`b``");
  EXPECT_EQ(fenced("```\nx"), "````text\n```\nx\n````\n");
  EXPECT_FALSE(has(markdown_text("@someone"), "@"));
}
TEST(Text, DifferentNamesHaveDifferentAnchors) {
  EXPECT_NE(slug("a b"), slug("a_b"));
  EXPECT_NE(slug("a.20b"), slug("a b"));
  EXPECT_EQ(slug("log_sigmoid"), "log_sigmoid");
}
TEST(Text, ShellWordsAreQuoted) {
  EXPECT_EQ(shell_word("reports/out/a-1.json"), "reports/out/a-1.json");
  EXPECT_EQ(shell_word("a b'c"), "'a b'\\''c'");
}

}  // namespace
}  // namespace assay::report
