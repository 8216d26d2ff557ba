#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <charconv>
#include <fstream>
#include <set>
#include <thread>

#include "build_info.hpp"
#include "commands.hpp"
#include "files.hpp"
#include "json.hpp"
#include "replay.hpp"
#include "terminal.hpp"

namespace assay::program {

using namespace verify;

namespace {

std::string shell_word(const std::string& s) {
  const bool plain = s.find_first_of(" *?[]'\"\\$`|&;<>(){}!#~") == std::string::npos;
  return plain ? s : "'" + s + "'";
}

/// Keeps what any pattern matches as a whole; each pattern must match something.
void select(Everything& all, const VerifyOptions& o) {
  const auto matches = [](const std::string& pattern, const std::string& name) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  };
  for (const std::string& pattern : o.patterns) {
    const bool any = std::any_of(all.checks.begin(), all.checks.end(),
                                 [&](const Check& c) { return matches(pattern, c.blank.subject); });
    if (!any) {
      throw UsageError(fmt::format(
          "'{}' matches no operation, claim, worked example or model; `assay list` names them all",
          pattern));
    }
  }
  std::set<std::string> known;
  for (const Check& c : all.checks) known.insert(c.blank.scalar);
  for (const std::string& s : o.scalars) {
    if (known.count(s) == 0) {
      throw UsageError(
          fmt::format("--scalar {}: not a scalar; there are: {}", s, fmt::join(known, ", ")));
    }
  }
  const auto wanted = [&](const std::string& name) {
    return o.patterns.empty() ||
           std::any_of(o.patterns.begin(), o.patterns.end(),
                       [&](const std::string& p) { return matches(p, name); });
  };
  const auto in_scalar = [&](const std::string& s) {
    return o.scalars.empty() || std::find(o.scalars.begin(), o.scalars.end(), s) != o.scalars.end();
  };
  std::erase_if(all.checks, [&](const Check& c) {
    return !wanted(c.blank.subject) || !in_scalar(c.blank.scalar);
  });
  std::erase_if(all.operations, [&](const auto& op) { return !wanted(op->name); });
  if (all.checks.empty()) {
    throw UsageError(fmt::format("nothing is selected: {} has no checks in {}",
                                 fmt::join(o.patterns, " "), fmt::join(o.scalars, " ")));
  }
}

std::pair<std::uint64_t, std::uint64_t> parse_shard(const std::string& text) {
  std::uint64_t i = 0, n = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, i);
  const bool slash = first.ec == std::errc{} && first.ptr != end && *first.ptr == '/';
  const auto second = slash ? std::from_chars(first.ptr + 1, end, n) : first;
  if (!slash || second.ec != std::errc{} || second.ptr != end || n == 0 || i >= n) {
    throw UsageError(fmt::format("--shard {}: it must be i/n with 0 <= i < n, such as 0/4", text));
  }
  return {i, n};
}

std::string command(const VerifyOptions& o) {
  std::string text = fmt::format("assay verify --seed {} --cases {}", o.seed, o.cases);
  for (const std::string& s : o.scalars) text += " --scalar " + shell_word(s);
  if (o.shard != "0/1") text += " --shard " + o.shard;
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
      {"shard", o.shard},
      {"command", command(o)}};
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

void write_results(const VerifyOptions& o, const CampaignResult& r, const Summary& s) {
  std::string lines = provenance(o).dump() + "\n";
  for (const CheckResult& c : r.checks) lines += to_json(c).dump() + "\n";
  for (const FaultResult& f : r.faults) lines += to_json(f).dump() + "\n";
  lines += ending(s).dump() + "\n";
  write_file(o.out / "results.jsonl", lines);
  for (const CheckResult& c : r.checks) {
    for (const Failure& f : c.failures) {
      if (!f.replay.empty()) save_failure(f, o.out);
    }
  }
}

void write_timing(const VerifyOptions& o, const CampaignResult& r, double wall) {
  Json items = Json::object();
  for (const Timing& t : r.timing) items[t.id] = t.seconds;
  const Json j{{"wall_seconds", wall}, {"jobs", o.jobs}, {"processor_seconds", items}};
  write_file(o.out / "timing.json", j.dump(1) + "\n");
}

}  // namespace

int verify_all(const VerifyOptions& given) {
  VerifyOptions o = given;
  if (o.cases == 0) {
    throw UsageError("--cases 0: a run that checks nothing proves nothing; give at least 1");
  }
  if (o.jobs == 0) o.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (o.jobs > 1024) throw UsageError(fmt::format("--jobs {}: at most 1024", o.jobs));
  const auto [shard, shards] = parse_shard(o.shard);

  Everything all = everything({.cases = o.cases}, o.plugins);
  select(all, o);
  make_writable(o.out);

  Campaign c;
  c.seed = o.seed;
  c.jobs = o.jobs;
  c.shard = shard;
  c.shards = shards;
  c.fault_cases = std::min<std::uint64_t>(o.cases, 200);
  c.checks = std::move(all.checks);
  for (const auto& op : all.operations) {
    for (const Format& f : {float_format, double_format}) {
      const bool in = o.scalars.empty() ||
                      std::find(o.scalars.begin(), o.scalars.end(), f.name) != o.scalars.end();
      for (const Fault& fault : faults) {
        if (in) c.faults.push_back({op, f, fault});
      }
    }
  }

  const auto begin = std::chrono::steady_clock::now();
  ProgressLine progress;
  const CampaignResult r = run(c, std::ref(progress));
  progress.finish();
  const Summary s = summarise(r, shards);
  write_results(o, r, s);
  write_timing(o, r,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  std::string replay_options;
  for (const std::string& p : o.plugins) replay_options += " --plugin " + shell_word(p);
  print_table(r, s, o.out, replay_options);
  return s.exit;
}

}  // namespace assay::program
