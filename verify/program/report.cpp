#include "reports/report.hpp"

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"

namespace assay::program {

int report(const ReportOptions& options) {
  if (!(options.threshold >= 0)) {
    throw verify::UsageError(
        fmt::format("--threshold {}: a number that is not negative", options.threshold));
  }
  report::Options o;
  o.results = options.results;
  if (!options.coverage.empty()) o.coverage = options.coverage;
  if (!options.baseline.empty()) o.baseline = options.baseline;
  o.threshold = options.threshold;
  o.out = options.out;
  report::render(o);
  fmt::print("{}\n", (options.out / "index.html").string());
  return 0;
}

}  // namespace assay::program
