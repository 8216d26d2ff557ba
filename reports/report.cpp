#include "report.hpp"

#include "accuracy.hpp"
#include "html.hpp"
#include "junit.hpp"
#include "markdown.hpp"
#include "read.hpp"
#include "summary.hpp"
#include "write.hpp"

namespace assay::report {
namespace {

/// genhtml keeps the folders of a source but those that all share.
std::string page_of(const std::filesystem::path& out, const std::string& source) {
  std::error_code absent;
  for (std::size_t from = 0; from != std::string::npos;) {
    const std::string page = "coverage/" + source.substr(from) + ".gcov.html";
    if (std::filesystem::is_regular_file(out / page, absent)) return page;
    const std::size_t slash = source.find('/', from);
    from = slash == std::string::npos ? slash : slash + 1;
  }
  return {};
}

CoverageInput coverage_of(const Options& options, const std::string& commit) {
  CoverageInput coverage;
  if (!options.coverage) return coverage;
  coverage.why_not = coverage_of_another_commit(*options.coverage, commit);
  if (!coverage.why_not.empty()) return coverage;
  coverage.files = read_lcov(*options.coverage);
  relative_paths(*coverage.files);
  for (FileCoverage& file : *coverage.files) file.page = page_of(options.out, file.path);
  std::error_code absent;
  const auto uncovered = options.coverage->parent_path() / "uncovered.json";
  if (std::filesystem::exists(uncovered, absent)) coverage.uncovered = read_uncovered(uncovered);
  coverage.genhtml = std::filesystem::is_regular_file(options.out / "coverage/index.html", absent);
  return coverage;
}

Baseline baseline_of(const std::filesystem::path& file, const Campaign& now, double threshold) {
  const Campaign before = read_results({file});
  return {file.string(), commit_of(before.files.front().run), difference(before, now, threshold)};
}

}  // namespace

void render(const Options& options) {
  const Campaign all = read_results(options.results);
  const Summary summary = summarize(all);
  const std::string commit = commit_of(all.files.front().run);
  Surroundings around;
  around.coverage = coverage_of(options, commit);
  around.mutation = read_mutation(options.out / "mutation.json", commit);
  around.benchmarks = read_benchmarks(options.out / "bench.json", commit);
  around.experiments = read_experiments(options.out / "experiments");
  if (options.baseline) around.baseline = baseline_of(*options.baseline, all, options.threshold);
  write_files(options.out, {{"index.html", html(all, summary, around)},
                            {"summary.md", markdown(all, summary, around)},
                            {"junit.xml", junit(all, summary)},
                            {"accuracy.csv", accuracy_csv(all, summary)}});
}

}  // namespace assay::report
