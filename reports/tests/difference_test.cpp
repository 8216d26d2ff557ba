#include "../difference.hpp"

#include "../read.hpp"
#include "rendering.hpp"

namespace assay::report {
namespace {

TEST_F(Report, BaselineSaysWhatIsWorseAndWhatIsBetter) {
  Json worse = check_line("a"), better = check_line("b"), gone = check_line("c");
  worse["worst"]["derivative"]["ulp"] = 1.0;
  better["worst"]["derivative"]["ulp"] = 5.0;
  const auto old = put(lines({run_line(), worse, better, gone, end_line(3)}), "old.jsonl");
  const auto now =
      put(lines({run_line(), check_line("a"), check_line("b"), check_line("d"), end_line(3)}));
  render({{now}, {}, out(), old, 0.5});
  const std::string page = slurp(out() / "index.html"), summary = slurp(out() / "summary.md");
  EXPECT_TRUE(has(page, "a/double/derivative: derivative 1.00 -&gt; 2.50 ulp"));
  EXPECT_TRUE(has(page, "b/double/derivative: derivative 5.00 -&gt; 2.50 ulp"));
  EXPECT_TRUE(has(page, "missing checks") && has(page, "added checks"));
  EXPECT_TRUE(has(summary, "❌ larger errors: 1") && has(summary, "❌ missing checks: 1"));
  EXPECT_TRUE(has(summary, "- smaller errors: 1") && has(summary, "c/double/derivative"));
}
TEST_F(Report, BaselineThatIsTheSameChangesNothing) {
  const auto now = put(lines({run_line(), check_line(), end_line()}));
  render({{now}, {}, out(), now, 0.5});
  EXPECT_TRUE(has(slurp(out() / "index.html"), "<p>Nothing.</p>"));
  EXPECT_TRUE(has(slurp(out() / "summary.md"), "Nothing changed."));
}
TEST_F(Report, WithoutABaselineTheWayToGiveOneIsSaid) {
  EXPECT_TRUE(has(page_of(lines({run_line(), check_line(), end_line()})), "--baseline OLD.jsonl"));
}
TEST_F(Report, DifferencesCountByTheThreshold) {
  Json before = check_line();
  before["worst"]["derivative"]["ulp"] = 2.0;
  const Campaign a = read_results({put(lines({run_line(), before}), "a.jsonl")});
  const Campaign b = read_results({put(lines({run_line(), check_line()}), "b.jsonl")});
  EXPECT_EQ(difference(a, b, 0.4).worse(), 1u);
  EXPECT_EQ(difference(a, b, 0.5).worse(), 0u);
  EXPECT_EQ(difference(b, a, 0.4).others(), 1u);
}
TEST_F(Report, FaultsThatAreNoLongerCaughtAreWorse) {
  const Campaign a = read_results({put(lines({run_line(), fault_line("caught")}), "a.jsonl")});
  const Campaign b = read_results({put(lines({run_line(), fault_line("survived")}), "b.jsonl")});
  EXPECT_EQ(difference(a, b, 0.5).survived.lines,
            std::vector<std::string>{"sigmoid/double/fault-sign: survives"});
  EXPECT_EQ(difference(b, a, 0.5).worse(), 0u);
}

}  // namespace
}  // namespace assay::report
