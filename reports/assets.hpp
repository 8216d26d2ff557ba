#pragma once
// The files of assets/, embedded at build time.

#include <string_view>

namespace assay::report {

std::string_view page_mustache();
std::string_view page_css();
std::string_view page_js();

}  // namespace assay::report
