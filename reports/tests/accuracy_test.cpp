#include "../accuracy.hpp"

#include <algorithm>

#include "../frameworks.hpp"
#include "../read.hpp"
#include "campaigns.hpp"

namespace assay::report {
namespace {

TEST_F(Report, FieldsOfTheTableAreQuotedWhereTheyMustBe) {
  Json check = check_line("=evil,\"name\"");
  page_of(lines({run_line(), check, end_line()}));
  const std::string csv = slurp(out() / "accuracy.csv");
  EXPECT_TRUE(has(csv, "\n\"'=evil,\"\"name\"\"\",double,correct,500,3000,ulp,4,4,,,2.5,,37.5,"))
      << csv;
}
TEST_F(Report, EveryLineOfTheTableHasAllColumns) {
  page_of(lines(failing_campaign()));
  const std::string csv = slurp(out() / "accuracy.csv");
  std::size_t rows = 0;
  for (std::size_t at = 0; at < csv.size(); ++rows) {
    const std::size_t end = csv.find('\n', at);
    EXPECT_EQ(std::count(csv.begin() + static_cast<std::ptrdiff_t>(at),
                         csv.begin() + static_cast<std::ptrdiff_t>(end), ','),
              18)
        << csv.substr(at, end - at);
    at = end + 1;
  }
  EXPECT_EQ(rows, 8u);
}
TEST_F(Report, FrameworkIsReadFromItsReplays) {
  const auto value = [](const char* name, double ulp) {
    return Json{{"name", name}, {"expected", "1"}, {"got", "1"}, {"ulp", ulp}, {"ok", true}};
  };
  Json golden = check_line("torch-losses");
  golden["kind"] = "golden";
  golden["values"] = {
      value("mse_sum(2x2, 2x2): output at (0, 0), PyTorch within 0.25 ulp", 0.5),
      value("mse_sum(2x2, 2x2): gradient 1 at (0, 0), PyTorch within 3 ulp", 1.5),
      value("mse_sum(2x3, 2x3): gradient 0 at (0, 0), PyTorch within inf ulp", 1.25),
      value("softmax(1, 2) {\"element\":1} derivative 0: PyTorch's 0 is 5.5e+15 ulp off", 0.125),
      value("PyTorch is farthest from the truth at relu(2x2): gradient 0, 3 units", 2),
      value("adam at step 3", 7)};
  const Campaign all = read_results({put(lines({run_line(), golden, end_line()}))});
  const std::vector<Beside> found = beside_frameworks(all);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].operation, "squared_error_sum");
  EXPECT_EQ(found[0].ours, 1.5);
  EXPECT_TRUE(found[0].theirs > 1e300);
  EXPECT_EQ(found[0].ours_value, 0.5);
  EXPECT_EQ(found[0].theirs_value, 0.25);
  EXPECT_EQ(found[0].at, "mse_sum(2x3, 2x3)");
  EXPECT_EQ(found[1].operation, "softmax");
  EXPECT_EQ(found[1].theirs, 5.5e15);
  EXPECT_EQ(found[1].ours, 0.125);
}
TEST_F(Report, FaultsStandByTheirClassesAndSurvivorsAreShown) {
  const std::string page = page_of(lines(failing_campaign()));
  EXPECT_TRUE(has(page, "<span>6 sign</span>"));
  EXPECT_TRUE(has(page, "<span>17 underflows or cancels to 0</span>"));
  EXPECT_LT(page.find("<span>5 a missing chain factor</span>"), page.find("<span>6 sign</span>"));
  EXPECT_TRUE(has(page, "<td class=survived>✗<span class=sr> survived</span> 1/1"));
}
TEST_F(Report, SensitivityStandsBesideTheUsualTolerances) {
  const std::string page = page_of(lines(good_campaign()));
  EXPECT_TRUE(has(page, "a relative error of 1.0e-14 is found within 40 cases"));
  EXPECT_TRUE(has(page, "rtol 1e-3, atol 1e-5 would let 1.5e-03 through"));
  EXPECT_TRUE(has(page, "1.5×10¹¹"));
}
TEST_F(Report, HintsAndNotesAndSamplersAreShown) {
  const std::string page = page_of(lines(failing_campaign()));
  EXPECT_TRUE(has(page, "<b>Likely cause:</b> the gradient is 0 where the true one is"));
  EXPECT_TRUE(has(page, "a branch at x = 1"));
  EXPECT_TRUE(has(page, "<td class=\"num\">3.1e-99</td><td>p &lt; 1e-08</td>"));
  EXPECT_TRUE(has(slurp(out() / "junit.xml"), "likely: the gradient is 0"));
}
TEST_F(Report, WholeCatalogueFitsTwoMegabytes) {
  std::vector<Json> all{run_line()};
  for (int i = 0; i < 150; ++i) {
    for (const char* name : {"derivative", "differences", "state", "sharing", "sweep", "lifts",
                             "non-finite", "determinism"}) {
      for (const char* scalar : {"float", "double"}) {
        Json check = check_line("operation_" + std::to_string(i), name);
        check["scalar"] = scalar;
        check["id"] = "operation_" + std::to_string(i) + "/" + scalar + "/" + name;
        check["plot"] = nullptr;
        if (i < 50 && std::string(name) == "sweep") {
          check["plot"] = Json::array();
          for (int k = 0; k < 400; ++k) {
            check["plot"].push_back({k * 1.7e-3, 0.3, "0x1.1p-3", k});
          }
          for (int k = 0; k < 12; ++k) check["histogram"].push_back({k, 1000 - k});
        }
        all.push_back(check);
      }
    }
  }
  const std::string page = page_of(lines(all));
  EXPECT_LT(page.size(), 2'000'000u);
  EXPECT_GT(page.size(), 500'000u);
}

}  // namespace
}  // namespace assay::report
