// Campaigns over several machines: shards, their merging, and what became of those that died.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "assay/ops/leaky_relu.hpp"
#include "campaign.hpp"
#include "files.hpp"
#include "json.hpp"
#include "running.hpp"
#include "shards.hpp"

namespace assay::verify {
namespace {

using testing::Ran;
namespace fs = std::filesystem;

Campaign small_campaign() {
  Campaign c;
  c.cases = 25;
  c.fault_cases = 25;
  const auto op = std::make_shared<const Operation>(make_operation(leaky_relu.op));
  c.checks = checks_of(op, {.cases = c.cases});
  for (const char* name : {"sign", "small-factor", "overwrite", "no-reduction", "tail", "stale",
                           "one-element", "boundary", "transposed", "zero"}) {
    c.faults.push_back({op, float_format, fault_named(name)});
  }
  return c;
}

CampaignResult run_quietly(const Campaign& c) {
  return run(c, [](std::uint64_t, std::uint64_t, const std::string&) {});
}

/// Each shard with another number of processes, as machines have them.
std::vector<PartResult> run_shards(std::uint64_t n) {
  std::vector<PartResult> parts;
  for (std::uint64_t i = 0; i < n; ++i) {
    Campaign c = small_campaign();
    c.shard = i;
    c.shards = n;
    c.jobs = 1 + i % 2;
    const CampaignResult r = run_quietly(c);
    parts.push_back({fmt::format("part {}", i), i, r.checks, r.faults, ""});
  }
  return parts;
}

std::string bytes(const CampaignResult& r) {
  std::string text;
  for (const CheckResult& c : r.checks) text += to_json(c).dump() + "\n";
  for (const FaultResult& f : r.faults) text += to_json(f).dump() + "\n";
  return text;
}

Joined join_all(const std::vector<PartResult>& parts, std::uint64_t n) {
  Campaign c = small_campaign();
  c.shards = n;
  return join(c, parts);
}

TEST(Shards, AnyNumberOfThemMergesToWhatOneProcessFinds) {
  const CampaignResult whole = run_quietly(small_campaign());
  EXPECT_EQ(summarise(whole, true).verdict, "verified");
  for (const std::uint64_t n : {2U, 7U}) {
    const Joined joined = join_all(run_shards(n), n);
    EXPECT_TRUE(joined.gaps.empty()) << joined.gaps.front();
    EXPECT_EQ(bytes(joined.result), bytes(whole)) << n;
  }
}

TEST(Shards, NeitherOrderNorRepetitionMatters) {
  std::vector<PartResult> parts = run_shards(3);
  const std::string once = bytes(join_all(parts, 3).result);
  std::rotate(parts.begin(), parts.begin() + 1, parts.end());
  parts.push_back(parts.front());
  EXPECT_EQ(bytes(join_all(parts, 3).result), once);
}

TEST(Shards, AGapIsNamedAndNothingIsConcluded) {
  std::vector<PartResult> parts = run_shards(3);
  std::vector<PartResult> missing{parts[0], parts[2]};
  const Joined joined = join_all(missing, 3);
  ASSERT_EQ(joined.gaps.size(), 1U);
  EXPECT_NE(joined.gaps[0].find("shard 1/3"), std::string::npos) << joined.gaps[0];
  EXPECT_EQ(summarise(joined.result, false).exit, 3);

  std::vector<PartResult> fewer = parts;
  CheckResult& c = fewer[1].checks.front();
  --c.cases;
  ASSERT_EQ(join_all(fewer, 3).gaps.size(), 1U);
  EXPECT_NE(join_all(fewer, 3).gaps[0].find(c.id()), std::string::npos);

  std::vector<PartResult> without = parts;
  without[1].checks.pop_back();
  without[1].faults.pop_back();
  EXPECT_EQ(join_all(without, 3).gaps.size(), 2U);
}

TEST(Shards, ConclusionsAreDrawnFromTheSums) {
  Campaign c = small_campaign();
  c.shards = 3;
  c.checks.front().conclude = [](CheckResult& r) { r.reason = fmt::format("{} cases", r.cases); };
  std::vector<PartResult> parts = run_shards(3);
  EXPECT_EQ(join(c, parts).result.checks.front().reason, "25 cases");
  parts.pop_back();
  EXPECT_EQ(join(c, parts).result.checks.front().reason, "") << "a gap: nothing can be concluded";
}

TEST(Shards, TwoDifferentResultsOfOneShardAreRefused) {
  std::vector<PartResult> parts = run_shards(2);
  parts.push_back(parts.front());
  parts.back().checks.front().elements += 1;
  EXPECT_THROW(static_cast<void>(join_all(parts, 2)), UsageError);
}

TEST(Shards, RecordsOfAnotherCampaignAreRefused) {
  std::vector<PartResult> parts = run_shards(2);
  parts.front().checks.front().subject = "another";
  EXPECT_THROW(static_cast<void>(join_all(parts, 2)), UsageError);
}

TEST(Shards, OfACrashOnlyTheEarliestCaseRemains) {
  CheckResult right, early, late;
  right.cases = 10;
  for (const auto& [r, at] : {std::pair{&early, 3U}, std::pair{&late, 8U}}) {
    r->cases = 1;
    r->counts["crashed"] = 1;
    r->failures.emplace_back().at_case = at;
  }
  std::vector<CheckResult> order{right, early, late};
  for (int turn = 0; turn < 3; ++turn) {
    std::rotate(order.begin(), order.begin() + 1, order.end());
    CheckResult all = order[0];
    merge(all, order[1]);
    merge(all, order[2]);
    EXPECT_TRUE(is_lost(all));
    EXPECT_EQ(all.cases, 1U);
    EXPECT_EQ(all.failures.front().at_case, 3U);
  }
}

class Distributed : public testing::Program {
 protected:
  static constexpr const char* kCampaign = "verify sigmoid 'claim-19*' --cases 12 --seed 5 ";

  void run_part(int i, int n, const std::string& folder, const std::string& more = "") const {
    const Ran r = run(fmt::format("{}{} --jobs {} --shard {}/{} --out {}", kCampaign, more,
                                  1 + i % 2, i, n, out(folder)));
    EXPECT_EQ(r.exit, 3) << r.text;
  }
  [[nodiscard]] std::string part(int i, int n, const std::string& folder) const {
    return out(fmt::format("{}/results-{}-of-{}.jsonl", folder, i, n));
  }
};

TEST_F(Distributed, TheMergedFileIsThatOfOneProcessByteForByte) {
  ASSERT_EQ(run(kCampaign + ("--out " + out("whole"))).exit, 0);
  for (int i = 0; i < 3; ++i) run_part(i, 3, "s");
  EXPECT_FALSE(fs::exists(folder_ / "s/results.jsonl"));
  const Ran r = run("merge " + out("s/results-*-of-3.jsonl") + " --out " + out("s"));
  EXPECT_EQ(r.exit, 0) << r.text;
  EXPECT_GT(read(folder_ / "whole/results.jsonl").size(), 1000U);
  EXPECT_EQ(read(folder_ / "s/results.jsonl"), read(folder_ / "whole/results.jsonl"));

  fs::remove(part(1, 3, "s"));  // killed before it wrote
  const Ran gap = run("merge " + out("s/results-*-of-3.jsonl") + " --out " + out("gap"));
  EXPECT_EQ(gap.exit, 3) << gap.text;
  EXPECT_NE(gap.text.find("incomplete"), std::string::npos) << gap.text;
  EXPECT_NE(gap.text.find("shard 1/3: no file"), std::string::npos) << gap.text;
  const Ran again = run("merge " + out("gap/results.jsonl") + " --out " + out("x"));
  EXPECT_EQ(again.exit, 2) << again.text;
  EXPECT_NE(again.text.find("0,2/3"), std::string::npos) << again.text;
}

TEST_F(Distributed, ATruncatedShardIsAGapAndADamagedOneAnError) {
  for (int i = 0; i < 2; ++i) run_part(i, 2, "s");
  const std::string whole = read(part(1, 2, "s"));
  const auto merged = [&](const std::string& content) {
    std::ofstream(part(1, 2, "s")) << content;
    return run("merge " + out("s/results-*-of-2.jsonl") + " --out " + out("m"));
  };
  const Ran cut = merged(whole.substr(0, whole.size() - 20));
  EXPECT_EQ(cut.exit, 3) << cut.text;
  EXPECT_NE(cut.text.find("ends in the middle of line"), std::string::npos) << cut.text;

  const auto with = [&](const std::string& old, const std::string& now) {
    std::string s = whole;
    EXPECT_NE(s.find(old), std::string::npos) << old;
    return s.replace(s.find(old), old.size(), now);
  };
  const std::vector<std::pair<std::string, std::string>> wrong{
      {with("\"schema\":1", "\"schema\":2"), "schema 2"},
      {with("\"seed\":\"5\"", "\"seed\":\"6\""), "seed"},
      {with("\"cases\":12", "\"cases\":13"), "cases"},
      {with("\"commit\":\"", "\"commit\":\"0"), "commit"},
      {with("\"shard\":\"1/2\"", "\"shard\":\"1/3\""), "one of 3"},
      {with("{\"type\":\"check\"", "{\"type\":\"check"), "results-1-of-2.jsonl:2"},
      {with("\"type\":\"check\"", "\"type\":\"cheque\""), "cheque"}};
  for (const auto& [content, named] : wrong) {
    const Ran r = merged(content);
    EXPECT_EQ(r.exit, 2) << r.text;
    EXPECT_NE(r.text.find(named), std::string::npos) << named << "\n" << r.text;
  }
}

TEST_F(Distributed, TheShardIsTheLaunchers) {
  const std::vector<std::pair<std::string, std::string>> launchers{
      {"GTEST_SHARD_INDEX=1 GTEST_TOTAL_SHARDS=4", "1/4"},
      {"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_STEP=2 "
       "SLURM_ARRAY_TASK_COUNT=5",
       "2/5"},
      {"SLURM_PROCID=3 SLURM_NTASKS=4 PMI_RANK=3 PMI_SIZE=4", "3/4"},
      {"OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 SLURM_PROCID=0 SLURM_NTASKS=1", "0/2"},
      {"JOB_COMPLETION_INDEX=2 JOB_COMPLETIONS=3", "2/3"}};
  for (const auto& [variables, shard] : launchers) {
    const Ran r = run("verify square --cases 40 --out " + out("l"), variables);
    EXPECT_EQ(r.exit, 3) << variables << "\n" << r.text;
    EXPECT_NE(r.text.find("shard " + shard + ": from " + variables.substr(0, 10)),
              std::string::npos)
        << variables << "\n"
        << r.text;
  }
  const std::string two = "GTEST_SHARD_INDEX=1 GTEST_TOTAL_SHARDS=4 PMI_RANK=1 PMI_SIZE=5";
  const Ran disagree = run("verify square --cases 40 --out " + out("l"), two);
  EXPECT_EQ(disagree.exit, 2) << disagree.text;
  EXPECT_NE(disagree.text.find("two launchers"), std::string::npos) << disagree.text;
  for (const auto& [option, said] : {std::pair{"0/9", "shard 0/9: from --shard"},
                                     std::pair{"pmi", "shard 1/5: from PMI_RANK"}}) {
    const Ran r = run("verify square --cases 40 --out " + out("l") + " --shard " + option, two);
    EXPECT_NE(r.text.find(said), std::string::npos) << r.text;
  }
  EXPECT_EQ(run("verify square --cases 40 --out " + out("l"), "PMI_RANK=1").exit, 2);
  EXPECT_EQ(run("verify square --cases 40 --out " + out("l"), "PMI_RANK=4 PMI_SIZE=4").exit, 2);
}

TEST_F(Distributed, ProcessesThatDoNotComeBackAreFailuresAndShardsAgreeOnThem) {
  const std::string what =
      "verify plugin_crash plugin_exit plugin_wrong_sign square --cases 6 " + plugin();
  EXPECT_EQ(run(what + " --jobs 1 --out " + out("whole")).exit, 1);
  for (int i = 0; i < 2; ++i) run(fmt::format("{} --shard {}/2 --out {}", what, i, out("s")));
  const Ran r = run("merge " + out("s/results-*-of-2.jsonl") + " --out " + out("s"));
  EXPECT_EQ(r.exit, 1) << r.text;
  EXPECT_NE(r.text.find("plugin_exit/double/state: it ended its process with code 0 (case 0)"),
            std::string::npos)
      << r.text;
  EXPECT_EQ(read(folder_ / "s/results.jsonl"), read(folder_ / "whole/results.jsonl"));

  const Ran hang = run("verify plugin_hang square --scalar double --cases 2 --timeout 0.2 " +
                       plugin() + " --out " + out("h"));
  EXPECT_EQ(hang.exit, 1) << hang.text;
  EXPECT_NE(hang.text.find("plugin_hang/double/state: it did not end within 0.2 s"),
            std::string::npos)
      << hang.text;
  EXPECT_NE(hang.text.find("(11 correct, 6 wrong"), std::string::npos) << hang.text;
}

TEST_F(Distributed, StoredFailuresAreTriedFirstAndKept) {
  const std::string what = "verify plugin_wrong_sign plugin_crash --scalar double --cases 6 " +
                           plugin() + " --out " + out("f");
  EXPECT_EQ(run(what).exit, 1);
  const std::string first = read(folder_ / "f/results.jsonl");
  const Ran again = run(what);
  EXPECT_EQ(again.exit, 1);
  EXPECT_NE(again.text.find("11 stored failures"), std::string::npos) << again.text;
  EXPECT_NE(again.text.find("11 fail again, 0 are right"), std::string::npos) << again.text;
  EXPECT_EQ(read(folder_ / "f/results.jsonl"), first);
  const Ran crash =
      run("replay " + out("f/failures/lost-plugin_crash-double-state-0.json ") + plugin());
  EXPECT_EQ(crash.exit, 1) << crash.text;

  // The same cases, stored for an operation that is right on them.
  fs::create_directories(folder_ / "g/failures");
  std::string stored = read(folder_ / "f/failures/plugin_wrong_sign-double-0.json");
  for (std::size_t at = 0; (at = stored.find("plugin_wrong_sign", at)) != std::string::npos;) {
    stored.replace(at, 17, "plugin_cube");
  }
  std::ofstream(out("g/failures/plugin_cube-double-0.json")) << stored;
  const std::string right = "verify plugin_cube --cases 6 " + plugin() + " --out ";
  const Ran kept = run(right + out("g"));
  EXPECT_EQ(kept.exit, 0) << kept.text;
  EXPECT_NE(kept.text.find("1 are right now (kept"), std::string::npos) << kept.text;
  EXPECT_TRUE(fs::exists(folder_ / "g/failures/plugin_cube-double-0.json"));
  ASSERT_EQ(run(right + out("fresh")).exit, 0);
  EXPECT_EQ(read(folder_ / "g/results.jsonl"), read(folder_ / "fresh/results.jsonl"));
}

TEST_F(Distributed, CompareFindsWhatIsWorseAndNothingElse) {
  ASSERT_EQ(run("verify sigmoid --cases 12 --out " + out("a")).exit, 0);
  const std::string old = read(folder_ / "a/results.jsonl");
  std::vector<std::string> lines;
  std::istringstream in(old);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const auto compared = [&](const std::vector<std::string>& now, const std::string& more = "") {
    std::ofstream file(out("b.jsonl"));
    for (const std::string& line : now) file << line << "\n";
    file.close();
    return run("compare " + out("a/results.jsonl") + " " + out("b.jsonl") + more);
  };
  EXPECT_EQ(compared(lines).exit, 0);

  const auto changed = [&](auto change) {
    std::vector<std::string> now = lines;
    Json j = Json::parse(now[1]);
    change(j);
    now[1] = j.dump();
    return now;
  };
  const auto grown = [](double by) {
    return [by](Json& j) {
      Json& ulp = j["worst"]["derivative"]["ulp"];
      ulp = ulp.get<double>() + by;
    };
  };
  EXPECT_EQ(compared(changed(grown(0.4))).exit, 0);
  EXPECT_EQ(compared(changed(grown(0.4)), " --threshold 0.3").exit, 1);
  const std::string id = Json::parse(lines[1]).at("id");
  std::vector<std::string> without = lines;
  without.erase(without.begin() + 1);
  const std::vector<std::pair<std::vector<std::string>, std::string>> worse{
      {changed(grown(0.6)), "larger errors"},
      {changed([](Json& j) { j["verdict"] = "wrong"; }), "new failures"},
      {changed([](Json& j) { j["verdict"] = "skipped"; }), "missing checks"},
      {changed([](Json& j) { j["claimed"]["derivative"] = 99; }), "looser claims"},
      {without, "missing checks"}};
  for (const auto& [now, list] : worse) {
    const Ran r = compared(now, " --json");
    EXPECT_EQ(r.exit, 1) << r.text;
    const Json j = Json::parse(r.text);
    ASSERT_EQ(j.at(list).size(), 1U) << r.text;
    EXPECT_TRUE(j.at(list)[0].get<std::string>().starts_with(id)) << r.text;
  }
  std::vector<std::string> unfinished = lines;
  unfinished.pop_back();
  EXPECT_EQ(compared(unfinished).exit, 3);
}

}  // namespace
}  // namespace assay::verify
