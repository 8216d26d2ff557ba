#pragma once
// The files of assets/, embedded at build time.

#include <string_view>

namespace assay::report {

std::string_view page_mustache();
std::string_view accuracy_mustache();  ///< parts of the page
std::string_view evidence_mustache();
std::string_view measured_mustache();
std::string_view page_css();
std::string_view page_js();
/// What the headers of the operations say of them, as cmake/Formulas.cmake writes it.
std::string_view operation_headers();

}  // namespace assay::report
