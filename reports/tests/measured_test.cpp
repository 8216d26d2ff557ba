#include "../measured.hpp"

#include "rendering.hpp"

namespace assay::report {
namespace {

Json mutation(const std::string& commit = "abc123") {
  return {
      {"schema", 1},
      {"commit", commit},
      {"command", "./scripts/mutate"},
      {"seconds", 600},
      {"files",
       {{{"file", "lib/assay/ops/relu.hpp"}, {"killed", 9}, {"survived", 1}, {"equivalent", 1}}}},
      {"mutants",
       {{{"file", "lib/assay/ops/relu.hpp"},
         {"line", 12},
         {"original", "x > 0"},
         {"mutant", "x >= 0"},
         {"status", "survived"}},
        {{"file", "lib/assay/ops/relu.hpp"},
         {"line", 14},
         {"original", "a + b"},
         {"mutant", "b + a"},
         {"status", "equivalent"},
         {"why", "addition commutes"}}}}};
}
Json benchmarks(const std::string& commit = "abc123") {
  return {
      {"schema", 1},
      {"commit", commit},
      {"command", "./scripts/bench"},
      {"processor", "a processor"},
      {"ours", "assay"},
      {"benchmarks",
       {{{"name", "a training step"},
         {"unit", "ns"},
         {"times",
          {{{"contender", "assay"}, {"time", 200}}, {{"contender", "by hand"}, {"time", 150}}}}}}}};
}

class Measurements : public Report {
 protected:
  void place(const std::string& name, const Json& json) const {
    fs::create_directories(out());
    std::ofstream(out() / name) << json.dump(1) << "\n";
  }
  std::string page(const Json& run = run_line()) const {
    return page_of(lines({run, check_line(), end_line()}));
  }
};

TEST_F(Measurements, OfThisCommitAreShown) {
  place("mutation.json", mutation());
  place("bench.json", benchmarks());
  const std::string text = page();
  EXPECT_TRUE(has(text, "9 of 10 mutants killed (90.0 %), 1 equivalent"));
  EXPECT_TRUE(has(text, "x &gt;= 0") && has(text, "addition commutes"));
  EXPECT_TRUE(has(text, "0.75 ×"));
  EXPECT_FALSE(has(text, "not measured with") || has(text, "./scripts/mutate</code>."));
}
TEST_F(Measurements, OfAnotherCommitAreNotAndTheCommandIsSaid) {
  place("mutation.json", mutation("def456"));
  place("bench.json", benchmarks("def456"));
  const std::string text = page();
  EXPECT_TRUE(has(text,
                  "Mutation score: not measured for these results (measured on commit "
                  "def456, these results are of abc123)"));
  EXPECT_TRUE(has(text, "./scripts/mutate") && has(text, "./scripts/bench"));
  EXPECT_FALSE(has(text, "90.0 %") || has(text, "0.75 ×"));
}
TEST_F(Measurements, OfTheCommitWithoutItsChangesAreNotOfThese) {
  Json run = run_line();
  run["dirty"] = true;
  place("mutation.json", mutation());
  EXPECT_TRUE(has(page(run), "these results are of abc123-dirty"));
  place("mutation.json", mutation("abc123-dirty"));
  EXPECT_TRUE(has(page(run), "90.0 %"));
}
TEST_F(Measurements, ThatAreAbsentAreNotMeasured) {
  const std::string text = page();
  EXPECT_TRUE(has(text, "Mutation score: not measured. Measure it with <code>./scripts/mutate"));
  EXPECT_TRUE(has(text, "Not measured. Measure them with <code>./scripts/bench"));
}
TEST_F(Measurements, CoverageOfAnotherCommitIsNotShown) {
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  const auto data = put("SF:lib/a\nDA:1,1\nend_of_record\n", "lcov.info");
  const auto page_with = [&](const char* commit) {
    put(std::string(commit) + "\n", "commit");
    render({{results}, data, out()});
    return slurp(out() / "index.html");
  };
  EXPECT_TRUE(has(page_with("abc123"), "lib/a"));
  EXPECT_TRUE(has(page_with("def456"), "measured on commit def456"));
}
TEST_F(Measurements, BrokenOnesAreRefusedWithTheirField) {
  const auto refused = [&](const char* file, Json json, const char* key, const Json& value,
                           const char* part) {
    json[key] = value;
    place(file, json);
    const std::string message = refusal_of(lines({run_line(), check_line(), end_line()}));
    EXPECT_TRUE(has(message, file) && has(message, part)) << message;
    fs::remove(out() / file);
  };
  refused("mutation.json", mutation(), "schema", 2, "schema 1");
  refused("mutation.json", mutation(), "files", Json::array(), "`mutants` has 2");
  refused("mutation.json", mutation(), "seconds", "long", "`seconds`");
  refused("bench.json", benchmarks(), "schema", 2, "schema 1");
  refused("bench.json", benchmarks(), "benchmarks", 7, "`benchmarks`");
  place("bench.json", Json::array());
  EXPECT_TRUE(has(refusal_of(lines({run_line(), check_line(), end_line()})), "bench.json"));
}

}  // namespace
}  // namespace assay::report
