// Operations that move elements: where each goes, what is refused, and wrong backwards that must be
// caught.

#include <gtest/gtest.h>

#include <assay/gtest.hpp>
#include <limits>
#include <string>
#include <vector>

#include "assay/graph.hpp"
#include "assay/ops/block.hpp"
#include "assay/ops/concatenate.hpp"
#include "assay/ops/diagonal.hpp"
#include "assay/ops/gather_rows.hpp"
#include "assay/ops/reshape.hpp"
#include "assay/ops/sum.hpp"
#include "assay/ops/trace.hpp"
#include "testing.hpp"

namespace assay {

/// Wrong: the last of equal indices wins.
struct GatherOverwriting : GatherRows {
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), T(0));
    for (std::size_t k = 0; k < indices.size(); ++k) {
      dx.row(indices[k]) = dy.row(static_cast<Eigen::Index>(k));
    }
    return {std::move(dx)};
  }
};

/// Wrong: row by row.
struct ReshapeByRows : Reshape {
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    const Mat<T> turned = dy.transpose();
    const Mat<T> read = Eigen::Map<const Mat<T>>(turned.data(), x.cols(), x.rows());
    return {Mat<T>(read.transpose())};
  }
};

/// Wrong: what is outside the block should have no gradient.
struct BlockEverywhere : Block {
  template <Field T>
  [[nodiscard]] Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) const {
    Mat<T> dx = Mat<T>::Constant(x.rows(), x.cols(), dy(0, 0));
    dx.block(i, j, rows, cols) = dy;
    return {std::move(dx)};
  }
};

/// Wrong: each part receives the other's columns.
struct ConcatenateSwapped : Concatenate<Axis::rowwise> {
  template <Field T>
  static Grads<T, 2> backward(const Mat<T>& dy, const Mat<T>& a, const Mat<T>& b, const Mat<T>&) {
    return {Mat<T>(dy.rightCols(a.cols())), Mat<T>(dy.leftCols(b.cols()))};
  }
};

/// Wrong: not only the diagonal.
struct TraceOfAll : Trace {
  template <Field T>
  static Grads<T, 1> backward(const Mat<T>& dy, const Mat<T>& x, const Mat<T>&) {
    return {Mat<T>::Constant(x.rows(), x.cols(), dy(0, 0))};
  }
};

namespace {

using verify::backward_matches;
using M = Mat<double>;

template <class Op>
M gradient(const Op& op, const M& x, const M& dy) {
  return make_rule<double>(op)->gradients(dy, std::array<View<double>, 1>{&x})[0];
}

const M kTwoByThree{{1, 2, 3}, {4, 5, 6}};

TEST(Reshape, KeepsTheOrderOfStorageWhichIsByColumns) {
  EXPECT_EQ(reshape(kTwoByThree, 3, 2), (M{{1, 5}, {4, 3}, {2, 6}}));
  EXPECT_EQ(reshape(kTwoByThree, -1, 1), (M{{1}, {4}, {2}, {5}, {3}, {6}}));
  EXPECT_EQ(reshape(kTwoByThree, 1, -1), (M{{1, 4, 2, 5, 3, 6}}));
  EXPECT_EQ(gradient(Reshape{3, 2}, kTwoByThree, M{{1, 5}, {4, 3}, {2, 6}}), kTwoByThree);
  EXPECT_EQ(shape_of(reshape(M(0, 5), 7, 0)), (Shape{7, 0}));
  EXPECT_EQ(shape_of(reshape(M(0, 5), -1, 3)), (Shape{0, 3}));
}

TEST(Reshape, OfAnotherSizeIsRefused) {
  EXPECT_EQ(message_of<ShapeError>([] { reshape(kTwoByThree, 4, 2); }),
            "reshape: x is 2x3 and the new shape is 4x2; both must have as many elements; one "
            "extent may be -1, for what follows");
  EXPECT_THROW(reshape(kTwoByThree, 4, -1), ShapeError);
  EXPECT_THROW(reshape(kTwoByThree, -1, -1), ShapeError);
  EXPECT_THROW(reshape(kTwoByThree, -2, -3), ShapeError);
  EXPECT_THROW(reshape(kTwoByThree, -2, 3), ShapeError);
  EXPECT_THROW(reshape(M(0, 3), 0, -1), ShapeError);  // anything would follow
}

TEST(Block, TakesAPartAndGivesTheRestNoGradient) {
  EXPECT_EQ(block(kTwoByThree, 0, 1, 2, 2), (M{{2, 3}, {5, 6}}));
  EXPECT_EQ(gradient(Block{0, 1, 2, 2}, kTwoByThree, M{{7, 8}, {9, 10}}),
            (M{{0, 7, 8}, {0, 9, 10}}));
  EXPECT_EQ(shape_of(block(kTwoByThree, 2, 3, 0, 0)), (Shape{0, 0}));
}

TEST(Block, BeyondTheMatrixIsRefused) {
  EXPECT_EQ(message_of<ShapeError>([] { block(kTwoByThree, 1, 2, 1, 2); }),
            "block: x is 2x3 and the block is 1x2 from (1, 2) on; it must lie within x");
  constexpr Eigen::Index far = std::numeric_limits<Eigen::Index>::max();
  EXPECT_THROW(block(kTwoByThree, -1, 0, 1, 1), ShapeError);
  EXPECT_THROW(block(kTwoByThree, 0, 0, -1, 1), ShapeError);
  EXPECT_THROW(block(kTwoByThree, 3, 0, 0, 1), ShapeError);
  EXPECT_THROW(block(kTwoByThree, 1, 0, far, 1), ShapeError);
}

TEST(Concatenate, SideBySideAndOneAboveTheOther) {
  const M a{{1}, {2}}, b{{3, 4}, {5, 6}};
  EXPECT_EQ(hcat(a, b), (M{{1, 3, 4}, {2, 5, 6}}));
  EXPECT_EQ(vcat(M{{1, 2}}, b), (M{{1, 2}, {3, 4}, {5, 6}}));
  EXPECT_EQ(hcat(M(2, 0), b), b);
  EXPECT_EQ(vcat(b.transpose(), M(0, 2)), b.transpose());
  EXPECT_EQ(message_of<ShapeError>([&] { hcat(a, M(3, 1)); }),
            "hcat: a is 2x1 and b is 3x1; they must have as many rows");
  EXPECT_THROW(vcat(a, b), ShapeError);
}

TEST(Concatenate, AnyNumberOfPartsAndNodes) {
  std::vector<M> columns;
  for (int i = 0; i < 7; ++i) columns.push_back(M{{double(i)}, {double(-i)}});
  const M all = hcat_all(columns);
  EXPECT_EQ(all.row(0), (M{{0, 1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(all.row(1), -all.row(0));
  EXPECT_EQ(hcat_all(std::vector<M>{kTwoByThree}), kTwoByThree);
  EXPECT_THROW(vcat_all(std::vector<M>{}), std::invalid_argument);

  Graph<double> graph;
  std::vector<Var<double>> parts;
  for (int i = 0; i < 3; ++i) parts.push_back(graph.variable(M{{double(i), 1}}));
  const auto y = vcat_all(parts);
  EXPECT_EQ(y.value(), (M{{0, 1}, {1, 1}, {2, 1}}));
  graph.backward(y, M{{1, 2}, {3, 4}, {5, 6}});
  EXPECT_EQ(parts[0].grad(), (M{{1, 2}}));
  EXPECT_EQ(parts[2].grad(), (M{{5, 6}}));
}

TEST(GatherRows, IsAnEmbeddingWhoseRowsMayRepeat) {
  const M words{{1, 2}, {3, 4}, {5, 6}};
  EXPECT_EQ(gather_rows(words, {2, 0, 2}), (M{{5, 6}, {1, 2}, {5, 6}}));
  EXPECT_EQ(shape_of(gather_rows(words, {})), (Shape{0, 2}));
  EXPECT_EQ(gradient(GatherRows{{2, 0, 2}}, words, M{{1, 10}, {2, 20}, {3, 30}}),
            (M{{2, 20}, {0, 0}, {4, 40}}));
  Graph<double> graph;
  Parameter<double> table(words);
  const auto row = gather_rows(graph.parameter(table), {1});
  graph.backward(sum(row));
  EXPECT_EQ(table.grad, (M{{0, 0}, {1, 1}, {0, 0}}));
}

TEST(GatherRows, AnIndexWithoutARowIsRefused) {
  EXPECT_EQ(message_of<ShapeError>([] {
              gather_rows(kTwoByThree, {0, 1, 2});
            }),
            "gather_rows: x is 2x3 and indices[2] is 2; an index must be at least 0 and less than "
            "x.rows");
  EXPECT_THROW(gather_rows(kTwoByThree, {-1}), ShapeError);
  EXPECT_THROW(gather_rows(M(0, 3), {0}), ShapeError);
}

TEST(Diagonals, AreTakenAndMade) {
  EXPECT_EQ(diagonal(kTwoByThree), (M{{1}, {5}}));
  EXPECT_EQ(gradient(Diagonal{}, kTwoByThree, M{{7}, {8}}), (M{{7, 0, 0}, {0, 8, 0}}));
  EXPECT_EQ(shape_of(diagonal(M(0, 3))), (Shape{0, 1}));
  EXPECT_EQ(diagonal_matrix(M{{3}, {4}}), (M{{3, 0}, {0, 4}}));
  EXPECT_EQ(gradient(DiagonalMatrix{}, M{{3}, {4}}, M{{1, 2}, {3, 4}}), (M{{1}, {4}}));
  EXPECT_EQ(message_of<ShapeError>([] { diagonal_matrix(kTwoByThree); }),
            "diagonal_matrix: x is 2x3; x must be one column");
}

TEST(Traces, AreOfSquareMatrices) {
  EXPECT_EQ(trace(M{{1, 2}, {3, 4}}), (M{{5}}));
  EXPECT_EQ(trace(M(0, 0)), (M{{0}}));
  EXPECT_EQ(gradient(Trace{}, M{{1, 2}, {3, 4}}, M{{7}}), (M{{7, 0}, {0, 7}}));
  EXPECT_EQ(message_of<ShapeError>([] { trace(kTwoByThree); }),
            "trace: x is 2x3; x must be square");
}

TEST(Structure, ViewsAreReadAsTheMatricesThatTheyAre) {
  const M padded = M::Constant(4, 5, -1);
  M x = padded;
  x.block(1, 2, 2, 3) = kTwoByThree;
  const auto view = x.block(1, 2, 2, 3);
  EXPECT_EQ(reshape(view, 3, 2), reshape(kTwoByThree, 3, 2));
  EXPECT_EQ(reshape(kTwoByThree.transpose(), -1, 1), (M{{1}, {2}, {3}, {4}, {5}, {6}}));
  EXPECT_EQ(gather_rows(view, {1}), (M{{4, 5, 6}}));
  EXPECT_EQ(hcat(view, view.col(0)), (M{{1, 2, 3, 1}, {4, 5, 6, 4}}));
  EXPECT_EQ(diagonal(view.transpose()), (M{{1}, {5}}));
}

TEST(WrongBackwards, OfStructureAreCaught) {
  const verify::Options few{.cases = 100, .seed = 3, .out = ""};
  EXPECT_FALSE(backward_matches(GatherOverwriting{{{1, 0, 1}}}, few));
  EXPECT_TRUE(backward_matches(GatherOverwriting{{{1, 0}}}, few));  // no index repeats
  EXPECT_FALSE(backward_matches(ReshapeByRows{{2, -1}}, few));
  EXPECT_FALSE(backward_matches(BlockEverywhere{{0, 1, 1, 1}}, few));
  EXPECT_FALSE(backward_matches<ConcatenateSwapped>(few));
  EXPECT_FALSE(backward_matches<TraceOfAll>(few));
}

TEST(RightBackwards, OfStructureMatchWithTheirAttributes) {
  const verify::Options few{.cases = 60, .seed = 5, .out = ""};
  EXPECT_TRUE(backward_matches(GatherRows{{1, 0, 1, 1}}, few));
  EXPECT_TRUE(backward_matches(Reshape{-1, 2}, few));
  EXPECT_TRUE(backward_matches(Block{1, 0, 1, 2}, few));
}

}  // namespace
}  // namespace assay
