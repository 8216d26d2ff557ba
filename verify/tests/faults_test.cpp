// Planted faults: each is wrong where it is planted, and a check finds it there.

#include "faults.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "assay/verify.hpp"
#include "catalogue/entry_faults.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

FaultResult try_in(const std::shared_ptr<const Operation>& op, std::string_view fault,
                   const FaultPlan& plan = {.cases = 100}) {
  return try_fault({op, double_format, fault_named(fault)}, plan);
}
std::shared_ptr<const Operation> named(std::string_view name) {
  for (const Entry& e : library()) {
    if (e.op->name == name) return e.op;
  }
  throw std::out_of_range(std::string(name));
}

TEST(Faults, EveryClassHasOneAndEveryFaultAClass) {
  std::set<std::uint64_t> numbers;
  std::set<std::string_view> names;
  for (const Fault& f : faults()) {
    EXPECT_TRUE(f.number >= 1 && f.number <= fault_classes.size()) << f.name;
    EXPECT_TRUE(names.insert(f.name).second) << f.name << " is given twice";
    numbers.insert(f.number);
  }
  numbers.insert({11, 20});  // planted by the catalogue
  EXPECT_EQ(numbers.size(), fault_classes.size());
  for (std::size_t i = 0; i < fault_classes.size(); ++i) {
    EXPECT_EQ(fault_classes[i].number, i + 1);
  }
}

TEST(Faults, EveryKindIsCaughtOrCannotOccur) {
  for (const auto& op : {named("mul"), named("matmul"), named("softplus")}) {
    for (const Fault& fault : faults()) {
      if (fault.concerns && !fault.concerns(*op)) continue;
      if (fault.in == Fault::In::second) continue;
      const FaultResult r = try_fault({op, double_format, fault}, {.cases = 200});
      EXPECT_NE(r.status, "survived") << op->name << " " << fault.name << ": " << r.shrunk;
      EXPECT_EQ(r.manifested > 0, r.status == "caught") << op->name << " " << fault.name;
      if (r.status == "not-applicable") {
        EXPECT_NE(r.shrunk, "") << op->name << " " << fault.name << ": no reason is given";
      }
    }
  }
}

TEST(Faults, WhatCannotBeWrongIsNotPlanted) {
  EXPECT_EQ(try_in(named("relu"), "at-zero").status, "not-applicable")
      << "the derivative is 0 there";
  EXPECT_EQ(try_in(named("sqrt"), "nan-at-zero").status, "not-applicable") << "0 is not allowed";
  EXPECT_EQ(try_in(named("sum"), "transposed").status, "not-applicable")
      << "all elements of the gradient are equal";
  EXPECT_EQ(try_in(named("exp"), "no-upstream").status, "caught");
}

TEST(Faults, TheHessianOfLabelsIsNotPlantedIn) {
  // Second derivatives are taken of what moves; of bce at probability 0 there are none.
  const FaultResult at_zero = try_in(named("bce"), "second-at-zero");
  EXPECT_EQ(at_zero.status, "not-applicable") << at_zero.shrunk;
  EXPECT_EQ(try_in(named("bce"), "second-sign").status, "caught");
}

TEST(Faults, ARightRuleIsNotCaught) {
  struct Nothing {
    static void in_float(const Backward<float>&, std::span<Mat<float>>) {}
    static void in_double(const Backward<double>&, std::span<Mat<double>>) {}
  };
  const Fault none{.name = "nothing",
                   .number = 1,
                   .about = "the gradient is right",
                   .in_float = &Nothing::in_float,
                   .in_double = &Nothing::in_double};
  const auto planted = std::make_shared<Planted>();
  const Operation same = plant(*named("softplus"), none, planted);
  const Report r = check(same, {.cases = 100, .seed = 42, .out = ""});
  EXPECT_TRUE(r.ok()) << r.message();
  EXPECT_FALSE(planted->changed);
  EXPECT_EQ(try_fault({named("softplus"), double_format, none}, {}).status, "not-applicable");
}

TEST(Faults, AFaultThatNoCheckLooksForSurvives) {
  FaultTask t{named("softplus"), double_format, fault_named("sign")};
  t.fault.in = Fault::In::elsewhere;
  t.checks = [op = t.operation](const std::shared_ptr<Planted>& planted, const Plan& plan) {
    planted->changed = true;
    return checks_of(op, plan);  // of the right operation
  };
  const FaultResult r = try_fault(t, {.cases = 10});
  EXPECT_EQ(r.status, "survived");
  EXPECT_EQ(r.by, "");
  EXPECT_GT(r.manifested, 0U);
}

TEST(Faults, ACheckThatFailsWhereNothingIsWrongIsAFalseAlarm) {
  FaultTask t{named("softplus"), double_format, fault_named("sign")};
  t.fault.in = Fault::In::elsewhere;
  t.checks = [op = t.operation](const std::shared_ptr<Planted>&, const Plan& plan) {
    std::vector<Check> checks = checks_of(op, plan);
    checks.front().run = [](std::uint64_t, std::uint64_t, CheckResult& r) {
      r.failures.emplace_back();
    };
    return checks;
  };
  const FaultResult r = try_fault(t, {.cases = 10});
  EXPECT_EQ(r.status, "survived");
  EXPECT_NE(r.shrunk.find("false alarm"), std::string::npos) << r.shrunk;
}

TEST(Faults, WhatChangesWhileTwoThreadsUseTheRuleCounts) {
  // In a process of their own, and with inputs that the first thread does not see.
  for (const auto& [op, fault] :
       {std::pair{"log_sigmoid", "size-zero"}, {"gelu", "size-zero"}, {"tanh", "summed"}}) {
    const FaultResult r = try_in(named(op), fault, {});
    EXPECT_EQ(r.status, "caught") << op << " " << fault << ": " << r.shrunk;
    EXPECT_GT(r.manifested, 0U) << op << " " << fault;
  }
}

TEST(Faults, TheMistakeOfTheTestItselfIsFound) {
  // The backward of the oracles' scalars is wrong alike; what is compared with is the forward.
  EXPECT_EQ(try_in(named("tanh"), "factor-everywhere").status, "caught");
  EXPECT_EQ(try_in(named("matmul"), "factor-everywhere").status, "caught");
}

TEST(Faults, PublishedFormulasAreCaught) {
  const std::vector<std::pair<std::shared_ptr<const Operation>, const char*>> published{
      {named("sigmoid"), "sigmoid-of-itself"},
      {named("sigmoid"), "sigmoid-quotient"},
      {named("softplus"), "softplus-quotient"},
      {named("tanh"), "tanh-of-itself"},
      {named("norm"), "norm-of-squares"},
      {named("prod"), "prod-quotient"},
      {named("elu"), "elu-masked"},
      {named("logsumexp"), "unshifted"},
      {named("bce"), "bce-clamped"},
      {named("kl_div"), "kl-with-epsilon"},
      {named("sqrt"), "sqrt-with-epsilon"},
      {named("softmax"), "softmax-without-sum"},
      {named("bce_with_logits"), "logits-difference"},
  };
  for (const auto& [op, fault] : published) {
    const FaultResult r = try_in(op, fault, {.cases = 300});
    EXPECT_EQ(r.status, "caught") << op->name << " " << fault << ": " << r.shrunk;
  }
}

TEST(Faults, AMisreadLayoutIsCaughtAtTheLifts) {
  for (const Entry& e : library()) {
    if (e.op->name != "matmul") continue;
    for (const FaultTask& t : entry_faults(e, double_format)) {
      if (t.fault.number != 18) continue;
      const FaultResult r = try_fault(t, {.cases = 50});
      EXPECT_EQ(r.status, "caught") << t.fault.name;
      EXPECT_EQ(r.by, "lifts");
    }
  }
}

TEST(Faults, SpecimensAreRight) {
  for (const auto& op : specimens()) {
    const Report r = check(*op, {.cases = 60, .seed = 42, .out = ""});
    EXPECT_TRUE(r.ok()) << r.message();
  }
}

TEST(Sensitivity, ATinyErrorIsFoundWhereTheUsualTolerancesLetAThousandthThrough) {
  const SensitivityResult s = sensitivity(named("exp"), double_format, 42, 60);
  EXPECT_LE(s.found, 1e-14);
  EXPECT_GE(s.found, 0x1p-53);
  EXPECT_NEAR(s.usual, 1e-3, 1e-9);
  EXPECT_LE(sensitivity(named("exp"), float_format, 42, 60).found, 1e-6);
}

TEST(Sensitivity, WhatIsReportedAsFoundIsFoundAndHalfOfItIsNot) {
  const auto op = named("tanh");
  const double found = sensitivity(op, double_format, 42, 40).found;
  for (const double error : {found, found / 2}) {
    const Operation wrong = plant_factor(*op, error);
    Plan plan{.cases = 40, .formats = {double_format}};
    bool fails = false;
    for (const Check& c : checks_of(std::make_shared<const Operation>(wrong), plan)) {
      if (c.blank.scalar == "double") fails = fails || !run_cases(c, 42, 0, 1).failures.empty();
    }
    EXPECT_EQ(fails, error == found) << error;
  }
}

}  // namespace
