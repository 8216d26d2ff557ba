#include "replay.hpp"

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"
#include "stored.hpp"

namespace assay::program {

using namespace verify;

namespace {

[[noreturn]] void unknown(const Failure& stored, const std::string& file) {
  throw UsageError(
      fmt::format("{}: the operation '{}' is not in the library; is it in a --plugin, or in a test "
                  "program, to be replayed with ASSAY_REPLAY={}?",
                  file, stored.operation, file));
}

/// In a process of its own: it may be a crash.
std::optional<std::string> generate_again(const Failure& stored, const ReplayOptions& o) {
  VerifyOptions all;
  all.plugins = o.plugins;
  all.cases = std::max<std::uint64_t>(1, load_campaign_cases(o.file));
  SelectedCampaign selected = campaign_of(all);
  Campaign& c = selected.campaign;
  const std::optional<std::size_t> check = check_of(stored, c.checks);
  if (!check) unknown(stored, o.file.string());
  c.checks = {c.checks[*check]};
  c.stored = {stored_failure(selected, 0, o.file)};
  c.checks[0].cases = 0;
  c.faults.clear();
  const CampaignResult r = run(c, [](std::uint64_t, std::uint64_t, const std::string&) {});
  if (r.still_wrong.empty()) return std::nullopt;
  return r.checks[0].failures.front().message;
}

std::optional<std::string> try_values(const Failure& stored, const ReplayOptions& o) {
  const Everything all = everything({.cases = 1}, o.plugins);
  for (const auto& op : all.operations) {
    if (op->name != stored.operation) continue;
    const std::optional<Failure> now = verify::replay(*op, stored);
    return now ? std::optional(now->message) : std::nullopt;
  }
  unknown(stored, o.file.string());
}

}  // namespace

int replay_case(const ReplayOptions& options) {
  const Failure stored = load_failure(options.file);
  const std::optional<std::string> message =
      has_values(stored) ? try_values(stored, options) : generate_again(stored, options);
  if (message) {
    fmt::print("{}\n", *message);
    return 1;
  }
  fmt::print("{}<{}>: right on this case now (check {}, case {})\n", stored.operation,
             stored.scalar, stored.check, stored.at_case);
  return 0;
}

}  // namespace assay::program
