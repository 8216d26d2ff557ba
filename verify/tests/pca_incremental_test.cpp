#include <gtest/gtest.h>

#include <algorithm>

#include "assay/pca.hpp"
#include "assay/random.hpp"

namespace assay {
namespace {

using Eigen::Index;
using M = Mat<double>;

M data(Index rows = 700) {
  M x = Random(5).normal_matrix<double>({rows, 6});
  for (Index j = 0; j < 6; ++j) x.col(j) *= 6 - static_cast<double>(j);
  x.col(0).array() += Vec<double>::LinSpaced(rows, 0, 40).array();  // batches differ in their means
  return x.array() + 1000;
}

template <class T>
IncrementalPCA<T> in_batches(const Mat<T>& x, Index size, const PCAOptions& o = {}) {
  IncrementalPCA<T> p(o);
  for (Index i = 0; i < x.rows(); i += size) {
    p.partial_fit(x.middleRows(i, std::min(size, x.rows() - i)));
  }
  return p;
}

/// By a few ulp of scale.
void expect_same(const PCA<double>& a, const PCA<double>& b, double allowed = 64) {
  const double ulp = allowed * std::numeric_limits<double>::epsilon();
  EXPECT_LE((a.mean() - b.mean()).cwiseAbs().maxCoeff(), ulp * b.mean().cwiseAbs().maxCoeff());
  EXPECT_LE((a.components() - b.components()).cwiseAbs().maxCoeff(), 16 * ulp);
  EXPECT_LE((a.singular_values() - b.singular_values()).cwiseAbs().maxCoeff(),
            ulp * b.singular_values()(0));
  EXPECT_NEAR(a.total_variance(), b.total_variance(), ulp * b.total_variance());
  EXPECT_EQ(a.rank(), b.rank());
  EXPECT_EQ(a.determined(), b.determined());
  EXPECT_EQ(a.samples_seen(), b.samples_seen());
}

TEST(IncrementalPca, BatchesOfAnySizeGiveTheFitToAll) {
  for (const PCASolver solver : {PCASolver::automatic, PCASolver::svd, PCASolver::covariance}) {
    for (const bool center : {true, false}) {
      // About 0 a mean of 1000 would be the first component, and all others small beside it.
      const M x = center ? data() : M(data().array() - 1000);
      const PCAOptions o{.center = center, .components = 4, .solver = solver};
      const PCA<double> all = PCA<double>(o).fit(x);
      for (const Index size : {1, 3, 64, 100, 700}) {
        expect_same(in_batches(x, size, o).result(), all);
      }
    }
  }
}

TEST(IncrementalPca, ColumnsMayBeTheSamples) {
  const M x = data(100);
  IncrementalPCA<double> p({.samples = Samples::columns});
  p.partial_fit(x.topRows(30).transpose());
  p.partial_fit(x.bottomRows(70).transpose());
  expect_same(p.result(), PCA<double>().fit(x));
}

TEST(IncrementalPca, PartsMerge) {
  const M x = data();
  for (const PCASolver solver : {PCASolver::svd, PCASolver::covariance}) {
    const PCAOptions o{.solver = solver};
    auto a = in_batches<double>(x.topRows(300), 50, o);
    a.merge(in_batches<double>(x.bottomRows(400), 30, o));
    EXPECT_EQ(a.samples_seen(), 700);
    expect_same(a.result(), PCA<double>(o).fit(x));
    IncrementalPCA<double> empty(o);
    empty.merge(a);
    empty.merge(IncrementalPCA<double>(o));
    expect_same(empty.result(), a.result());
    M twice(1400, 6);
    twice << x, x;
    a.merge(a);
    expect_same(a.result(), PCA<double>(o).fit(twice));
  }
}

TEST(IncrementalPca, TheTriangularFactorKeepsSmallSingularValues) {
  M x = Random(6).normal_matrix<double>({500, 4});
  const double sizes[] = {1, 1e-4, 1e-8, 1e-11};
  for (Index j = 0; j < 4; ++j) x.col(j) *= sizes[j];
  const auto whole = PCA<double>({.solver = PCASolver::svd}).fit(x);
  const auto parts = in_batches(x, 20).result();
  EXPECT_EQ(parts.rank(), 4);
  EXPECT_NEAR(parts.singular_values()(3) / whole.singular_values()(3), 1, 1e-4);
  EXPECT_EQ(in_batches(x, 20, {.solver = PCASolver::covariance}).result().rank(), 2)
      << "of a scatter matrix they are lost";
}

TEST(IncrementalPca, MemoryDoesNotGrowWithTheSamples) {
  IncrementalPCA<double> p({.components = 2});
  const M batch = data(100);
  p.partial_fit(batch);
  for (int i = 0; i < 9; ++i) p.partial_fit(batch);
  const std::size_t early = p.memory();
  for (int i = 0; i < 990; ++i) p.partial_fit(batch);
  EXPECT_EQ(p.memory(), early);
  EXPECT_LE(early, 2000 * sizeof(double));
  EXPECT_EQ(p.samples_seen(), 100000);
  EXPECT_LE((p.result().components() - PCA<double>({.components = 2}).fit(batch).components())
                .cwiseAbs()
                .maxCoeff(),
            1e-12);
}

TEST(IncrementalPca, BadBatchesAreErrorsAndLeaveNothingBehind) {
  const M x = data(100);
  IncrementalPCA<double> p;
  EXPECT_THROW(static_cast<void>(p.result()), ShapeError);
  p.partial_fit(x.topRows(60));
  M bad = x.bottomRows(40);
  bad(39, 5) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(p.partial_fit(bad), std::domain_error);
  EXPECT_THROW(p.partial_fit(x.leftCols(5)), ShapeError);
  EXPECT_THROW(p.partial_fit(M(0, 6)), ShapeError);
  EXPECT_EQ(p.samples_seen(), 60);
  p.partial_fit(x.bottomRows(40));
  expect_same(p.result(), PCA<double>().fit(x));
  EXPECT_THROW(IncrementalPCA<double>({.solver = PCASolver::randomized}), std::invalid_argument);
  EXPECT_THROW(IncrementalPCA<double>({.components = 0}), std::invalid_argument);
  IncrementalPCA<double> other({.center = false}), narrow;
  EXPECT_THROW(p.merge(other), std::invalid_argument);
  narrow.partial_fit(x.leftCols(3));
  EXPECT_THROW(p.merge(narrow), ShapeError);
}

TEST(IncrementalPca, OneSampleIsNotEnough) {
  IncrementalPCA<double> p;
  p.partial_fit(data(1));
  EXPECT_THROW(static_cast<void>(p.result()), ShapeError);
  p.partial_fit(data(2).bottomRows(1));
  EXPECT_EQ(p.result().rank(), 1);
}

TEST(IncrementalPca, FloatsToo) {
  const Mat<float> x = data().cast<float>();
  const PCA<float> all = PCA<float>({.solver = PCASolver::svd}).fit(x);
  const PCA<float> parts = in_batches(x, 40).result();
  EXPECT_LE((all.components() - parts.components()).cwiseAbs().maxCoeff(),
            std::numeric_limits<float>::epsilon());
}

}  // namespace
}  // namespace assay
