#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace assay::report {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

/// The length of the UTF-8 character at the front that XML 1.0 allows, 0 if there is none.
std::size_t character(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() < length) return 0;
  std::uint32_t code = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return 0;
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF || code == 0xFFFE || code == 0xFFFF) return 0;
  return length;
}

std::size_t longest_run(std::string_view s, char c) {
  std::size_t longest = 0, run = 0;
  for (const char each : s) {
    run = each == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

std::string superscript(int n) {
  static constexpr std::array digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = n < 0 ? "⁻" : "";
  for (const char digit : std::to_string(std::abs(n))) {
    out += digits[static_cast<std::size_t>(digit - '0')];
  }
  return out;
}

}  // namespace

std::string printable(std::string_view s) {
  std::string out;
  out.reserve(s.size() + s.size() / 8);
  while (!s.empty()) {
    const std::size_t length = character(s);
    const char c = s.front();
    if (length == 0) {
      out += replacement;
    } else if (c == 0x7F) {
      out += "\xE2\x90\xA1";  // the picture of DEL
    } else if (length == 1 && c < 0x20 && c != '\n' && c != '\t') {
      out += "\xE2\x90";
      out += static_cast<char>(0x80 + c);
    } else {
      out += s.substr(0, length);
    }
    s.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string escape(std::string_view s) {
  std::string out;
  for (const char c : printable(s)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string code_span(std::string_view s) {
  std::string inside;
  for (const char c : s) {
    if (c == '|') inside += '\\';
    inside += c == '\n' || c == '\r' ? ' ' : c;
  }
  const std::string fence(longest_run(s, '`') + 1, '`');
  const bool pad = s.empty() || s.front() == '`' || s.back() == '`';
  return fence + (pad ? " " : "") + inside + (pad ? " " : "") + fence;
}

std::string fenced(std::string_view s) {
  const std::string fence(std::max<std::size_t>(3, longest_run(s, '`') + 1), '`');
  const bool ends = !s.empty() && s.back() == '\n';
  return fmt::format("{}text\n{}{}{}\n", fence, s, ends ? "" : "\n", fence);
}

std::string markdown_text(std::string_view s) {
  std::string out;
  for (const char c : s) {
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else if (c == '@') {
      out += "&#64;<!-- -->";  // no one is to be notified by a report
    } else {
      if (std::string_view("\\`*_[]<>|&#~$!").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string shell_word(const std::string& s) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=+,@%").find(c) != std::string_view::npos;
  };
  if (!s.empty() && std::all_of(s.begin(), s.end(), plain)) return s;
  std::string out = "'";
  for (const char c : s) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string slug(std::string_view s) {
  std::string out;
  for (const char c : s) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '-';
    if (plain) {
      out += c;
    } else {
      out += fmt::format(".{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3;) {
    i -= 3;
    digits.insert(i, "\xE2\x80\xAF");  // narrow no-break space
  }
  return digits;
}

std::string plural(std::uint64_t n, std::string_view one) {
  return fmt::format("{} {}{}", grouped(n), one, n == 1 ? "" : "s");
}

std::string ulp_text(double ulp) {
  if (std::isinf(ulp)) return "∞";
  if (ulp == 0) return "0";
  if (ulp < 0.001) return "<0.001";
  if (ulp < 1) return fmt::format("{:.3f}", ulp);
  if (ulp < 10) return fmt::format("{:.2f}", ulp);
  if (ulp < 100) return fmt::format("{:.1f}", ulp);
  if (ulp < 1e6) return grouped(static_cast<std::uint64_t>(std::llround(ulp)));
  const std::string scientific = fmt::format("{:.1e}", ulp);
  const std::size_t e = scientific.find('e');
  return scientific.substr(0, e) + "×" + power_of_ten(std::stoi(scientific.substr(e + 1)));
}

std::string claim_text(double claim) {
  return std::isinf(claim) ? "∞" : fmt::format("{:g}", claim);
}

std::string power_of_ten(int exponent) { return "10" + superscript(exponent); }

std::optional<double> hex_value(std::string_view s) {
  if (s == "inf") return std::numeric_limits<double>::infinity();
  if (s == "-inf") return -std::numeric_limits<double>::infinity();
  if (s == "nan") return std::numeric_limits<double>::quiet_NaN();
  const bool negative = !s.empty() && s.front() == '-';
  if (negative || (!s.empty() && s.front() == '+')) s.remove_prefix(1);
  if (s.size() < 3 || s[0] != '0' || (s[1] != 'x' && s[1] != 'X')) return std::nullopt;
  s.remove_prefix(2);
  double value = 0;
  const auto [end, error] =
      std::from_chars(s.data(), s.data() + s.size(), value, std::chars_format::hex);
  if (error != std::errc{} || end != s.data() + s.size()) return std::nullopt;
  return negative ? -value : value;
}

std::string decimal(std::string_view hex) {
  const auto value = hex_value(hex);
  return value ? fmt::format("{:.6g}", *value) : "";
}

std::string joined(const std::vector<std::string>& items, std::size_t most,
                   std::string_view between) {
  std::string out;
  const std::size_t shown = std::min(items.size(), most);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i) out += between;
    out += items[i];
  }
  if (shown < items.size()) out += fmt::format(" and {} more", grouped(items.size() - shown));
  return out;
}

std::string clipped(std::string_view s, std::size_t most) {
  if (s.size() <= most) return std::string(s);
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(s[end]) & 0xC0u) == 0x80u) --end;
  return std::string(s.substr(0, end)) + "…";
}

}  // namespace assay::report
