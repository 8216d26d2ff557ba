#include "campaign.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <thread>

#include "json.hpp"

#ifdef ASSAY_COVERAGE
extern "C" void __gcov_dump();  // NOLINT(bugprone-reserved-identifier)
#endif

namespace assay::verify {
namespace {

/// What the children tell their parent while they work.
struct Shared {
  std::atomic<std::uint64_t> done;
  std::atomic<std::uint64_t> current;
};

class SharedMemory {
 public:
  SharedMemory() {
    void* p =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
      throw std::runtime_error(fmt::format("no shared memory: {}", std::strerror(errno)));
    }
    shared_ = new (p) Shared{};
  }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  ~SharedMemory() { munmap(shared_, sizeof(Shared)); }
  Shared* operator->() const { return shared_; }

 private:
  Shared* shared_;
};

/// Checks first, then faults: an item of a campaign is known by its index.
std::size_t item_count(const Campaign& c) { return c.checks.size() + c.faults.size(); }

std::string item_id(const Campaign& c, std::size_t i) {
  if (i < c.checks.size()) return c.checks[i].blank.id();
  const FaultTask& t = c.faults[i - c.checks.size()];
  return fmt::format("{}/{}/fault-{}", t.operation->name, t.format.name, t.fault.name);
}

std::uint64_t item_cases(const Campaign& c, std::size_t i) {
  return i < c.checks.size() ? c.checks[i].cases : 1;
}

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// One item in one of `lanes` processes; nothing to say gives null.
Json run_item(const Campaign& c, std::size_t i, std::uint64_t lane, std::uint64_t lanes,
              const SharedMemory& shared) {
  const bool mine_whole = i % lanes == lane;
  if (i >= c.checks.size()) {
    if (!mine_whole) return nullptr;
    const FaultTask& t = c.faults[i - c.checks.size()];
    ++shared->done;
    return to_json(try_fault(*t.operation, t.format, t.fault, c.seed, c.fault_cases));
  }
  Check check = c.checks[i];
  if (check.whole && !mine_whole) return nullptr;
  const auto run = check.run;
  check.run = [&](std::uint64_t n, std::uint64_t seed, CheckResult& r) {
    run(n, seed, r);
    ++shared->done;
  };
  return to_json(check.whole ? run_cases(check, c.seed, 0, 1)
                             : run_cases(check, c.seed, lane, lanes));
}

/// A child's work from item `from` on. Each item is announced before it is begun.
void work(const Campaign& c, std::size_t from, std::uint64_t lane, std::uint64_t lanes, FILE* out,
          const SharedMemory& shared) {
  for (std::size_t i = from; i < item_count(c); ++i) {
    shared->current = i;
    std::fputs(fmt::format("begin {}\n", i).c_str(), out);
    std::fflush(out);
    const double before = processor_seconds();
    const Json result = run_item(c, i, lane, lanes, shared);
    const Json line{{"item", i}, {"seconds", processor_seconds() - before}, {"result", result}};
    std::fputs((line.dump() + "\n").c_str(), out);
    std::fflush(out);
  }
}

struct Lane {
  std::uint64_t number = 0;
  pid_t child = -1;
  FILE* file = nullptr;
  bool finished = false;
};

void start(const Campaign& c, Lane& lane, std::size_t from, std::uint64_t lanes,
           const SharedMemory& shared) {
  std::fflush(nullptr);
  lane.child = fork();
  if (lane.child < 0) {
    throw std::runtime_error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  }
  if (lane.child > 0) return;
  int status = 0;
  try {
    work(c, from, lane.number, lanes, lane.file, shared);
  } catch (const std::exception& e) {
    std::fputs(fmt::format("error {}\n", Json(e.what()).dump()).c_str(), lane.file);
    std::fflush(lane.file);
    status = 1;
  }
#ifdef ASSAY_COVERAGE
  __gcov_dump();  // _exit would drop the counts
#endif
  _exit(status);  // no destructors and no buffers of the parent
}

struct Collected {
  std::map<std::size_t, CheckResult> checks;
  std::map<std::size_t, FaultResult> faults;
  std::map<std::size_t, double> seconds;
  std::size_t next = 0;  ///< the item after the last that was begun
  bool ended = true;     ///< the last item begun was also ended
  std::string error;
};

Collected collect(const Campaign& c, FILE* file) {
  Collected found;
  std::rewind(file);
  std::string line;
  const auto take = [&] {
    if (line.starts_with("begin ")) {
      found.next = std::stoul(line.substr(6)) + 1;
      found.ended = false;
      found.error.clear();
    } else if (line.starts_with("error ")) {
      found.error = Json::parse(line.substr(6)).get<std::string>();
    } else {
      const Json j = Json::parse(line, nullptr, false);
      if (j.is_discarded()) return;  // the half line of a child that was killed
      const std::size_t i = j.at("item");
      found.seconds[i] = j.at("seconds");
      found.ended = true;
      if (j.at("result").is_null()) return;
      if (i < c.checks.size()) {
        found.checks.emplace(i, check_from_json(j.at("result")));
      } else {
        found.faults.emplace(i, fault_from_json(j.at("result")));
      }
    }
  };
  for (int ch = std::fgetc(file); ch != EOF; ch = std::fgetc(file)) {
    if (ch != '\n') {
      line += static_cast<char>(ch);
      continue;
    }
    take();
    line.clear();
  }
  return found;
}

std::string how_it_died(int status, const std::string& error) {
  if (!error.empty()) return fmt::format("an error stopped it: {}", error);
  if (WIFSIGNALED(status)) {
    return fmt::format("its process died of signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  }
  return fmt::format("its process ended with code {}", WEXITSTATUS(status));
}

/// A crash is a failure of the check that it happened in.
void record_crash(const Campaign& c, std::size_t item, const std::string& why,
                  CampaignResult& result) {
  if (item < c.checks.size()) {
    CheckResult& r = result.checks[item];
    Failure f;
    f.operation = r.subject;
    f.scalar = r.scalar;
    f.check = r.check;
    f.message = fmt::format("{}: {}", r.id(), why);
    r.failures = {f};
    r.reason = why;
  } else {
    FaultResult& r = result.faults[item - c.checks.size()];
    r.status = "survived";
    r.shrunk = why;
  }
}

CampaignResult blank(const Campaign& c) {
  CampaignResult r;
  for (const Check& check : c.checks) r.checks.push_back(check.blank);
  for (const FaultTask& t : c.faults) {
    FaultResult f;
    f.operation = t.operation->name;
    f.scalar = t.format.name;
    f.fault = t.fault.name;
    f.about = t.fault.about;
    r.faults.push_back(f);
  }
  return r;
}

/// A part shows failures; whether enough was checked only the whole can say.
void conclude_part(CheckResult& r) {
  const auto n = r.counts.find("inconclusive");
  if (!r.failures.empty()) {
    r.verdict = Verdict::wrong;
  } else if (r.cases == 0) {
    r.verdict = Verdict::skipped;
    r.reason = "its cases are in other shards";
  } else if (n != r.counts.end() && n->second > 0) {
    r.verdict = Verdict::inconclusive;
  }
}

}  // namespace

CampaignResult run(const Campaign& c, const Progress& progress) {
  require_subnormals();
  const std::uint64_t lanes = c.jobs * c.shards;
  const SharedMemory shared;
  CampaignResult result = blank(c);
  std::vector<std::pair<std::size_t, std::string>> crashes;

  std::uint64_t total = 0;
  for (std::size_t i = 0; i < item_count(c); ++i) total += item_cases(c, i) / c.shards;

  std::vector<Lane> running(c.jobs);
  for (unsigned k = 0; k < c.jobs; ++k) {
    running[k].number = c.shard * c.jobs + k;
    running[k].file = std::tmpfile();
    if (!running[k].file) {
      throw std::runtime_error(fmt::format("no temporary file: {}", std::strerror(errno)));
    }
    start(c, running[k], 0, lanes, shared);
  }

  for (std::size_t left = running.size(); left > 0;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (Lane& lane : running) {
      int status = 0;
      if (lane.finished || waitpid(lane.child, &status, WNOHANG) != lane.child) continue;
      if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        const Collected so_far = collect(c, lane.file);
        const std::size_t crashed = so_far.next == 0 ? 0 : so_far.next - 1;
        crashes.emplace_back(crashed, how_it_died(status, so_far.error));
        std::fseek(lane.file, 0, SEEK_END);
        std::fputc('\n', lane.file);  // a child killed in a line leaves half of it
        if (so_far.next < item_count(c)) {
          start(c, lane, so_far.next, lanes, shared);
          continue;
        }
      }
      lane.finished = true;
      --left;
    }
    const std::uint64_t current = shared->current;
    progress(shared->done, total, current < item_count(c) ? item_id(c, current) : "");
  }

  std::vector<double> seconds(item_count(c));
  for (Lane& lane : running) {
    Collected found = collect(c, lane.file);
    std::fclose(lane.file);
    for (auto& [i, r] : found.checks) merge(result.checks[i], r);
    for (auto& [i, r] : found.faults) result.faults[i - c.checks.size()] = std::move(r);
    for (const auto& [i, s] : found.seconds) seconds[i] += s;
  }
  for (const auto& [item, why] : crashes) record_crash(c, item, why, result);
  for (std::size_t i = 0; i < c.checks.size(); ++i) {
    if (c.shards == 1) {
      conclude(c.checks[i], result.checks[i]);
    } else {
      conclude_part(result.checks[i]);
    }
  }
  std::erase_if(result.faults, [](const FaultResult& f) { return f.status.empty(); });
  for (std::size_t i = 0; i < item_count(c); ++i) {
    result.timing.push_back({item_id(c, i), seconds[i]});
  }
  return result;
}

Summary summarise(const CampaignResult& r, std::uint64_t shards) {
  Summary s;
  for (const CheckResult& c : r.checks) {
    ++s.checks;
    s.cases += c.cases;
    s.elements += c.elements;
    switch (c.verdict) {
      case Verdict::correct:
        ++s.correct;
        break;
      case Verdict::wrong:
        ++s.wrong;
        break;
      case Verdict::inconclusive:
        ++s.inconclusive;
        break;
      case Verdict::skipped:
        ++s.skipped;
        break;
    }
  }
  for (const FaultResult& f : r.faults) {
    if (f.status == "not-applicable") continue;
    ++s.faults;
    if (f.status == "caught") {
      ++s.caught;
    } else {
      ++s.survived;
    }
  }
  if (s.wrong > 0 || s.survived > 0) {
    s.verdict = "failed";
    s.exit = 1;
  } else if (s.inconclusive > 0 || (s.correct == 0 && shards == 1)) {
    s.verdict = "inconclusive";
    s.exit = 3;
  } else if (shards > 1) {
    s.verdict = "incomplete";
    s.exit = 3;
  } else {
    s.verdict = "verified";
  }
  return s;
}

}  // namespace assay::verify
