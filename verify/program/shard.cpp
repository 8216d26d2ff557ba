#include "shard.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "files.hpp"

namespace assay::program {

using verify::UsageError;

namespace {

/// The variables by which a launcher numbers its processes.
struct Launcher {
  const char *name, *index, *count;
  const char *first, *step;  ///< of the indices; null: 0 and 1
  bool alone;                ///< the index may be set without the count: then nothing is
                             ///< divided
};

constexpr std::array table{
    Launcher{"gtest", "GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS", nullptr, nullptr, false},
    Launcher{"slurm-array", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
             "SLURM_ARRAY_TASK_STEP", false},
    // Every batch script is process 0 of its job, counted or not.
    Launcher{"slurm-step", "SLURM_PROCID", "SLURM_NTASKS", nullptr, nullptr, true},
    Launcher{"open-mpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", nullptr, nullptr, false},
    Launcher{"pmi", "PMI_RANK", "PMI_SIZE", nullptr, nullptr, false},
    // Kubernetes sets the index only; the manifest must repeat spec.completions.
    Launcher{"kubernetes", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", nullptr, nullptr, false},
};

const char* variable(const char* name) {
  const char* value = name ? std::getenv(name) : nullptr;
  return value && *value ? value : nullptr;
}

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t n = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, n);
  return error == std::errc{} && at == end ? std::optional(n) : std::nullopt;
}

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* value = variable(name);
  if (!value) return otherwise;
  if (const auto n = whole(value)) return *n;
  throw UsageError(fmt::format("{}={}: a whole number is expected", name, value));
}

/// What a launcher's variables say, if they are set.
std::optional<Shard> shard_of(const Launcher& l) {
  const char *index = variable(l.index), *count = variable(l.count);
  if (!index || (!count && l.alone)) return std::nullopt;
  if (!count) {
    throw UsageError(
        fmt::format("{}={} is set and {} is not: set it to the number of shards, or give --shard",
                    l.index, index, l.count));
  }
  Shard s;
  s.count = number(l.count, 1);
  const std::uint64_t given = number(l.index, 0), first = number(l.first, 0);
  const std::uint64_t step = number(l.step, 1);
  s.from = fmt::format("from {}={} and {}={}", l.index, index, l.count, count);
  for (const char* name : {l.first, l.step}) {
    if (const char* value = variable(name)) s.from += fmt::format(", {}={}", name, value);
  }
  const bool placed = step > 0 && given >= first && (given - first) % step == 0;
  s.index = placed ? (given - first) / step : s.count;
  if (s.index >= s.count) {
    throw UsageError(fmt::format("the shard {}: that is not one of {}", s.from, s.count));
  }
  return s;
}

/// All that are set. One process of one divides nothing and contradicts nobody.
std::optional<Shard> from_environment() {
  std::vector<Shard> found;
  for (const Launcher& l : table) {
    const auto s = shard_of(l);
    if (s && s->count > 1) found.push_back(*s);
  }
  if (found.empty()) return std::nullopt;
  for (const Shard& s : found) {
    if (s.index == found[0].index && s.count == found[0].count) continue;
    throw UsageError(fmt::format(
        "two launchers number this process: shard {}/{} {}, but shard {}/{} {}; give --shard with "
        "i/n or with one of the names {}",
        found[0].index, found[0].count, found[0].from, s.index, s.count, s.from, launchers()));
  }
  return found[0];
}

}  // namespace

Shard parse_shard(const std::string& text, const std::string& source) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const auto i = whole(std::string_view(text).substr(0, slash));
    const auto n = whole(std::string_view(text).substr(slash + 1));
    if (i && n && *i < *n) return {*i, *n, *n > 1 ? "from " + source : ""};
  }
  throw UsageError(fmt::format("{} {}: it must be i/n with 0 <= i < n, such as 0/4", source, text));
}

Shard find_shard(const std::string& option) {
  if (option.empty()) return from_environment().value_or(Shard{});
  for (const Launcher& l : table) {
    if (option != l.name) continue;
    if (const auto s = shard_of(l)) return *s;
    throw UsageError(fmt::format("--shard {}: {} is not set", option, l.index));
  }
  return parse_shard(option, "--shard");
}

std::string launchers() {
  std::vector<std::string> names;
  for (const Launcher& l : table) names.emplace_back(l.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace assay::program
