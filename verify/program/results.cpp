#include <fmt/format.h>

#include <fstream>

#include "build_info.hpp"
#include "campaign_of.hpp"
#include "files.hpp"
#include "replay.hpp"

namespace assay::program {

using namespace verify;

namespace {

std::string command(const VerifyOptions& o) {
  std::string text = fmt::format("assay verify --seed {} --cases {}", o.seed, o.cases);
  for (const std::string& s : o.scalars) text += " --scalar " + shell_word(s);
  if (o.shard != "0/1") text += " --shard " + o.shard;
  if (o.timeout != VerifyOptions().timeout) text += fmt::format(" --timeout {}", o.timeout);
  if (o.exhaustive) text += " --exhaustive";
  for (const std::string& s : o.plugins) text += " --plugin " + shell_word(s);
  for (const std::string& s : o.patterns) text += " " + shell_word(s);
  return text;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

Json ending(const Summary& s) {
  return {{"type", "end"},
          {"verdict", s.verdict},
          {"exit", s.exit},
          {"checks", s.checks},
          {"correct", s.correct},
          {"wrong", s.wrong},
          {"inconclusive", s.inconclusive},
          {"skipped", s.skipped},
          {"cases", s.cases},
          {"elements", s.elements},
          {"faults", s.faults},
          {"caught", s.caught}};
}

}  // namespace

std::string shell_word(const std::string& s) {
  const bool plain = s.find_first_of(" *?[]'\"\\$`|&;<>(){}!#~") == std::string::npos;
  return plain ? s : "'" + s + "'";
}

Json provenance(const VerifyOptions& o) {
  const Build& b = build_info();
  return {
      {"type", "run"},
      {"schema", 1},
      {"assay", b.version},
      {"commit", b.commit},
      {"dirty", b.dirty},
      {"compiler", b.compiler},
      {"flags", fmt::format("{} ({})", b.flags, b.build_type)},
      {"processor", processor()},
      {"libraries",
       {{"Eigen", b.eigen}, {"Boost", b.boost}, {"MPFR", b.mpfr}, {"RapidCheck", b.rapidcheck}}},
      {"seed", std::to_string(o.seed)},
      {"cases", o.cases},
      {"patterns", o.patterns},
      {"scalars", o.scalars},
      {"plugins", o.plugins},
      {"shard", o.shard},
      {"command", command(o)}};
}

void write_results(const std::filesystem::path& out, const std::string& name,
                   const Json& first_line, const CampaignResult& r, const Summary& s) {
  std::string lines = first_line.dump() + "\n";
  for (const CheckResult& c : r.checks) lines += to_json(c).dump() + "\n";
  for (const FaultResult& f : r.faults) lines += to_json(f).dump() + "\n";
  lines += ending(s).dump() + "\n";
  write_file(out / name, lines);
  const std::uint64_t cases = first_line.at("cases");
  for (const CheckResult& c : r.checks) {
    for (const Failure& f : c.failures) {
      if (!f.replay.empty()) save_failure(f, out, cases);
    }
  }
}

}  // namespace assay::program
