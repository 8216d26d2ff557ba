#pragma once
// Files of fixtures/, compiled in (cmake/Embed.cmake writes the definitions).

#include <string_view>

namespace assay::fixtures {

std::string_view worked_examples();  ///< fixtures/golden/worked-examples.json
std::string_view digits_csv_gz();    ///< fixtures/data/digits.csv.gz

}  // namespace assay::fixtures
