// Every float: chunks are accounted for, one wrong float is found, a stopped run goes on.

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "assay/ops.hpp"
#include "assay/verify.hpp"
#include "exhaustive.hpp"
#include "running.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

std::uint64_t chunk_of(float x) { return std::bit_cast<std::uint32_t>(x) / chunk_size; }

CheckResult run_chunk(const Operation& op, std::uint64_t chunk) {
  const Check c = exhaustive_check(std::make_shared<const Operation>(op));
  CheckResult r = c.blank;
  c.run(chunk, 1, r);
  return r;
}

std::uint64_t accounted(const CheckResult& r) {
  std::uint64_t sum = r.elements;
  for (const char* what : {"not finite", "outside of the domain"}) {
    if (const auto i = r.counts.find(what); i != r.counts.end()) sum += i->second;
  }
  return sum;
}

TEST(Exhaustive, EveryPatternOfAChunkIsAccountedFor) {
  const Operation op = make_operation(sigmoid.op), positive = make_operation(assay::log.op);
  // -0 and the subnormal numbers, the centre, the tail, beyond where it underflows, infinity and
  // NaN
  for (const std::uint64_t chunk : {std::uint64_t{512}, chunk_of(1.5F), chunk_of(-90.0F),
                                    chunk_of(1e30F), std::uint64_t{511}}) {
    const CheckResult r = run_chunk(op, chunk);
    EXPECT_TRUE(r.failures.empty()) << r.failures.front().message;
    EXPECT_EQ(accounted(r), chunk_size) << chunk;
    EXPECT_EQ(r.counts.count("not judged: no series follows the derivative"), 0U) << chunk;
  }
  EXPECT_EQ(accounted(run_chunk(positive, chunk_of(-2.0F))), chunk_size);
  EXPECT_EQ(accounted(run_chunk(positive, chunk_of(2.0F))), chunk_size);
}

/// The gradient is 8 ulp off at one float.
class OneFloatOff final : public Rule<float> {
 public:
  using Rule<float>::forward, Rule<float>::backward;
  OneFloatOff(std::shared_ptr<const Rule<float>> inner, float at)
      : inner_(std::move(inner)), at_(at) {}
  [[nodiscard]] Shape shape(std::span<const Shape> s) const override { return inner_->shape(s); }
  [[nodiscard]] Mat<float> forward(Inputs x, Mat<float>& saved) const override {
    return inner_->forward(x, saved);
  }
  void backward(const Mat<float>& dy, Inputs x, const Mat<float>& y, const Mat<float>& saved,
                std::span<Sink<float>> dx) const override {
    std::vector<Mat<float>> g(1);
    inner_->backward(dy, x, y, saved, std::span(g));
    const auto at = x[0].map();
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      if (at.data()[i] == at_) g[0].data()[i] *= 1 + 0x1p-20F;
    }
    if (dx[0].wanted()) dx[0].take(std::move(g[0]));
  }

 private:
  std::shared_ptr<const Rule<float>> inner_;
  float at_;
};

TEST(Exhaustive, OneWrongFloatIsFound) {
  Operation op = make_operation(assay::tanh.op);
  for (const float at : {0.7123456F, -3.25F, 1e-30F}) {
    Operation wrong = op;
    wrong.in_float = std::make_shared<OneFloatOff>(op.in_float, at);
    const CheckResult r = run_chunk(wrong, chunk_of(at));
    ASSERT_EQ(r.failures.size(), 1U) << at;
    EXPECT_EQ(r.failures.front().inputs.front().values.front(), hex(static_cast<double>(at)));
  }
}

TEST(Exhaustive, WhatNoSeriesFollowsIsNotAPass) {
  const Check c =
      exhaustive_check(std::make_shared<const Operation>(make_operation(assay::sin.op)));
  CheckResult r = c.blank;
  c.run(chunk_of(0x1p60F), 1, r);
  r.cases = 1;
  conclude(c, r);
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_GT(r.counts.at("not judged: no series follows the derivative"), 0U);
}

TEST(Exhaustive, AFewChunksAreNotTheWhole) {
  const Check c = exhaustive_check(std::make_shared<const Operation>(make_operation(neg.op)));
  CheckResult r = c.blank;
  c.run(chunk_of(2.0F), 1, r);
  r.cases = 1;
  conclude(c, r);
  EXPECT_EQ(r.verdict, Verdict::inconclusive);
  EXPECT_NE(r.reason.find("of 2^32 patterns"), std::string::npos) << r.reason;
}

using Exhausting = assay::testing::Program;

TEST_F(Exhausting, AStoppedRunGoesOnWhereItWas) {
  const std::string command = "verify --exhaustive neg --jobs 1 --out " + out("e");
  const auto limited = [&](const std::string& seconds) {
    const std::string program = program_;
    program_ = "timeout -s KILL " + seconds + " " + program;
    const assay::testing::Ran r = run(command);
    program_ = program;
    return r;
  };
  const auto kept = [&] {
    return read(out("e") + "/exhaustive/neg-float-0-of-1.jsonl").find("\"chunk\"") !=
           std::string::npos;
  };
  for (const char* seconds : {"6", "20", "60"}) {  // the machine may be busy
    if (!kept()) static_cast<void>(limited(seconds));
  }
  ASSERT_TRUE(kept()) << "nothing was kept of a minute";
  const assay::testing::Ran again = limited("6");
  EXPECT_NE(again.text.find("chunks are done already"), std::string::npos) << again.text;
}

/// As many shards as there are chunks of floats.
TEST_F(Exhausting, AShardOfOneChunkIsDoneOnce) {
  const std::string command = "verify --exhaustive neg --shard 127/1024 --out " + out("e");
  const assay::testing::Ran first = run(command);
  EXPECT_EQ(first.exit, 3) << first.text;
  EXPECT_NE(first.text.find("1 of 1024 chunks are done"), std::string::npos) << first.text;
  EXPECT_NE(first.text.find("4194304 of 2^32 floats judged"), std::string::npos) << first.text;
  const std::string results = read(out("e") + "/exhaustive-127-of-1024.jsonl");
  EXPECT_NE(results.find("\"inconclusive\""), std::string::npos) << results;
  const assay::testing::Ran again = run(command);
  EXPECT_EQ(again.exit, 3);
  EXPECT_NE(again.text.find("1 of 1024 chunks are done already"), std::string::npos) << again.text;
}

TEST_F(Exhausting, WhatCannotBeExhaustedIsRefused) {
  const assay::testing::Ran two = run("verify --exhaustive mul --out " + out("e"));
  EXPECT_EQ(two.exit, 2);
  EXPECT_NE(two.text.find("'mul' matches no elementwise operation of one input"), std::string::npos)
      << two.text;
  EXPECT_EQ(run("verify --exhaustive tanh --scalar double --out " + out("e")).exit, 2);
}

}  // namespace
