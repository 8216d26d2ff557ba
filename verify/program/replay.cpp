#include "replay.hpp"

#include <fmt/format.h>

#include "commands.hpp"
#include "files.hpp"

namespace assay::program {

using namespace verify;

int replay_case(const ReplayOptions& options) {
  const Failure stored = load_failure(options.file);
  const Everything all = everything({.cases = 1}, options.plugins);
  for (const auto& op : all.operations) {
    if (op->name != stored.operation) continue;
    const std::optional<Failure> now = verify::replay(*op, stored);
    if (!now) {
      fmt::print("{}<{}>: right on this case now (check {}, case {})\n", stored.operation,
                 stored.scalar, stored.check, stored.at_case);
      return 0;
    }
    fmt::print("{}\n", now->message);
    return 1;
  }
  throw UsageError(
      fmt::format("{}: the operation '{}' is not in the library; is it in a --plugin, or in a test "
                  "program, to be replayed with ASSAY_REPLAY={}?",
                  options.file.string(), stored.operation, options.file.string()));
}

}  // namespace assay::program
