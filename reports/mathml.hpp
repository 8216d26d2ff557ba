#pragma once
// The one-line notation of the operations' comments as MathML.

#include <optional>
#include <string>
#include <string_view>

namespace assay::report {

/// "dx = dy s(x) s(-x)" as the inside of a <math> element, escaped; nothing where the text is not
/// in the notation (brackets that do not match, signs that it does not have).
///
/// Juxtaposition multiplies, and / takes all factors before it; e^-x and x_ij raise and lower; A'
/// is transposed, t' derived; dx is a gradient; [x > 0] is 1 or 0; |x|, <x, y>; `o` and ` . `
/// multiply element by element; "sum of", "sum over j of" and "product of" are signs, other words
/// stay words.
std::optional<std::string> mathml(std::string_view notation);

}  // namespace assay::report
