#include "mathml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <vector>

#include "text.hpp"

namespace assay::report {
namespace {

enum class Is { word, number, sign, end };

struct Token {
  Is is = Is::end;
  std::string text;
  bool after_space = false;
  bool before_space = false;
};

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// What the text holds; nothing where a character is none of the notation's.
std::optional<std::vector<Token>> tokens(std::string_view s) {
  static constexpr std::array<std::string_view, 6> long_signs{"...", "<=", ">=", "!=", "||", "->"};
  std::vector<Token> all;
  bool space = false;
  for (std::size_t i = 0; i < s.size();) {
    if (s[i] == ' ' || s[i] == '\n') {
      space = true;
      if (!all.empty()) all.back().before_space = true;
      ++i;
      continue;
    }
    std::size_t end = i + 1;
    Is is = Is::sign;
    if (letter(s[i])) {
      is = Is::word;
      while (end < s.size() && (letter(s[end]) || digit(s[end]) || s[end] == '_')) ++end;
    } else if (digit(s[i])) {
      is = Is::number;
      const auto more = [&](std::size_t k) {
        return digit(s[k]) || (s[k] == '.' && k + 1 < s.size() && digit(s[k + 1]));
      };
      while (end < s.size() && more(end)) ++end;
    } else {
      for (const std::string_view sign : long_signs) {
        if (s.substr(i, sign.size()) == sign) end = i + sign.size();
      }
      const bool known = std::string_view("+-*/^'=<>()[]|,:;?.").find(s[i]) != s.npos;
      if (!known && end == i + 1) return std::nullopt;
    }
    all.push_back({is, std::string(s.substr(i, end - i)), space, false});
    space = false;
    i = end;
  }
  all.push_back({Is::end, "", space, true});
  return all;
}

const std::map<std::string, const char*, std::less<>> greek{
    {"alpha", "α"}, {"beta", "β"},    {"delta", "δ"},  {"eps", "ε"},
    {"pi", "π"},    {"epsilon", "ε"}, {"lambda", "λ"}, {"inf", "∞"}};
/// Those that may stand before their argument without brackets.
const std::set<std::string, std::less<>> functions{
    "exp", "log",  "log1p", "expm1", "sin", "cos",  "tan",      "atan", "sinh", "cosh",    "tanh",
    "erf", "erfc", "sqrt",  "max",   "min", "sign", "softplus", "diag", "det",  "softmax", "var"};
/// Names of more than one letter that are quantities.
const std::set<std::string, std::less<>> names{"mean",   "variance", "logvar", "noise", "deviation",
                                               "values", "slope",    "mask",   "ddof",  "lo",
                                               "hi",     "KL",       "label"};

std::string mi(const std::string& name) { return "<mi>" + escape(name) + "</mi>"; }
std::string mo(const std::string& sign) { return "<mo>" + escape(sign) + "</mo>"; }
std::string row(const std::string& inside) { return "<mrow>" + inside + "</mrow>"; }

/// A quantity: its differential, its index, its Greek letter; nothing for a word of English.
std::optional<std::string> quantity(const std::string& word) {
  const std::size_t low = word.find('_');
  if (low != std::string::npos && low + 1 < word.size()) {
    const auto base = quantity(word.substr(0, low));
    const std::string index = word.substr(low + 1);
    const bool number = std::all_of(index.begin(), index.end(), digit);
    if (!base) return std::nullopt;
    std::string lowered;
    if (const auto named = quantity(index); named && !number) {
      lowered = *named;
    } else {
      for (const char c : index) {
        lowered += digit(c) ? fmt::format("<mn>{}</mn>", c) : mi(std::string(1, c));
      }
    }
    return fmt::format("<msub>{}{}</msub>", *base, row(lowered));
  }
  if (const auto sign = greek.find(word); sign != greek.end()) return mi(sign->second);
  if (word.size() == 1 || names.contains(word) || functions.contains(word)) return mi(word);
  const bool indexed = word.size() == 2 && digit(word[1]);
  if (indexed) return fmt::format("<msub>{}<mn>{}</mn></msub>", mi(word.substr(0, 1)), word[1]);
  if (word[0] != 'd') return std::nullopt;
  const std::string of = word.substr(1);
  const bool one = of.size() == 1 || (of.size() == 2 && digit(of[1]));
  if (!one && !names.contains(of)) return std::nullopt;
  return row("<mi mathvariant=\"normal\">d</mi>" + *quantity(of));
}

struct Part {
  std::string ml;
  bool matrix = false;  ///< ' transposes it
};

/// Thrown within this file where the text is not in the notation.
struct NotThis {};

class Parser {
 public:
  explicit Parser(std::vector<Token> all) : all_(std::move(all)) {}

  std::string whole() {
    std::string out = list("");
    if (now().is != Is::end) throw NotThis{};
    return out;
  }

 private:
  const Token& now() const { return all_[at_]; }
  const Token& next() const { return all_[std::min(at_ + 1, all_.size() - 1)]; }
  bool is(std::string_view sign) const { return now().is == Is::sign && now().text == sign; }
  bool take(std::string_view sign) {
    if (!is(sign)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view sign) {
    if (!take(sign)) throw NotThis{};
  }

  /// Statements, until a closing bracket.
  std::string list(std::string_view close) {
    std::string out;
    while (now().is != Is::end && !closes(close)) {
      static const std::map<std::string, const char*, std::less<>> between{
          {"=", "="}, {"<", "<"}, {">", ">"}, {"<=", "≤"}, {">=", "≥"}, {"!=", "≠"},
          {",", ","}, {";", ";"}, {":", ":"}, {"?", "?"},  {"||", "∥"}, {"->", "→"}};
      const auto sign = now().is == Is::sign ? between.find(now().text) : between.end();
      if (sign != between.end() && !opens_product()) {
        out += mo(sign->second);
        if (now().text == "," || now().text == ";") out += "<mspace width=\".35em\"/>";
        ++at_;
      } else {
        out += sum(close);
      }
    }
    return out;
  }
  bool closes(std::string_view close) const {
    return !close.empty() ? is(close) : (is(")") || is("]"));
  }
  /// <x, y>: less-than stands between spaces.
  bool opens_product() const { return is("<") && !now().before_space; }

  std::string sum(std::string_view close) {
    std::string out;
    if (is("-") || is("+")) out += mo(take("-") ? "−" : (++at_, "+"));
    out += term(close);
    while (is("+") || is("-")) {
      const bool minus = is("-");
      ++at_;
      out += mo(minus ? "−" : "+") + term(close);
    }
    return out;
  }

  bool starts_factor(std::string_view close) const {
    if (now().is == Is::word || now().is == Is::number) return true;
    if (is("|")) return close != "|";
    return is("(") || is("[") || opens_product() || is("...");
  }

  /// Factors side by side; a quotient takes all that stand before it.
  std::string term(std::string_view close) {
    std::string out;
    bool any = false, worded = false, long_before = false;
    for (;;) {
      if (is("/")) {
        if (!any) throw NotThis{};
        ++at_;
        const bool prose = now().is == Is::word && !quantity(now().text);
        const bool negative = take("-");
        std::string below = prose ? term(close) : factor(close, true);
        if (negative) below = mo("−") + below;
        out = fmt::format("<mfrac>{}{}</mfrac>", row(out), row(below));
        continue;
      }
      if (is("*") || (is(".") && now().after_space && now().before_space)) {
        out += mo(is("*") ? "·" : "⊙");
        ++at_;
        continue;
      }
      if (any && now().is == Is::word && now().text == "o" && next().is == Is::word) {
        out += mo("∘");
        ++at_;
        continue;
      }
      if (!starts_factor(close)) break;
      const bool word = is_prose();
      // Names of several letters need a space: dy x, 4 dy.
      const bool long_name = now().is == Is::word && now().text.size() > 1;
      if (any && !word && !worded) out += "<mo>⁢</mo>";
      if (any && (long_name || long_before)) out += "<mspace width=\".17em\"/>";
      long_before = long_name;
      out += factor(close, false);
      worded = word;
      any = true;
    }
    if (!any) throw NotThis{};
    return out;
  }

  bool is_prose() const { return now().is == Is::word && !quantity(now().text); }

  /// Words, or the signs that some of them stand for.
  std::string prose() {
    const auto word = [&](std::size_t ahead) {
      const std::size_t i = std::min(at_ + ahead, all_.size() - 1);
      return all_[i].is == Is::word ? all_[i].text : std::string();
    };
    if ((word(0) == "sum" || word(0) == "product") && word(1) == "of" && word(2) != "the") {
      const char* sign = word(0) == "sum" ? "∑" : "∏";
      at_ += 2;
      return mo(sign);
    }
    if (word(0) == "sum" && word(1) == "over" && word(2).size() == 1 && word(3) == "of") {
      const std::string index = word(2);
      at_ += 4;
      return fmt::format("<munder><mo>∑</mo>{}</munder>", mi(index));
    }
    std::string text;
    const auto article = [&] {  // "a row", not the quantity a
      return now().text == "a" && next().is == Is::word && !quantity(next().text);
    };
    while (is_prose() || article()) {
      text += (text.empty() ? "" : " ") + now().text;
      ++at_;
    }
    return fmt::format("<mtext> {} </mtext>", escape(text));
  }

  /// `bare`: below a fraction line, where brackets around the whole are not needed.
  std::string factor(std::string_view close, bool bare) {
    if (is_prose()) return prose();
    if (bare && is("(")) {
      const std::size_t start = at_;
      ++at_;
      std::string inside = list(")");
      expect(")");
      if (!is("^") && !is("'")) return inside;
      at_ = start;
    }
    return raised(primary(close), close);
  }

  std::string raised(const Part& base, std::string_view close) {
    std::string above;
    bool transposed = false;
    for (;;) {
      if (is("'") && !now().after_space) {
        ++at_;
        transposed = base.matrix;
        above += base.matrix ? mo("⊤") : mo("′");
      } else if (is("^")) {
        ++at_;
        const std::string power = exponent(close);
        const bool inverse = transposed && power == mo("−") + "<mn>1</mn>";
        above = inverse ? mo("−") + mo("⊤") : above + power;
      } else {
        break;
      }
    }
    return above.empty() ? base.ml : fmt::format("<msup>{}{}</msup>", base.ml, row(above));
  }

  /// What stands together without a space, so that e^-2|x| needs no brackets.
  std::string exponent(std::string_view close) {
    std::string out;
    if (take("-")) out += mo("−");
    if (take("(")) {
      out += list(")");
      expect(")");
      return out;
    }
    do {
      out += raised(primary(close), close);
    } while (!now().after_space && starts_factor(close) && !is_prose());
    return out;
  }

  std::string bracketed(const char* open, const char* inside_until, const char* close) {
    ++at_;
    std::string inside = list(inside_until);
    expect(inside_until);
    return row(mo(open) + inside + mo(close));
  }

  Part primary(std::string_view close) {
    if (take("...")) return {mo("…"), false};
    if (now().is == Is::number) return {"<mn>" + all_[at_++].text + "</mn>", false};
    if (is("(")) return {bracketed("(", ")", ")"), true};
    if (is("[")) return {bracketed("[", "]", "]"), false};
    if (is("|")) return {bracketed("|", "|", "|"), false};
    if (opens_product()) return {bracketed("⟨", ">", "⟩"), false};
    if (now().is != Is::word) throw NotThis{};
    return named(close);
  }

  Part named(std::string_view close) {
    const std::string word = all_[at_++].text;
    const auto known = quantity(word);
    if (!known) throw NotThis{};
    const bool called = is("(") && !now().after_space;
    if (called && word == "sqrt") {
      ++at_;
      const std::string inside = list(")");
      expect(")");
      return {"<msqrt>" + row(inside) + "</msqrt>", false};
    }
    if (called) return {row(*known + "<mo>⁡</mo>" + bracketed("(", ")", ")")), false};
    if (functions.contains(word)) return {applied(*known, close), false};
    return {*known, std::isupper(static_cast<unsigned char>(word[0])) != 0};
  }

  /// log x, cosh^2 x
  std::string applied(std::string name, std::string_view close) {
    if (take("^")) name = fmt::format("<msup>{}{}</msup>", name, row(exponent(close)));
    if (!starts_factor(close)) return name;
    return row(name + "<mo>⁡</mo><mspace width=\".17em\"/>" + factor(close, false));
  }

  std::vector<Token> all_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> mathml(std::string_view notation) {
  auto all = tokens(notation);
  if (!all) return std::nullopt;
  try {
    return Parser(std::move(*all)).whole();
  } catch (const NotThis&) {
    return std::nullopt;
  }
}

}  // namespace assay::report
