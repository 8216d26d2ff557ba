#include "../gcov.hpp"

#include "../lcov.hpp"
#include "../uncovered.hpp"
#include "rendering.hpp"

namespace assay::report {
namespace {

Json branch(int count, bool fallthrough, bool throws = false) {
  return {{"count", count}, {"fallthrough", fallthrough}, {"throw", throws}};
}
/// As g++ ends a block that calls what may throw.
std::vector<Json> call(int count) { return {branch(count, true), branch(0, false, true)}; }

Json line(int number, int count, const std::string& function, std::vector<Json> branches = {}) {
  return {{"branches", branches},
          {"count", count},
          {"line_number", number},
          {"unexecuted_block", false},
          {"function_name", function}};
}
Json function(int first, int column, const std::string& name, int count) {
  return {{"name", name},      {"demangled_name", name},   {"start_line", first},
          {"end_line", first}, {"start_column", column},   {"end_column", 1},
          {"blocks", 3},       {"blocks_executed", count}, {"execution_count", count}};
}
std::string document(const std::string& file, const std::vector<Json>& lines,
                     const std::vector<Json>& functions) {
  const Json of_file{{"lines", lines}, {"functions", functions}, {"file", file}};
  const Json all{{"gcc_version", "12.2.0"}, {"files", {of_file}}, {"format_version", "1"}};
  return all.dump();
}

const std::vector<std::string> source{
    "int pick(int x) {",          "  if (x < 0 && f(x)) return 0;",
    "  return x > 1 ? x : 1;",    "}",
    "auto g = [] { return 1; };", "void left() {}"};

class Gcov : public Report {
 protected:
  void add(const std::vector<Json>& lines, const std::vector<Json>& functions,
           const std::string& file = "/tree/lib/assay/pick.hpp") {
    add_gcov(document(file, lines, functions), "/tree", {"gcov", 1}, counts);
  }
  /// What a reader of lcov's format finds of the file.
  FileCoverage coverage() {
    for (auto& [path, each] : counts) settle(each, source);
    return read_lcov(put(lcov_of(counts), "lcov.info")).front();
  }
  static void expect(const Covered& covered, std::uint64_t hit, std::uint64_t found) {
    EXPECT_EQ(covered.hit, hit);
    EXPECT_EQ(covered.found, found);
  }
  Places places(const std::string& reasons = "") {
    for (auto& [path, each] : counts) settle(each, source);
    const auto text = [](const std::string&) -> const std::vector<std::string>& { return source; };
    return uncovered_places(counts, text, read_reasons(put(reasons, "reasons")));
  }
  Counts counts;
};

TEST_F(Gcov, InstantiationsOfATemplateCountOnce) {
  add({line(1, 3, "pick<int>"), line(2, 3, "pick<int>", {branch(0, true), branch(3, false)}),
       line(3, 3, "pick<int>"), line(1, 0, "pick<long>"),
       line(2, 0, "pick<long>", {branch(0, true), branch(0, false)}), line(3, 0, "pick<long>")},
      {function(1, 5, "pick<int>", 3), function(1, 5, "pick<long>", 0)});
  add({line(2, 1, "pick<int>", {branch(1, true), branch(0, false)})},
      {function(1, 5, "pick<int>", 1)});
  const FileCoverage all = coverage();
  expect(all.lines, 3, 3);
  expect(all.functions, 1, 1);
  expect(all.branches, 2, 2);
}
TEST_F(Gcov, CallsThatMayThrowAreNoBranches) {
  std::vector<Json> branches{branch(2, true), branch(0, false)};
  for (const Json& each : call(2)) branches.push_back(each);
  std::swap(branches[2], branches[3]);
  add({line(2, 2, "pick", branches), line(3, 2, "pick", call(2))}, {function(1, 5, "pick", 2)});
  expect(coverage().branches, 1, 2);
}
TEST_F(Gcov, StatementsThatDecideNothingHaveNoBranches) {
  const std::vector<Json> two{branch(1, true), branch(0, false)};
  const std::vector<std::string> lines{
      "  return {{\"weight\",",              // a list
      "           &weight}};",               // its end
      "  } catch (const Error& e) {",        // a type
      "  return a",                          // a condition of three lines
      "      || b;  // if",                  //
      "  delete big;  // while it is there"  //
  };
  std::vector<Json> all;
  for (int i = 1; i <= 6; ++i) all.push_back(line(i, 1, "f", two));
  add(all, {function(1, 1, "f", 1)});
  for (auto& [path, each] : counts) settle(each, lines);
  const FileCoverage of = read_lcov(put(lcov_of(counts), "lcov.info")).front();
  expect(of.branches, 2, 4);  // lines 4 and 5
}
TEST_F(Gcov, TheInstantiationWithTheFewestBranchesCounts) {
  const auto cleared_up = [](int first) {
    return std::vector<Json>{branch(first, true), branch(1, false), branch(0, true),
                             branch(1, false)};
  };
  add({line(2, 1, "pick<Big>", cleared_up(0)),
       line(2, 2, "pick<int>", {branch(1, true), branch(1, false)}),
       line(2, 0, "pick<char>", {branch(0, true)})},
      {function(1, 5, "pick<Big>", 1), function(1, 5, "pick<int>", 2),
       function(1, 5, "pick<char>", 0)});
  expect(coverage().branches, 2, 2);
}
TEST_F(Gcov, LinesWithoutAFunctionAreThoseOfTheGenericLambdaBefore) {
  Json without =
      line(3, 2, "", {branch(0, true), branch(1, false), branch(0, true), branch(1, false)});
  without.erase("function_name");
  add({without}, {function(1, 5, "pick", 1), function(2, 9, "lambda<int>", 1),
                  function(2, 9, "lambda<long>", 1), function(5, 10, "g", 1)});
  expect(coverage().branches, 1, 2);
  without["branches"].push_back(branch(0, true));
  without["branches"].push_back(branch(0, false));
  without["branches"].push_back(branch(1, true));
  without["branches"].push_back(branch(1, false));
  add({without}, {function(2, 9, "lambda<int>", 1), function(2, 9, "lambda<long>", 1),
                  function(2, 9, "lambda<char>", 1)});
  expect(coverage().branches, 2, 2);
}
TEST_F(Gcov, FunctionsWithinOneLineHaveTheirOwnBranches) {
  add({line(2, 1, "f", {branch(1, true), branch(0, false)}),
       line(2, 1, "g", {branch(0, true), branch(1, false)})},
      {function(1, 5, "f", 1), function(2, 9, "g", 1)});
  expect(coverage().branches, 2, 4);
}
TEST_F(Gcov, LinesOfBracesAndOtherSourcesDoNotCount) {
  add({line(3, 1, "pick"), line(4, 0, "pick")}, {function(1, 5, "pick", 1)});
  for (const char* other :
       {"/usr/include/Eigen/Core", "/tree/build/verify/judged_0.cpp", "/tree/verify/tests/a.cpp",
        "/tree/lib/examples/xor.cpp", "/treelib/a.cpp"}) {
    add({line(3, 1, "pick")}, {function(1, 5, "pick", 1)}, other);
  }
  EXPECT_EQ(counts.size(), 1u);
  expect(coverage().lines, 1, 1);
}
TEST_F(Gcov, WhatNothingReachedIsListedWithItsReason) {
  add({line(1, 1, "pick"), line(2, 1, "pick", {branch(0, true), branch(1, false)}),
       line(3, 1, "pick"), line(5, 0, "lambda"), line(6, 0, "left")},
      {function(1, 5, "pick", 1), function(5, 10, "lambda", 0), function(3, 3, "inner", 0)});
  const Places found = places(
      "# comment\n\nlib/assay/pick.hpp: `x < 0 && f(x)`: f is for the future\n"
      "lib/assay/pick.hpp: `left()`: left alone\nlib/assay/pick.hpp: `return x;;`: x\n"
      "lib/assay/pick.hpp: `int pick`: is reached\n");
  ASSERT_EQ(found.all.size(), 3u);
  EXPECT_EQ(found.all[0].what, "1 of 2 branches");
  EXPECT_EQ(found.all[0].reason, "f is for the future");
  EXPECT_EQ(found.all[0].text, "if (x < 0 && f(x)) return 0;");
  EXPECT_EQ(found.all[1].what, "function return x > 1 ? x : 1;");
  EXPECT_EQ(found.all[1].reason, "");
  EXPECT_EQ(found.all[2].what, "lines");
  EXPECT_EQ(found.all[2].first, 5u);
  EXPECT_EQ(found.all[2].last, 6u);
  EXPECT_EQ(found.all[2].reason, "left alone");
  EXPECT_EQ(found.unused, (std::vector<std::string>{"lib/assay/pick.hpp: `return x;;`",
                                                    "lib/assay/pick.hpp: `int pick`"}));
}
TEST_F(Gcov, BranchesAreListedOfTheLibraryOnly) {
  add({line(2, 1, "pick", {branch(0, true), branch(1, false)}), line(3, 0, "pick")},
      {function(1, 5, "pick", 1)}, "/tree/verify/a.cpp");
  ASSERT_EQ(places().all.size(), 1u);
  EXPECT_EQ(places().all[0].what, "lines");
}
TEST_F(Gcov, FunctionsAreNamedByTheirSource) {
  add({line(1, 1, "a")}, {function(1, 5, "a", 1), function(5, 10, "b", 1), function(6, 6, "c", 0)});
  for (auto& [path, each] : counts) settle(each, source);
  const std::string text = lcov_of(counts);
  EXPECT_TRUE(has(text, "FN:1,pick:1:5\n") && has(text, "FN:5,lambda:5:10\n"));
  EXPECT_TRUE(has(text, "FNDA:0,left:6:6\n"));
}
TEST_F(Gcov, OtherDocumentsAndReasonsAreRefused) {
  const auto refused = [&](const std::function<void()>& f) {
    try {
      f();
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  for (const char* text :
       {"", "{", "[]", "{}", R"({"files": [{"lines": [{"line_number": 1}]}]})"}) {
    EXPECT_TRUE(has(refused([&] {
                      add_gcov(text, "/tree", {"gcov", 3}, counts);
                    }),
                    "gcov:3: "))
        << text;
  }
  for (const char* text : {"a: b: c", "a: `b` c", ": `b`: c", "a: ``: c", "a: `b`:  "}) {
    EXPECT_TRUE(has(refused([&] { read_reasons(put(text, "reasons")); }), "reasons:1: ")) << text;
  }
}
TEST_F(Gcov, ThePageShowsTheReasonsAndWhatIsBelowTheWanted) {
  add({line(1, 1, "pick"), line(2, 1, "pick", {branch(0, true), branch(1, false)}),
       line(6, 0, "left")},
      {function(1, 5, "pick", 1), function(6, 6, "left", 0)});
  put(uncovered_json(places("lib/assay/pick.hpp: `x < 0`: f is <for> the future\na: `b`: c\n")),
      "uncovered.json");
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  render({{results}, put(lcov_of(counts), "lcov.info"), out()});
  const std::string page = slurp(out() / "index.html");
  EXPECT_TRUE(has(page, "2 places not reached, 1 of them without a reason"));
  EXPECT_TRUE(has(page, "f is &lt;for&gt; the future") && has(page, "lib/assay/pick.hpp:6<"));
  EXPECT_TRUE(has(page, "<td class=\"wrong\">none given</td>"));
  EXPECT_TRUE(has(page, "<code>a: `b`</code>"));
  EXPECT_TRUE(has(page, "2/3, wanted 100 %") && has(page, "1/2, wanted 95 %"));
  EXPECT_TRUE(has(slurp(out() / "summary.md"),
                  "Reached of `lib/`: 66.7 % of lines, 50.0 % of functions, 50.0 % of branches."));
  put("{\"schema\": 2}", "uncovered.json");
  EXPECT_TRUE(has(refusal({{results}, folder / "lcov.info", out()}), "`schema` is not 1"));
}
TEST_F(Gcov, LinesOutsideOfTheLibraryStandInOneRowAFile) {
  add({line(1, 0, "pick"), line(2, 1, "pick"), line(3, 0, "pick")}, {function(1, 5, "pick", 1)},
      "/tree/verify/pick.cpp");
  put(uncovered_json(places()), "uncovered.json");
  const auto results = put(lines({run_line(), check_line(), end_line()}));
  render({{results}, put(lcov_of(counts), "lcov.info"), out()});
  EXPECT_TRUE(has(slurp(out() / "index.html"), "verify/pick.cpp</th><td>lines 1, 3</td>"));
}

}  // namespace
}  // namespace assay::report
