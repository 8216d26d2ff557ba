#include "stored.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "files.hpp"
#include "replay.hpp"

namespace assay::program {

using namespace verify;
namespace fs = std::filesystem;

namespace {

/// From its number, where there are no values (a crash) or no examination of values alone.
std::function<std::optional<Failure>()> again(const Check& check, const Failure& f,
                                              const fs::path& file, std::uint64_t cases) {
  const std::uint64_t found_in = load_campaign_cases(file);
  if (!check.whole && found_in != cases) {
    throw UsageError(
        fmt::format("{}: it is case {} of a campaign with --cases {}, and cases depend on that",
                    file.string(), f.at_case, found_in));
  }
  return [check, f]() -> std::optional<Failure> {
    CheckResult r = check.blank;
    check.run(f.at_case, f.seed, r);
    if (r.failures.empty()) return std::nullopt;
    return r.failures.front();
  };
}

}  // namespace

bool has_values(const Failure& f) { return !f.inputs.empty() && examination(f.check) != nullptr; }

StoredFailure stored_failure(const SelectedCampaign& selected, std::size_t check,
                             const fs::path& file) {
  const Campaign& c = selected.campaign;
  StoredFailure s{check, file.string(), load_failure(file), {}};
  if (!has_values(s.failure)) {
    s.replay = again(c.checks[check], s.failure, file, c.cases);
    return s;
  }
  for (const auto& op : selected.operations) {
    if (op->name != s.failure.operation) continue;
    require_replayable(*op, s.failure);
    s.replay = [op, f = s.failure] { return replay(*op, f); };
    return s;
  }
  throw UsageError(fmt::format("{}: '{}' is not an operation", file.string(), s.failure.operation));
}

std::optional<std::size_t> check_of(const Failure& f, const std::vector<Check>& checks) {
  std::optional<std::size_t> found;
  for (std::size_t k = 0; k < checks.size(); ++k) {
    const CheckResult& c = checks[k].blank;
    if (c.subject != f.operation || c.check != f.check) continue;
    if (c.scalar == f.scalar) return k;
    // What is checked in high precision or over the rationals has its inputs in double.
    if (c.scalar != "float" && c.scalar != "double") found = k;
  }
  return found;
}

std::vector<std::string> add_stored(SelectedCampaign& selected, const fs::path& folder) {
  std::vector<std::string> unusable;
  std::vector<fs::path> files;
  std::error_code none;
  for (const fs::directory_entry& e : fs::directory_iterator(folder, none)) {
    if (e.path().extension() == ".json") files.push_back(e.path());
  }
  std::sort(files.begin(), files.end());
  Campaign& c = selected.campaign;
  for (const fs::path& file : files) {
    const std::optional<std::size_t> check = check_of(load_failure(file), c.checks);
    if (!check) continue;  // of what was not selected
    try {
      c.stored.push_back(stored_failure(selected, *check, file));
    } catch (const UsageError& e) {
      unusable.emplace_back(e.what());
    }
  }
  return unusable;
}

void print_stored(const Campaign& c, const CampaignResult& r,
                  const std::vector<std::string>& unusable, const fs::path& folder) {
  if (c.stored.empty() && unusable.empty()) return;
  fmt::print("{} stored failures of {} were tried first: {} fail again, {} are right now{}\n",
             c.stored.size(), folder.string(), r.still_wrong.size(),
             c.stored.size() - r.still_wrong.size(),
             c.stored.size() > r.still_wrong.size() ? " (kept; delete a file to forget it)" : "");
  for (const std::string& file : r.still_wrong) fmt::print("  fails again: {}\n", file);
  for (const std::string& why : unusable) fmt::print("  not tried: {}\n", why);
  fmt::print("\n");
}

}  // namespace assay::program
