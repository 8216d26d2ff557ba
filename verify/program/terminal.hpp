#pragma once
// What people see while a campaign runs, and when it ends.

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "campaign.hpp"

namespace assay::program {

/// A line that rewrites itself on a terminal; a plain line every tenth elsewhere. To stderr.
class ProgressLine {
 public:
  ProgressLine();
  void operator()(std::uint64_t done, std::uint64_t total, const std::string& id);
  void finish();

 private:
  bool terminal_;
  std::uint64_t tenth_ = 0;
  std::chrono::steady_clock::time_point begin_, last_;
};

/// The table that one can read in ten seconds, failures in full, and the verdict. To stdout.
/// `replay_options` is what `assay replay FILE` needs beside the file.
void print_table(const verify::CampaignResult& r, const verify::Summary& s,
                 const std::filesystem::path& out, const std::string& replay_options);

}  // namespace assay::program
