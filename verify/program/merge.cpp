#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "campaign_of.hpp"
#include "files.hpp"
#include "reports/read.hpp"
#include "shard.hpp"
#include "shards.hpp"
#include "terminal.hpp"

namespace assay::program {

using namespace verify;

namespace {

struct ShardFile {
  Json run;  ///< its first line
  Shard shard;
  PartResult part;
};

ShardFile read_shard(const std::filesystem::path& path) {
  const report::Campaign checked = report::read_results({path});  // refuses what is damaged
  const report::File& file = checked.files.front();
  ShardFile f;
  f.part.name = path.string();
  if (file.run.shard.find_first_of(",-") != std::string::npos) {
    throw UsageError(
        fmt::format("{}: it is the merge of shards {} only; give the shards themselves",
                    path.string(), file.run.shard));
  }
  f.shard = parse_shard(file.run.shard, path.string() + ": shard");
  f.part.shard = f.shard.index;
  if (file.cut > 0) {
    f.part.cut = fmt::format("the file ends in the middle of line {}", file.cut);
  } else if (!file.end) {
    f.part.cut = "the file has no end line: the run did not finish";
  }
  const std::string content = read_file(path);
  std::size_t line = 0;
  for (std::size_t at = 0; at < content.size() && ++line != file.cut;) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    try {
      const Json j = Json::parse(content.substr(at, end - at));
      const std::string type = j.at("type");
      if (type == "run") f.run = j;
      if (type == "check") f.part.checks.push_back(check_from_json(j));
      if (type == "fault") f.part.faults.push_back(fault_from_json(j));
    } catch (const std::exception& e) {
      throw UsageError(fmt::format("{}:{}: {}", path.string(), line, e.what()));
    }
    at = end + 1;
  }
  return f;
}

/// The command of the whole campaign.
std::string whole_command(const Json& run) {
  std::string command = run.at("command");
  const std::string part = fmt::format(" --shard {}", run.at("shard").get<std::string>());
  if (const std::size_t at = command.find(part); at != std::string::npos) {
    command.erase(at, part.size());
  }
  return command;
}

/// What all shards of a campaign have in common.
Json common(Json run) {
  run["command"] = whole_command(run);
  run.erase("shard");
  run.erase("processor");  // machines may differ, and the results must not
  return run;
}

void require_same(const ShardFile& a, const ShardFile& b) {
  if (a.shard.count != b.shard.count) {
    throw UsageError(fmt::format("{} is one of {} shards, {} one of {}", a.part.name, a.shard.count,
                                 b.part.name, b.shard.count));
  }
  const Json one = common(a.run), other = common(b.run);
  if (one == other) return;
  std::set<std::string> keys;
  for (const Json* j : {&one, &other}) {
    for (const auto& [key, value] : j->items()) {
      if (one.value(key, Json()) != other.value(key, Json())) keys.insert(key);
    }
  }
  // A command differs because something else does.
  if (keys.size() > 1) keys.erase("command");
  const std::string& key = *keys.begin();
  throw UsageError(fmt::format("shards of two campaigns: {} of {} is {}, of {} is {}", key,
                               a.part.name, one.value(key, Json()).dump(), b.part.name,
                               other.value(key, Json()).dump()));
}

VerifyOptions options_of(const Json& run, const std::string& file) {
  VerifyOptions o;
  o.seed = std::stoull(run.at("seed").get<std::string>());
  o.cases = run.at("cases");
  o.patterns = run.at("patterns");
  o.scalars = run.at("scalars");
  o.plugins = run.value("plugins", std::vector<std::string>{});
  const Json here = provenance(o);
  for (const char* key : {"assay", "commit"}) {  // what is concluded depends on the checks
    if (run.at(key) == here.at(key)) continue;
    throw UsageError(fmt::format(
        "{}: its {} is {}, this program's {}: merge with the program that ran the shards", file,
        key, run.at(key).dump(), here.at(key).dump()));
  }
  return o;
}

/// "0-2,5/8": the shards that are there.
std::string present(const std::set<std::uint64_t>& shards, std::uint64_t count) {
  std::string text;
  for (auto i = shards.begin(); i != shards.end();) {
    const std::uint64_t first = *i;
    std::uint64_t last = first;
    while (++i != shards.end() && *i == last + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", first);
    if (last > first) text += fmt::format("-{}", last);
  }
  return fmt::format("{}/{}", text, count);
}

/// The first line as one process would have written it.
Json first_line(const std::vector<ShardFile>& files, bool complete) {
  Json run = files.front().run;
  std::set<std::string> processors;
  std::set<std::uint64_t> shards;
  for (const ShardFile& f : files) {
    processors.insert(f.run.at("processor").get<std::string>());
    shards.insert(f.shard.index);
  }
  run["processor"] = fmt::format("{}", fmt::join(processors, "; "));
  run["command"] = whole_command(run);
  run["shard"] = complete ? "0/1" : present(shards, files.front().shard.count);
  return run;
}

}  // namespace

int merge_shards(const MergeOptions& options) {
  std::vector<ShardFile> files;
  for (const auto& path : options.shards) files.push_back(read_shard(path));
  for (const ShardFile& f : files) require_same(files.front(), f);

  const VerifyOptions o = options_of(files.front().run, files.front().part.name);
  Campaign c = campaign_of(o).campaign;
  c.shards = files.front().shard.count;
  std::vector<PartResult> parts;
  for (const ShardFile& f : files) parts.push_back(f.part);
  const Joined joined = join(c, std::move(parts));
  const bool complete = joined.gaps.empty();
  const Summary s = summarise(joined.result, complete);

  make_writable(options.out);
  write_results(options.out, "results.jsonl", first_line(files, complete), joined.result, s);
  std::string replay_options;
  for (const std::string& p : o.plugins) replay_options += " --plugin " + shell_word(p);
  print_table(joined.result, s, options.out, replay_options);
  for (const std::string& gap : joined.gaps) fmt::print("missing: {}\n", gap);
  return s.exit;
}

}  // namespace assay::program
