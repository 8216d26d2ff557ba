#include "../mathml.hpp"

#include "../formulas.hpp"
#include "rendering.hpp"

namespace assay::report {
namespace {

std::string math(const std::string& text) { return mathml(text).value_or("not in the notation"); }

TEST(Mathml, QuotientTakesTheFactorsBeforeIt) {
  EXPECT_EQ(math("a b / c"),
            "<mfrac><mrow><mi>a</mi><mo>⁢</mo><mi>b</mi></mrow><mrow><mi>c</mi></mrow></mfrac>");
  EXPECT_EQ(math("a / (b c)"),
            "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi><mo>⁢</mo><mi>c</mi></mrow></mfrac>");
  EXPECT_TRUE(has(math("a + b / c"), "<mi>a</mi><mo>+</mo><mfrac><mrow><mi>b</mi></mrow>"));
}
TEST(Mathml, ExponentIsWhatStandsTogether) {
  EXPECT_EQ(math("e^-2|x|"),
            "<msup><mi>e</mi><mrow><mo>−</mo><mn>2</mn><mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>"
            "</mrow></msup>");
  EXPECT_TRUE(has(math("x^2 y"), "<mn>2</mn></mrow></msup><mo>⁢</mo><mi>y</mi>"));
  EXPECT_TRUE(has(math("a^(b-1)"), "<mrow><mi>b</mi><mo>−</mo><mn>1</mn></mrow></msup>"));
}
TEST(Mathml, CapitalsAreTransposedAndSmallOnesDerived) {
  EXPECT_EQ(math("B'"), "<msup><mi>B</mi><mrow><mo>⊤</mo></mrow></msup>");
  EXPECT_EQ(math("u'"), "<msup><mi>u</mi><mrow><mo>′</mo></mrow></msup>");
  EXPECT_EQ(math("A'^-1"), "<msup><mi>A</mi><mrow><mo>−</mo><mo>⊤</mo></mrow></msup>");
}
TEST(Mathml, GradientsFunctionsIndicesAndWordsAreToldApart) {
  EXPECT_EQ(math("dx"), "<mrow><mi mathvariant=\"normal\">d</mi><mi>x</mi></mrow>");
  EXPECT_EQ(math("dlogvar"), "<mrow><mi mathvariant=\"normal\">d</mi><mi>logvar</mi></mrow>");
  EXPECT_EQ(math("delta"), "<mi>δ</mi>");
  EXPECT_EQ(math("log x"),
            "<mrow><mi>log</mi><mo>⁡</mo><mspace width=\".17em\"/><mi>x</mi></mrow>");
  EXPECT_EQ(math("sqrt(x)"), "<msqrt><mrow><mi>x</mi></mrow></msqrt>");
  EXPECT_EQ(math("t_ij"), "<msub><mi>t</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>");
  EXPECT_TRUE(has(math("sum of x over an axis"), "<mo>∑</mo>"));
  EXPECT_TRUE(has(math("sum of x over an axis"), "<mtext> over an axis </mtext>"));
}
TEST(Mathml, RelationsAndPairsOfBracketsAreTaken) {
  EXPECT_TRUE(has(math("dy [x >= 0]"), "<mo>[</mo><mi>x</mi><mo>≥</mo><mn>0</mn><mo>]</mo>"));
  EXPECT_TRUE(has(math("y (dy - <dy, y>)"), "<mo>⟨</mo>"));
  EXPECT_TRUE(has(math("KL(p || q)"), "<mo>∥</mo>"));
}
TEST(Mathml, OtherTextIsNotGuessedAt) {
  for (const char* text : {"(a", "a)", "x in (-1, 1]", "a / ", "50 %", "y = \"x\"", "{", "a ^"}) {
    EXPECT_FALSE(mathml(text)) << text;
  }
  EXPECT_EQ(math(std::string(3, '\xff')), "not in the notation");
}
TEST(Mathml, EveryElementIsClosed) {
  const std::string all =
      math("y = x P(x), dx = dy (P(x) + x p(x)) / sqrt(2 pi) + |a_i - B'^-1|^2");
  for (const char* name : {"mrow", "msup", "mfrac", "msqrt", "msub", "mi", "mo", "mn"}) {
    std::size_t opened = 0, closed = 0;
    for (std::size_t at = 0; (at = all.find(std::string("<") + name, at)) != std::string::npos;
         ++at) {
      const char after = all[at + 1 + std::string(name).size()];
      opened += after == '>' || after == ' ';
    }
    for (std::size_t at = 0;
         (at = all.find(std::string("</") + name + ">", at)) != std::string::npos; ++at) {
      ++closed;
    }
    EXPECT_EQ(opened, closed) << name << " in " << all;
    EXPECT_GT(opened, 0u) << name;
  }
}

constexpr const char* headers = R"(
/// A helper, not the operation.
template <class T>
T helper(const T& x) {
}
/// y = s(x) = 1 / (1 + e^-x)        dx = dy s(x) s(-x)      (y (1 - y) would cancel for x >> 0)
/// With e = e^-|x|: s(|x|) = 1 / (1 + e).
struct Sigmoid {
  static constexpr auto name = "sigmoid";
  static constexpr auto domain = on(all_reals).kink(0, 0.5);
/// y = sum of x over an axis        dx = dy        an empty sum is 0
template <Axis axis>
struct Sum {
  static constexpr auto name =
      reduced_name<axis>("sum", "sum_rowwise", "sum_colwise");
)";

TEST(Formulas, AreReadFromTheCommentOfTheOperation) {
  const Description d = description(headers, "sigmoid");
  EXPECT_EQ(d.formulas,
            (std::vector<std::string>{"y = s(x) = 1 / (1 + e^-x)", "dx = dy s(x) s(-x)"}));
  EXPECT_EQ(d.remarks, (std::vector<std::string>{"(y (1 - y) would cancel for x >> 0)",
                                                 "With e = e^-|x|: s(|x|) = 1 / (1 + e)."}));
  EXPECT_EQ(d.domain, "all numbers; kink at 0, where the derivative is 0.5");
  EXPECT_EQ(description(headers, "sum_colwise").formulas.size(), 2u);
  EXPECT_EQ(description(headers, "sigmoid_mean").formulas, d.formulas);
  EXPECT_TRUE(description(headers, "another").formulas.empty());
}
TEST(Formulas, DomainsAreSaidInWords) {
  EXPECT_EQ(domain_words("on(open(0, std::numeric_limits<double>::infinity()), all_reals)"),
            "(0, ∞) × all numbers");
  EXPECT_EQ(domain_words("on(closed(-0x1p20, 64), exact).ties(first)"),
            "[−2^20, 64] × all numbers, not moved; of equal elements the first has the derivative");
  EXPECT_EQ(domain_words("something(else)"), "something(else)");
}
TEST(Formulas, OperationsOfTheLibraryHaveThemAndTheyAreMathematics) {
  std::size_t formulas = 0, typeset = 0;
  for (const char* name : {"sigmoid",
                           "relu",
                           "matmul",
                           "softmax",
                           "log_softmax_rowwise",
                           "pow",
                           "gelu",
                           "tanh",
                           "batch_norm_eval",
                           "cross_entropy_mean",
                           "svdvals",
                           "bce_with_logits_sum",
                           "var",
                           "kl_div",
                           "layer_norm",
                           "solve",
                           "huber",
                           "hcat",
                           "vcat",
                           "stddev_colwise"}) {
    const Description d = description(name);
    EXPECT_FALSE(d.formulas.empty() && d.remarks.empty()) << name;
    for (const std::string& formula : d.formulas) {
      ++formulas;
      typeset += mathml(formula).has_value();
    }
  }
  EXPECT_GT(formulas, 30u);
  EXPECT_GT(10 * typeset, 9 * formulas);
}

}  // namespace
}  // namespace assay::report
