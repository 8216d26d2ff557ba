#include "reports/report.hpp"

#include <fmt/format.h>

#include "commands.hpp"

namespace assay::program {

int report(const ReportOptions& options) {
  report::Options o;
  o.results = options.results;
  if (!options.coverage.empty()) o.coverage = options.coverage;
  o.out = options.out;
  report::render(o);
  fmt::print("{}\n", (options.out / "index.html").string());
  return 0;
}

}  // namespace assay::program
