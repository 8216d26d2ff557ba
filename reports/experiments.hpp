#pragma once
// The result files of the experiments (lib/examples/README.md), as types and read strictly.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace assay::report {

struct PlotAxis {
  std::string label;
  bool logarithmic = false;
};

/// `values` may hold NaN and infinities; `low` and `high` are empty or as long.
struct CurveSeries {
  std::string name;
  std::vector<double> values, low, high;
  bool dashed = false;
};
struct Curve {
  PlotAxis x, y;
  std::vector<double> at;  ///< x of each value
  std::vector<CurveSeries> series;
};

struct ScatterSeries {
  std::string name;
  std::vector<double> x, y;
};
struct Scatter {
  PlotAxis x, y;
  std::vector<ScatterSeries> series;
};

/// Images of one size with a level from 0 to 255 for each pixel, line by line.
struct Images {
  std::uint64_t width = 0, height = 0, columns = 0;
  bool diverging = false;
  std::vector<std::string> rows;  ///< names of the rows, or nothing
  std::vector<std::vector<std::uint8_t>> images;
};

struct ExperimentPlot {
  std::string title, about;
  std::variant<Curve, Scatter, Images> content;
};

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct Experiment {
  std::string file, name, about;
  NamedTexts options, figures;
  std::vector<ExperimentPlot> plots;  ///< also those of `epochs`, last
};

struct Experiments {
  std::vector<Experiment> all;          ///< by file name
  std::vector<std::string> unreadable;  ///< for each file that is not as it should be: why
};

/// One file. Throws InputError with the file and the field.
Experiment read_experiment(const std::filesystem::path&);
/// Every NAME.json of the folder, which need not exist.
Experiments read_experiments(const std::filesystem::path& folder);

/// The drawing alone; colours come from the style sheet, series i has the class s(i mod 10).
std::string curve_svg(const Curve&, const std::string& title, const std::string& about);
std::string scatter_svg(const Scatter&, const std::string& title, const std::string& about);

/// Images [first, first + count) side by side with a gap of one pixel, as a PNG.
struct Picture {
  std::string png;
  std::uint64_t width = 0, height = 0;  ///< in pixels
};
Picture picture(const Images&, std::size_t first, std::size_t count);
/// "data:image/png;base64,..."
std::string data_uri(const std::string& png);

}  // namespace assay::report
