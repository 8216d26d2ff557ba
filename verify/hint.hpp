#pragma once
// The likely cause of a failure, where its numbers have the pattern of one.

#include <string>
#include <string_view>

#include "examine.hpp"

namespace assay::verify {

/// "x"; "a", "b", "input 2" of several.
std::string input_name(std::size_t arity, std::size_t k);

/// One sentence, or empty where the numbers show no pattern that is known. Runs the rule again at
/// the failing case, beside it, and at some other points; never throws.
std::string hint(const Operation& op, const Format& f, std::string_view check, const Case& c,
                 const Problem& p);

}  // namespace assay::verify
