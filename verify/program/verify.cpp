#include <fmt/format.h>

#include <thread>

#include "campaign_of.hpp"
#include "files.hpp"
#include "shard.hpp"
#include "stored.hpp"
#include "terminal.hpp"

namespace assay::program {

using namespace verify;

namespace {

void write_timing(const std::filesystem::path& file, unsigned jobs, const CampaignResult& r,
                  double wall) {
  Json items = Json::object();
  for (const Timing& t : r.timing) items[t.id] = t.seconds;
  const Json j{{"wall_seconds", wall}, {"jobs", jobs}, {"processor_seconds", items}};
  write_file(file, j.dump(1) + "\n");
}

/// Shards that share a folder must not overwrite one another.
std::string suffix(const Shard& s) {
  return s.count == 1 ? "" : fmt::format("-{}-of-{}", s.index, s.count);
}

}  // namespace

int verify_all(const VerifyOptions& given) {
  VerifyOptions o = given;
  if (o.jobs == 0) o.jobs = std::max(1U, std::thread::hardware_concurrency());
  if (o.jobs > 1024) throw UsageError(fmt::format("--jobs {}: at most 1024", o.jobs));
  if (!(o.timeout >= 0)) {
    throw UsageError(fmt::format("--timeout {}: seconds, or 0 for no limit", o.timeout));
  }
  if (o.exhaustive) return verify_exhaustively(o);
  const Shard shard = find_shard(o.shard);
  o.shard = fmt::format("{}/{}", shard.index, shard.count);

  SelectedCampaign selected = campaign_of(o);
  Campaign& c = selected.campaign;
  make_writable(o.out);
  c.jobs = o.jobs;
  c.shard = shard.index;
  c.shards = shard.count;
  c.timeout = o.timeout;
  const std::vector<std::string> unusable = add_stored(selected, o.out / "failures");
  if (!shard.from.empty()) fmt::print("shard {}: {}\n", o.shard, shard.from);

  const auto begin = std::chrono::steady_clock::now();
  ProgressLine progress;
  const CampaignResult r = run(c, std::ref(progress));
  progress.finish();
  const Summary s = summarise(r, shard.count == 1);
  write_results(o.out, fmt::format("results{}.jsonl", suffix(shard)), provenance(o), r, s);
  write_timing(o.out / fmt::format("timing{}.json", suffix(shard)), o.jobs, r,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  std::string replay_options;
  for (const std::string& p : o.plugins) replay_options += " --plugin " + shell_word(p);
  print_stored(c, r, unusable, o.out / "failures");
  print_table(r, s, o.out, replay_options);
  return s.exit;
}

}  // namespace assay::program
