#pragma once
// The commands of the program. Each returns the exit code; UsageError means 2.

#include <filesystem>
#include <string>
#include <vector>

#include "campaign.hpp"

namespace assay::program {

/// Everything there is to verify: the library, its claims, the golden values, and plugins.
struct Everything {
  std::vector<std::shared_ptr<const verify::Operation>> operations;
  std::vector<verify::Check> checks;
};
Everything everything(const verify::Plan& plan, const std::vector<std::string>& plugins);

/// Operations of shared libraries made with ASSAY_OPERATIONS.
std::vector<verify::Operation> load_plugin(const std::string& file);

struct ListOptions {
  bool json = false;
  std::filesystem::path results = "reports/out/results.jsonl";  ///< where measured errors are from
  std::vector<std::string> plugins;
};
int list(const ListOptions& options);

struct VerifyOptions {
  std::vector<std::string> patterns;
  std::vector<std::string> scalars;
  std::vector<std::string> plugins;
  std::uint64_t cases = 1000;
  std::uint64_t seed = 42;
  unsigned jobs = 0;  ///< 0: as many as there are processors
  std::string shard;  ///< i/n, a launcher's name, or empty: as the environment says
  double timeout = 600;
  std::filesystem::path out = "reports/out";
  bool exhaustive = false;
};
/// Every float of the elementwise operations of one input that the patterns select.
int verify_exhaustively(const VerifyOptions& options);
int verify_all(const VerifyOptions& options);

struct FaultsOptions {
  std::vector<std::string> patterns;
  std::vector<std::string> scalars;
  std::vector<std::string> plugins;
  std::vector<std::uint64_t> classes;  ///< none: all
  std::uint64_t cases = 1000;
  std::uint64_t seed = 42;
  unsigned jobs = 0;  ///< 0: as many as there are processors
  double timeout = 600;
  bool details = false;
  bool json = false;
  bool sensitivity = false;  ///< measures that instead of planting
  std::uint64_t sensitivity_cases = 100;
  std::filesystem::path out = "reports/out";
};
int plant_faults(const FaultsOptions& options);

struct MergeOptions {
  std::vector<std::filesystem::path> shards;
  std::filesystem::path out = "reports/out";
};
int merge_shards(const MergeOptions& options);

struct CompareOptions {
  std::filesystem::path before, after;
  double threshold = 0.5;  ///< by which the worst error of a check may grow, in its unit
  bool json = false;
};
int compare(const CompareOptions& options);

struct ReplayOptions {
  std::filesystem::path file;
  std::vector<std::string> plugins;
};
int replay_case(const ReplayOptions& options);

struct ReportOptions {
  std::vector<std::filesystem::path> results;
  std::filesystem::path coverage, baseline;
  double threshold = 0.5;  ///< by which a worst error may have grown, in its unit
  std::filesystem::path out = "reports/out";
};
int report(const ReportOptions& options);

}  // namespace assay::program
