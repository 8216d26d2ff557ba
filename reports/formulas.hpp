#pragma once
// What the headers of the operations say of them: formulas, conditions, domain, conventions.
// Their text is embedded when the renderer is built; nothing of the library is compiled in.

#include <string>
#include <string_view>
#include <vector>

namespace assay::report {

struct Description {
  std::vector<std::string> formulas;  ///< "y = x^2", "x > 0": one line each
  std::vector<std::string> remarks;   ///< sentences: conventions, why it is computed so
  std::string domain;                 ///< in words, or ""
};

/// Of the operation that `assay list` shows under the name; empty for those of plugins.
/// `bce_mean` has the description of `bce` if it has none of its own.
Description description(const std::string& operation);

/// The same from text in the form of cmake/Formulas.cmake.
Description description(std::string_view headers, const std::string& operation);

/// "on(all_reals).kink(0, 0)" in words; as it stands where it is of another form.
std::string domain_words(std::string_view code);

}  // namespace assay::report
