#include "report.hpp"

#include "experiments.hpp"
#include "html.hpp"
#include "junit.hpp"
#include "lcov.hpp"
#include "markdown.hpp"
#include "read.hpp"
#include "summary.hpp"
#include "write.hpp"

namespace assay::report {

void render(const Options& options) {
  const Campaign all = read_results(options.results);
  const Summary summary = summarize(all);
  CoverageInput coverage;
  if (options.coverage) {
    coverage.files = read_lcov(*options.coverage);
    relative_paths(*coverage.files);
  }
  std::error_code absent;
  coverage.genhtml = std::filesystem::is_regular_file(options.out / "coverage/index.html", absent);
  const Experiments experiments = read_experiments(options.out / "experiments");
  write_files(options.out, {{"index.html", html(all, summary, coverage, experiments)},
                            {"summary.md", markdown(all, summary)},
                            {"junit.xml", junit(all, summary)}});
}

}  // namespace assay::report
