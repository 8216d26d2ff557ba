#pragma once
// Files of fixtures/, compiled in (cmake/Embed.cmake writes the definitions).

#include <string_view>

namespace assay::fixtures {

std::string_view worked_examples();  ///< fixtures/golden/worked-examples.json
std::string_view digits_csv_gz();    ///< fixtures/data/digits.csv.gz
std::string_view iris_csv();         ///< fixtures/data/iris.csv
std::string_view wine_csv();         ///< fixtures/data/wine_data.csv
std::string_view sklearn_pca();      ///< fixtures/sklearn/pca.json
/// fixtures/worst/derivatives.json
std::string_view worst_derivatives();
/// fixtures/worst/cases.json
std::string_view worst_cases();

}  // namespace assay::fixtures
