#include <fmt/format.h>

#include "campaign_of.hpp"
#include "files.hpp"
#include "reports/difference.hpp"
#include "reports/read.hpp"

namespace assay::program {

using verify::Json, verify::UsageError;

namespace {

report::Campaign read(const std::filesystem::path& path, std::vector<std::string>& incomplete) {
  report::Campaign c = report::read_results({path});
  const report::File& file = c.files.front();
  if (!file.run.shard.ends_with("/1")) {
    throw UsageError(fmt::format("{}: it holds shard {} only; join the shards with `assay merge`",
                                 path.string(), file.run.shard));
  }
  if (!file.end) incomplete.push_back(fmt::format("{}: the run did not finish", path.string()));
  return c;
}

Json as_json(const report::Difference& found, const CompareOptions& o, const std::string& verdict,
             const std::vector<std::string>& incomplete) {
  Json j{{"old", o.before.string()},
         {"new", o.after.string()},
         {"threshold", o.threshold},
         {"verdict", verdict},
         {"incomplete", incomplete}};
  for (const report::Findings* l : found.all()) j[l->name] = l->lines;
  return j;
}

}  // namespace

int compare(const CompareOptions& o) {
  if (!(o.threshold >= 0)) {
    throw UsageError(fmt::format("--threshold {}: a number that is not negative", o.threshold));
  }
  std::vector<std::string> incomplete;
  const report::Campaign before = read(o.before, incomplete);
  const report::Campaign after = read(o.after, incomplete);
  const report::Difference found = report::difference(before, after, o.threshold);
  const int exit = found.worse() > 0 ? 1 : incomplete.empty() ? 0 : 3;
  const std::string verdict = exit == 1 ? "worse" : exit == 0 ? "not worse" : "incomplete";
  if (o.json) {
    fmt::print("{}\n", as_json(found, o, verdict, incomplete).dump(1));
    return exit;
  }
  fmt::print(
      "{} checks of {} with {} of {}; an error is larger if it grew by more than {} of its unit\n",
      after.checks.size(), o.after.string(), before.checks.size(), o.before.string(), o.threshold);
  for (const report::Findings* l : found.all()) {
    if (l->lines.empty()) continue;
    fmt::print("\n{} ({})\n", l->name, l->lines.size());
    for (const std::string& line : l->lines) fmt::print("  {}\n", line);
  }
  for (const std::string& line : incomplete) fmt::print("\nincomplete: {}\n", line);
  fmt::print("\n{}\n", verdict);
  return exit;
}

}  // namespace assay::program
