#pragma once
// Strings for people: escaping, numbers, floats in hexadecimal and decimal.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::report {

/// Control characters but newline and tab become their pictures (U+2400...), what is not UTF-8 or
/// not allowed in XML 1.0 becomes U+FFFD.
std::string printable(std::string_view);

/// Printable, and safe inside HTML and XML, as text and as a quoted attribute.
std::string escape(std::string_view);

/// A code span of Markdown; also safe inside a table cell.
std::string code_span(std::string_view);

/// A fenced block whose fence is longer than any run of backticks inside.
std::string fenced(std::string_view);

/// Plain text of Markdown: what would be markup is shown as it is.
std::string markdown_text(std::string_view);

/// A word of a POSIX shell.
std::string shell_word(const std::string&);

/// An identifier for an anchor; different names give different ones.
std::string slug(std::string_view);

/// 1234567 as 1 234 567, with narrow no-break spaces.
std::string grouped(std::uint64_t);

/// "1 case", "1 234 cases".
std::string plural(std::uint64_t, std::string_view one);

/// Three significant digits, 9.0×10¹⁵ beyond a million, ∞.
std::string ulp_text(double);

/// A claim as it was written: 4, 0.5.
std::string claim_text(double);

/// 10⁻³⁰⁰
std::string power_of_ten(int exponent);

/// The value of a hexadecimal float, or of inf and nan; nothing for rationals and wider numbers.
std::optional<double> hex_value(std::string_view);

/// Six significant digits of a hexadecimal float; nothing where hex_value gives nothing.
std::string decimal(std::string_view hex);

/// "a, b and 3 more"
std::string joined(const std::vector<std::string>&, std::size_t most,
                   std::string_view between = ", ");

/// At most so many bytes, cut between characters, with an ellipsis where something is left out.
std::string clipped(std::string_view, std::size_t most);

}  // namespace assay::report
