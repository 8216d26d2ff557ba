// assay verify --exhaustive: every float of elementwise rules of one input.
//
// The work is 1024 chunks. What a chunk gave is a line of a state file, which is written anew as a
// whole every few seconds; a run that was killed goes on from there, and runs of several shards
// that share a folder leave their lines to the run that finds them all.

#include "exhaustive.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "campaign_of.hpp"
#include "commands.hpp"
#include "files.hpp"
#include "lane.hpp"
#include "shard.hpp"
#include "terminal.hpp"

namespace assay::program {

using namespace verify;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

/// Of this program and the plugins: chunks of another build are not of this one.
std::string fingerprint(const std::vector<std::string>& plugins) {
  std::uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a, by eight bytes
  const auto add = [&](const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::vector<std::uint64_t> words(1 << 16);
    while (in) {
      std::fill(words.begin(), words.end(), 0);
      in.read(reinterpret_cast<char*>(words.data()),
              static_cast<std::streamsize>(words.size() * sizeof words[0]));
      for (std::uint64_t w : words) h = (h ^ w) * 0x100000001b3ULL;
    }
  };
  add("/proc/self/exe");
  for (const std::string& p : plugins) add(p);
  return fmt::format("{:016x}", h);
}

using Chunks = std::map<std::uint64_t, Json>;

class State {
 public:
  State(const fs::path& folder, std::string operation, const Shard& shard, std::string build,
        std::uint64_t seed)
      : folder_(folder),
        operation_(std::move(operation)),
        file_(folder /
              fmt::format("{}-float-{}-of-{}.jsonl", operation_, shard.index, shard.count)),
        header_{{"assay", "exhaustive"},    {"schema", 1},           {"operation", operation_},
                {"scalar", "float"},        {"chunks", chunk_count}, {"seed", std::to_string(seed)},
                {"build", std::move(build)}} {}

  /// What this and other shards have done with this build; how many lines were of no use.
  std::size_t load() {
    std::size_t other_builds = 0;
    std::error_code none;
    for (const fs::directory_entry& e : fs::directory_iterator(folder_, none)) {
      const std::string name = e.path().filename().string();
      if (e.path().extension() != ".jsonl" || !name.starts_with(operation_ + "-float-")) continue;
      if (!read(e.path())) ++other_builds;
    }
    return other_builds;
  }
  void add(std::uint64_t chunk, Json result) {
    mine_.insert(chunk);
    done_[chunk] = std::move(result);
  }
  void save() const {
    std::string text = header_.dump() + "\n";
    for (std::uint64_t chunk : mine_) {
      text += Json{{"chunk", chunk}, {"result", done_.at(chunk)}}.dump() + "\n";
    }
    write_file(file_, text);
  }
  [[nodiscard]] const Chunks& done() const { return done_; }
  [[nodiscard]] const fs::path& file() const { return file_; }

 private:
  bool read(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) return false;
    if (Json::parse(line, nullptr, false) != header_) return false;
    while (std::getline(in, line)) {
      const Json j = Json::parse(line, nullptr, false);
      if (!j.is_object()) continue;
      const std::uint64_t chunk = j.at("chunk");
      if (file == file_) mine_.insert(chunk);
      done_[chunk] = j.at("result");
    }
    return true;
  }

  fs::path folder_;
  std::string operation_;
  fs::path file_;
  Json header_;
  Chunks done_;
  std::set<std::uint64_t> mine_;  ///< by this shard: what its file holds
};

/// The chunks of one lane, a line each, to a file of its own: what the parent reads while it is
/// written must not share its place in the file.
void work(const Check& check, std::uint64_t seed, const std::vector<std::uint64_t>& chunks,
          Position& position, const fs::path& part) {
  std::ofstream out(part);
  for (std::uint64_t n : chunks) {
    position.enter(0, n);
    CheckResult r = check.blank;
    check.run(n, case_seed(seed, r.id(), n), r);
    r.cases = 1;
    out << Json{{"chunk", n}, {"result", to_json(r)}}.dump() << std::endl;
    if (!out) throw std::runtime_error(fmt::format("cannot write {}", part.string()));
    ++position.done;
  }
}

/// Takes what the lanes have written into the state.
void collect(const std::vector<fs::path>& parts, State& state) {
  for (const fs::path& part : parts) {
    std::ifstream in(part);
    for (std::string line; std::getline(in, line);) {
      const Json j = Json::parse(line, nullptr, false);
      if (!j.is_object()) continue;  // half a line
      const std::uint64_t chunk = j.at("chunk");
      if (!state.done().contains(chunk)) state.add(chunk, j.at("result"));
    }
  }
}

/// Runs what is left of a shard; what a lane died of, if one did.
std::optional<std::string> run_chunks(const Check& check, const VerifyOptions& o,
                                      const std::vector<std::uint64_t>& left, State& state) {
  const Positions positions(o.jobs);
  std::vector<Lane> lanes;
  std::vector<fs::path> parts;
  for (unsigned k = 0; k < o.jobs; ++k) {
    lanes.emplace_back(k, positions[k]);
    parts.push_back(state.file().string() + fmt::format(".{}.part", k));
    fs::remove(parts.back());
  }
  for (Lane& lane : lanes) {
    std::vector<std::uint64_t> mine;
    for (std::size_t i = lane.number(); i < left.size(); i += o.jobs) mine.push_back(left[i]);
    lane.start(0, [&, mine](std::FILE*) {
      work(check, o.seed, mine, positions[lane.number()], parts[lane.number()]);
    });
  }
  ProgressLine progress;
  std::optional<std::string> died;
  Clock::time_point saved = Clock::now();
  for (std::size_t running = lanes.size(); running > 0;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (Lane& lane : lanes) {
      if (!lane.running()) continue;
      const std::optional<Lane::End> end = lane.poll(o.timeout);
      if (!end) continue;
      --running;
      if (end->died) died = fmt::format("{} (chunk {})", end->why, lane.position().number.load());
    }
    progress(positions.done(), left.size(), check.blank.id());
    if (Clock::now() - saved < std::chrono::seconds(3)) continue;
    collect(parts, state);
    state.save();
    saved = Clock::now();
  }
  progress.finish();
  collect(parts, state);
  state.save();
  for (const fs::path& part : parts) fs::remove(part);
  return died;
}

/// One operation, and its result as far as all shards together have it.
CheckResult run_operation(const OperationPointer& op, const VerifyOptions& o, const Shard& shard,
                          const std::string& build) {
  const Check check = exhaustive_check(op);
  const fs::path folder = o.out / "exhaustive";
  make_writable(folder);
  State state(folder, op->name, shard, build, o.seed);
  if (const std::size_t n = state.load(); n > 0) {
    fmt::print("{}: {} state files in {} are of another build or seed and begin anew\n", op->name,
               n, folder.string());
  }
  std::vector<std::uint64_t> left;
  for (std::uint64_t n = shard.index; n < chunk_count; n += shard.count) {
    if (!state.done().contains(n)) left.push_back(n);
  }
  if (!state.done().empty()) {
    fmt::print("{}: {} of {} chunks are done already\n", op->name, state.done().size(),
               chunk_count);
  }
  std::optional<std::string> died;
  if (!left.empty()) died = run_chunks(check, o, left, state);
  if (shard.count > 1) state.load();  // others may have gone on meanwhile

  CheckResult r = check.blank;
  for (const auto& [chunk, result] : state.done()) merge(r, check_from_json(result));
  if (died) {
    Failure f;
    f.operation = op->name;
    f.scalar = "float";
    f.check = "exhaustive";
    f.message = fmt::format("{}: {}", r.id(), *died);
    r.failures.push_back(std::move(f));
  }
  conclude(check, r);
  if (r.verdict == Verdict::inconclusive && state.done().size() < chunk_count) {
    r.reason = fmt::format("{} of {} chunks are done; the same command goes on from {}",
                           state.done().size(), chunk_count, state.file().string());
  }
  return r;
}

std::vector<OperationPointer> selected(const VerifyOptions& o) {
  std::vector<OperationPointer> all = everything({.cases = 1}, o.plugins).operations;
  std::erase_if(all, [](const OperationPointer& op) { return !is_exhaustible(*op); });
  const auto matches = [](const std::string& pattern, const OperationPointer& op) {
    return fnmatch(pattern.c_str(), op->name.c_str(), 0) == 0;
  };
  for (const std::string& pattern : o.patterns) {
    if (std::any_of(all.begin(), all.end(), [&](const auto& op) { return matches(pattern, op); }))
      continue;
    throw UsageError(fmt::format(
        "--exhaustive: '{}' matches no elementwise operation of one input; others have more "
        "arguments than can be tried",
        pattern));
  }
  for (const std::string& s : o.scalars) {
    if (s != "float") {
      throw UsageError(fmt::format(
          "--exhaustive --scalar {}: only float has so few numbers that all can be tried", s));
    }
  }
  std::erase_if(all, [&](const OperationPointer& op) {
    return !o.patterns.empty() &&
           std::none_of(o.patterns.begin(), o.patterns.end(),
                        [&](const std::string& p) { return matches(p, op); });
  });
  return all;
}

void print_result(const CheckResult& r, double seconds) {
  fmt::print("{}: {} of 2^32 floats judged, {:.0f} s", r.id(), r.elements, seconds);
  if (r.worst_derivative) {
    const Worst& w = *r.worst_derivative;
    fmt::print(", worst {:.4f} ulp at {}", w.ulp, w.x.empty() ? "?" : w.x.front());
  }
  fmt::print("; claimed {} {}: {}\n", r.claimed_derivative.value_or(0), r.units,
             to_string(r.verdict));
}

}  // namespace

int verify_exhaustively(const VerifyOptions& o) {
  const Shard shard = find_shard(o.shard);
  const std::string build = fingerprint(o.plugins);
  CampaignResult all;
  for (const OperationPointer& op : selected(o)) {
    const Clock::time_point begin = Clock::now();
    all.checks.push_back(run_operation(op, o, shard, build));
    print_result(all.checks.back(), std::chrono::duration<double>(Clock::now() - begin).count());
  }
  const Summary s = summarise(all, true);
  const std::string name = shard.count == 1
                               ? "exhaustive.jsonl"
                               : fmt::format("exhaustive-{}-of-{}.jsonl", shard.index, shard.count);
  write_results(o.out, name, provenance(o), all, s);
  print_table(all, s, o.out, "");
  return s.exit;
}

}  // namespace assay::program
