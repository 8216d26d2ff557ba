#pragma once
// Contenders on the same workload, timed interleaved; what counts are ratios of medians.

#include <functional>
#include <string>
#include <vector>

namespace assay::bench {

struct Timed {
  std::string workload;
  std::string name;
  std::function<void()> step;
  /// Instead of a step, one that times itself and returns the seconds: of another process.
  std::function<double()> own_clock = {};
};

/// Times all with Google Benchmark, whose flags argv may hold; repetitions are interleaved at
/// random unless those say otherwise. Then prints, for each workload, the median of every
/// contender and its ratio to the first. Returns the exit code.
int run(int argc, char** argv, const std::vector<Timed>& contenders);

/// compare(argc, argv), or 1 with the message of what it throws.
int guarded(const char* program, int (*compare)(int, char**), int argc, char** argv);

}  // namespace assay::bench
