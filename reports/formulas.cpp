#include "formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <regex>

#include "assets.hpp"

namespace assay::report {
namespace {

using Lines = std::vector<std::string>;

/// What stands above a struct, and what it declares.
struct Declared {
  Lines comment;
  std::string domain;
};

bool starts(std::string_view s, std::string_view with) { return s.substr(0, with.size()) == with; }

/// Every string literal of a declaration: an operation over axes has a name for each.
Lines literals(std::string_view code) {
  Lines all;
  for (std::size_t open = code.find('"'); open != code.npos; open = code.find('"', open + 1)) {
    const std::size_t close = code.find('"', open + 1);
    if (close == code.npos) break;
    all.emplace_back(code.substr(open + 1, close - open - 1));
    open = close;
  }
  return all;
}

/// By the names of the operations.
std::map<std::string, Declared> declared(std::string_view headers) {
  std::map<std::string, Declared> all;
  Lines block, names;
  Lines comment;
  bool open = false;  // the comment's last line was just before
  while (!headers.empty()) {
    const std::size_t newline = headers.find('\n');
    const std::string_view line = headers.substr(0, newline);
    std::size_t taken = line.size() + 1;
    if (starts(line, "///")) {
      if (!open) block.clear();
      open = true;
      block.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
    } else if (starts(line, "struct ")) {
      comment = open ? block : Lines{};
      open = false;
      names.clear();
    } else if (starts(line, " ")) {
      const std::size_t end = headers.find(';');
      const std::string_view code = headers.substr(0, end);
      if (end != headers.npos) taken = end + 1;
      const std::size_t equals = code.find('=');
      const bool is_name = code.find(" name ") < equals;
      if (is_name) {
        names = literals(code);
        for (const std::string& name : names) all.try_emplace(name, Declared{comment, ""});
      } else if (equals != code.npos) {
        for (const std::string& name : names) all[name].domain = code.substr(equals + 1);
      }
    } else if (!starts(line, "template")) {
      open = false;
    }
    headers.remove_prefix(std::min(taken, headers.size()));
  }
  return all;
}

/// Columns of a line, four spaces or more between them.
Lines columns(const std::string& line) {
  static const std::regex gap(" {4,}");
  Lines all;
  for (std::sregex_token_iterator at(line.begin(), line.end(), gap, -1), end; at != end; ++at) {
    if (at->length() > 0) all.push_back(*at);
  }
  return all;
}

/// Undoes the wrapping: a line goes on where the first word of the next would not have fitted.
Lines unwrapped(const Lines& comment) {
  constexpr std::size_t width = 100 - 4;  // behind "/// "
  Lines all;
  std::size_t last = 0;  // length of the line before, as it was
  for (const std::string& line : comment) {
    const std::size_t word = std::min(line.find(' '), line.size());
    const bool full = last > 0 && last + 1 + word > width;
    // A capital behind a remark in brackets, or behind columns, begins another.
    const bool sentence = !all.empty() && !line.empty() &&
                          (all.back().ends_with(')') || columns(all.back()).size() > 1) &&
                          std::isupper(static_cast<unsigned char>(line.front()));
    if (!all.empty() && !line.empty() && line.front() != ' ' && full && !sentence) {
      all.back() += " " + line;
    } else {
      all.push_back(line);
    }
    last = line.size();
  }
  return all;
}

bool is_formula(const std::string& text) {
  static const std::regex left(
      R"((\[?[A-Za-z][A-Za-z0-9]{0,10}(_[a-z0-9]+)?'?(\([^()]{1,14}\))?'?)( [|] V\])?( =|, d[A-Za-z]+ =|\^-1 =).*)");
  static const std::regex sum(R"(\([A-Z] \+ [A-Z]'\)/2 = .*)");
  return std::regex_match(text, left) || std::regex_match(text, sum);
}

/// "x > 0", "0 < eps <= 1", "0 at x = 0", "empty: 1"
bool is_condition(const std::string& text) {
  static const std::regex relation(
      R"([-0-9a-z^ .|]{1,12} (<|>|<=|>=|!=) [-0-9a-z^ .<=]{1,14}|[-+a-z0-9]{1,12} (at|where) .{1,20}|empty: .*)");
  return text.size() < 48 && std::regex_match(text, relation);
}

/// A formula may be followed by a sentence.
void divide(const std::string& text, Description& d) {
  const std::size_t stop = text.find(". ");
  const bool sentence = stop != std::string::npos && stop + 2 < text.size() &&
                        std::isupper(static_cast<unsigned char>(text[stop + 2]));
  std::string formula = text.substr(0, sentence ? stop : std::string::npos);
  while (!formula.empty() && (formula.back() == ',' || formula.back() == ' ')) formula.pop_back();
  d.formulas.push_back(formula);
  if (sentence) d.remarks.push_back(text.substr(stop + 2));
}

Description described(const Declared& of) {
  Description d;
  d.domain = domain_words(of.domain);
  bool formulas_over = false;
  for (const std::string& line : unwrapped(of.comment)) {
    const Lines parts = columns(line);
    bool any = false;
    for (const std::string& part : parts) {
      const bool formula = is_formula(part);
      if (!formulas_over && (formula || (any && is_condition(part)))) {
        divide(part, d);
        any = true;
      } else {
        d.remarks.push_back(part);
      }
    }
    if (!any && !d.formulas.empty()) formulas_over = true;
  }
  return d;
}

// --- the domain ---------------------------------------------------------------------------------

std::string trimmed(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back()))) s.remove_suffix(1);
  return std::string(s);
}

/// Arguments between brackets that open at `at`, which moves behind them.
std::optional<Lines> arguments(std::string_view code, std::size_t& at) {
  if (at >= code.size() || code[at] != '(') return std::nullopt;
  Lines all{""};
  int depth = 0;
  for (; at < code.size(); ++at) {
    const char c = code[at];
    if (c == '(' && depth++ == 0) continue;
    if (c == ')' && --depth == 0) {
      ++at;
      for (std::string& each : all) each = trimmed(each);
      return all;
    }
    if (c == ',' && depth == 1) {
      all.emplace_back();
    } else {
      all.back() += c;
    }
  }
  return std::nullopt;
}

std::string bound(const std::string& code) {
  static const std::map<std::string, const char*> known{
      {"std::numeric_limits<double>::infinity()", "∞"},
      {"-std::numeric_limits<double>::infinity()", "−∞"},
      {"std::numbers::pi / 2", "π/2"},
      {"-std::numbers::pi / 2", "−π/2"}};
  const auto found = known.find(code);
  if (found != known.end()) return found->second;
  static const std::regex power("(-?)0x1p([0-9]+)");
  std::smatch match;
  if (std::regex_match(code, match, power)) {
    return fmt::format("{}2^{}", match[1].length() ? "−" : "", match[2].str());
  }
  return code;
}

std::string interval(const std::string& code) {
  if (code == "all_reals") return "all numbers";
  if (code == "exact") return "all numbers, not moved";
  if (code == "log_variances") return "logarithms of variances";
  const std::size_t bracket = code.find('(');
  std::size_t at = bracket;
  const auto inside = arguments(code, at);
  const std::string form = code.substr(0, std::min(bracket, code.size()));
  if (!inside || at != code.size()) return code;
  if (form == "exact" && inside->size() == 1) return interval(inside->front()) + ", not moved";
  if (inside->size() != 2) return code;
  if (form == "open") return fmt::format("({}, {})", bound((*inside)[0]), bound((*inside)[1]));
  if (form == "closed") return fmt::format("[{}, {}]", bound((*inside)[0]), bound((*inside)[1]));
  return code;
}

/// What follows the intervals: ".kink(0, 0)".
std::optional<std::string> exception(const std::string& name, const Lines& a) {
  if (name == "kink" && a.size() == 2) {
    return fmt::format("kink at {}, where the derivative is {}", a[0], a[1]);
  }
  if (name == "except" && a.size() == 1) {
    return fmt::format("kink at {}, where any slope between the two sides will do", a[0]);
  }
  if (name == "ties" && a.size() == 1) {
    return a[0] == "first" ? "of equal elements the first has the derivative"
                           : "equal elements share the derivative";
  }
  if (name == "without" && a.size() == 1) return "without " + a[0];
  if (name == "without" && a.size() == 2) {
    return fmt::format("without {} in the {} input", a[0], a[1] == "0" ? "first" : "second");
  }
  return std::nullopt;
}

/// A loss over a batch is described by its terms.
Description found_in(const std::map<std::string, Declared>& all, std::string name) {
  for (const std::string_view reduction : {"_mean", "_sum"}) {
    if (all.contains(name) || !name.ends_with(reduction)) continue;
    name.erase(name.rfind(reduction));
  }
  const auto found = all.find(name);
  return found == all.end() ? Description{} : described(found->second);
}

}  // namespace

std::string domain_words(std::string_view given) {
  const std::string code = trimmed(given);
  std::size_t at = 2;
  if (!starts(code, "on")) return code;
  const auto inputs = arguments(code, at);
  if (!inputs) return code;
  std::string words;
  for (const std::string& input : *inputs) words += (words.empty() ? "" : " × ") + interval(input);
  while (at < code.size()) {
    const std::size_t bracket = code.find('(', at);
    if (code[at] != '.' || bracket == std::string::npos) return code;
    const std::string name = code.substr(at + 1, bracket - at - 1);
    at = bracket;
    const auto with = arguments(code, at);
    const auto said = with ? exception(name, *with) : std::nullopt;
    if (!said) return code;
    words += "; " + *said;
  }
  return words;
}

Description description(std::string_view headers, const std::string& operation) {
  return found_in(declared(headers), operation);
}

Description description(const std::string& operation) {
  static const auto all = declared(operation_headers());
  return found_in(all, operation);
}

}  // namespace assay::report
