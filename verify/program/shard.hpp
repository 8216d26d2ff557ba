#pragma once
// Which part of a campaign this process is to run.

#include <cstdint>
#include <string>

namespace assay::program {

struct Shard {
  std::uint64_t index = 0, count = 1;
  std::string from;  ///< where the number is from, for people; "" if it was not divided
};

/// `option` is i/n, the name of a launcher (to decide between two), or "": then the launcher whose
/// variables are set, or 0/1. Throws UsageError if variables of two launchers disagree, if half of
/// a pair is set, or if a value is no shard.
Shard find_shard(const std::string& option);

/// i/n with 0 <= i < n; UsageError naming `source` otherwise.
Shard parse_shard(const std::string& text, const std::string& source);

/// The table, as `assay verify --help` shows it.
std::string launchers();

}  // namespace assay::program
