// Backwards that somebody wrote for one operation, and published.

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "wrong/wrong.hpp"

namespace assay::verify::wrong {
namespace {

// --- elementwise ---------------------------------------------------------------------------------

/// dx = dy df(x, y)
template <class T, class F>
void unary(const Backward<T>& b, std::span<Mat<T>> dx, F df) {
  const auto x = b.x[0].map();
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    dx[0].data()[i] = b.dy.data()[i] * df(x.data()[i], b.y.data()[i]);
  }
}

struct SigmoidOfItself {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T, T y) { return y * (T(1) - y); });
  }
};
struct SigmoidQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T x, T) {
      const T e = std::exp(-x);
      return e / ((T(1) + e) * (T(1) + e));
    });
  }
};
struct SoftplusQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T x, T) { return std::exp(x) / (T(1) + std::exp(x)); });
  }
};
struct TanhOfItself {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T, T y) { return T(1) - y * y; });
  }
};
struct LogSigmoidOfItself {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T, T y) { return T(1) - std::exp(y); });
  }
};
struct Expm1OfItself {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T, T y) { return y + T(1); });
  }
};
/// Masks instead of a choice: 0 times infinity.
struct EluMasked {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T x, T) {
      const T positive = x > T(0) ? T(1) : T(0);
      return positive + (T(1) - positive) * std::exp(x);
    });
  }
};
struct SqrtWithEpsilon {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    unary(b, dx, [](T x, T) { return T(1) / (T(2) * std::sqrt(x + T(1e-12))); });
  }
};

/// The gradients of a rule of two inputs of one shape: df gives both derivatives.
template <class T, class F>
void binary(const Backward<T>& b, std::span<Mat<T>> dx, F df) {
  if (b.x[0].shape() != b.x[1].shape()) return;
  const auto x = b.x[0].map(), z = b.x[1].map();
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    const std::array<T, 2> d = df(x.data()[i], z.data()[i], b.y.data()[i]);
    for (std::size_t k = 0; k < 2; ++k) dx[k].data()[i] = b.dy.data()[i] * d[k];
  }
}

struct PowQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    binary(b, dx, [](T a, T e, T y) { return std::array<T, 2>{e * y / a, y * std::log(a)}; });
  }
};
/// At t = 1 the difference cancels where the true one is -s(-z).
struct LogitsDifference {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    binary(b, dx, [](T z, T t, T) {
      return std::array<T, 2>{T(1) / (T(1) + std::exp(-z)) - t, -z};
    });
  }
};
/// Probabilities held away from 0 and 1.
struct BceClamped {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    binary(b, dx, [](T given, T t, T) {
      const T edge = T(1e-7);
      const T p = std::clamp(given, edge, T(1) - edge);
      return std::array<T, 2>{(p - t) / (p * (T(1) - p)), std::log((T(1) - p) / p)};
    });
  }
};
struct KlWithEpsilon {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    binary(b, dx, [](T x, T p, T) {
      return std::array<T, 2>{-p, std::log(p + T(1e-7)) - x + T(1)};
    });
  }
};

// --- reductions ----------------------------------------------------------------------------------

/// f(element, its line) for every element of the first input.
template <class T, class F>
void by_line(const Backward<T>& b, F f) {
  const Lines lines(b.op);
  const Shape s = b.x[0].shape();
  for (Eigen::Index i = 0; i < s.size(); ++i) f(i, lines.of(s, i));
}

struct ProdQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto x = b.x[0].map();
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      dx[0].data()[i] = b.dy.data()[l] * b.y.data()[l] / x.data()[i];
    });
  }
};
/// Two zeros make every gradient of a product 0; one does not.
struct ProdZeroIfAny {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      if (b.y.data()[l] == T(0)) dx[0].data()[i] = T(0);
    });
  }
};
struct NormQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto x = b.x[0].map();
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      dx[0].data()[i] = b.dy.data()[l] * (x.data()[i] / b.y.data()[l]);
    });
  }
};
struct NormOfSquares {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto x = b.x[0].map();
    std::vector<T> sum(static_cast<std::size_t>(b.y.size()), T(0));
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      sum[static_cast<std::size_t>(l)] += x.data()[i] * x.data()[i];
    });
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      const T y = std::sqrt(sum[static_cast<std::size_t>(l)]);
      dx[0].data()[i] = y == T(0) ? T(0) : b.dy.data()[l] * (x.data()[i] / y);
    });
  }
};
/// NaN where all elements of a line are equal.
struct DeviationQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      if (b.y.data()[l] == T(0)) dx[0].data()[i] = dx[0].data()[i] / b.y.data()[l];
    });
  }
};
/// e^x / sum of e^x, without taking the largest x away first: 0 / 0 where all are far below 0.
struct Unshifted {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const auto x = b.x[0].map();
    const auto lines = static_cast<std::size_t>(Lines(b.op).count(b.x[0].shape()));
    std::vector<T> sum(lines, T(0));
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      sum[static_cast<std::size_t>(l)] += std::exp(x.data()[i]);
    });
    by_line(b, [&](Eigen::Index i, Eigen::Index l) {
      const T total = sum[static_cast<std::size_t>(l)];
      const T p = std::exp(x.data()[i]) / total;
      if (!std::isfinite(p)) dx[0].data()[i] = p;
    });
  }
};
/// y (dy - sum of dy y) without the second term is what a sum as upstream turns into y, and a
/// wrong test takes for right; without the first it is not.
struct SoftmaxWithoutSum {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    dx[0] = b.dy.cwiseProduct(b.y);
  }
};

// --- specimens -----------------------------------------------------------------------------------

/// Each gradient as the sum of dy y behind it, over x.
struct CumprodQuotient {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    T sum(0);
    for (Eigen::Index i = b.y.size(); i-- > 0;) {
      sum += b.dy.data()[i] * b.y.data()[i];
      dx[0].data()[i] = sum / b.x[0].map().data()[i];
    }
  }
};
/// Through the eigenvectors, with (f(p) - f(q)) / (p - q) for eigenvalues p and q: 0 / 0 where
/// they are equal.
struct DividedDifferences {
  template <class T>
  static void tamper(const Backward<T>& b, std::span<Mat<T>> dx) {
    const Mat<T> a = b.x[0].map();
    if (a.size() == 0 || !a.allFinite()) return;
    const Mat<T> symmetric = (a + a.transpose()) / T(2);
    const Mat<T> p = Eigen::SelfAdjointEigenSolver<Mat<T>>(symmetric).eigenvalues();
    for (Eigen::Index i = 0; i < p.size(); ++i) {
      for (Eigen::Index j = 0; j < i; ++j) {
        if (p(i) == p(j)) dx[0].setConstant((p(i) - p(j)) / (p(i) - p(j)));
      }
    }
  }
};

bool is_cumprod(const Operation& op) { return op.name == "cumprod"; }
bool is_symmetric_square(const Operation& op) { return op.name == "symmetric_square"; }
bool is_sigmoid(const Operation& op) { return op.name == "sigmoid"; }
bool is_softplus(const Operation& op) { return op.name == "softplus"; }
bool is_tanh(const Operation& op) { return op.name == "tanh"; }
bool is_log_sigmoid(const Operation& op) { return op.name == "log_sigmoid"; }
bool is_expm1(const Operation& op) { return op.name == "expm1"; }
bool is_elu(const Operation& op) { return op.name == "elu"; }
bool is_sqrt(const Operation& op) { return op.name == "sqrt"; }
bool is_pow(const Operation& op) { return op.name == "pow"; }
bool is_logits(const Operation& op) { return op.name == "bce_with_logits"; }
bool is_bce(const Operation& op) { return op.name == "bce"; }
bool is_kl(const Operation& op) { return op.name == "kl_div"; }
bool is_prod(const Operation& op) { return begins_with(op, "prod"); }
bool is_norm(const Operation& op) { return begins_with(op, "norm"); }
bool is_deviation(const Operation& op) { return begins_with(op, "stddev"); }
bool is_softmax(const Operation& op) { return begins_with(op, "softmax"); }
bool is_exponential_sum(const Operation& op) {
  return begins_with(op, "logsumexp") || begins_with(op, "log_softmax") || is_softmax(op);
}

}  // namespace

std::vector<Fault> of_single_operations() {
  return {
      fault<SoftmaxWithoutSum>("softmax-without-sum", 8, "dx = dy y", is_softmax),
      fault<ProdQuotient>("prod-quotient", 10, "dx = dy y / x", is_prod),
      fault<ProdZeroIfAny>("prod-zero-if-any", 10, "dx = 0 where any factor is 0", is_prod),
      fault<CumprodQuotient>("cumprod-quotient", 10, "dx = the sum of dy y behind it, over x",
                             is_cumprod),
      fault<NormQuotient>("norm-quotient", 13, "dx = dy x / y, NaN where y is 0", is_norm),
      fault<NormOfSquares>("norm-of-squares", 16, "dx = dy x / sqrt(sum of x^2), the squares plain",
                           is_norm),
      fault<DeviationQuotient>("stddev-quotient", 13, "dx is divided by y, also where y is 0",
                               is_deviation),
      fault<SqrtWithEpsilon>("sqrt-with-epsilon", 13, "dx = dy / (2 sqrt(x + 1e-12))", is_sqrt),
      fault<PowQuotient>("pow-quotient", 13, "da = dy b y / a, wrong where y underflows", is_pow),
      fault<EluMasked>("elu-masked", 14, "dx = dy (m + (1 - m) e^x), m the mask x > 0", is_elu),
      fault<Unshifted>("unshifted", 15, "e^x / sum of e^x, without taking the largest x away",
                       is_exponential_sum),
      fault<SigmoidQuotient>("sigmoid-quotient", 16, "dx = dy e^-x / (1 + e^-x)^2", is_sigmoid),
      fault<SoftplusQuotient>("softplus-quotient", 16, "dx = dy e^x / (1 + e^x)", is_softplus),
      fault<SigmoidOfItself>("sigmoid-of-itself", 17, "dx = dy y (1 - y)", is_sigmoid),
      fault<TanhOfItself>("tanh-of-itself", 17, "dx = dy (1 - y^2)", is_tanh),
      fault<LogSigmoidOfItself>("log_sigmoid-of-itself", 17, "dx = dy (1 - e^y)", is_log_sigmoid),
      fault<Expm1OfItself>("expm1-of-itself", 17, "dx = dy (y + 1)", is_expm1),
      fault<LogitsDifference>("logits-difference", 17, "dz = dy (s(z) - t), which cancels at t = 1",
                              is_logits),
      fault<DividedDifferences>("divided-differences", 22,
                                "(f(p) - f(q)) / (p - q) of eigenvalues, also where p = q",
                                is_symmetric_square),
      fault<BceClamped>("bce-clamped", 24, "the probability is held within 1e-7 of 0 and 1",
                        is_bce),
      fault<KlWithEpsilon>("kl-with-epsilon", 24, "log(p + 1e-7) instead of log p", is_kl),
  };
}

}  // namespace assay::verify::wrong
