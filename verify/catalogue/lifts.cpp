#include "catalogue/lifts.hpp"

#include <cmath>

#include "reference.hpp"

namespace assay::verify {
namespace {

/// Equal, or both not a number; the sign of a zero is the accumulators' affair.
template <class T>
bool same(const T& a, const T& b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}
template <class T>
bool same(const Mat<T>& a, const Mat<T>& b) {
  if (shape_of(a) != shape_of(b)) return false;
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    if (!same(a.data()[i], b.data()[i])) return false;
  }
  return true;
}

using Steps = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;

/// One matrix in other layouts: the memory, and expressions that read from it.
template <class T>
class Layouts {
 public:
  explicit Layouts(const Mat<T>& m)
      : rows_(m.rows()),
        cols_(m.cols()),
        frame_(Mat<T>::Constant(rows_ + 2, cols_ + 3, T(7))),
        turned_(m.transpose()),
        by_rows_(RowMajor<T>::Constant(rows_, 2 * cols_ + 1, T(-7))),
        by_columns_(Mat<T>::Constant(3 * rows_ + 2, cols_, T(-9))),
        reversed_(by_columns_) {
    frame_.block(1, 2, rows_, cols_) = m;
    for (Eigen::Index j = 0; j < cols_; ++j) {
      by_rows_.col(2 * j) = m.col(j);
      for (Eigen::Index i = 0; i < rows_; ++i) {
        by_columns_(3 * i, j) = m(i, j);
        reversed_(3 * (rows_ - 1 - i), cols_ - 1 - j) = m(i, j);
      }
    }
  }

  InBlock<T> block() { return frame_.block(1, 2, rows_, cols_); }
  Transposed<T> transposed() { return turned_.transpose(); }
  Strided<T> strided() const { return {by_rows_.data(), rows_, cols_, Steps(2 * cols_ + 1, 2)}; }
  Spaced<T> spaced() const { return {by_columns_.data(), rows_, cols_, Steps(3 * rows_ + 2, 3)}; }
  Spaced<T> backwards() const {
    const Eigen::Index column = 3 * rows_ + 2;
    const Eigen::Index last = rows_ * cols_ == 0 ? 0 : (cols_ - 1) * column + 3 * (rows_ - 1);
    return {reversed_.data() + last, rows_, cols_, Steps(-column, -3)};
  }

 private:
  Eigen::Index rows_, cols_;
  Mat<T> frame_, turned_;
  RowMajor<T> by_rows_;
  Mat<T> by_columns_, reversed_;
};

/// Blocks of larger matrices, transposes and maps with strides of the same numbers.
template <class T>
std::string expressions(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y) {
  std::vector<Layouts<T>> layouts;
  for (const Mat<T>& m : x) layouts.emplace_back(m);
  std::string differs;
  const auto give = [&](auto lift, auto view, const char* what) {
    if (lift == nullptr || !differs.empty()) return;
    std::vector<decltype(view(layouts[0]))> in;
    for (Layouts<T>& l : layouts) in.push_back(view(l));
    if (!same(lift(lifts.call, in), y)) differs = std::string(what) + " give another value";
  };
  using L = Layouts<T>;
  give(
      lifts.blocks, [](L& l) { return l.block(); }, "blocks of larger matrices");
  give(
      lifts.transposes, [](L& l) { return l.transposed(); }, "transposed expressions");
  give(
      lifts.maps, [](L& l) { return l.strided(); }, "strided row-major maps");
  give(
      lifts.spaced, [](L& l) { return l.spaced(); }, "strided column-major maps");
  give(
      lifts.spaced, [](L& l) { return l.backwards(); }, "maps that run backwards");
  return differs;
}

template <class T>
std::string matrix_graph(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y,
                         const Mat<T>& dy, const std::vector<Mat<T>>& dx) {
  Graph<T> graph;
  std::vector<Var<T>> v;
  for (const Mat<T>& m : x) v.push_back(graph.variable(m));
  const Var<T> out = lifts.nodes(lifts.call, v);
  if (!same(out.value(), y)) return "the matrix graph gives another value";
  graph.backward(out, dy);
  for (std::size_t k = 0; k < v.size(); ++k) {
    if (!same(v[k].grad(), dx[k])) return "the matrix graph gives another gradient";
  }
  return {};
}

/// Element by element: plain numbers, and the scalar graph with upstream 1.
template <class T>
std::string elements(const Lifts<T>& lifts, const std::vector<Mat<T>>& x, const Mat<T>& y,
                     const std::vector<Mat<T>>& ones) {
  Tape<T> tape;
  std::vector<T> numbers(x.size());
  for (Eigen::Index j = 0; j < y.size(); ++j) {
    for (std::size_t k = 0; k < x.size(); ++k) numbers[k] = x[k].data()[j];
    if (!same(lifts.numbers(lifts.call, numbers), y.data()[j])) {
      return "a plain number gives another value than a matrix";
    }
    tape.clear();
    std::vector<Scalar<T>> v;
    for (const T& number : numbers) v.push_back(tape.variable(number));
    const Scalar<T> out = lifts.scalars(lifts.call, v);
    if (!same(out.value(), y.data()[j])) return "the scalar graph gives another value";
    tape.backward(out);
    for (std::size_t k = 0; k < v.size(); ++k) {
      if (!same(v[k].grad(), ones[k].data()[j])) return "the scalar graph gives another gradient";
    }
  }
  return {};
}

}  // namespace

template <class T>
std::string compare(const Lifts<T>& lifts, const Rule<T>& rule, const Case& c) {
  std::vector<Mat<T>> x;
  for (const Mat<double>& m : c.inputs) x.push_back(m.template cast<T>());
  const Mat<T> dy = c.upstream.template cast<T>();
  const std::vector<View<T>> in = views(x);
  const Mat<T> y = rule.forward(in);
  const std::vector<Mat<T>> dx = rule.gradients(dy, in);
  if (!same(lifts.matrices(lifts.call, x), y)) {
    return "the matrix lift gives another value than the rule";
  }
  std::string differs = expressions<T>(lifts, x, y);
  if (differs.empty()) differs = matrix_graph<T>(lifts, x, y, dy, dx);
  const bool one_shape = shape_of(x.front()) == shape_of(y) && shape_of(x.back()) == shape_of(y);
  if (differs.empty() && lifts.numbers != nullptr && one_shape) {
    const Mat<T> upstream = Mat<T>::Constant(y.rows(), y.cols(), T(1));
    differs = elements<T>(lifts, x, y, rule.gradients(upstream, in));
  }
  return differs;
}

template std::string compare(const Lifts<float>&, const Rule<float>&, const Case&);
template std::string compare(const Lifts<double>&, const Rule<double>&, const Case&);

}  // namespace assay::verify
