// Faults at single points and in narrow windows, where random cases alone would seldom be.

#include <gtest/gtest.h>

#include "catalogue/operations.hpp"
#include "faults.hpp"
#include "generators.hpp"

namespace {

using namespace assay;
using namespace assay::verify;

const Entry& entry(std::string_view name) {
  for (const Entry& e : library()) {
    if (e.op->name == name) return e;
  }
  throw std::out_of_range(std::string(name));
}

/// As `assay faults` plants it.
FaultResult planted(std::string_view operation, std::string_view fault, const Format& f) {
  const Entry& e = entry(operation);
  FaultTask t{e.op, f, fault_named(fault)};
  t.more = [&e, f](const std::shared_ptr<const Operation>& wrong, const Plan&) {
    Entry with = e;
    with.op = std::make_shared<Operation>(*wrong);
    return std::vector<Check>{non_finite_check(with, f)};
  };
  return try_fault(t, {});
}

std::string in_words(const FaultResult& r) {
  return r.fault + " in " + r.operation + "<" + r.scalar + ">: " + r.status + ", " + r.shrunk;
}

TEST(FaultsAtPoints, ExactlyOneIsMetAlsoWhereFewElementsCount) {
  for (const char* op : {"nll_mean", "nll_none", "trace", "diagonal", "where", "max_rowwise"}) {
    for (const Format& f : {float_format, double_format}) {
      const FaultResult r = planted(op, "at-one", f);
      EXPECT_EQ(r.status, "caught") << in_words(r);
      EXPECT_LE(r.after, 200U) << in_words(r);
    }
  }
}

TEST(FaultsAtPoints, WindowsBesideAPoleAndInASelectionAreFound) {
  for (const Format& f : {float_format, double_format}) {
    for (const char* fault : {"window", "negative-window"}) {
      for (const char* op : {"reciprocal", "maximum", "minimum"}) {
        const FaultResult r = planted(op, fault, f);
        EXPECT_EQ(r.status, "caught") << in_words(r);
      }
    }
  }
}

TEST(FaultsAtPoints, ALineOfNothingButMinusInfinityIsLookedAtInEveryExponentialSum) {
  for (const char* family : {"logsumexp", "softmax", "log_softmax"}) {
    for (const char* axis : {"", "_rowwise", "_colwise"}) {
      for (const Format& f : {float_format, double_format}) {
        const FaultResult r = planted(std::string(family) + axis, "all-minus-infinity", f);
        EXPECT_EQ(r.status, "caught") << in_words(r);
        EXPECT_EQ(r.by, "non-finite") << in_words(r);
      }
    }
  }
}

TEST(FaultsAtPoints, OneAndMinusOneFillLinesTheDiagonalAndWholeMatrices) {
  const Operation& op = *entry("matmul").op;
  for (const double v : {1.0, -1.0}) {
    int rows = 0, columns = 0, diagonals = 0, all = 0;
    for (std::uint64_t n = 0; n < 2000; ++n) {
      const Case c = generate(op, double_format, case_seed(42, "numbers", n));
      const Mat<double>& x = c.inputs[0];
      if (x.rows() < 2 || x.cols() < 2) continue;
      const auto is = x.array() == v;
      rows += is.rowwise().all().any() ? 1 : 0;
      columns += is.colwise().all().any() ? 1 : 0;
      diagonals += (x.diagonal().array() == v).all() ? 1 : 0;
      all += is.all() ? 1 : 0;
    }
    EXPECT_GE(rows, 3) << v;
    EXPECT_GE(columns, 3) << v;
    EXPECT_GE(diagonals, 3) << v;
    EXPECT_GE(all, 1) << v;
  }
}

}  // namespace
