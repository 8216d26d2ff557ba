#pragma once
// Divergences by name, of numbers that are checked: an argument that is no distribution is an
// error.

#include "assay/graph.hpp"
#include "assay/ops.hpp"

namespace assay {
namespace detail {

inline std::string element(std::string_view what, Eigen::Index i, Eigen::Index j) {
  return std::string(what) + "(" + std::to_string(i) + ", " + std::to_string(j) + ")";
}

/// Throws std::domain_error "op: what(i, j) is x; rule" for the first element that is not `ok`.
template <class T, class Ok>
void require_elements(std::string_view op, std::string_view what, const Mat<T>& x, const Ok& ok,
                      std::string_view rule) {
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      if (ok(x(i, j))) continue;
      std::ostringstream text;
      text << op << ": " << element(what, i, j) << " is " << x(i, j) << "; " << rule;
      throw std::domain_error(text.str());
    }
  }
}

/// Non-negative, and of sum 1 but for 4 roundings a term.
template <class T>
void require_distribution(std::string_view op, std::string_view what, const Mat<T>& p) {
  require_elements(
      op, what, p, [](const T& x) { return x >= T(0); }, "a probability must not be negative");
  const T total = reduce_sum<Axis::all>(p)(0, 0);
  const T slack = count<T>(4 * p.size()) * std::numeric_limits<T>::epsilon();
  if (total - T(1) <= slack && T(1) - total <= slack) return;
  std::ostringstream text;
  text.precision(std::numeric_limits<T>::digits10);
  text << op << ": the sum of " << what << " is " << total << "; a distribution must sum to 1";
  throw std::domain_error(text.str());
}

/// p log(p / q) - p + q >= 0, whose sum is that of p log(p / q), as both sum to 1
template <class T>
T kl_term(const T& p, const T& q) {
  if (p == T(0)) return q;
  if (q == T(0)) return std::numeric_limits<T>::infinity();
  const T up = q - p, ratio = p / q;
  const bool near = ratio > T(1) / T(2) && ratio < T(2);
  if (near) return p * fn::expm1_minus(T(fn::log1p(T(up / p))));
  // In two logarithms where the ratio overflows or underflows.
  const bool plain = ratio > std::numeric_limits<T>::min() && ratio < std::numeric_limits<T>::max();
  return p * (plain ? fn::log(ratio) : T(fn::log(p) - fn::log(q))) + up;
}

template <class T>
T kl_normal_term(const T& m0, const T& v0, const T& m1, const T& v1) {
  const T d = m0 - m1, up = v0 - v1;
  if (v0 == T(0) && v1 == T(0) && d == T(0)) return T(0);
  if (v0 == T(0) || v1 == T(0)) return std::numeric_limits<T>::infinity();
  const T ratio = v0 / v1;
  const bool near = ratio > T(1) / T(2) && ratio < T(2);
  const bool plain = ratio > std::numeric_limits<T>::min() && ratio < std::numeric_limits<T>::max();
  using std::sqrt;
  const T r = d / sqrt(v1);
  const T spread = near ? fn::expm1_minus(T(fn::log1p(T(up / v1))))
                        : ratio - T(1) - (plain ? fn::log(ratio) : T(fn::log(v0) - fn::log(v1)));
  return (r * r + spread) / T(2);
}

template <class T>
const Mat<T>& values_of(const Mat<T>& x) {
  return x;
}
template <class T>
const Mat<T>& values_of(const Var<T>& x) {
  return x.value();
}

}  // namespace detail

/// KL(p || q) = sum of p log(p / q) of two discrete distributions of one shape, in nats. 0 log 0 =
/// 0; q = 0 < p gives +inf. Never negative, and 0 only where p = q. Throws ShapeError, and
/// std::domain_error where an element is negative or no number or a sum is not 1. For gradients:
/// the operation kl_div.
template <Real T>
T kl_discrete(const Mat<T>& p, const Mat<T>& q) {
  constexpr auto name = "kl_discrete";
  require(shape_of(p) == shape_of(q) && p.size() > 0, name,
          {{"p", shape_of(p)}, {"q", shape_of(q)}}, "they must be of one shape and not empty");
  detail::require_distribution(name, "p", p);
  detail::require_distribution(name, "q", q);
  return detail::lane_sum<T>(
      p.size(), [&](Eigen::Index i) { return detail::kl_term(p.data()[i], q.data()[i]); });
}

/// KL(N(mean0, diag variance0) || N(mean1, diag variance1)) of variances, all four of one shape.
/// A variance of 0 is a point: +inf unless both are the same one. Throws ShapeError, and
/// std::domain_error where a variance is negative or no number. For gradients: the operation
/// kl_normal, of logarithms of variances.
template <Real T>
T kl_normal_diagonal(const Mat<T>& mean0, const Mat<T>& variance0, const Mat<T>& mean1,
                     const Mat<T>& variance1) {
  constexpr auto name = "kl_normal_diagonal";
  const Shape s = shape_of(mean0);
  require(s == shape_of(variance0) && s == shape_of(mean1) && s == shape_of(variance1), name,
          {{"mean0", s},
           {"variance0", shape_of(variance0)},
           {"mean1", shape_of(mean1)},
           {"variance1", shape_of(variance1)}},
          "they must be of one shape");
  const auto not_negative = [](const T& x) { return x >= T(0); };
  constexpr auto rule = "a variance must not be negative";
  detail::require_elements(name, "variance0", variance0, not_negative, rule);
  detail::require_elements(name, "variance1", variance1, not_negative, rule);
  T total(0);
  for (Eigen::Index i = 0; i < s.size(); ++i) {
    total += detail::kl_normal_term(mean0.data()[i], variance0.data()[i], mean1.data()[i],
                                    variance1.data()[i]);
  }
  return total;
}

/// KL(N(mean0, S0) || N(mean1, S1)), 1 x 1:
/// (|M|^2 - d + |L1^-1 (mean0 - mean1)|^2) / 2 - sum of log M(i, i), M = L1^-1 L0, S = L L'
/// Means are d x 1, covariances d x d; matrices or nodes. Throws ShapeError, and std::domain_error
/// where a covariance is not positive definite.
template <class X>
X kl_normal_full(const X& mean0, const X& covariance0, const X& mean1, const X& covariance1) {
  constexpr auto name = "kl_normal_full";
  const auto shape = [](const X& x) { return shape_of(detail::values_of(x)); };
  const Shape s = shape(mean0), square_shape{s.rows, s.rows};
  require(s.cols == 1 && shape(mean1) == s && shape(covariance0) == square_shape &&
              shape(covariance1) == square_shape,
          name,
          {{"mean0", s},
           {"covariance0", shape(covariance0)},
           {"mean1", shape(mean1)},
           {"covariance1", shape(covariance1)}},
          "means must be d x 1 and covariances d x d");
  const auto factor = [&](const char* what, const X& covariance) {
    try {
      return cholesky(covariance);
    } catch (const std::domain_error& e) {
      throw std::domain_error(std::string(name) + ": " + what + " must be positive definite (" +
                              e.what() + ")");
    }
  };
  const X f0 = factor("covariance0", covariance0), f1 = factor("covariance1", covariance1);
  using M = std::decay_t<decltype(detail::values_of(f0))>;
  using T = typename M::Scalar;
  const M d = M::Constant(1, 1, count<T>(s.rows)), half = M::Constant(1, 1, T(1) / T(2));
  const X ratio = solve(f1, f0), distance = solve(f1, X(sub(mean0, mean1)));
  const X squares = add(sum(square(ratio)), sum(square(distance)));
  return sub(mul(sub(squares, d), half), sum(log(diagonal(ratio))));
}

namespace detail {

template <class S, class Y>
auto label_kl(std::string_view name, const S& logits, const Y& labels) {
  if constexpr (Matrix<Y>) {
    using T = typename Y::Scalar;
    require_elements(
        name, "labels", Mat<T>(labels), [](const T& y) { return y == T(0) || y == T(1); },
        "a label must be 0 or 1 (of a soft label the cross-entropy, bce_with_logits, is "
        "the divergence and the label's entropy)");
  } else {
    static_assert(Number<Y>, "labels are numbers or a matrix, not nodes");
    require_elements(
        name, "labels", Mat<Y>(Mat<Y>::Constant(1, 1, labels)),
        [](const Y& y) { return y == Y(0) || y == Y(1); },
        "a label must be 0 or 1 (of a soft label the cross-entropy, bce_with_logits, is "
        "the divergence and the label's entropy)");
  }
  return bce_with_logits(logits, labels);
}

}  // namespace detail

/// The divergence of a label y, all of whose probability is on 0 or on 1, from Q(y = 1) = s(z), the
/// usual convention: softplus((1 - 2y) z), dz = s(z) - y. Element by element; logits may be a
/// number, a matrix or a node. Throws std::domain_error where a label is neither 0 nor 1.
template <class Z, class Y>
auto label_kl(const Z& logits, const Y& labels) {
  return detail::label_kl("label_kl", logits, labels);
}
/// The same where Q(y = 0) = s(z), the swapped convention: softplus((2y - 1) z), which is
/// label_kl(-z, y), dz = s(z) - (1 - y).
template <class Z, class Y>
auto label_kl_swapped(const Z& logits, const Y& labels) {
  if constexpr (detail::Matrix<Z>) {
    return detail::label_kl("label_kl_swapped", Mat<typename Z::Scalar>(-logits), labels);
  } else {
    return detail::label_kl("label_kl_swapped", Z(-logits), labels);
  }
}

}  // namespace assay
