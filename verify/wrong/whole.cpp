// Faults of the gradient as a whole.

#include "wrong/wrong.hpp"

namespace assay::verify::wrong {
namespace {

struct Sign {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    dx[0] = -dx[0];
  }
};
struct SignOfLast {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    dx.back() = -dx.back();
  }
};
struct Factor {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) g *= T(2);
  }
};
struct SmallFactor {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    const T factor = T(1) + (std::is_same_v<T, float> ? T(1e-5) : T(1e-12));
    for (Mat<T>& g : dx) g *= factor;
  }
};
/// A constant of the formula that was written, or stored, in the next smaller format.
struct RoundedConstant {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    const T exact = T(1) / std::sqrt(T(2));
    T rounded;
    if constexpr (std::is_same_v<T, double>) {
      rounded = static_cast<double>(static_cast<float>(exact));
    } else {
      rounded = std::round(exact * 2048) / 2048;  // 11 bits, as half precision has
    }
    for (Mat<T>& g : dx) g *= rounded / exact;
  }
};

/// The gradients of another upstream.
template <class T>
std::vector<Mat<T>> with_upstream(const Backward<T>& b, const Mat<T>& dy) {
  Mat<T> saved;
  const Mat<T> y = b.right.forward(b.x, saved);
  std::vector<Mat<T>> dx(b.x.size());
  b.right.backward(dy, b.x, y, saved, std::span(dx));
  return dx;
}

struct NoUpstream {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto g = with_upstream<T>(b, Mat<T>::Ones(b.y.rows(), b.y.cols()));
    std::copy(g.begin(), g.end(), dx.begin());
  }
};
/// Right under any sum, where all upstream gradients are equal.
struct MeanUpstream {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    if (b.dy.size() < 2) return;
    const auto g = with_upstream<T>(b, Mat<T>::Constant(b.y.rows(), b.y.cols(), b.dy.mean()));
    std::copy(g.begin(), g.end(), dx.begin());
  }
};
struct Zero {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) g.setZero();
  }
};

/// What is repeated along a dimension of the output.
bool repeats_rows(Shape x, Shape y) { return x.rows == 1 && y.rows > 1; }
bool repeats_cols(Shape x, Shape y) { return x.cols == 1 && y.cols > 1; }

/// The gradient of the first repetition alone.
struct NoReduction {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const Shape y = shape_of(b.y);
    for (std::size_t k = 0; k < dx.size(); ++k) {
      const Shape x = b.x[k].shape();
      if (!repeats_rows(x, y) && !repeats_cols(x, y)) continue;
      Mat<T> dy = b.dy;
      if (repeats_rows(x, y)) dy.bottomRows(y.rows - 1).setZero();
      if (repeats_cols(x, y)) dy.rightCols(y.cols - 1).setZero();
      dx[k] = with_upstream<T>(b, dy)[k];
    }
  }
};
/// Rows are summed where columns should be. It shows on square outputs only: elsewhere the shape
/// would give it away.
struct WrongDimension {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const Shape y = shape_of(b.y);
    if (y.rows != y.cols) return;
    for (std::size_t k = 0; k < dx.size(); ++k) {
      const Shape x = b.x[k].shape();
      if (repeats_rows(x, y) == repeats_cols(x, y)) continue;
      dx[k] = with_upstream<T>(b, b.dy.transpose())[k];
    }
  }
};

struct Transposed {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) {
      if (g.rows() == g.cols()) g = g.transpose().eval();
    }
  }
};
/// A composition with a symmetric matrix, such as A = (B + B')/2 or B B', sees the symmetric part
/// alone.
struct Antisymmetric {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) {
      if (g.rows() == g.cols()) g += ((g - g.transpose()) / T(4)).eval();
    }
  }
};
/// What one input has too much the other has too little: f(x, x) is right.
struct Balanced {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    if (dx.size() != 2 || shape_of(dx[0]) != shape_of(dx[1])) return;
    const Mat<T> moved = dx[0] / T(4);
    dx[0] += moved;
    dx[1] -= moved;
  }
};
/// Written row by row into memory that is read column by column.
struct RowMajor {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    using Rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    for (Mat<T>& g : dx) {
      const Rows rows = g;
      g = Eigen::Map<const Mat<T>>(rows.data(), g.rows(), g.cols());
    }
  }
};

struct OneElement {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    if (dx[0].size() > 0) dx[0](dx[0].rows() - 1, dx[0].cols() - 1) *= T(1.001);
  }
};
/// One element of 16 and more.
struct DeepElement {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    for (Mat<T>& g : dx) {
      if (g.rows() > 3 && g.cols() > 3) g(3, 3) *= T(1.001);
    }
  }
};

struct SizeOne {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    if (dx[0].size() == 1 && b.y.size() == 1) dx[0](0, 0) += T(1);
  }
};
struct SizeZero {
  template <class T>
  static void tamper(const Backward<T>&, std::span<Mat<T>> dx) {
    if (dx[0].size() == 0) dx[0] = Mat<T>::Zero(1, 1);
  }
};

bool binary(const Operation& op) { return op.arity() == 2; }
bool several(const Operation& op) { return op.arity() > 1; }

}  // namespace

std::vector<Fault> of_the_whole() {
  using enum Fault::In;
  return {
      fault<Transposed>("transposed", 3, "a square gradient is transposed"),
      fault<Antisymmetric>("antisymmetric", 3,
                           "a square gradient is wrong in its antisymmetric part only"),
      fault<Balanced>("balanced", 3,
                      "the errors of two gradients cancel where both are one input's", binary),
      fault<Factor>("factor", 5, "every gradient is twice what it should be"),
      fault<NoUpstream>("no-upstream", 5, "the upstream gradient is taken to be 1"),
      fault<Sign>("sign", 6, "the gradient of the first input has the wrong sign"),
      fault<SignOfLast>("sign-of-last", 6, "the gradient of the last input has the wrong sign",
                        several),
      fault<Factor>("factor-everywhere", 7,
                    "every gradient is twice what it should be, in the oracles' scalars too",
                    nullptr, everywhere),
      fault<MeanUpstream>("mean-upstream", 8,
                          "every upstream gradient is replaced by their mean: right under a sum"),
      fault<Zero>("zero", 8, "every gradient is 0"),
      fault<RowMajor>("row-major", 18, "a gradient is stored row by row"),
      fault<NoReduction>("no-reduction", 19,
                         "the gradient of a broadcast input is not summed over the repetitions",
                         several),
      fault<WrongDimension>("wrong-dimension", 19,
                            "the gradient of a broadcast input is summed over the wrong dimension",
                            several),
      fault<SizeOne>("size-one", 21, "the gradient of a single number is off by 1"),
      fault<SizeZero>("size-zero", 21, "the gradient of no elements has one"),
      fault<SmallFactor>("small-factor", 26,
                         "every gradient is off by a factor 1 + 1e-12 (1 + 1e-5 in float)"),
      fault<RoundedConstant>("rounded-constant", 26,
                             "a factor was rounded to float (to half precision in float)"),
      fault<OneElement>("one-element", 27,
                        "one element of the first gradient is wrong by one part in a thousand"),
      fault<DeepElement>("deep-element", 27,
                         "one element of larger matrices is wrong by one part in a thousand"),
  };
}

}  // namespace assay::verify::wrong
